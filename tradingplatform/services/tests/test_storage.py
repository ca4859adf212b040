"""Files, in both backends."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx2
import pytest
from moto.server import ThreadedMotoServer

from tradingplatform.errors import InvalidInputError, NotFoundError, UpstreamError
from tradingplatform.services.storage import LocalStorage, S3Storage, Storage


@pytest.fixture(scope="module")
def aws_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.client("s3")
    client.create_bucket(Bucket="files")
    client.close()
    return "files"


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    chosen: Storage
    if request.param == "local":
        chosen = LocalStorage(folder=str(tmp_path / "files"))
    else:
        chosen = S3Storage(url=f"s3://{request.getfixturevalue('bucket')}/reports")
    yield chosen
    chosen.close()


def test_file_comes_back_and_goes(storage: Storage) -> None:
    content = "주문 내역,10\n".encode() * 1000
    name = storage.save("2026/11/주문.csv", content)

    assert storage.exists(name) is True
    assert storage.open(name) == content
    storage.delete(name)
    assert storage.exists(name) is False


def test_taken_name_gets_another(storage: Storage) -> None:
    first, second = storage.save("a.txt", b"1"), storage.save("a.txt", b"2")

    assert first != second
    assert (storage.open(first), storage.open(second)) == (b"1", b"2")
    storage.delete(first)
    storage.delete(second)


def test_missing_file_is_not_found_and_deleting_it_is_no_error(storage: Storage) -> None:
    storage.delete("nothing.txt")

    with pytest.raises(NotFoundError):
        storage.open("nothing.txt")


@pytest.mark.parametrize("name", ["../secret.txt", "a/../../secret.txt", "/etc/passwd"])
def test_name_cannot_leave_the_store(storage: Storage, name: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError):
        storage.save(name, b"x")
    with pytest.raises(InvalidInputError):
        storage.open(name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_ping_leaves_nothing(storage: Storage, tmp_path: Path) -> None:
    storage.ping()

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_s3_address_is_signed_ends_soon_and_works(bucket: str) -> None:
    storage = S3Storage(url=f"s3://{bucket}/reports")
    name = storage.save("a.txt", b"content")

    address = storage.url(name)

    assert "X-Amz-Expires=300" in address
    assert "X-Amz-Signature=" in address
    assert httpx2.get(address, trust_env=False).content == b"content"
    storage.delete(name)


def test_s3_prefix_keeps_stores_apart(bucket: str) -> None:
    ours, theirs = S3Storage(url=f"s3://{bucket}/ours"), S3Storage(url=f"s3://{bucket}/theirs")
    name = ours.save("a.txt", b"1")

    assert theirs.exists(name) is False
    ours.delete(name)


def test_missing_bucket_is_an_upstream_error(bucket: str) -> None:
    storage = S3Storage(url="s3://no-such-bucket")

    with pytest.raises(UpstreamError):
        storage.ping()
    with pytest.raises(UpstreamError):
        storage.save("a.txt", b"1")
