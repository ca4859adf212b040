"""One effect and one answer per Idempotency-Key."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import User
from tradingplatform.clock import now
from tradingplatform.db.models import IdempotencyRecord, InboxMessage
from tradingplatform.services import override_services, services
from tradingplatform.services.cache import MemoryCache

pytestmark = pytest.mark.django_db(databases="__all__")
SignIn = Callable[[str], Client]
JSON = "application/json"


def spend(client: Client, name: str, *, key: str | None = "k1", **more: Any) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"name": name, **more}
    return client.post("/api/probe/money", body, content_type="application/json", headers=headers)


def effects() -> list[str]:
    owner = User.objects.get().pk
    return list(
        InboxMessage.objects.for_user(owner).order_by("id").values_list("message_id", flat=True)
    )


def stored() -> int:
    return IdempotencyRecord.objects.for_user(User.objects.get().pk).count()


def test_the_same_request_is_answered_from_the_record(signed_in: SignIn) -> None:
    client = signed_in("mina")

    first, second = spend(client, "a"), spend(client, "a")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert effects() == ["a"]


def test_another_sequence_is_the_same_request(signed_in: SignIn) -> None:
    client = signed_in("mina")

    first, second = spend(client, "a", sequence=1), spend(client, "a", sequence=2)

    assert first.json() == second.json()
    assert second["X-Sequence"] == "2"


def test_the_same_key_with_another_body_is_refused(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a")

    response = spend(client, "b")

    assert (response.status_code, response.json()["errorCode"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert effects() == ["a"]


def test_keys_that_differ_in_case_are_different(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a", key="key")
    spend(client, "b", key="KEY")
    assert effects() == ["a", "b"]


def test_users_do_not_share_keys(signed_in: SignIn) -> None:
    assert spend(signed_in("mina"), "a").status_code == 201
    response = spend(signed_in("joon"), "a")
    assert (response.status_code, "Idempotency-Replayed" in response) == (201, False)


def test_a_refusal_undoes_the_effect_and_is_not_stored(signed_in: SignIn) -> None:
    client = signed_in("mina")

    refused = spend(client, "a", fail=True)

    assert refused.status_code == 400
    assert (effects(), stored()) == ([], 0)
    assert spend(client, "b").status_code == 201


def test_without_a_key_every_request_counts(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a", key=None)
    spend(client, "b", key=None)
    assert (effects(), stored()) == (["a", "b"], 0)


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\tkey", "키"])
def test_an_odd_key_is_refused(signed_in: SignIn, key: str) -> None:
    response = spend(signed_in("mina"), "a", key=key)
    assert (response.status_code, response.json()["errorCode"]) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert effects() == []


def test_the_longest_key_works(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a", key="x" * 255)
    spend(client, "a", key="x" * 255)
    assert effects() == ["a"]


def test_after_a_day_the_key_is_free(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a")
    IdempotencyRecord.objects.for_user(User.objects.get().pk).update(
        created_at=now() - timedelta(hours=24, seconds=1)
    )

    response = spend(client, "b")

    assert (response.status_code, effects(), stored()) == (201, ["a", "b"], 1)


def test_within_a_day_the_answer_is_kept(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a")
    IdempotencyRecord.objects.for_user(User.objects.get().pk).update(
        created_at=now() - timedelta(hours=23, minutes=59)
    )
    assert spend(client, "a")["Idempotency-Replayed"] == "true"


def test_while_the_first_is_running_the_second_is_409(signed_in: SignIn) -> None:
    client = signed_in("mina")
    first_is_running = (
        f"idempotency:{User.objects.get().pk}:probe:money:{sha256(b'k1').hexdigest()}"
    )
    services.cache.set(first_is_running, 1, 30)

    response = spend(client, "a")

    assert (response.status_code, response.json()["errorCode"]) == (409, "IDEMPOTENCY_IN_FLIGHT")
    assert effects() == []


def test_the_key_is_free_after_a_refusal(signed_in: SignIn) -> None:
    client = signed_in("mina")
    spend(client, "a", fail=True)
    assert spend(client, "a").status_code == 201


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("hint", ["with the mark", "without the mark"])
def test_eight_at_once_have_one_effect(signed_in: SignIn, hint: str) -> None:
    client = signed_in("mina")
    authorization = client.defaults["HTTP_AUTHORIZATION"]
    start = Barrier(8)

    def race(_: int) -> tuple[int, bytes]:
        rival = Client(raise_request_exception=False, headers={"Authorization": authorization})
        try:
            start.wait(timeout=20)
            response = spend(rival, "a")
            return response.status_code, response.content
        finally:
            connections.close_all()

    cache = MemoryCache() if hint == "with the mark" else _ForgetfulCache()
    with override_services(cache=cache), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(race, range(8)))

    assert effects() == ["a"]
    assert {status for status, _ in answers} <= {201, 409}
    assert len({content for status, content in answers if status == 201}) == 1


class _ForgetfulCache(MemoryCache):
    """Lets every rival through, so that only the database decides."""

    def add(self, key: str, value: object, ttl_s: float) -> bool:
        return True


def test_a_replay_does_not_need_what_was_looked_up(signed_in: SignIn) -> None:
    client = signed_in("mina")
    first = spend(client, "a")
    headers = {"Idempotency-Key": "k1", "X-Probe-Look": "away"}

    again = client.post("/api/probe/money", {"name": "a"}, content_type=JSON, headers=headers)
    other = client.post(
        "/api/probe/money",
        {"name": "b"},
        content_type=JSON,
        headers=headers | {"Idempotency-Key": "k2"},
    )

    assert (again.status_code, again.json()) == (201, first.json())
    assert again["Idempotency-Replayed"] == "true"
    assert (other.status_code, other.json()["errorCode"]) == (503, "UNAVAILABLE")
    assert effects() == ["a"]


@pytest.mark.django_db(databases="__all__", transaction=True)
@pytest.mark.parametrize("key", ["k1", None])
def test_what_is_looked_up_is_looked_up_before_the_transaction(
    signed_in: SignIn, key: str | None
) -> None:
    answer = spend(signed_in("mina"), "a", key=key).json()
    assert answer["prepared_in_transaction"] is False
