"""Does the ledger hold? Each check looks at one shard and names the rows that break it.

``settings.VERIFIERS`` lists the checks of the whole platform: any function that takes a
database alias and yields one line per breach may join it. ``manage.py verify`` runs them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import cast
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db.models import Count, F, Max, QuerySet, Sum
from django.utils.module_loading import import_string

from market.symbol_changes import symbols_now
from portfolio.core.accounting import Holding, cash_account, position_account
from portfolio.core.orders import OPEN
from portfolio.enums import OrderStatus, TransactionKind
from portfolio.models import CashBalance, Fill, Order, Portfolio, Position, Posting, Transaction
from portfolio.replay import holdings_replayed
from tradingplatform.db.models import ShardedModel
from tradingplatform.db.shards import shard_aliases, shard_for
from tradingplatform.errors import InvariantError

Verifier = Callable[[str], Iterable[str]]
_ZERO = Decimal(0)


def breaches() -> list[str]:
    """Run every check on every shard; return what is broken, empty when all holds."""
    checks = [(path, cast("Verifier", import_string(path))) for path in settings.VERIFIERS]
    return [
        f"{alias} {path.rpartition('.')[2]}: {line}"
        for path, check in checks
        for alias in shard_aliases()
        for line in check(alias)
    ]


def global_breaches() -> list[str]:
    """Run settings.AUDIT_VERIFIERS, which read the whole audit log and take no alias."""
    checks = [import_string(path) for path in settings.AUDIT_VERIFIERS]
    return [line for check in checks for line in check()]


def lasting_breaches(pause: Callable[[], object], looks: int = 3) -> list[str]:
    """Return the breaches that several looks agree on: trading goes on between two queries."""
    found = breaches()
    for _ in range(looks - 1):
        if not found:
            return []
        pause()
        again = set(breaches())
        found = [line for line in found if line in again]
    return found


def postings_balanced(alias: str) -> Iterator[str]:
    """Postings add up to zero per entry and currency, and entries are numbered without gap."""
    postings = Posting.objects.using(alias)
    sums = postings.values("transaction_id", "currency").annotate(total=Sum("amount"))
    for row in sums.exclude(total=0):
        yield f"transaction {row['transaction_id']} is off by {row['total']} {row['currency']}"
    totals = postings.values_list("currency").annotate(total=Sum("amount"))
    for currency, total in totals.exclude(total=0):
        yield f"all postings together are off by {total} {currency}"
    entries = Transaction.objects.using(alias)
    for pk in entries.filter(postings=None).values_list("pk", flat=True):
        yield f"transaction {pk} has no postings"
    counted = Portfolio.objects.using(alias).values_list(
        "pk", "ledger_seq", Count("transactions"), Max("transactions__seq")
    )
    for pk, ledger_seq, entries_count, last_seq in counted:
        if not entries_count == (last_seq or 0) == ledger_seq:
            yield f"portfolio {pk} has {entries_count} entries, counts {ledger_seq}"


def balances_match_postings(alias: str) -> Iterator[str]:
    """Each cash balance is the sum of its postings."""
    sums = _posting_sums(alias, "cash:")
    for cash in CashBalance.objects.using(alias):
        expected = sums.pop((cash.portfolio_id, cash_account(cash.currency)), _ZERO)
        if cash.balance != expected:
            yield f"cash {cash.pk} shows {cash.balance}, its postings {expected}"
    for (portfolio_id, account), total in sums.items():
        yield f"portfolio {portfolio_id} has {total} on {account} but no balance"


def positions_match_fills(alias: str) -> Iterator[str]:
    """Each position is what its fills make of it, and its cost is the sum of its postings."""
    sums = _posting_sums(alias, "position:")
    try:
        replayed = holdings_replayed(Fill.objects.using(alias), Transaction.objects.using(alias))
    except InvariantError as error:
        yield f"fills cannot be booked again: {error}"
        return
    for row in Position.objects.using(alias):
        expected = replayed.pop((row.portfolio_id, row.symbol), Holding())
        if row.holding != expected or row.average_cost != expected.average_cost:
            yield f"position {row.pk} shows {row.holding}, its fills {expected}"
        posted = sums.pop((row.portfolio_id, position_account(row.symbol)), _ZERO)
        if row.cost_basis != posted:
            yield f"position {row.pk} cost {row.cost_basis}, its postings {posted}"
    for (portfolio_id, name), left in [*replayed.items(), *sums.items()]:
        yield f"portfolio {portfolio_id} has {left} of {name} but no position"


def reservations_match_orders(alias: str) -> Iterator[str]:
    """What cash and positions hold back is what the open orders need, and no other order."""
    cash: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    shares: dict[tuple[UUID, str], Decimal] = defaultdict(Decimal)
    for order in Order.objects.using(alias).filter(status__in=OPEN):
        cash[order.portfolio_id, order.currency] += order.reserved_cash
        shares[order.portfolio_id, order.symbol] += order.reserved_quantity
    for row in CashBalance.objects.using(alias):
        expected = cash.pop((row.portfolio_id, row.currency), _ZERO)
        if row.reserved != expected:
            yield f"cash {row.pk} holds back {row.reserved}, open orders {expected}"
    for position in Position.objects.using(alias):
        expected = shares.pop((position.portfolio_id, position.symbol), _ZERO)
        if position.reserved_quantity != expected:
            held = position.reserved_quantity
            yield f"position {position.pk} holds back {held}, open orders {expected}"
    for (portfolio_id, name), left in [*cash.items(), *shares.items()]:
        if left:
            yield f"portfolio {portfolio_id} should hold back {left} of {name}"
    ended = Order.objects.using(alias).exclude(status__in=OPEN)
    for order in ended.exclude(reserved_cash=0, reserved_quantity=0):
        yield f"order {order.pk} is {order.status} but holds something back"


def orders_match_fills(alias: str) -> Iterator[str]:
    """Filled quantities are the sums of fills; each fill belongs to its order and entry."""
    fills = Fill.objects.using(alias)
    summed = dict(fills.values_list("order_id").annotate(total=Sum("quantity")))
    for order in Order.objects.using(alias).iterator(chunk_size=2000):
        filled = summed.pop(order.pk, _ZERO)
        if order.filled_quantity != filled:
            yield f"order {order.pk} shows {order.filled_quantity} filled, its fills {filled}"
        if (order.status == OrderStatus.FILLED) != (order.filled_quantity == order.quantity):
            shown = f"{order.filled_quantity} of {order.quantity}"
            yield f"order {order.pk} is {order.status} with {shown} filled"
    for order_id in summed:
        yield f"fills name order {order_id}, which does not exist"
    strange = fills.exclude(order__symbol=F("symbol")) | fills.exclude(order__side=F("side"))
    for fill in _not_renamed(list(strange.select_related("order"))):
        yield f"fill {fill.pk} is not of the kind of its order"
    trades = Transaction.objects.using(alias).filter(
        kind__in=[TransactionKind.BUY, TransactionKind.SELL]
    )
    for pk in trades.filter(fill=None).values_list("pk", flat=True):
        yield f"transaction {pk} is a trade without a fill"


def _not_renamed(fills: list[Fill]) -> Iterator[Fill]:
    """Yield those that differ from their order in more than a symbol that has changed since."""
    names = {name for fill in fills for name in (fill.symbol, fill.order.symbol)}
    now_named = {name: name for name in names} | symbols_now(names)
    for fill in fills:
        is_same = now_named[fill.symbol] == now_named[fill.order.symbol]
        if not is_same or fill.side != fill.order.side:
            yield fill


def rows_on_their_shard(alias: str) -> Iterator[str]:
    """Every user row of every app is on the shard of its owner."""
    for model in apps.get_models():
        if not issubclass(model, ShardedModel):
            continue
        rows: QuerySet[ShardedModel] = QuerySet(model=model, using=alias)
        keys = rows.values_list("account_db_key", flat=True)
        for key in keys.order_by("account_db_key").distinct():
            if key and shard_for(key) != alias:
                yield f"{model._meta.label} has rows of account {key}"
    for model in (CashBalance, Position, Order, Transaction, Posting, Fill):
        strange = model.objects.using(alias).exclude(account_db_key=F("portfolio__account_db_key"))
        for pk in strange.values_list("pk", flat=True):
            yield f"{model._meta.label} {pk} has another owner than its portfolio"


def _posting_sums(alias: str, prefix: str) -> dict[tuple[UUID, str], Decimal]:
    rows = Posting.objects.using(alias).filter(account__startswith=prefix)
    sums = rows.values_list("portfolio_id", "account").annotate(total=Sum("amount"))
    return {(portfolio_id, account): total for portfolio_id, account, total in sums}
