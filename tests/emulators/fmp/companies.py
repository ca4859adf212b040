"""Profiles and emulated statements; every ratio is computed from the statements."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from tests.emulators.fmp.asked import EXCHANGES, Asked, number, percent, symbol_of
from tests.emulators.fmp.prices import is_etf
from tests.emulators.kis.market import Line
from tests.emulators.web import Json

YEARS, QUARTERS = 6, 12


def profile(asked: Asked) -> list[Json]:
    rows = []
    for line in asked.lines(asked.need("symbol"))[:1]:
        exchange, full, currency, country = EXCHANGES[line.instrument.exchange]
        year = asked.market.history(line.instrument.symbol)[-250:]
        low, high = min(b.low for b in year), max(b.high for b in year)
        rows.append({
            "symbol": symbol_of(line), "price": number(line.last),
            "marketCap": number(line.last * line.instrument.shares), "beta": 1,
            "lastDividend": 0, "range": f"{number(low)}-{number(high)}",
            "change": number(line.change), "changePercentage": percent(line.change, line.base),
            "volume": line.volume,
            "averageVolume": sum(bar.volume for bar in year[-50:]) // 50,
            "companyName": line.instrument.english, "currency": currency, "cik": "0000000000",
            "isin": f"EMU{line.instrument.symbol:>09}", "cusip": "000000000",
            "exchangeFullName": full, "exchange": exchange, "industry": line.instrument.sector,
            "website": "https://example.invalid", "description": "Emulated company, no real data.",
            "ceo": "Emulated", "sector": line.instrument.sector, "country": country,
            "fullTimeEmployees": "1000", "phone": "", "address": "", "city": "", "state": "",
            "zip": "", "image": "", "ipoDate": "1990-01-02", "defaultImage": True,
            "isEtf": is_etf(line), "isActivelyTrading": not line.halted, "isAdr": False,
            "isFund": False,
        })  # fmt: skip
    return rows


def _periods(asked: Asked) -> list[tuple[str, date, int]]:
    """Return (period, its last day, year), newest first."""
    today = asked.clock.now().date()
    if asked["period"] in {"quarter", "Q1", "Q2", "Q3", "Q4"}:
        found, year, quarter = [], today.year, (today.month - 1) // 3
        for _ in range(QUARTERS):
            if quarter == 0:
                year, quarter = year - 1, 4
            last = date(year, quarter * 3, 31 if quarter in {1, 4} else 30)
            found.append((f"Q{quarter}", last, year))
            quarter -= 1
        return found
    return [
        ("FY", date(year, 12, 31), year)
        for year in range(today.year - 1, today.year - 1 - YEARS, -1)
    ]


def statements(make: Callable[[Json], Json]) -> Callable[[Asked], list[Json]]:
    """Make a handler that answers one row per period from the emulated books."""

    def handler(asked: Asked) -> list[Json]:
        line = asked.line(asked.need("symbol"))
        if line is None or is_etf(line):
            return []
        periods = _periods(asked)[: asked.count("limit", 5, 1000)]
        return [{**head, **make(books)} for head, books in (_books(line, p) for p in periods)]

    return handler


def ttm(make: Callable[[Json], Json]) -> Callable[[Asked], list[Json]]:
    def handler(asked: Asked) -> list[Json]:
        line = asked.line(asked.need("symbol"))
        if line is None or is_etf(line):
            return []
        _, books = _books(line, _periods(asked)[0])
        return [{"symbol": symbol_of(line), **{f"{k}TTM": v for k, v in make(books).items()}}]

    return handler


def _books(line: Line, period: tuple[str, date, int]) -> tuple[Json, Json]:
    """Draw a period's books: they balance, and grow by a few per cent a year."""
    name, last, year = period
    draw = random.Random(f"{line.instrument.symbol}:{name}:{year}")  # noqa: S311 - repeatable
    cap = int(line.base * line.instrument.shares)
    revenue = int(cap * 0.15 * 1.04 ** (year - 2020) / (1 if name == "FY" else 4))
    cost = int(revenue * draw.uniform(0.52, 0.58))
    research = int(revenue * draw.uniform(0.05, 0.08))
    selling = int(revenue * draw.uniform(0.05, 0.08))
    operating = revenue - cost - research - selling
    interest = int(revenue * 0.01)
    before_tax = operating - interest
    tax = int(before_tax * 0.2)
    assets, debt = int(cap * 0.3), int(cap * 0.08)
    books = {
        "revenue": revenue, "cost": cost, "research": research, "selling": selling,
        "operating": operating, "interest": interest, "before_tax": before_tax, "tax": tax,
        "net": before_tax - tax, "depreciation": int(revenue * 0.04), "assets": assets,
        "debt": debt, "equity": int(assets * 0.55), "cash": int(assets * 0.12),
        "receivables": int(revenue * 0.12), "inventory": int(revenue * 0.06),
        "current_liabilities": int(assets * 0.18), "shares": line.instrument.shares,
        "price": float(line.last), "capex": int(revenue * 0.05),
    }  # fmt: skip
    currency = EXCHANGES[line.instrument.exchange][2]
    head = {
        "date": last.isoformat(), "symbol": symbol_of(line), "reportedCurrency": currency,
        "cik": "0000000000", "filingDate": last.isoformat(),
        "acceptedDate": f"{last.isoformat()} 16:30:00", "fiscalYear": str(year), "period": name,
    }  # fmt: skip
    return head, books


def income(b: Json) -> Json:
    eps = number(Decimal(b["net"]) / b["shares"])
    expenses = b["research"] + b["selling"]
    return {
        "revenue": b["revenue"], "costOfRevenue": b["cost"],
        "grossProfit": b["revenue"] - b["cost"], "researchAndDevelopmentExpenses": b["research"],
        "generalAndAdministrativeExpenses": 0, "sellingAndMarketingExpenses": b["selling"],
        "sellingGeneralAndAdministrativeExpenses": b["selling"], "otherExpenses": 0,
        "operatingExpenses": expenses, "costAndExpenses": b["cost"] + expenses,
        "netInterestIncome": -b["interest"], "interestIncome": 0,
        "interestExpense": b["interest"], "depreciationAndAmortization": b["depreciation"],
        "ebitda": b["operating"] + b["depreciation"], "ebit": b["operating"],
        "nonOperatingIncomeExcludingInterest": 0, "operatingIncome": b["operating"],
        "totalOtherIncomeExpensesNet": -b["interest"], "incomeBeforeTax": b["before_tax"],
        "incomeTaxExpense": b["tax"], "netIncomeFromContinuingOperations": b["net"],
        "netIncomeFromDiscontinuedOperations": 0, "otherAdjustmentsToNetIncome": 0,
        "netIncome": b["net"], "netIncomeDeductions": 0, "bottomLineNetIncome": b["net"],
        "eps": eps, "epsDiluted": eps, "weightedAverageShsOut": b["shares"],
        "weightedAverageShsOutDil": b["shares"],
    }  # fmt: skip


def balance(b: Json) -> Json:
    current = b["cash"] + b["receivables"] + b["inventory"]
    liabilities = b["assets"] - b["equity"]
    return {
        "cashAndCashEquivalents": b["cash"], "shortTermInvestments": 0,
        "cashAndShortTermInvestments": b["cash"], "netReceivables": b["receivables"],
        "inventory": b["inventory"], "otherCurrentAssets": 0, "totalCurrentAssets": current,
        "propertyPlantEquipmentNet": b["assets"] - current, "goodwill": 0,
        "totalNonCurrentAssets": b["assets"] - current, "totalAssets": b["assets"],
        "totalCurrentLiabilities": b["current_liabilities"], "shortTermDebt": 0,
        "longTermDebt": b["debt"],
        "totalNonCurrentLiabilities": liabilities - b["current_liabilities"],
        "totalLiabilities": liabilities, "retainedEarnings": b["equity"],
        "totalStockholdersEquity": b["equity"], "totalEquity": b["equity"],
        "totalLiabilitiesAndTotalEquity": b["assets"], "totalInvestments": 0,
        "totalDebt": b["debt"], "netDebt": b["debt"] - b["cash"],
    }  # fmt: skip


def cash_flow(b: Json) -> Json:
    operating = b["net"] + b["depreciation"]
    return {
        "netIncome": b["net"], "depreciationAndAmortization": b["depreciation"],
        "deferredIncomeTax": 0, "stockBasedCompensation": 0, "changeInWorkingCapital": 0,
        "netCashProvidedByOperatingActivities": operating,
        "investmentsInPropertyPlantAndEquipment": -b["capex"],
        "netCashProvidedByInvestingActivities": -b["capex"], "netDebtIssuance": 0,
        "netCashProvidedByFinancingActivities": 0, "netChangeInCash": operating - b["capex"],
        "cashAtEndOfPeriod": b["cash"], "operatingCashFlow": operating,
        "capitalExpenditure": -b["capex"], "freeCashFlow": operating - b["capex"],
        "incomeTaxesPaid": b["tax"], "interestPaid": b["interest"],
    }  # fmt: skip


def ratios(b: Json) -> Json:
    operating_cash = b["net"] + b["depreciation"]
    current = b["cash"] + b["receivables"] + b["inventory"]
    cap = b["price"] * b["shares"]
    return {
        "grossProfitMargin": number((b["revenue"] - b["cost"]) / b["revenue"]),
        "operatingProfitMargin": number(b["operating"] / b["revenue"]),
        "pretaxProfitMargin": number(b["before_tax"] / b["revenue"]),
        "netProfitMargin": number(b["net"] / b["revenue"]),
        "assetTurnover": number(b["revenue"] / b["assets"]),
        "currentRatio": number(current / b["current_liabilities"]),
        "quickRatio": number((current - b["inventory"]) / b["current_liabilities"]),
        "cashRatio": number(b["cash"] / b["current_liabilities"]),
        "priceToEarningsRatio": number(cap / b["net"]),
        "priceToBookRatio": number(cap / b["equity"]),
        "priceToSalesRatio": number(cap / b["revenue"]),
        "priceToFreeCashFlowRatio": number(cap / (operating_cash - b["capex"])),
        "priceToOperatingCashFlowRatio": number(cap / operating_cash),
        "debtToAssetsRatio": number(b["debt"] / b["assets"]),
        "debtToEquityRatio": number(b["debt"] / b["equity"]),
        "interestCoverageRatio": number(b["operating"] / b["interest"]),
        "dividendPayoutRatio": 0, "dividendYield": 0,
        "revenuePerShare": number(b["revenue"] / b["shares"]),
        "netIncomePerShare": number(b["net"] / b["shares"]),
        "bookValuePerShare": number(b["equity"] / b["shares"]),
        "freeCashFlowPerShare": number((operating_cash - b["capex"]) / b["shares"]),
        "effectiveTaxRate": number(b["tax"] / b["before_tax"]),
    }  # fmt: skip


def key_metrics(b: Json) -> Json:
    cap = b["price"] * b["shares"]
    value = cap + b["debt"] - b["cash"]
    ebitda = b["operating"] + b["depreciation"]
    invested = b["equity"] + b["debt"]
    return {
        "marketCap": number(cap, 0), "enterpriseValue": number(value, 0),
        "evToSales": number(value / b["revenue"]), "evToEBITDA": number(value / ebitda),
        "netDebtToEBITDA": number((b["debt"] - b["cash"]) / ebitda),
        "returnOnAssets": number(b["net"] / b["assets"]),
        "returnOnEquity": number(b["net"] / b["equity"]),
        "returnOnInvestedCapital": number((b["operating"] - b["tax"]) / invested),
        "earningsYield": number(b["net"] / cap), "investedCapital": invested,
        "researchAndDevelopementToRevenue": number(b["research"] / b["revenue"]),
    }  # fmt: skip
