"""Why an operator's wish is refused."""

from tradingplatform.errors import ErrorCode, PermissionDeniedError


class DemoForbiddenError(PermissionDeniedError):
    """Real users live here: no demo accounts."""

    code = ErrorCode.PERMISSION_DENIED
