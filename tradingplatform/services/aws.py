"""How this platform talks to AWS: lazily, with time-outs, errors as our own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tradingplatform.errors import UpstreamError


def aws_client(service: str, region: str) -> Any:
    """Return a boto3 client; endpoint and credentials come from the standard AWS variables."""
    import boto3

    return boto3.client(service, region_name=region or None, config=aws_config())


def aws_config(**options: Any) -> Any:
    """Return time-outs and a bounded retry for every AWS call, with further options."""
    from botocore.config import Config

    return Config(
        connect_timeout=2,
        read_timeout=5,
        retries={"mode": "standard", "total_max_attempts": 3},
        **options,
    )


@contextmanager
def aws_errors(message: str) -> Iterator[None]:
    """Turn what boto3 raises into UpstreamError with ``message``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as exc:
        raise UpstreamError(message, reason=exc.response["Error"]["Code"]) from exc
    except BotoCoreError as exc:
        raise UpstreamError(message, reason=type(exc).__name__) from exc
