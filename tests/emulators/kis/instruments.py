"""What the emulator lists. Every name ends in EMU, so nobody takes its data for real."""

from dataclasses import dataclass
from decimal import Decimal

SUFFIX = " EMU"


@dataclass(frozen=True)
class Instrument:
    """One listed thing; `exchange` is KRX, or the quote code of a US exchange (NAS, NYS, AMS)."""

    symbol: str
    name: str
    english: str
    exchange: str
    base: Decimal
    sector: str
    shares: int

    @property
    def is_domestic(self) -> bool:
        return self.exchange == "KRX"

    @property
    def product_type(self) -> str:
        return {"KRX": "300", "NAS": "512", "NYS": "513", "AMS": "529"}[self.exchange]

    @property
    def order_exchange(self) -> str:
        return {"KRX": "KRX", "NAS": "NASD", "NYS": "NYSE", "AMS": "AMEX"}[self.exchange]


_KRX = """
005930|삼성전자|Samsung Electronics|70000|전기·전자|5969782550
000660|SK하이닉스|SK hynix|185000|전기·전자|728002365
373220|LG에너지솔루션|LG Energy Solution|398000|전기·전자|234000000
207940|삼성바이오로직스|Samsung Biologics|1020000|제약|71174000
005380|현대차|Hyundai Motor|214500|운송장비·부품|209416191
000270|기아|Kia|98700|운송장비·부품|397672632
068270|셀트리온|Celltrion|178300|제약|217014000
035420|NAVER|NAVER|198600|IT 서비스|162408000
035720|카카오|Kakao|38950|IT 서비스|443900000
051910|LG화학|LG Chem|287500|화학|70592343
015760|한국전력|KEPCO|21350|전기·가스|641964077
003550|LG|LG|74900|금융|157300000
"""
_US = """
AAPL|애플|Apple|NAS|189.84|Technology|15441883000
MSFT|마이크로소프트|Microsoft|NAS|411.22|Technology|7432262000
NVDA|엔비디아|NVIDIA|NAS|121.40|Technology|24530000000
TSLA|테슬라|Tesla|NAS|248.50|Automobiles|3194640000
JPM|JP모간|JPMorgan Chase|NYS|198.77|Banks|2872700000
KO|코카콜라|Coca-Cola|NYS|62.35|Beverages|4310000000
IBM|IBM|IBM|NYS|184.10|Technology|918000000
SPY|SPDR S&P 500|SPDR S&P 500 ETF|AMS|545.63|ETF|958000000
"""
INDICES = {
    "0001": ("코스피", Decimal("2650.00")),
    "1001": ("코스닥", Decimal("870.00")),
    "2001": ("코스피200", Decimal("360.00")),
}


def defaults() -> list[Instrument]:
    listed = []
    for line in _KRX.strip().splitlines():
        symbol, name, english, base, sector, shares = line.split("|")
        listed.append(_instrument(symbol, (name, english), "KRX", base, (sector, shares)))
    for line in _US.strip().splitlines():
        symbol, name, english, exchange, base, sector, shares = line.split("|")
        listed.append(_instrument(symbol, (name, english), exchange, base, (sector, shares)))
    return listed


def numbered(count: int) -> list[Instrument]:
    """List so many more KRX stocks, 900001 and on, for tests that need a crowd."""
    return [
        _instrument(
            f"{900000 + n}",
            (f"에뮬레이터 {n}", f"Emulated {n}"),
            "KRX",
            str(10000 + 10 * n),
            ("기타", "10000000"),
        )
        for n in range(1, count + 1)
    ]


def _instrument(
    symbol: str, names: tuple[str, str], exchange: str, base: str, rest: tuple[str, str]
) -> Instrument:
    return Instrument(
        symbol=symbol,
        name=names[0] + SUFFIX,
        english=names[1] + SUFFIX,
        exchange=exchange,
        base=Decimal(base),
        sector=rest[0],
        shares=int(rest[1]),
    )
