"""The local analyst's answers: sentences around figures that tools have computed."""

from collections.abc import Callable, Iterator
from typing import Any

from tradingplatform.services.ai_chat.base import Language, ToolOutcome, WriteRequest
from tradingplatform.services.ai_chat.formats import (
    PHRASES,
    level,
    money,
    name,
    number,
    percent,
    phrase,
    quantity,
    signed_money,
)

POSITIONS_SHOWN = 10
TEACHER = "TEACHER"
_TOPICS = {"GREETING": "greeting", "HELP": "help", "OFF_TOPIC": "off_topic"}

Json = dict[str, Any]


def answer_lines(request: WriteRequest) -> Iterator[str]:
    """Yield the lines of an answer, from the second on led by a line break."""
    lead = ""
    for line in _lines(request):
        yield lead + line
        lead = "\n"


def _lines(request: WriteRequest) -> Iterator[str]:
    language = request.language
    if not request.outcomes and request.plan.topic in _TOPICS:
        yield phrase(language, _TOPICS[request.plan.topic])
        return
    if request.plan.unknown:
        names = ", ".join(request.plan.unknown)
        yield phrase(language, "unknown_some", names=names)
    elif not request.outcomes:
        yield phrase(language, "unknown_none")
    for outcome in request.outcomes:
        yield from _outcome_lines(outcome, language)
        if request.persona == TEACHER and outcome.result is not None:
            yield phrase(language, f"explain.{outcome.call.tool}")


def _outcome_lines(outcome: ToolOutcome, language: Language) -> Iterator[str]:
    if outcome.result is None:
        tool = phrase(language, f"tool.{outcome.call.tool}")
        yield phrase(language, "tool_failed", tool=tool, error=_complaint(outcome, language))
        return
    yield from _WRITERS[outcome.call.tool](outcome.result, language)


def _complaint(outcome: ToolOutcome, language: Language) -> str:
    key = f"error.{outcome.error_code}"
    return phrase(language, key) if key in PHRASES[language] else outcome.error.rstrip(".")


def _market(result: Json, language: Language) -> Iterator[str]:
    rows = result["instruments"]
    for row in rows:
        yield phrase(
            language,
            "market.quote",
            name=name(row, language),
            price=money(row["price"], row["currency"], language),
            change=signed_money(row["change"], row["currency"], language),
            change_rate=percent(row["change_rate"], signed=True),
            volume=f"{row['volume']:,}",
        )
        yield from _window(row, language)
    windows = [row for row in rows if row["window"]]
    if len(windows) > 1:
        ranked = sorted(windows, key=lambda row: row["window"]["total_return"])
        best, worst = name(ranked[-1], language), name(ranked[0], language)
        yield phrase(language, "market.compare", best=best, worst=worst)


def _window(row: Json, language: Language) -> Iterator[str]:
    window, currency = row["window"], row["currency"]
    if window is None:
        yield phrase(language, "market.no_window")
        return
    yield phrase(
        language,
        "market.window",
        days=window["trading_days"],
        start=window["start"],
        end=window["end"],
        total_return=percent(window["total_return"], signed=True),
        volatility=percent(window["annualised_volatility"]),
        drawdown=percent(window["max_drawdown"]),
    )
    lowest = money(window["lowest_close"], currency, language)
    highest = money(window["highest_close"], currency, language)
    yield phrase(language, "market.range", lowest=lowest, highest=highest)
    if window["sharpe_ratio"] is not None:
        yield phrase(language, "market.sharpe", sharpe=number(window["sharpe_ratio"], digits=2))


def _technical(result: Json, language: Language) -> Iterator[str]:
    for row in result["instruments"]:
        currency, readings = row["currency"], row["readings"]
        fast, slow, signal_window = row["macd_windows"]
        yield phrase(
            language,
            "technical.lead",
            name=name(row, language),
            close=money(row["close"], currency, language),
            session=row["session"],
        )
        yield phrase(
            language,
            "technical.rsi",
            window=row["rsi_window"],
            rsi=number(row["rsi"], digits=1),
            reading=phrase(language, f"reading.{readings['rsi']}"),
        )
        yield phrase(
            language,
            "technical.macd",
            fast=fast,
            slow=slow,
            signal_window=signal_window,
            macd=number(row["macd"], digits=2),
            signal=number(row["macd_signal"], digits=2),
            side=phrase(language, f"macd.{readings['macd']}"),
        )
        yield _bollinger(row, language)
        yield _averages(row, language)
        yield phrase(
            language,
            "technical.stochastic",
            window=row["stochastic_window"],
            k=number(row["stochastic_k"], digits=1),
            d=number(row["stochastic_d"], digits=1),
        )
        atr = money(row["atr"], currency, language)
        yield phrase(language, "technical.atr", window=row["atr_window"], atr=atr)


def _bollinger(row: Json, language: Language) -> str:
    return phrase(
        language,
        "technical.bollinger",
        window=row["bollinger_window"],
        width=number(row["bollinger_width"], digits=0),
        lower=money(row["bollinger_lower"], row["currency"], language),
        upper=money(row["bollinger_upper"], row["currency"], language),
        place=phrase(language, f"bollinger.{row['readings']['bollinger']}"),
    )


def _averages(row: Json, language: Language) -> str:
    short, middle, _ = row["average_windows"]
    sma_20 = money(row["sma_20"], row["currency"], language)
    if row["sma_60"] is None:
        return phrase(language, "technical.average", short=short, sma_20=sma_20)
    return phrase(
        language,
        "technical.averages",
        short=short,
        middle=middle,
        sma_20=sma_20,
        sma_60=money(row["sma_60"], row["currency"], language),
        trend=phrase(language, f"trend.{row['readings']['trend']}"),
    )


def _risk(result: Json, language: Language) -> Iterator[str]:
    if not result["estimates"]:
        yield phrase(language, "risk.none")
    for estimate in result["estimates"]:
        yield phrase(
            language,
            "risk.lead",
            subject=_subject(estimate, language),
            confidence=level(result["confidence"]),
            horizon=_horizon(result["horizon_days"], language),
            var=percent(estimate["value_at_risk"]),
            method=phrase(language, f"method.{result['method']}"),
        )
        yield from _amounts(estimate, language)
        yield phrase(
            language,
            "risk.basis",
            observations=estimate["observations"],
            start=estimate["start"],
            end=estimate["end"],
            volatility=percent(estimate["annualised_volatility"]),
        )
        if len(estimate["symbols"]) > 1:
            pairs = zip(_names(estimate, language), estimate["risk_shares"], strict=True)
            shares = ", ".join(f"{label} {percent(share)}" for label, share in pairs)
            yield phrase(language, "risk.shares", shares=shares)


def _amounts(estimate: Json, language: Language) -> Iterator[str]:
    currency, shortfall = estimate["currency"], percent(estimate["expected_shortfall"])
    if estimate["value"] is None:
        yield phrase(language, "risk.shortfall", shortfall=shortfall)
        return
    amount = money(estimate["value_at_risk_amount"], currency, language)
    value = money(estimate["value"], currency, language)
    yield phrase(language, "risk.amount", value=value, amount=amount)
    beyond = money(estimate["expected_shortfall_amount"], currency, language)
    yield phrase(language, "risk.shortfall_amount", shortfall=shortfall, amount=beyond)


def _horizon(days: int, language: Language) -> str:
    return phrase(language, "horizon.one" if days == 1 else "horizon.many", count=days)


def _subject(estimate: Json, language: Language) -> str:
    if estimate["label"]:
        return phrase(language, "risk.own", currency=estimate["currency"], label=estimate["label"])
    names = _names(estimate, language)
    if len(names) == 1:
        return names[0]
    pairs = zip(names, estimate["weights"], strict=True)
    return ", ".join(f"{label} {percent(weight)}" for label, weight in pairs)


def _names(estimate: Json, language: Language) -> list[str]:
    columns = (estimate["symbols"], estimate["names_en"], estimate["names_ko"])
    return [
        name({"symbol": symbol, "name_en": name_en, "name_ko": name_ko}, language)
        for symbol, name_en, name_ko in zip(*columns, strict=True)
    ]


def _portfolio(result: Json, language: Language) -> Iterator[str]:
    if not result["portfolios"]:
        yield phrase(language, "portfolio.none")
    for portfolio in result["portfolios"]:
        yield phrase(language, "portfolio.lead", label=portfolio["name"])
        for totals in portfolio["currencies"]:
            yield from _totals(totals, language)
        positions = portfolio["positions"]
        if not positions:
            yield phrase(language, "portfolio.flat")
        for row in positions[:POSITIONS_SHOWN]:
            yield _position(row, language)
        if len(positions) > POSITIONS_SHOWN:
            yield phrase(language, "portfolio.more")


def _totals(row: Json, language: Language) -> Iterator[str]:
    currency = row["currency"]
    cash = money(row["cash"], currency, language)
    available = money(row["available"], currency, language)
    realized = signed_money(row["realized_pnl"], currency, language)
    if row["equity"] is None:
        yield phrase(
            language,
            "portfolio.totals_unpriced",
            currency=currency,
            cash=cash,
            available=available,
        )
        yield phrase(language, "portfolio.pnl_realized", currency=currency, realized=realized)
        return
    yield phrase(
        language,
        "portfolio.totals",
        currency=currency,
        equity=money(row["equity"], currency, language),
        cash=cash,
        available=available,
        value=money(row["market_value"], currency, language),
    )
    unrealized = signed_money(row["unrealized_pnl"], currency, language)
    yield phrase(
        language, "portfolio.pnl", currency=currency, realized=realized, unrealized=unrealized
    )


def _position(row: Json, language: Language) -> str:
    currency = row["currency"]
    shared = {
        "name": name(row, language),
        "quantity": quantity(row["quantity"]),
        "cost": money(row["average_cost"], currency, language),
    }
    if None in (row["market_price"], row["weight"], row["unrealized_return"]):
        return phrase(language, "portfolio.position_unpriced", **shared)
    return phrase(
        language,
        "portfolio.position",
        price=money(row["market_price"], currency, language),
        value=money(row["market_value"], currency, language),
        pnl=signed_money(row["unrealized_pnl"], currency, language),
        pnl_rate=percent(row["unrealized_return"], signed=True),
        weight=percent(row["weight"]),
        **shared,
    )


_WRITERS: dict[str, Callable[[Json, Language], Iterator[str]]] = {
    "market_data": _market,
    "technical_analysis": _technical,
    "value_at_risk": _risk,
    "portfolio_summary": _portfolio,
}
