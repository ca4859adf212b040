"""The demo data: made once, from stored prices, and never in production."""

import json
import stat
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from adminpanel import demo
from adminpanel.services import LOGINS_FILE, DemoSeed, demo_seed
from chat.selectors import messages_get, rooms_get
from market.bar_selectors import bars_get
from portfolio.enums import OrderStatus
from portfolio.selectors import orders_get, portfolios_get, transactions_get
from tradingplatform.clock import now
from tradingplatform.db.models import OutboxEvent
from tradingplatform.db.shards import shard_aliases

pytestmark = pytest.mark.django_db(databases="__all__")

RECENT = timedelta(days=380)


@pytest.fixture(autouse=True)
def data_dir(settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def _seed() -> DemoSeed:
    return demo_seed(since=(now() - RECENT).date())


def _investor(seed: DemoSeed) -> int:
    return User.objects.get(email=seed.logins["investor"]["email"]).pk


def test_the_logins_work_and_only_their_owner_reads_the_file(data_dir: Path) -> None:
    seed = _seed()

    path = data_dir / LOGINS_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == seed.logins
    investor = User.objects.get(email=seed.logins["investor"]["email"])
    operator = User.objects.get(email=seed.logins["operator"]["email"])
    assert investor.check_password(seed.logins["investor"]["password"])
    assert operator.check_password(seed.logins["operator"]["password"])
    assert (investor.is_staff, operator.is_staff, operator.is_superuser) == (False, True, True)


def test_a_year_of_trades_is_filled_at_the_stored_closes_and_the_room_is_empty() -> None:
    key = _investor(_seed())

    portfolio = portfolios_get(key).get()
    orders = list(orders_get(account_db_key=key, portfolio_id=portfolio.pk))
    assert len(orders) == len(demo.PLAN)
    for order in orders:
        day = order.submitted_at.date()
        close = bars_get(symbol=order.symbol, end=day, limit=1).close_units[-1]
        assert order.status == OrderStatus.FILLED
        assert order.average_fill_price == Decimal(int(close)) / 1_000_000
        assert order.quote_source == "SAMPLE"
    entries = transactions_get(account_db_key=key, portfolio_id=portfolio.pk).order_by("seq")
    dates = [entry.occurred_at for entry in entries]
    assert dates == sorted(dates)
    assert (now() - dates[0], dates[-1] <= now()) >= (timedelta(days=364), True)
    room = rooms_get(account_db_key=key).get()
    assert not messages_get(account_db_key=key, room_id=room.pk).exists()


def test_a_second_run_changes_nothing() -> None:
    first = _seed()
    events = sum(OutboxEvent.objects.using(alias).count() for alias in shard_aliases())

    second = _seed()

    assert second.logins == first.logins
    assert User.objects.count() == 2
    assert (second.market.instruments_new, second.market.bars_new) == (0, 0)
    assert sum(OutboxEvent.objects.using(alias).count() for alias in shard_aliases()) == events


def test_a_run_that_was_cut_short_is_completed_with_the_same_passwords(data_dir: Path) -> None:
    first = _seed()
    (data_dir / LOGINS_FILE).rename(data_dir / f"{LOGINS_FILE}.unfinished")

    second = _seed()

    assert second.logins == first.logins
    assert (data_dir / LOGINS_FILE).exists()


def test_production_refuses(settings, data_dir: Path) -> None:
    settings.IS_PROD = True

    with pytest.raises(CommandError, match="not created in production"):
        call_command("seed_demo")

    assert not User.objects.exists()
    assert list(data_dir.iterdir()) == []
