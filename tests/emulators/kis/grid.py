"""Ticks and price limits as the exchanges publish them; no code shared with the product."""

from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

KR_TICKS = (
    (Decimal(2_000), Decimal(1)),
    (Decimal(5_000), Decimal(5)),
    (Decimal(20_000), Decimal(10)),
    (Decimal(50_000), Decimal(50)),
    (Decimal(200_000), Decimal(100)),
    (Decimal(500_000), Decimal(500)),
)
KR_TOP_TICK = Decimal(1_000)
US_TICK = Decimal("0.01")
LIMIT_RATE = Decimal("0.30")


def kr_tick(price: Decimal) -> Decimal:
    return next((tick for below, tick in KR_TICKS if price < below), KR_TOP_TICK)


def on_grid(price: Decimal, tick: Decimal) -> Decimal:
    """Round to the nearest multiple of the tick, at least one tick."""
    return max(tick, (price / tick).quantize(Decimal(1), ROUND_HALF_UP) * tick)


def kr_limits(base: Decimal) -> tuple[Decimal, Decimal]:
    """Return the upper and the lower limit: the width is cut to the base price's tick."""
    tick = kr_tick(base)
    width = (base * LIMIT_RATE / tick).quantize(Decimal(1), ROUND_FLOOR) * tick
    return _inward(base + width, up=True), _inward(base - width, up=False)


def _inward(limit: Decimal, *, up: bool) -> Decimal:
    """Round a limit that lands in another tick band to that band's grid, towards the base."""
    tick = kr_tick(limit)
    steps = limit / tick
    floor = steps.quantize(Decimal(1), ROUND_FLOOR)
    return (floor if up or floor == steps else floor + 1) * tick
