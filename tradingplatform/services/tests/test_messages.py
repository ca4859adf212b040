"""E-mail, SMS and the fan-out to them."""

import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import time_machine
from moto.server import ThreadedMotoServer

from tradingplatform.errors import NotConfiguredError, UpstreamError
from tradingplatform.services import override_services, services
from tradingplatform.services.email import SesEmail, SmtpEmail, StoredEmail
from tradingplatform.services.models import StoredMessage
from tradingplatform.services.notification import Channel, Delivery, FanOut, Recipient
from tradingplatform.services.sms import SnsSms, StoredSms
from tradingplatform.services.tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db(databases="__all__")
SENDER = "Trading Platform <no-reply@example.com>"
JIYEON = Recipient(account_db_key=42, email="jiyeon@example.com", phone="+821012345678")


def test_stored_email_is_kept_and_its_reader_is_not_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    message_id = StoredEmail(sender=SENDER).send(
        "jiyeon@example.com", "가입 확인", "링크: …", "<p>링크</p>"
    )

    stored = StoredMessage.objects.using("default").get()
    assert str(stored.pk) == message_id
    assert (stored.channel, stored.recipient, stored.subject) == (
        "EMAIL",
        "jiyeon@example.com",
        "가입 확인",
    )
    assert (stored.text, stored.html) == ("링크: …", "<p>링크</p>")
    assert "E-mail stored, not sent" in caplog.text
    assert "jiyeon" not in caplog.text


def test_stored_messages_end_after_thirty_days() -> None:
    with time_machine.travel("2026-10-01T00:00:00+00:00", tick=False) as clock:
        StoredSms().send("+821011112222", "old")
        clock.shift(31 * 24 * 3600)
        StoredSms().send("+821011112222", "new")

    assert list(StoredMessage.objects.using("default").values_list("text", flat=True)) == ["new"]


def test_sns_says_it_is_not_configured() -> None:
    with pytest.raises(NotConfiguredError):
        SnsSms().send("+821012345678", "hello")
    with pytest.raises(NotConfiguredError):
        SnsSms().ping()


def test_smtp_delivers_text_and_html() -> None:
    with SmtpServer() as server:
        email = SmtpEmail(url=f"smtp://127.0.0.1:{server.port}", sender=SENDER)
        email.ping()
        message_id = email.send("jiyeon@example.com", "체결 알림", "10주 체결", "<b>10주</b>")

    (message,) = server.messages
    assert message["To"] == "jiyeon@example.com"
    assert message["Message-ID"] == message_id
    plain, html = message.walk_parts()
    assert plain == "10주 체결"
    assert html == "<b>10주</b>"


def test_smtp_that_is_down_is_an_upstream_error_without_the_password() -> None:
    with SmtpServer() as server:
        port = server.port
    email = SmtpEmail(url=f"smtps://app:pa55word@127.0.0.1:{port}", sender=SENDER)

    with pytest.raises(UpstreamError) as failed:
        email.send("jiyeon@example.com", "x", "y")

    assert "pa55word" not in f"{failed.value}{failed.value.details}{email.describe()}"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    yield f"http://{host}:{port}"
    server.stop()


def test_ses_takes_the_message(aws: str) -> None:
    client = boto3.client("sesv2", region_name="eu-west-1")
    client.create_email_identity(EmailIdentity="no-reply@example.com")
    client.close()
    email = SesEmail(url="ses://eu-west-1", sender="no-reply@example.com")

    email.ping()
    message_id = email.send("jiyeon@example.com", "체결", "10주", "<b>10주</b>")

    assert message_id
    email.close()


def test_ses_that_refuses_is_an_upstream_error(aws: str) -> None:
    email = SesEmail(url="ses://eu-west-1", sender="nobody-verified@example.com")

    with pytest.raises(UpstreamError) as failed:
        email.send("jiyeon@example.com", "x", "y")

    assert failed.value.details == {"reason": "MessageRejected"}
    email.close()


class BrokenSms(StoredSms):
    """A carrier that is down."""

    def send(self, to: str, text: str) -> str:
        message = "The carrier is down."
        raise UpstreamError(message)


def _notify(recipient: Recipient, *channels: Channel) -> list[Delivery]:
    return FanOut().notify(recipient, title="체결", text="AAPL 10주", channels=channels)


def test_notification_reaches_every_channel_once() -> None:
    with override_services(email=StoredEmail(sender=SENDER), sms=StoredSms()):
        deliveries = _notify(JIYEON, *Channel, Channel.EMAIL)

    assert [(d.channel, d.status) for d in deliveries] == [
        (Channel.EMAIL, "SENT"),
        (Channel.SMS, "SENT"),
    ]
    kept = StoredMessage.objects.using("default").order_by("channel")
    assert list(kept.values_list("channel", "recipient")) == [
        ("EMAIL", "jiyeon@example.com"),
        ("SMS", "+821012345678"),
    ]


def test_failing_channel_does_not_stop_the_others() -> None:
    with override_services(sms=BrokenSms(), email=StoredEmail(sender=SENDER)):
        deliveries = _notify(JIYEON, Channel.SMS, Channel.EMAIL)

    assert deliveries == [
        Delivery(Channel.SMS, "FAILED", "The carrier is down."),
        Delivery(Channel.EMAIL, "SENT"),
    ]


def test_channel_without_address_is_skipped() -> None:
    deliveries = _notify(Recipient(account_db_key=7), Channel.EMAIL, Channel.SMS)

    assert [d.status for d in deliveries] == ["SKIPPED", "SKIPPED"]
    assert StoredMessage.objects.using("default").count() == 0


def test_configured_backends_answer(settings: Any) -> None:
    for name in ("email", "sms", "notification"):
        assert services.ping(name).error == ""
