"""Why somebody is not let in."""

from accounts.enums import FactorMethod
from tradingplatform.errors import (
    AuthenticationError,
    ConflictError,
    ErrorCode,
    PermissionDeniedError,
    UnprocessableError,
)


class EmailTakenError(ConflictError):
    """Another account has this address."""

    code = ErrorCode.EMAIL_TAKEN


class ApiKeyLimitError(ConflictError):
    """The account has as many live keys as it may."""

    code = ErrorCode.API_KEY_LIMIT_REACHED


class BrokerKeyExistsError(ConflictError):
    """There is a key of this provider and environment already."""

    code = ErrorCode.BROKER_KEY_EXISTS


class InvalidApiKeyError(AuthenticationError):
    """Unknown, revoked, run out, or used from another address; which of them is not said."""

    code = ErrorCode.INVALID_API_KEY


class InvalidCredentialsError(AuthenticationError):
    """Address or password is wrong; which of them is not said."""

    code = ErrorCode.INVALID_CREDENTIALS


class NotificationRequiredError(UnprocessableError):
    """News of this kind cannot be turned off on this channel."""

    code = ErrorCode.NOTIFICATION_REQUIRED


class QuestionnaireOutdatedError(ConflictError):
    """The answers belong to a version of the questionnaire that is no longer asked."""

    code = ErrorCode.QUESTIONNAIRE_OUTDATED


class PasswordRequiredError(PermissionDeniedError):
    """Without a second factor this step takes the password, and none was given."""

    code = ErrorCode.PASSWORD_REQUIRED


class PasswordWrongError(UnprocessableError):
    """The password that was asked for to confirm a step is wrong."""

    code = ErrorCode.PASSWORD_WRONG


class InvalidTokenError(AuthenticationError):
    """The token was not issued by us, for us, for this purpose."""

    code = ErrorCode.INVALID_TOKEN


class TokenExpiredError(AuthenticationError):
    code = ErrorCode.TOKEN_EXPIRED


class SessionEndedError(AuthenticationError):
    """The log-in behind the token was ended or has run out."""

    code = ErrorCode.SESSION_ENDED


class FreshFactorRequiredError(PermissionDeniedError):
    """The second factor was not shown within this session, or too long ago."""

    code = ErrorCode.FRESH_FACTOR_REQUIRED


class OtpAlreadyOnError(ConflictError):
    code = ErrorCode.OTP_ALREADY_ON


class OtpCodeError(PermissionDeniedError):
    """The code is wrong, or was used before."""

    code = ErrorCode.OTP_CODE_INVALID


class OtpNotOnError(ConflictError):
    code = ErrorCode.OTP_NOT_ON


class PasskeyInvalidError(PermissionDeniedError):
    """What the device answered is not proof; which part of it is not said."""

    code = ErrorCode.PASSKEY_INVALID


class PasskeyChallengeError(PermissionDeniedError):
    """The challenge is unknown, answered already, too old, or another session's."""

    code = ErrorCode.PASSKEY_CHALLENGE_INVALID


class PasskeyExistsError(ConflictError):
    """The device is registered already."""

    code = ErrorCode.PASSKEY_EXISTS


class PasskeyLimitError(ConflictError):
    """The account has as many passkeys as it may."""

    code = ErrorCode.PASSKEY_LIMIT_REACHED


class FactorResetPendingError(ConflictError):
    """An operator's reset of the second factor is waiting already."""

    code = ErrorCode.FACTOR_RESET_PENDING


class OtpRequiredError(Exception):
    """The password was right; with ``ticket`` and one of ``methods`` it becomes a log-in."""

    def __init__(self, ticket: str, methods: list[FactorMethod]) -> None:
        super().__init__("The second factor is needed.")
        self.ticket = ticket
        self.methods = methods
