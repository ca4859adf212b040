"""News, the economy and calendars of the emulator: labelled, seeded, and no one's forecast."""

import random
from datetime import date, timedelta

from tests.emulators.fmp.asked import EXCHANGES, Asked, Refused, number, percent, symbol_of
from tests.emulators.kis.history import is_session
from tests.emulators.kis.market import Line
from tests.emulators.timekeeping import NEW_YORK
from tests.emulators.web import Json

INDICATORS = {
    "GDP", "realGDP", "CPI", "inflationRate", "inflation", "federalFunds", "retailSales",
    "unemploymentRate", "totalNonfarmPayroll", "initialClaims", "consumerSentiment",
    "durableGoods", "industrialProductionTotalIndex",
}  # fmt: skip
MATURITIES = (
    "month1", "month2", "month3", "month6", "year1", "year2", "year3", "year5", "year7", "year10",
    "year20", "year30",
)  # fmt: skip
EVENTS = ("CPI YoY (EMU)", "Non Farm Payrolls (EMU)", "Fed Interest Rate Decision (EMU)")
CALENDAR_DAYS = 90


def stock_news(asked: Asked) -> list[Json]:
    wanted = {symbol.upper() for symbol in asked["symbols"].split(",") if symbol}
    lines = [ln for ln in asked.us_lines() if not wanted or symbol_of(ln) in wanted]
    first, last = asked.dates(30)
    rows = [row for line in lines for row in _articles(line, first, last)]
    rows.sort(key=lambda row: str(row["publishedDate"]), reverse=True)
    return asked.page(rows)


def general_news(asked: Asked) -> list[Json]:
    first, last = asked.dates(30)
    rows = [
        {**row, "symbol": None, "title": f"[EMU] The market on {row['publishedDate'][:10]}"}
        for row in _articles(asked.us_lines()[0], first, last)
    ]
    return asked.page(rows)


def _articles(line: Line, first: date, last: date) -> list[Json]:
    rows = []
    for n in range((last - first).days + 1):
        day = last - timedelta(days=n)
        if is_session(day):
            rows.append({
                "symbol": symbol_of(line), "publishedDate": f"{day.isoformat()} 09:00:00",
                "publisher": "Emulator", "title": f"[EMU] {line.instrument.english} on {day}",
                "image": "", "site": "example.invalid",
                "text": "Emulated article, no real news.",
                "url": f"https://example.invalid/{symbol_of(line)}/{day.isoformat()}",
            })  # fmt: skip
    return rows


def indicators(asked: Asked) -> list[Json]:
    name = asked.need("name")
    if name not in INDICATORS:
        raise Refused(400, f"Query Error: Invalid query parameter - name {name}")
    first, last = asked.dates(2 * 365)
    months = sorted(
        {date.fromordinal(n).replace(day=1) for n in range(first.toordinal(), last.toordinal() + 1)}
    )
    return [
        {"name": name, "date": month.isoformat(), "value": _drawn(f"{name}{month}", 2.0, 6.0)}
        for month in reversed(months)
        if month >= first
    ]


def treasury(asked: Asked) -> list[Json]:
    first, last = asked.dates(90)
    days = (last - timedelta(days=n) for n in range((last - first).days + 1))
    return [
        {
            "date": day.isoformat(),
            **{name: _drawn(f"{name}{day}", 3.5, 5.0) for name in MATURITIES},
        }
        for day in days
        if is_session(day)
    ]


def calendar(asked: Asked) -> list[Json]:
    first, last = asked.dates(30)
    if (last - first).days > CALENDAR_DAYS:
        raise Refused(400, "Query Error: the maximum time frame is 90 days")
    today = asked.clock.now().date()
    rows = []
    for n in range((last - first).days, -1, -1):
        day = first + timedelta(days=n)
        if not is_session(day) or day.toordinal() % 5:
            continue
        event = EVENTS[day.toordinal() % len(EVENTS)]
        previous, actual = _drawn(f"p{event}{day}", 1, 5), _drawn(f"a{event}{day}", 1, 5)
        is_out = day <= today
        rows.append({
            "date": f"{day.isoformat()} 12:30:00", "country": "US", "event": event,
            "currency": "USD", "previous": previous, "estimate": _drawn(f"e{event}{day}", 1, 5),
            "actual": actual if is_out else None,
            "change": number(actual - previous) if is_out else None, "impact": "High",
            "changePercentage": number((actual - previous) / previous * 100) if is_out else 0,
            "unit": "%",
        })  # fmt: skip
    return rows


def risk_premium(_: Asked) -> list[Json]:
    return [
        {
            "country": country,
            "continent": continent,
            "countryRiskPremium": premium,
            "totalEquityRiskPremium": number(premium + 4.33),
        }
        for country, continent, premium in (
            ("United States", "North America", 0),
            ("South Korea", "Asia", 0.66),
            ("Japan", "Asia", 0.93),
        )
    ]


def sectors(asked: Asked) -> list[Json]:
    day = asked.need("date")
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in asked.us_lines():
        exchange = EXCHANGES[line.instrument.exchange][0]
        groups.setdefault((line.instrument.sector, exchange), []).append(line)
    return [
        {
            "date": day,
            "sector": sector,
            "exchange": exchange,
            "averageChange": number(
                sum(percent(line.change, line.base) for line in lines) / len(lines)
            ),
        }
        for (sector, exchange), lines in groups.items()
    ]


def earnings_calendar(asked: Asked) -> list[Json]:
    first, last = asked.dates(30)
    today = asked.clock.now().date()
    rows = []
    for number_of, line in enumerate(asked.us_lines()):
        for n in range((last - first).days + 1):
            day = last - timedelta(days=n)
            if day.toordinal() % 91 == number_of * 3 and is_session(day):
                eps, revenue = float(line.base) / 80, int(line.base * line.instrument.shares) // 27
                is_out = day <= today
                rows.append({
                    "symbol": symbol_of(line), "date": day.isoformat(),
                    "epsActual": number(eps) if is_out else None,
                    "epsEstimated": number(eps * 0.98),
                    "revenueActual": revenue if is_out else None,
                    "revenueEstimated": int(revenue * 0.99), "lastUpdated": today.isoformat(),
                })  # fmt: skip
    return rows


def market_hours(asked: Asked) -> list[Json]:
    exchange = asked.need("exchange").upper()
    now = asked.clock.new_york()
    if exchange not in {"NASDAQ", "NYSE", "AMEX"}:
        return []
    is_open = is_session(now.date()) and "09:30" <= f"{now:%H:%M}" < "16:00"
    return [{
        "exchange": exchange, "name": exchange, "openingHour": "09:30 AM -05:00",
        "closingHour": "04:00 PM -05:00", "timezone": NEW_YORK.key, "isMarketOpen": is_open,
    }]  # fmt: skip


def _drawn(seed: str, low: float, high: float) -> float | int:
    return number(random.Random(seed).uniform(low, high), 2)  # noqa: S311 - repeatable
