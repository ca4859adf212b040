"""Keep files: in a local folder, or in S3 through django-storages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.files.storage import Storage as DjangoStorage

from tradingplatform.errors import InvalidInputError, NotFoundError, UpstreamError
from tradingplatform.ids import secret_token
from tradingplatform.services.aws import aws_config, aws_errors

URL_EXPIRES_S = 300


class Storage(Protocol):
    """Files by name ("reports/2026/11.pdf"); names never leave the store's folder."""

    def save(self, name: str, content: bytes) -> str:
        """Store the bytes and return the name they got (another one when it was taken)."""
        ...

    def open(self, name: str) -> bytes:
        """Return the bytes; raises NotFoundError."""
        ...

    def exists(self, name: str) -> bool:
        """Say whether the file is there."""
        ...

    def url(self, name: str) -> str:
        """Return an address for a browser; with S3 it is signed and short-lived."""
        ...

    def delete(self, name: str) -> None:
        """Remove the file; a missing one is no error."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class _DjangoBacked:
    """What both stores share: Django's storage API behind our errors."""

    _storage: DjangoStorage

    def save(self, name: str, content: bytes) -> str:
        with _name_errors(), aws_errors("The file store does not take the file."):
            return self._storage.save(name, ContentFile(content))

    def open(self, name: str) -> bytes:
        try:
            with (
                _name_errors(),
                aws_errors("The file store does not answer."),
                self._storage.open(name, "rb") as file,
            ):
                return bytes(file.read())
        except FileNotFoundError as exc:
            msg = "There is no such file."
            raise NotFoundError(msg) from exc

    def exists(self, name: str) -> bool:
        with _name_errors(), aws_errors("The file store does not answer."):
            return self._storage.exists(name)

    def url(self, name: str) -> str:
        with _name_errors():
            return self._storage.url(name)

    def delete(self, name: str) -> None:
        with _name_errors(), aws_errors("The file store does not answer."):
            self._storage.delete(name)

    def close(self) -> None:
        return


class LocalStorage(_DjangoBacked):
    """A folder on this machine."""

    def __init__(self, *, folder: str, base_url: str = "/files/") -> None:
        self._folder = folder
        self._storage = FileSystemStorage(location=folder, base_url=base_url)

    def ping(self) -> None:
        """Write, read and remove a small file."""
        name = self.save(f".ping/{secret_token(8)}", b"ping")
        try:
            if self.open(name) != b"ping":
                msg = "The folder gave back other bytes than were written."
                raise UpstreamError(msg)
        finally:
            self.delete(name)

    def describe(self) -> str:
        return f"folder {self._folder}"


class S3Storage(_DjangoBacked):
    """An S3 bucket: s3://bucket[/prefix]; region and credentials from the AWS variables."""

    def __init__(self, *, url: str) -> None:
        from storages.backends.s3 import S3Storage as Backend

        parts = urlsplit(url)
        self._bucket, self._prefix = parts.netloc, parts.path.strip("/")
        self._storage: Any = Backend(
            bucket_name=self._bucket,
            location=self._prefix,
            default_acl=None,
            file_overwrite=False,
            querystring_auth=True,
            querystring_expire=URL_EXPIRES_S,
            client_config=aws_config(signature_version="s3v4"),
        )

    def ping(self) -> None:
        with aws_errors("The S3 bucket does not answer."):
            self._storage.connection.meta.client.head_bucket(Bucket=self._bucket)

    def describe(self) -> str:
        return f"S3 bucket {self._bucket}" + (f", prefix {self._prefix}" if self._prefix else "")


@contextmanager
def _name_errors() -> Iterator[None]:
    """Turn Django's refusal of a name like "../secret" into InvalidInputError."""
    try:
        yield
    except SuspiciousOperation as exc:
        msg = "This file name is not allowed."
        raise InvalidInputError(msg) from exc
