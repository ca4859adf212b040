"""What users do with portfolios and orders, and what the ledger shows after."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from market.errors import SymbolUnknownError
from market.tests.factories import instrument_make
from portfolio import errors
from portfolio.core.accounting import position_account
from portfolio.enums import BrokerName, OrderStatus, TradingMode
from portfolio.models import CashBalance, Fill, Order, Position, Posting, Transaction
from portfolio.selectors import portfolio_summary, quotes_known
from portfolio.services import (
    cash_move,
    order_cancel,
    order_place,
    order_replace,
    portfolio_close,
    portfolio_open,
    portfolio_rename,
    trade_import,
    trading_state_set,
)
from portfolio.services.dispatch import fence_raise
from portfolio.tests.factories import (
    DANIEL,
    JIMIN,
    SENDER,
    execution_book,
    order_make,
    portfolio_make,
    request_make,
)
from portfolio.types import Execution, HistoricTrade
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.shards import shard_aliases, shard_for
from tradingplatform.errors import InvariantError, TradingPlatformError, UnprocessableError
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__")


def _cash(portfolio, currency="KRW"):
    rows = CashBalance.objects.for_user(portfolio.account_db_key)
    return rows.get(portfolio=portfolio, currency=currency)


def _position(portfolio, symbol="005930"):
    return Position.objects.for_user(JIMIN).get(portfolio=portfolio, symbol=symbol)


def _fill(order, quantity, price, exec_id="exec-1"):
    execution = Execution(exec_id, Decimal(quantity), Decimal(price), now(), "SAMPLE")
    fills = Fill.objects.for_user(order.account_db_key)
    known = set(fills.values_list("pk", flat=True))
    fence_raise(alias=shard_for(order.account_db_key), sender=SENDER)
    execution_book(order, execution)
    return fills.exclude(pk__in=known).first()


def _submitted(portfolio, *args, **terms):
    order = order_make(portfolio, *args, **terms)
    Order.objects.for_user(JIMIN).filter(pk=order.pk).update(status=OrderStatus.ACCEPTED)
    return order


def _again(order):
    return Order.objects.for_user(order.account_db_key).get(pk=order.pk)


def test_opening_posts_the_first_deposits(portfolio):
    entries = Transaction.objects.for_user(JIMIN).filter(portfolio=portfolio)
    postings = Posting.objects.for_user(JIMIN).filter(portfolio=portfolio)

    assert sorted(entries.values_list("seq", "kind", "currency")) == [
        (1, "DEPOSIT", "KRW"),
        (2, "DEPOSIT", "USD"),
    ]
    assert set(postings.values_list("account", "amount")) == {
        ("cash:KRW", 10_000_000),
        ("cash:USD", 10_000),
        ("equity:external", -10_000_000),
        ("equity:external", -10_000),
    }
    assert _cash(portfolio, "USD").available == 10_000


def test_rows_live_on_the_owners_shard_only(portfolio):
    other = next(alias for alias in shard_aliases() if alias != shard_for(JIMIN))
    assert Transaction.objects.using(shard_for(JIMIN)).count() == 2
    assert Transaction.objects.using(other).count() == 0
    assert shard_for(DANIEL) == other


@pytest.mark.parametrize(
    ("_case", "changes", "code"),
    [
        ("currency", {"base_currency": "EUR"}, "CURRENCY_UNSUPPORTED"),
        ("cash currency", {"initial_cash": {"EUR": Decimal(1)}}, "CURRENCY_UNSUPPORTED"),
        ("negative", {"initial_cash": {"KRW": Decimal(-1)}}, "AMOUNT_INVALID"),
        ("nan", {"initial_cash": {"KRW": Decimal("NaN")}}, "AMOUNT_INVALID"),
        ("half a won", {"initial_cash": {"KRW": Decimal("0.5")}}, "AMOUNT_INVALID"),
        ("huge", {"initial_cash": {"KRW": Decimal("1e30")}}, "AMOUNT_INVALID"),
        ("live broker", {"broker": BrokerName.KIS}, "BROKER_NOT_CONFIGURED"),
    ],
)
def test_portfolios_that_cannot_be_opened(_case, changes, code):
    terms = {"name": "x", "base_currency": "KRW", "initial_cash": {}, **changes}
    with pytest.raises(TradingPlatformError) as caught:
        portfolio_open(account_db_key=JIMIN, **terms)
    assert caught.value.code == code
    assert not CashBalance.objects.for_user(JIMIN).exists()


def test_a_user_may_open_so_many(settings):
    settings.PORTFOLIOS_PER_USER = 1
    portfolio_make()
    with pytest.raises(errors.PortfolioLimitError):
        portfolio_make()
    portfolio_make(DANIEL)


def test_an_order_reserves_and_tells(portfolio):
    order = order_make(portfolio, limit_price="70000")

    cash = _cash(portfolio)
    assert (order.status, order.reserved_cash) == (OrderStatus.NEW, 700_105)
    assert (cash.balance, cash.reserved, cash.available) == (10_000_000, 700_105, 9_299_895)
    event = OutboxEvent.objects.for_user(JIMIN).get(topic="portfolio.order_placed")
    assert event.stream == "user"
    assert event.payload["kind"] == "order"
    assert event.payload["order"]["status"] == "NEW"
    assert event.payload["order"]["limit_price"] == "70000"


def test_a_refused_order_changes_nothing(portfolio):
    before = OutboxEvent.objects.for_user(JIMIN).count()
    with pytest.raises(errors.InsufficientCashError):
        order_make(portfolio, quantity="1000", limit_price="70000")
    assert _cash(portfolio).reserved == 0
    assert not Order.objects.for_user(JIMIN).exists()
    assert OutboxEvent.objects.for_user(JIMIN).count() == before


def test_unknown_symbols_and_foreign_portfolios(portfolio):
    with pytest.raises(SymbolUnknownError):
        order_make(portfolio, "NOPE")
    for stranger in (DANIEL, JIMIN + 64):  # on the other shard, and on the same one
        with pytest.raises(errors.PortfolioNotFoundError):
            order_place(account_db_key=stranger, portfolio_id=portfolio.pk, request=request_make())


def test_a_client_order_id_counts_once(portfolio):
    request = request_make(limit_price="70000")
    first = order_place(account_db_key=JIMIN, portfolio_id=portfolio.pk, request=request)
    with pytest.raises(errors.OrderDuplicateError) as caught:
        order_place(account_db_key=JIMIN, portfolio_id=portfolio.pk, request=request)
    assert caught.value.details == {"order_id": str(first.pk)}
    assert _cash(portfolio).reserved == first.reserved_cash


def test_a_repeated_order_is_a_duplicate_even_when_its_cash_is_gone(portfolio):
    request = request_make(quantity="142", limit_price="70000")
    terms = {"account_db_key": JIMIN, "portfolio_id": portfolio.pk, "request": request}
    order_place(**terms)
    with pytest.raises(errors.OrderDuplicateError):
        order_place(**terms)


def test_a_halt_refuses_orders_but_not_cancels(portfolio):
    order = order_make(portfolio, limit_price="70000")
    trading_state_set(mode=TradingMode.HALTED, reason="test", changed_by="operator")
    with pytest.raises(errors.TradingHaltedError):
        order_make(portfolio, limit_price="70000")
    canceled = order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)
    assert canceled.status == OrderStatus.CANCELED


def test_canceling_a_new_order_releases_at_once_and_only_once(portfolio):
    order = order_make(portfolio)
    canceled = order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)
    assert (canceled.status, canceled.reserved_cash) == (OrderStatus.CANCELED, 0)
    assert _cash(portfolio).reserved == 0
    with pytest.raises(errors.OrderStateError):
        order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)


def test_canceling_a_working_order_asks_the_broker(portfolio):
    order = _submitted(portfolio, limit_price="70000")
    for _ in range(2):
        asked = order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)
        assert asked.status == OrderStatus.PENDING_CANCEL
    assert _cash(portfolio).reserved == 700_105


def test_a_foreign_order_is_not_found(portfolio):
    other = portfolio_make()
    order = order_make(portfolio)
    with pytest.raises(errors.OrderNotFoundError):
        order_cancel(account_db_key=JIMIN, portfolio_id=other.pk, order_id=order.pk)


def test_replacing_moves_the_reservation(portfolio):
    order = _submitted(portfolio, limit_price="70000")
    replaced = order_replace(
        account_db_key=JIMIN,
        portfolio_id=portfolio.pk,
        order_id=order.pk,
        quantity=Decimal(20),
        limit_price=Decimal(69_900),
    )
    assert (replaced.quantity, replaced.limit_price) == (20, 69_900)
    assert replaced.version == order.version + 1
    assert _cash(portfolio).reserved == replaced.reserved_cash == 1_398_000 + 209


def test_replacing_is_checked_like_placing(portfolio):
    order = _submitted(portfolio, limit_price="70000")
    _fill(order, 4, 70_000)
    for change in ({"quantity": Decimal(4)}, {"limit_price": Decimal(70_050)}):
        with pytest.raises(UnprocessableError):
            order_replace(
                account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk, **change
            )
    with pytest.raises(errors.InsufficientCashError):
        order_replace(
            account_db_key=JIMIN,
            portfolio_id=portfolio.pk,
            order_id=order.pk,
            quantity=Decimal(1000),
        )
    assert _again(order).quantity == 10


def test_a_buy_in_two_fills_then_a_sell(portfolio):
    order = _submitted(portfolio, limit_price="70000")
    _fill(order, 4, 70_000, "a")
    half = _again(order)
    assert (half.status, half.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 4)
    assert half.reserved_cash == 420_000 + 63
    _fill(order, 6, 69_000, "b")

    done = _again(order)
    assert (done.status, done.reserved_cash) == (OrderStatus.FILLED, 0)
    assert done.average_fill_price == Decimal(69400)
    position = _position(portfolio)
    assert (position.quantity, position.cost_basis) == (10, 694_000 + 42 + 62)
    assert _cash(portfolio).balance == 10_000_000 - 694_104
    assert _cash(portfolio).reserved == 0

    sale = _submitted(portfolio, side="SELL", limit_price="71000")
    assert _position(portfolio).reserved_quantity == 10
    fill = _fill(sale, 10, 72_000, "c")
    assert (fill.fee, fill.tax) == (108, 1_440)
    assert fill.realized_pnl == 720_000 - 108 - 1_440 - 694_104
    flat = _position(portfolio)
    assert (flat.quantity, flat.reserved_quantity, flat.cost_basis) == (0, 0, 0)
    assert flat.realized_pnl == fill.realized_pnl
    assert _cash(portfolio).balance == 10_000_000 + fill.realized_pnl
    account = Posting.objects.for_user(JIMIN).filter(account=position_account("005930"))
    assert sum(account.values_list("amount", flat=True)) == 0


def test_the_same_fill_counts_once(portfolio):
    order = _submitted(portfolio, limit_price="70000")
    assert _fill(order, 10, 70_000) is not None
    assert _fill(order, 10, 70_000) is None
    assert _position(portfolio).quantity == 10
    with pytest.raises(errors.OrderStateError):
        _fill(order, 1, 70_000, "another")


def test_a_fill_after_the_cancel_is_applied(portfolio):
    order = order_make(portfolio, limit_price="70000")
    order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)
    _fill(order, 3, 70_000)
    late = _again(order)
    assert (late.status, late.filled_quantity) == (OrderStatus.CANCELED, 3)
    assert _position(portfolio).quantity == 3


def test_a_fill_tells_order_fill_position_and_equity(portfolio):
    order = _submitted(portfolio, limit_price="70000")
    OutboxEvent.objects.for_user(JIMIN).delete()
    _fill(order, 10, 70_000)
    events = OutboxEvent.objects.for_user(JIMIN).order_by("stream_seq")
    assert [event.payload["kind"] for event in events] == ["order", "fill", "position", "equity"]
    assert {event.payload["portfolio_id"] for event in events} == {str(portfolio.pk)}
    assert events[2].payload["position"]["quantity"] == "10"
    assert events[2].payload["position"]["market_price"] is None
    assert events[3].payload["equity"]["equity"] is None
    assert events[3].payload["equity"]["missing_prices"] == ["005930"]


def test_cash_moves_in_and_out(portfolio):
    terms = {"account_db_key": JIMIN, "portfolio_id": portfolio.pk, "currency": "USD"}
    cash_move(kind="DEPOSIT", amount=Decimal("0.01"), **terms)
    assert _cash(portfolio, "USD").balance == Decimal("10000.01")
    cash_move(kind="WITHDRAWAL", amount=Decimal("10000.01"), **terms)
    assert _cash(portfolio, "USD").balance == 0
    for amount in ("0", "-1", "NaN", "0.001", "1e30"):
        with pytest.raises(errors.AmountInvalidError):
            cash_move(kind="DEPOSIT", amount=Decimal(amount), **terms)
    with pytest.raises(errors.InsufficientCashError):
        cash_move(kind="WITHDRAWAL", amount=Decimal("0.01"), **terms)


def test_reserved_cash_cannot_be_withdrawn(portfolio):
    order_make(portfolio, quantity="100", limit_price="70000")
    with pytest.raises(errors.InsufficientCashError):
        cash_move(
            account_db_key=JIMIN,
            portfolio_id=portfolio.pk,
            kind="WITHDRAWAL",
            currency="KRW",
            amount=Decimal(5_000_000),
        )


def test_closing_needs_an_empty_portfolio(portfolio):
    order = order_make(portfolio, limit_price="70000")
    with pytest.raises(errors.PortfolioNotEmptyError):
        portfolio_close(account_db_key=JIMIN, portfolio_id=portfolio.pk)
    order_cancel(account_db_key=JIMIN, portfolio_id=portfolio.pk, order_id=order.pk)
    for _ in range(2):
        portfolio_close(account_db_key=JIMIN, portfolio_id=portfolio.pk)
    with pytest.raises(errors.PortfolioClosedError):
        order_make(portfolio)
    with pytest.raises(errors.PortfolioClosedError):
        portfolio_rename(account_db_key=JIMIN, portfolio_id=portfolio.pk, name="x")


def test_history_is_imported_with_the_costs_of_its_day(portfolio):
    def trade(number, side, quantity, price, year):
        return HistoricTrade(
            client_order_id=f"demo-{number}",
            symbol="005930",
            side=side,
            quantity=Decimal(quantity),
            price=Decimal(price),
            executed_at=datetime(year, 3, 2, 5, tzinfo=UTC),
            source="SAMPLE",
        )

    terms = {"account_db_key": JIMIN, "portfolio_id": portfolio.pk}
    bought = trade_import(trade=trade(1, "BUY", 10, 50_000, 2018), **terms)
    sold = trade_import(trade=trade(2, "SELL", 10, 60_000, 2022), **terms)
    assert bought.status == sold.status == OrderStatus.FILLED
    assert sold.fills.get().tax == 1_380
    assert trade_import(trade=trade(2, "SELL", 10, 60_000, 2022), **terms).pk == sold.pk
    with pytest.raises(errors.InsufficientSharesError):
        trade_import(trade=trade(3, "SELL", 1, 60_000, 2022), **terms)
    with pytest.raises(errors.InsufficientCashError):
        trade_import(trade=trade(4, "BUY", 1000, 60_000, 2022), **terms)
    assert _cash(portfolio).balance == 10_000_000 - 75 + 100_000 - 90 - 1_380
    assert _cash(portfolio).reserved == 0


def test_summary_never_mixes_currencies(portfolio):
    for symbol, price in (("005930", "70000"), ("AAPL", "200.01")):
        order = _submitted(portfolio, symbol, limit_price=price)
        _fill(order, 10, price, symbol)
    summary = portfolio_summary(account_db_key=JIMIN, portfolio_id=portfolio.pk)

    assert summary.base.currency == "KRW"
    assert summary.base.market_value == 710_000
    assert summary.base.equity == 10_000_000 - 700_105 + 710_000
    assert summary.base.unrealized_pnl == 710_000 - 700_105
    dollars = next(row for row in summary.currencies if row.currency == "USD")
    assert dollars.market_value == 2000
    weights = {view.symbol: view.weight for view in summary.positions}
    assert weights["005930"] == pytest.approx(710_000 / 10_009_895)


def test_a_symbol_without_a_price_is_left_out_not_invented(portfolio):
    instrument_make("MSFT")
    assert set(quotes_known(["MSFT", "005930"])) == {"005930"}


def test_history_cannot_be_rewritten(portfolio):
    rows = Posting.objects.for_user(JIMIN)
    with pytest.raises(InvariantError):
        rows.update(amount=1)
    with pytest.raises(InvariantError):
        rows.delete()


def test_an_unknown_portfolio_is_not_found():
    with pytest.raises(errors.PortfolioNotFoundError):
        portfolio_summary(account_db_key=JIMIN, portfolio_id=uuid7())
