"""Send e-mail: into a stored outbox, through SMTP, or through Amazon SES."""

import logging
from email.utils import parseaddr
from smtplib import SMTPException
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from tradingplatform.errors import UpstreamError
from tradingplatform.ids import uuid7
from tradingplatform.services.aws import aws_client, aws_errors
from tradingplatform.services.base import without_secrets
from tradingplatform.services.stored import message_store, stored_messages_ping

logger = logging.getLogger(__name__)

TIMEOUT_S = 5


class Email(Protocol):
    """One message to one reader."""

    def send(self, to: str, subject: str, text: str, html: str | None = None) -> str:
        """Send and return the id the mail system gave; raises UpstreamError."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class StoredEmail:
    """Keep messages in a table that the admin shows, and say so on the console."""

    def __init__(self, *, sender: str) -> None:
        self.sender = sender

    def send(self, to: str, subject: str, text: str, html: str | None = None) -> str:
        stored = message_store("EMAIL", to, subject=subject, text=text, html=html or "")
        logger.info("E-mail stored, not sent", extra={"message_id": stored})
        return stored

    def ping(self) -> None:
        stored_messages_ping()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return "stored outbox in the global database; nothing leaves this machine"


class SmtpEmail:
    """A mail server: smtp://user:password@host:587 (STARTTLS) or smtps://…:465."""

    def __init__(self, *, url: str, sender: str) -> None:
        self.sender = sender
        self._url = url

    def send(self, to: str, subject: str, text: str, html: str | None = None) -> str:
        message = _compose(self.sender, to, subject, text, html)
        backend = self._backend()
        try:
            backend.send_messages([message])
        except (SMTPException, OSError) as exc:
            msg = "The mail server did not take the message."
            raise UpstreamError(msg) from exc
        return str(message.extra_headers["Message-ID"])

    def ping(self) -> None:
        backend = self._backend()
        try:
            backend.open()
        finally:
            backend.close()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return f"mail server {without_secrets(self._url)}"

    def _backend(self) -> EmailBackend:
        parts = urlsplit(self._url)
        is_tls = parts.scheme == "smtps"
        # A user means a real server, which must not see the password in clear.
        return EmailBackend(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (465 if is_tls else 587),
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            use_ssl=is_tls,
            use_tls=bool(parts.username) and not is_tls,
            timeout=TIMEOUT_S,
            fail_silently=False,
        )


class SesEmail:
    """Amazon SES: ses://region."""

    def __init__(self, *, url: str, sender: str) -> None:
        self.sender = sender
        self._region = urlsplit(url).hostname or ""
        self._built: Any = None

    def send(self, to: str, subject: str, text: str, html: str | None = None) -> str:
        body = {"Text": {"Data": text, "Charset": "UTF-8"}}
        if html:
            body["Html"] = {"Data": html, "Charset": "UTF-8"}
        with aws_errors("Amazon SES did not take the message."):
            answer = self._client.send_email(
                FromEmailAddress=self.sender,
                Destination={"ToAddresses": [to]},
                Content={
                    "Simple": {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": body}
                },
            )
        return str(answer["MessageId"])

    def ping(self) -> None:
        with aws_errors("Amazon SES does not answer."):
            self._client.list_email_identities(PageSize=1)

    def close(self) -> None:
        if self._built is not None:
            self._built.close()

    def describe(self) -> str:
        return f"Amazon SES in {self._region}"

    @property
    def _client(self) -> Any:
        if self._built is None:
            self._built = aws_client("sesv2", self._region)
        return self._built


def _compose(
    sender: str, to: str, subject: str, text: str, html: str | None
) -> EmailMultiAlternatives:
    # Django would make another Message-ID each time it is asked for the message.
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=sender,
        to=[to],
        headers={"Message-ID": f"<{uuid7()}@{domain}>"},
    )
    if html:
        message.attach_alternative(html, "text/html")
    return message
