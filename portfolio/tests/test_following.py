"""Orders and positions follow an instrument that is renamed, delisted or merged."""

import threading
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import Error as DatabaseProblem
from django.db import connections

from accounts.enums import NotificationChannel, NotificationKind
from accounts.models import User
from accounts.services.notification_preferences import Choice, notifications_choose
from market.enums import ActionKind
from market.errors import InstrumentNotTradableError, SymbolChangedError
from market.models import CorporateAction, Instrument
from market.quotes import quotes_forget
from market.services import corporate_actions_apply, corporate_actions_follow
from market.tasks import apply_actions
from market.tests.factories import bars_make, quote_put
from portfolio.brokers.paper import PaperBroker
from portfolio.enums import OrderStatus, TransactionKind
from portfolio.models import Order, Position, Transaction
from portfolio.resting import RestingOrders
from portfolio.selectors import positions_get
from portfolio.services import ending_tell, following
from portfolio.services.book import Book
from portfolio.services.dispatch import fence_raise, orders_claim
from portfolio.services.following import INSTRUMENT_ENDED
from portfolio.services.rebuild import portfolio_rebuild
from portfolio.shard_trader import ShardTrader
from portfolio.tasks import tell_ending
from portfolio.tests.factories import (
    DANIEL,
    JIMIN,
    SENDER,
    execution_book,
    market_make,
    order_make,
    portfolio_make,
)
from portfolio.types import Execution
from portfolio.verify import breaches
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.shards import shard_aliases, shard_for
from tradingplatform.errors import invariant
from tradingplatform.services.models import StoredMessage

pytestmark = pytest.mark.django_db(databases="__all__")


def fill(order, quantity="10", price="71000"):
    orders_claim(alias=shard_for(order.account_db_key), sender=SENDER, limit=100)
    row = Order.objects.for_user(order.account_db_key).get(pk=order.pk)
    exec_id = f"{row.pk}-{row.version}"
    execution = Execution(exec_id, Decimal(quantity), Decimal(price), now(), "SAMPLE")
    execution_book(row, execution)


def bought(portfolio, quantity="10"):
    order = order_make(portfolio, "005930", "BUY", quantity)
    fill(order, quantity)
    return order


def act(kind, new_symbol=""):
    row = Instrument.objects.get(symbol="005930")
    return CorporateAction.objects.create(
        instrument=row, kind=kind, ex_date=now().date(), new_symbol=new_symbol, source="CSV"
    )


def rename(new_symbol="005931"):
    act(ActionKind.SYMBOL_CHANGE, new_symbol)
    apply_actions()
    quote_put(Instrument.objects.get(symbol=new_symbol), "71000")


def position(portfolio, symbol):
    rows = Position.objects.for_user(portfolio.account_db_key)
    return rows.filter(portfolio=portfolio, symbol=symbol).first()


def state(order):
    row = Order.objects.for_user(order.account_db_key).get(pk=order.pk)
    return row.symbol, row.status, row.status_reason


def news(key, kind):
    rows = OutboxEvent.objects.for_user(key).order_by("pk")
    return [row.payload for row in rows if row.payload.get("kind") == kind]


@pytest.fixture(autouse=True)
def sender_known():
    for alias in shard_aliases():
        fence_raise(alias=alias, sender=SENDER)


@pytest.fixture
def portfolio():
    market_make()
    return portfolio_make()


def test_a_position_is_carried_over_at_cost_with_what_it_earned(portfolio):
    bought(portfolio)
    fill(order_make(portfolio, "005930", "SELL", "4"), "4", "72000")
    before = position(portfolio, "005930")

    rename()
    apply_actions()

    after, left = position(portfolio, "005931"), position(portfolio, "005930")
    assert after.holding == before.holding
    assert after.average_cost == before.average_cost
    assert (left.quantity, left.cost_basis, left.realized_pnl) == (0, 0, 0)
    entry = Transaction.objects.for_user(JIMIN).get(kind=TransactionKind.SYMBOL_CHANGE)
    assert (entry.symbol, entry.new_symbol, entry.quantity) == ("005930", "005931", 6)
    postings = dict(entry.postings.values_list("account", "amount"))
    cost = before.cost_basis
    assert postings == {"position:005931": cost, "position:005930": -cost}
    (view,) = positions_get(account_db_key=JIMIN, portfolio_id=portfolio.pk)
    assert (view.symbol, view.market_price) == ("005931", 71000)
    assert news(JIMIN, "symbol_change")[0]["symbol_change"]["new_symbol"] == "005931"
    assert breaches() == []


def test_the_ledger_proves_and_rebuilds_what_was_carried_over(portfolio):
    bought(portfolio)
    rename()
    fill(order_make(portfolio, "005931", "SELL", "3"), "3", "72000")
    fill(order_make(portfolio, "005931", "BUY", "1"), "1", "73000")
    expected = position(portfolio, "005931")
    assert breaches() == []
    call_command("verify", "--all")

    Position.objects.for_user(JIMIN).filter(pk=expected.pk).delete()
    assert breaches() != []
    portfolio_rebuild(account_db_key=JIMIN, portfolio_id=portfolio.pk)

    rebuilt = position(portfolio, "005931")
    assert (rebuilt.holding, rebuilt.currency) == (expected.holding, "KRW")
    assert breaches() == []


def test_open_orders_follow_with_what_they_hold_back(portfolio):
    bought(portfolio)
    half = order_make(portfolio, "005930", "SELL", "6", limit_price="80000", time_in_force="GTC")
    fill(half, "2", "80000")
    buy = order_make(portfolio, "005930", "BUY", "1", limit_price="60000")
    foreign = order_make(portfolio_make(DANIEL), "005930", "BUY", "1", limit_price="60000")
    versions = dict(Order.objects.for_user(JIMIN).values_list("pk", "version"))
    waiting = RestingOrders()
    waiting.put(Order.objects.for_user(JIMIN).get(pk=half.pk))

    rename()

    assert state(half)[:2] == ("005931", OrderStatus.PARTIALLY_FILLED)
    assert state(buy)[:2] == ("005931", OrderStatus.NEW)
    assert state(foreign)[:2] == ("005931", OrderStatus.NEW)
    assert position(portfolio, "005931").reserved_quantity == 4
    assert position(portfolio, "005930").reserved_quantity == 0
    assert breaches() == []  # a fill keeps the symbol it was made under
    moved = Order.objects.for_user(JIMIN).get(pk=half.pk)
    assert moved.version > versions[half.pk]
    waiting.put(moved)
    assert waiting.symbols == {"005931"}
    fill(half, "4", "80000")
    assert state(half)[1] == OrderStatus.FILLED
    assert breaches() == []


def test_ended_orders_keep_the_symbol_they_were_traded_under(portfolio):
    order = bought(portfolio)

    rename()

    assert state(order)[0] == "005930"
    with pytest.raises(SymbolChangedError):
        order_make(portfolio, "005930", "BUY", "1")
    assert order_make(portfolio, "005931", "BUY", "1").symbol == "005931"


def test_who_holds_both_symbols_holds_one(portfolio):
    other = Instrument.objects.get(symbol="AAPL")
    Instrument.objects.filter(pk=other.pk).update(exchange="KRX", currency="KRW")
    bought(portfolio)
    first = position(portfolio, "005930")
    rename("005931")
    # The first symbol is free again, is given to another company and bought anew.
    CorporateAction.objects.update(followed_at=now())
    Instrument.objects.filter(pk=other.pk).update(symbol="005930")
    quote_put(Instrument.objects.get(pk=other.pk), "71000")
    bought(portfolio, "5")

    assert position(portfolio, "005931").holding == first.holding
    assert position(portfolio, "005930").quantity == 5
    assert breaches() == []


def test_a_shard_that_is_away_follows_later(portfolio, monkeypatch):
    foreign = portfolio_make(DANIEL)
    bought(portfolio)
    bought(foreign)
    honest = following._concerned
    away = foreign.account_db_key

    def broken(alias, symbol):
        found = honest(alias, symbol)
        if any(key == away for key, _ in found):
            raise DatabaseProblem
        return found

    monkeypatch.setattr(following, "_concerned", broken)
    rename()
    assert position(portfolio, "005931").quantity == 10
    assert position(foreign, "005930").quantity == 10
    assert CorporateAction.objects.get().followed_at is None

    monkeypatch.undo()
    apply_actions()
    assert position(foreign, "005931").quantity == 10
    assert breaches() == []


@pytest.mark.embedded
@pytest.mark.parametrize("kind", [ActionKind.SYMBOL_CHANGE, ActionKind.DELISTING])
def test_who_is_concerned_is_found_by_index(portfolio, kind):
    """A list that delists hundreds looks for each of them on every shard, every five minutes."""
    act(kind, "005931" if kind == ActionKind.SYMBOL_CHANGE else "")
    corporate_actions_apply()
    plans: list[str] = []

    def planned(execute, sql, params, many, context):
        if sql.startswith(("SELECT", "UPDATE")):
            with context["connection"].cursor() as cursor:
                cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
                plans.extend(row[-1] for row in cursor.fetchall())
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for alias in shard_aliases():
            stack.enter_context(connections[alias].execute_wrapper(planned))
        corporate_actions_follow()

    assert plans
    assert [plan for plan in plans if plan.startswith("SCAN")] == []


@pytest.mark.parametrize("kind", [ActionKind.SYMBOL_CHANGE, ActionKind.DELISTING])
def test_a_broken_book_keeps_nobody_else_from_following(portfolio, monkeypatch, kind):
    """Nobody else: on the same shard and on others, of this action and of the next."""
    others = [portfolio_make(JIMIN), portfolio_make(DANIEL), portfolio_make(JIMIN + 100)]
    for each in (portfolio, *others):
        bought(each)
    orders = {
        each.pk: order_make(each, "005930", "BUY", "1", limit_price="60000")
        for each in (portfolio, *others)
    }
    honest = Book.lock

    def broken(key, portfolio_id):
        invariant(portfolio_id != portfolio.pk, "The book does not add up.")
        return honest(key, portfolio_id)

    monkeypatch.setattr(Book, "lock", broken)
    act(kind, "005931" if kind == ActionKind.SYMBOL_CHANGE else "")
    apply_actions()

    stuck, moved = state(orders[portfolio.pk]), {state(orders[each.pk]) for each in others}
    assert stuck == ("005930", OrderStatus.NEW, "")
    if kind == ActionKind.SYMBOL_CHANGE:
        assert moved == {("005931", OrderStatus.NEW, "")}
    else:
        assert moved == {("005930", OrderStatus.CANCELED, "INSTRUMENT_DELISTED")}
        assert [len(news(key, "instrument_ended")) for key in (JIMIN, DANIEL)] == [1, 1]
    assert CorporateAction.objects.get().followed_at is None

    monkeypatch.undo()
    apply_actions()
    assert state(orders[portfolio.pk]) in moved
    assert breaches() == []


def test_a_broken_book_is_asked_again_for_as_long_as_it_is_broken(
    portfolio, monkeypatch, time_machine
):
    bought(portfolio)

    def broken(*_):
        invariant(False, "The book does not add up.")

    monkeypatch.setattr(Book, "lock", broken)
    rename()
    time_machine.move_to(now() + timedelta(minutes=11))

    assert corporate_actions_follow() == 0
    monkeypatch.undo()
    assert corporate_actions_follow() == 1
    assert position(portfolio, "005931").quantity == 10


def test_an_action_is_done_with_once_all_has_followed_and_settled(portfolio, time_machine):
    bought(portfolio)
    rename()
    assert corporate_actions_follow() == 0

    time_machine.move_to(now() + timedelta(minutes=11))

    assert corporate_actions_follow() == 1
    assert corporate_actions_follow() == 0
    assert CorporateAction.objects.get().followed_at is not None


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ActionKind.DELISTING, "INSTRUMENT_DELISTED"),
        (ActionKind.MERGER, "INSTRUMENT_MERGED"),
    ],
)
def test_resting_orders_are_canceled_with_a_reason(portfolio, kind, reason):
    fill(order_make(portfolio, "005930", "BUY", "10"))
    sell = order_make(portfolio, "005930", "SELL", "6", limit_price="80000", time_in_force="GTC")
    fill(sell, "2", "80000")
    fresh = order_make(portfolio, "005930", "BUY", "1", limit_price="60000")
    other = order_make(portfolio, "AAPL", "BUY", "1", limit_price="190")
    act(kind)

    apply_actions()
    apply_actions()

    assert state(fresh)[1:] == (OrderStatus.CANCELED, reason)
    assert state(sell)[1:] == (OrderStatus.PENDING_CANCEL, reason)
    assert state(other)[1] == OrderStatus.NEW
    with pytest.raises(InstrumentNotTradableError):
        order_make(portfolio, "005930", "BUY", "1")
    trader = ShardTrader(shard_for(JIMIN), PaperBroker(), 2, threading.Event())
    trader.take_over()
    trader.turn()
    assert state(sell)[1:] == (OrderStatus.CANCELED, reason)
    assert breaches() == []


def test_each_holder_is_told_once(portfolio):
    second = portfolio_make()
    bought(portfolio)
    bought(second, "3")
    bought(portfolio_make(DANIEL), "1")
    act(ActionKind.MERGER, "000660")

    apply_actions()
    apply_actions()

    (told,) = news(JIMIN, "instrument_ended")
    assert told["instrument_ended"] == {
        "symbol": "005930",
        "reason": "MERGER",
        "ex_date": now().date().isoformat(),
        "successor": "000660",
        "quantities": {str(portfolio.pk): "10", str(second.pk): "3"},
    }
    assert len(news(DANIEL, "instrument_ended")) == 1
    event = OutboxEvent.objects.for_user(JIMIN).get(topic=INSTRUMENT_ENDED)
    assert (event.stream, event.message_type) == ("user", "portfolio")


def test_what_is_listed_again_is_left_alone(portfolio):
    bought(portfolio)
    act(ActionKind.DELISTING)
    corporate_actions_apply()
    Instrument.objects.filter(symbol="005930").update(is_active=True, delisted_date=None)
    order = order_make(portfolio, "005930", "BUY", "1", limit_price="60000")

    corporate_actions_follow()

    assert state(order)[1] == OrderStatus.NEW
    assert news(JIMIN, "instrument_ended") == []


def test_a_position_in_what_ended_keeps_its_last_price_marked_as_such(portfolio, client):
    samsung = Instrument.objects.get(symbol="005930")
    bars_make(samsung, now().date() - timedelta(days=2), ["70000", "70500"])
    bought(portfolio)
    fill(order_make(portfolio, "AAPL", "BUY", "1"), "1", "200")
    act(ActionKind.DELISTING)
    apply_actions()
    quotes_forget(["005930"])  # they live for a week

    views = {
        view.symbol: view for view in positions_get(account_db_key=JIMIN, portfolio_id=portfolio.pk)
    }

    assert views["005930"].delisted_date == now().date()
    assert (views["005930"].market_price, views["AAPL"].delisted_date) == (70500, None)


def wish(user, channel, enabled):
    choice = Choice(NotificationKind.PORTFOLIO, channel, enabled)
    notifications_choose(owner=user, choices=[choice])


@pytest.fixture
def investor():
    market_make()
    user = User.objects.create(email="jimin@example.com", nickname="Jimin", language="en")
    return user, portfolio_make(user.pk)


def test_a_mail_goes_to_who_wants_it(investor):
    user, portfolio = investor
    bought(portfolio)
    action = act(ActionKind.DELISTING)
    apply_actions()

    assert ending_tell(account_db_key=user.pk, action_id=action.pk) == []
    wish(user, NotificationChannel.EMAIL, enabled=True)
    tell_ending(account_db_key=user.pk, aggregate_id=str(action.pk))

    mail = StoredMessage.objects.get(recipient=user.email)
    assert mail.subject == "005930 is no longer traded"
    assert f"005930 was delisted on {action.ex_date}" in mail.text


def test_who_wants_no_news_in_the_app_gets_none(investor):
    user, portfolio = investor
    bought(portfolio)
    wish(user, NotificationChannel.IN_APP, enabled=False)
    act(ActionKind.DELISTING)

    apply_actions()

    event = OutboxEvent.objects.for_user(user.pk).get(topic=INSTRUMENT_ENDED)
    assert (event.stream, event.stream_seq) == ("", None)
