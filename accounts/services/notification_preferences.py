"""What a user wants to be told about, where, and when not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts import selectors
from accounts.enums import NotificationChannel, NotificationKind
from accounts.errors import NotificationRequiredError
from accounts.locks import user_for_update
from accounts.models import NotificationPreferences
from accounts.notification_rules import ALWAYS_ON, DEFAULTS, NEVER_QUIET, QuietHours, Wishes
from accounts.types import Account
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx


@dataclass(frozen=True)
class Choice:
    """One kind of news on one channel, wanted or not."""

    kind: NotificationKind
    channel: NotificationChannel
    enabled: bool


@dataclass(frozen=True)
class QuietChange:
    """New quiet hours; None ends them."""

    hours: QuietHours | None


def notifications_choose(
    *, owner: Account, choices: Iterable[Choice] = (), quiet: QuietChange | None = None
) -> Wishes:
    """Store choices, and quiet hours if they are named; the rest stays as it was.

    NotificationRequiredError, and nothing is changed, when a security alert would go.
    """
    wanted = list(choices)
    for choice in wanted:
        if not choice.enabled and (choice.kind, choice.channel) in ALWAYS_ON:
            raise NotificationRequiredError(
                "Security alerts cannot be turned off here.",
                kind=choice.kind.value,
                channel=choice.channel.value,
            )
    if wanted or quiet is not None:
        global_tx(_store, owner, wanted, quiet)
    return selectors.notification_wishes(owner.pk)


def notification_wanted(
    *, account_db_key: int, kind: NotificationKind, channel: NotificationChannel, at: datetime
) -> bool:
    """Whether to send this kind of news on this channel at this time."""
    wishes = selectors.notification_wishes(account_db_key)
    wish = next(one for one in wishes.choices if (one.kind, one.channel) == (kind, channel))
    quiet = wishes.quiet_hours
    if not wish.enabled or quiet is None or kind in NEVER_QUIET:
        return wish.enabled
    # What waits in the app disturbs nobody.
    if channel is NotificationChannel.IN_APP:
        return True
    return not quiet.holds(at.astimezone(ZoneInfo(quiet.time_zone)).time())


def _store(owner: Account, choices: list[Choice], quiet: QuietChange | None) -> None:
    # The lock keeps rivals from overwriting each other's choices.
    user_for_update(owner.pk)
    rows = NotificationPreferences.objects.using(GLOBAL_ALIAS)
    row = rows.filter(pk=owner.pk).first() or NotificationPreferences(user_id=owner.pk)
    for choice in choices:
        _note(row, choice)
    if quiet is not None:
        hours = quiet.hours
        row.quiet_from = hours.since if hours else None
        row.quiet_until = hours.until if hours else None
        row.time_zone = hours.time_zone if hours else ""
    row.changed_at = now()
    row.save(using=GLOBAL_ALIAS)


def _note(row: NotificationPreferences, choice: Choice) -> None:
    kind: dict[str, bool] = row.choices.setdefault(choice.kind.value, {})
    # Only what differs is kept: who never chose follows the defaults when they change.
    kind.pop(choice.channel.value, None)
    if choice.enabled != (choice.channel in DEFAULTS[choice.kind]):
        kind[choice.channel.value] = choice.enabled
    if not kind:
        del row.choices[choice.kind.value]
