"""What log lines look like, where they go and what is never in them."""

import logging
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import structlog

from tradingplatform.logs import (
    ProcessFileHandler,
    bind_request,
    clear_request,
    configure_structlog,
    console_formatter,
    current_request_id,
    json_formatter,
    process_name,
)
from tradingplatform.redaction import TEXT_CHARACTERS_MAX, redact_text, redacted

# Nothing here depends on the database.
pytestmark = pytest.mark.embedded


@pytest.fixture
def lines() -> Iterator["Lines"]:
    found = Lines()
    logger = logging.getLogger("tested")
    logger.addHandler(found)
    logger.setLevel(logging.DEBUG)
    yield found
    logger.removeHandler(found)
    clear_request()


class Lines(logging.Handler):
    """Keeps what the JSON formatter made of each record."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(json_formatter())
        self.written: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.written.append(self.format(record))

    def last(self) -> dict[str, object]:
        return orjson.loads(self.written[-1])


def test_line_is_json_with_kst_time_level_and_fields(lines: Lines) -> None:
    logging.getLogger("tested").warning("주문 %s", "접수", extra={"quantity": 10})

    line = lines.last()
    assert (line["event"], line["level"], line["logger"]) == ("주문 접수", "warning", "tested")
    assert line["quantity"] == 10
    assert str(line["time"]).endswith("+09:00")
    assert "주문 접수" in lines.written[-1]


def test_request_id_is_on_every_line_until_cleared(lines: Lines) -> None:
    bind_request("req-7", uid="0198")
    logging.getLogger("tested").info("within")
    structlog_line = structlog.get_logger("tested")
    configure_structlog()
    structlog_line.info("also within", step=2)
    within = [orjson.loads(line) for line in lines.written]
    clear_request()
    logging.getLogger("tested").info("after")

    assert [line["request_id"] for line in within] == ["req-7", "req-7"]
    assert within[1]["step"] == 2
    assert "request_id" not in lines.last()
    assert current_request_id() == ""


def test_binding_forgets_the_request_before() -> None:
    bind_request("one", uid="somebody")
    bind_request("two")

    assert current_request_id() == "two"
    assert structlog.contextvars.get_contextvars() == {"request_id": "two"}
    clear_request()


@pytest.mark.parametrize(
    ("_case", "text", "secret"),
    [
        ("web token", "got eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl now", "eyJzdWIiOiIx"),
        ("bearer", "Authorization: Bearer abc.def-ghi", "abc.def-ghi"),
        ("api key header", "Api-Key tp_0123456789abcdef0123", "0123456789abcdef"),
        ("named in a query", "GET /x?token=s3cr3tvalue&y=1", "s3cr3tvalue"),
        ("ticket of a socket", '"WebSocket /ws?ticket=s3cr3tvalue" [accepted]', "s3cr3tvalue"),
        ("named in JSON", '{"new_password": "hunter2!"}', "hunter2"),
        ("address with password", "mysql://app:pa55word@db:3306/x", "pa55word"),
        ("provider key", "key sk-proj-ABCDEFGHIJKLMNOP1234", "ABCDEFGHIJ"),
        ("aws key", "AKIAIOSFODNN7EXAMPLE", "IOSFODNN7"),
        ("e-mail", "sent to jiyeon.kim@example.co.kr", "jiyeon.kim"),
        ("securities account", "account 50112345-01 at KIS", "50112345"),
        ("resident registration", "900101-1234567", "1234567"),
        ("card", "4111 1111 1111 1111", "4111 1111"),
    ],
)
def test_secret_in_a_text_is_hidden(lines: Lines, _case: str, text: str, secret: str) -> None:
    logging.getLogger("tested").error(text)
    try:
        int(text)
    except ValueError:
        logging.getLogger("tested").exception("failed", extra={"nested": {"list": [text]}})

    assert secret not in "".join(lines.written)
    assert "failed" in lines.written[-1]
    assert "Traceback" in lines.written[-1]


@pytest.mark.parametrize(
    "name", ["password", "refresh_token", "api_key", "app_secret", "account_number", "Cookie"]
)
def test_field_with_a_secret_name_is_hidden(lines: Lines, name: str) -> None:
    logging.getLogger("tested").info("x", extra={name: "plain-value", "deep": {name: ["value2"]}})

    assert "plain-value" not in lines.written[-1]
    assert "value2" not in lines.written[-1]


def test_ordinary_values_stay() -> None:
    event = {
        "symbol": "005930",
        "price": "71200",
        "order_id": "01980c9e-7b1c-7aaa-8bbb-0123456789ab",
        "token_count": 12,
        "at": "2026-11-23T09:00:00.000+09:00",
        "spinning": "pinned",
    }

    assert redacted(event) == event


def test_hostile_text_costs_no_more_than_its_length() -> None:
    texts = ["a" * 200_000, "a-" * 100_000, "a." * 100_000 + "@", "eyJ" * 70_000, "token" * 40_000]

    for text in texts:
        assert len(redact_text(text)) < TEXT_CHARACTERS_MAX + 100


def test_console_line_is_readable() -> None:
    record = logging.LogRecord("tested", logging.INFO, "f", 1, "hello %s", ("you",), None)

    line = console_formatter().format(record)

    assert "hello you" in line
    assert "info" in line
    assert "{" not in line


@pytest.mark.parametrize("forged", ["a\n2026 [error] b", "a\r\nb", "a\x1b[31mb", "a\x00b\u2028c"])
def test_text_from_outside_cannot_forge_a_line(lines: Lines, forged: str) -> None:
    record = logging.LogRecord("tested", logging.INFO, "f", 1, "asked for %s", (forged,), None)
    record.path = forged

    console = console_formatter().format(record)
    logging.getLogger("tested").handle(record)

    assert console.isprintable()
    assert "\n" not in lines.written[-1]


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (["manage.py", "serve"], "serve"),
        (["./manage.py", "run_process", "relay"], "relay"),
        (["/x/bin/gunicorn", "tradingplatform.wsgi"], "gunicorn"),
        (["manage.py"], "manage"),
        (["manage.py", "../../etc"], "------etc"),
    ],
)
def test_process_is_named_after_its_command(
    arguments: list[str], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROCESS_NAME", raising=False)

    assert process_name(arguments) == name


def test_process_name_can_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROCESS_NAME", "web")

    assert process_name(["manage.py", "serve"]) == "web"


def _record(text: str) -> logging.LogRecord:
    return logging.LogRecord("tested", logging.INFO, "f", 1, text, (), None)


def test_two_handlers_of_one_name_write_two_files(tmp_path: Path) -> None:
    first, second = (ProcessFileHandler(str(tmp_path), "web") for _ in range(2))
    first.emit(_record("one"))
    second.emit(_record("two"))
    first.close()
    second.close()

    assert (tmp_path / "web.log").read_text() == "one\n"
    assert (tmp_path / "web.2.log").read_text() == "two\n"


def test_file_name_is_free_again_after_its_process(tmp_path: Path) -> None:
    for text in ("one", "two"):
        handler = ProcessFileHandler(str(tmp_path), "web")
        handler.emit(_record(text))
        handler.close()

    assert (tmp_path / "web.log").read_text() == "one\ntwo\n"


def test_forked_child_writes_its_own_file(tmp_path: Path) -> None:
    handler = ProcessFileHandler(str(tmp_path), "worker")
    handler.emit(_record("parent"))
    child = multiprocessing.get_context("fork").Process(
        target=handler.emit, args=(_record("child"),)
    )
    child.start()
    child.join()
    handler.emit(_record("parent again"))
    handler.close()

    assert (tmp_path / "worker.log").read_text() == "parent\nparent again\n"
    assert (tmp_path / "worker.2.log").read_text() == "child\n"


def test_file_rotates_at_its_size(tmp_path: Path) -> None:
    handler = ProcessFileHandler(str(tmp_path), "web")
    handler.maxBytes = 1000
    for number in range(30):
        handler.emit(_record(f"{number:03d} " + "x" * 96))
    handler.close()

    sizes = [path.stat().st_size for path in tmp_path.glob("web.log*")]
    assert len(sizes) == 4
    assert max(sizes) <= 1000
