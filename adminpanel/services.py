"""The demo data: a sample market, two accounts and a year of trades at stored prices."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from uuid import UUID

from django.conf import settings

from accounts.models import User
from accounts.selectors import user_by_email
from accounts.services.users import user_sign_up
from accounts.services.verification import address_vouch
from adminpanel import demo
from adminpanel.errors import DemoForbiddenError
from chat.selectors import rooms_get
from chat.services import room_create
from market.bar_selectors import bars_get
from market.models import Instrument
from market.rules import regular_session
from market.selectors import instrument_get
from market.services import SampleLoad, sample_market_load
from market.types import PRICE_UNIT
from portfolio.enums import OrderSide
from portfolio.selectors import portfolios_get
from portfolio.services.imports import trade_import
from portfolio.services.portfolios import portfolio_open
from portfolio.types import HistoricTrade
from tradingplatform.clock import now
from tradingplatform.ids import secret_token

LOGINS_FILE = "demo-logins.json"
_UNFINISHED = f"{LOGINS_FILE}.unfinished"
_PEOPLE = {
    "investor": ("investor@example.com", "Demo investor", False),
    "operator": ("operator@example.com", "Operator", True),
}

Logins = dict[str, dict[str, str]]


@dataclass(frozen=True)
class DemoSeed:
    """What demo_seed found or made."""

    market: SampleLoad
    trades: int
    logins: Logins


def demo_seed(*, since: date | None = None) -> DemoSeed:
    """Load the sample market, create the demo accounts and give the investor a history.

    Idempotent: what is there stays, a run that was cut short is completed by the next. The
    passwords are random and stand in DATA_DIR/demo-logins.json, readable by its owner only,
    which is written last. ``since`` leaves older bars out, which makes small test data.
    Raises DemoForbiddenError in production.
    """
    if settings.IS_PROD:
        raise DemoForbiddenError("Demo accounts are not created in production.")
    market = sample_market_load(since=since)
    logins = _logins()
    users = {role: _user(role, login) for role, login in logins.items()}
    investor = users["investor"].pk
    trades = history_seed(account_db_key=investor)
    if not rooms_get(account_db_key=investor).exists():
        room_create(account_db_key=investor)
    (settings.DATA_DIR / _UNFINISHED).replace(settings.DATA_DIR / LOGINS_FILE)
    return DemoSeed(market=market, trades=trades, logins=logins)


def history_seed(*, account_db_key: int) -> int:
    """Open the demo portfolio and import its trades; returns how many the plan has."""
    portfolio = portfolios_get(account_db_key).filter(name=demo.PORTFOLIO_NAME).first()
    if portfolio is None:
        portfolio = portfolio_open(
            account_db_key=account_db_key,
            name=demo.PORTFOLIO_NAME,
            base_currency="KRW",
            initial_cash=demo.STARTING_CASH,
            opened_at=now() - timedelta(days=demo.OPENED_DAYS_AGO),
        )
    trades = historic_trades(opened_at=portfolio.created_at, portfolio_id=portfolio.pk)
    for trade in trades:
        trade_import(account_db_key=account_db_key, portfolio_id=portfolio.pk, trade=trade)
    return len(trades)


def historic_trades(*, opened_at: datetime, portfolio_id: UUID) -> list[HistoricTrade]:
    """Return the plan with dates, whole lots and the stored closes of those dates.

    Dates count from the day the portfolio was opened, so that a second run finds the same.
    """
    held: dict[str, Decimal] = {}
    trades = [
        _historic(planned, opened_at, portfolio_id, held)
        for planned in sorted(demo.PLAN, key=lambda one: -one.days_ago)
    ]
    return sorted((trade for trade in trades if trade), key=lambda trade: trade.executed_at)


def _historic(
    planned: demo.PlannedTrade, opened_at: datetime, portfolio_id: UUID, held: dict[str, Decimal]
) -> HistoricTrade | None:
    instrument = instrument_get(planned.symbol)
    day = (opened_at + timedelta(days=demo.OPENED_DAYS_AGO - planned.days_ago)).date()
    bars = bars_get(symbol=planned.symbol, interval="1d", end=day, limit=1)
    if not len(bars):
        return None
    price = Decimal(int(bars.close_units[-1])) / PRICE_UNIT
    quantity = _quantity(planned, instrument, price, held)
    if not quantity:
        return None
    traded_on = datetime.fromtimestamp(int(bars.times[-1]), UTC).date()
    return HistoricTrade(
        client_order_id=f"demo-{planned.days_ago}-{planned.symbol}",
        symbol=planned.symbol,
        side=planned.side,
        quantity=quantity,
        price=price,
        executed_at=_close_of(instrument, traded_on),
        source=bars.source,
    )


def _quantity(
    planned: demo.PlannedTrade, instrument: Instrument, price: Decimal, held: dict[str, Decimal]
) -> Decimal:
    has = held.get(planned.symbol, Decimal(0))
    is_buy = planned.side == OrderSide.BUY
    base = demo.STARTING_CASH[instrument.currency] / price if is_buy else has
    lots = (base * planned.share / instrument.lot_size).to_integral_value(ROUND_DOWN)
    quantity = lots * instrument.lot_size
    held[planned.symbol] = has + (quantity if is_buy else -quantity)
    return quantity


def _close_of(instrument: Instrument, traded_on: date) -> datetime:
    session = regular_session(instrument.exchange, traded_on)
    return session.closed_at(traded_on)


def _logins() -> Logins:
    """Return the log-ins of an earlier run, finished or not, or make new ones."""
    folder: Path = settings.DATA_DIR
    for name in (LOGINS_FILE, _UNFINISHED):
        if (folder / name).exists():
            kept: Logins = json.loads((folder / name).read_text(encoding="utf-8"))
            _write(folder / _UNFINISHED, kept)
            return kept
    made = {
        role: {"email": email, "password": secret_token(12)}
        for role, (email, _name, _is_staff) in _PEOPLE.items()
    }
    _write(folder / _UNFINISHED, made)
    return made


def _write(path: Path, logins: Logins) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(json.dumps(logins, indent=2) + "\n", encoding="utf-8")


def _user(role: str, login: dict[str, str]) -> User:
    _email, nickname, is_staff = _PEOPLE[role]
    user = user_by_email(login["email"]) or user_sign_up(
        email=login["email"], password=login["password"], nickname=nickname, is_staff=is_staff
    )
    # Nobody reads the mails of example.com, and the demo shall show everything.
    address_vouch(user)
    return user
