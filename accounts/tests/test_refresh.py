"""Refresh tokens and socket tickets: one use, one winner."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connections

from accounts.errors import InvalidTokenError, SessionEndedError
from accounts.models import RefreshFamily, RefreshToken, Session, User
from accounts.services import (
    LoggedIn,
    TokenPair,
    token_refresh,
    ws_ticket_issue,
    ws_ticket_redeem,
)
from tradingplatform.clock import now

pytestmark = pytest.mark.django_db(databases="__all__")
LogIn = Callable[[User], LoggedIn]
NOON = "2026-03-02T12:00:00Z"


def test_a_refresh_token_is_good_once_and_leads_to_the_next(mina: User, log_in: LogIn) -> None:
    first = log_in(mina).tokens
    second = token_refresh(refresh=first.refresh)
    third = token_refresh(refresh=second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert list(
        RefreshToken.objects.order_by("generation").values_list("generation", flat=True)
    ) == [0, 1, 2]


def test_nothing_secret_is_stored(mina: User, log_in: LogIn) -> None:
    first = log_in(mina).tokens
    second = token_refresh(refresh=first.refresh)
    stored = str(list(RefreshToken.objects.values()) + list(RefreshFamily.objects.values()))
    assert first.refresh not in stored
    assert second.refresh not in stored


def test_a_lost_reply_is_given_again_for_ten_seconds(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = log_in(mina).tokens
        second = token_refresh(refresh=first.refresh)
        clock.shift(10)
        assert token_refresh(refresh=first.refresh).refresh == second.refresh
        assert RefreshToken.objects.count() == 2


def _session_is_over(pair: TokenPair) -> None:
    with pytest.raises(SessionEndedError):
        token_refresh(refresh=pair.refresh)
    assert Session.objects.get().revoked_at is not None
    assert RefreshFamily.objects.get().revoked_at is not None


def test_a_token_that_comes_back_late_ends_the_session(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        first = log_in(mina).tokens
        second = token_refresh(refresh=first.refresh)
        clock.shift(10.001)
        with pytest.raises(InvalidTokenError):
            token_refresh(refresh=first.refresh)
        _session_is_over(second)


def test_a_token_whose_successor_was_used_ends_the_session(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False):
        first = log_in(mina).tokens
        third = token_refresh(refresh=token_refresh(refresh=first.refresh).refresh)
        with pytest.raises(InvalidTokenError):
            token_refresh(refresh=first.refresh)
        _session_is_over(third)


@pytest.mark.parametrize("token", ["", "x", "x" * 129, "가", "\ud800", "a b", "A" * 43])
def test_an_unknown_refresh_token_is_refused(mina: User, log_in: LogIn, token: str) -> None:
    pair = log_in(mina).tokens
    with pytest.raises(InvalidTokenError):
        token_refresh(refresh=token)
    assert token_refresh(refresh=pair.refresh).refresh


def test_the_server_key_decides_the_successor(mina: User, log_in: LogIn, settings: Any) -> None:
    pair = log_in(mina).tokens
    first = token_refresh(refresh=pair.refresh).refresh
    settings.SECRET_KEY = "another key of this server"
    assert token_refresh(refresh=pair.refresh).refresh != first


def test_an_ended_session_cannot_be_refreshed(mina: User, log_in: LogIn) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        pair = log_in(mina).tokens
        clock.shift(3600)
        with pytest.raises(SessionEndedError):
            token_refresh(refresh=pair.refresh)
    assert RefreshToken.objects.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_eight_refreshes_at_once_have_one_successor(mina: User, log_in: LogIn) -> None:
    for _ in range(5):
        pair, start = log_in(mina).tokens, Barrier(8)

        def race(_: int, pair: TokenPair = pair, start: Barrier = start) -> str:
            try:
                start.wait(timeout=20)
                return token_refresh(refresh=pair.refresh).refresh
            finally:
                connections.close_all()

        with ThreadPoolExecutor(8) as pool:
            successors = set(pool.map(race, range(8)))

        assert len(successors) == 1
        assert RefreshToken.objects.filter(used_at__isnull=True).count() == 1
        assert token_refresh(refresh=successors.pop()).refresh
        Session.objects.all().delete()


def test_a_ticket_is_good_once(mina: User, log_in: LogIn) -> None:
    sid = log_in(mina).session.sid
    ticket = ws_ticket_issue(sid=sid)
    assert ws_ticket_redeem(ticket=ticket).session_id == sid
    with pytest.raises(InvalidTokenError):
        ws_ticket_redeem(ticket=ticket)


def test_a_ticket_of_an_ended_session_is_refused(mina: User, log_in: LogIn) -> None:
    sid = log_in(mina).session.sid
    ticket = ws_ticket_issue(sid=sid)
    Session.objects.update(revoked_at=now())
    with pytest.raises(SessionEndedError):
        ws_ticket_redeem(ticket=ticket)


@pytest.mark.parametrize("ticket", ["", "x", "x" * 500, "가", "\ud800"])
def test_an_unknown_ticket_is_refused(ticket: str) -> None:
    with pytest.raises(InvalidTokenError):
        ws_ticket_redeem(ticket=ticket)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_eight_redemptions_at_once_have_one_winner(mina: User, log_in: LogIn) -> None:
    ticket, start = ws_ticket_issue(sid=log_in(mina).session.sid), Barrier(8)

    def race(_: int) -> bool:
        try:
            start.wait(timeout=20)
            ws_ticket_redeem(ticket=ticket)
        except InvalidTokenError:
            return False
        else:
            return True
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1
