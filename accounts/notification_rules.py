"""What users are told about where, as long as they wish nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from accounts.enums import NotificationChannel as Channel
from accounts.enums import NotificationKind as Kind

DEFAULTS: dict[Kind, frozenset[Channel]] = {
    Kind.SECURITY: frozenset({Channel.IN_APP, Channel.EMAIL}),
    Kind.ORDERS: frozenset({Channel.IN_APP}),
    Kind.PRICE_ALERTS: frozenset({Channel.IN_APP, Channel.EMAIL}),
    Kind.SIGNALS: frozenset({Channel.IN_APP}),
    Kind.PORTFOLIO: frozenset({Channel.IN_APP}),
    Kind.NEWS: frozenset({Channel.IN_APP}),
    Kind.PRODUCT: frozenset(),
}
# Whoever gets into an account must not be able to silence the news of it.
ALWAYS_ON = frozenset({(Kind.SECURITY, Channel.IN_APP), (Kind.SECURITY, Channel.EMAIL)})
# What also comes in quiet hours.
NEVER_QUIET = frozenset({Kind.SECURITY})
TIME_ZONE = "Asia/Seoul"


@dataclass(frozen=True)
class QuietHours:
    """From one time of day until another, over midnight when ``since`` is the later one."""

    since: time
    until: time
    time_zone: str

    def holds(self, moment: time) -> bool:
        """Whether a time of day in this zone is quiet."""
        if self.since <= self.until:
            return self.since <= moment < self.until
        return moment >= self.since or moment < self.until


@dataclass(frozen=True)
class Wish:
    """Whether a user wants one kind of news on one channel."""

    kind: Kind
    channel: Channel
    enabled: bool
    locked: bool


@dataclass(frozen=True)
class Wishes:
    choices: tuple[Wish, ...]
    quiet_hours: QuietHours | None


def wishes_of(stored: Mapping[str, Mapping[str, bool]]) -> tuple[Wish, ...]:
    """Return every kind and channel with what is stored laid over the defaults."""
    return tuple(
        Wish(
            kind=kind,
            channel=channel,
            enabled=is_locked or stored.get(kind, {}).get(channel, channel in DEFAULTS[kind]),
            locked=is_locked,
        )
        for kind in Kind
        for channel in Channel
        for is_locked in [(kind, channel) in ALWAYS_ON]
    )
