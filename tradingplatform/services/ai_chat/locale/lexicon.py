"""Patterns by which the local analyst reads a question; both languages are always tried."""

import re

# ASCII: a Korean particle right behind a Latin word must not hide its end from \b.
_FLAGS = re.IGNORECASE | re.ASCII


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _FLAGS)


PORTFOLIO = _any(
    r"\bportfolios?\b|\bholdings?\b|\bpositions?\b|\bbuying power\b|\bp&l\b|\bpnl\b",
    r"\b(my|our)\s+(\w+\s+)?(stocks?|account|cash|balance|shares|investments?|money|profits?)\b",
    r"\bdo i (own|hold|have)\b|\bwhat i (own|hold)\b|\bam i (up|down)\b|\bhave i (made|lost)\b",
    r"포트폴리오|포폴|잔고|예수금|계좌|평가\s*(손익|금액)|매입\s*단가|보유\s*(종목|주식|현황|중)",
    r"(내|제|나의|저의)\s*(주식|종목|수익|손익|현금|자산|투자|돈)|가진\s*(주식|종목)",
    r"얼마나?\s*(벌|잃)었",
)
RISK = _any(
    r"\bc?var\b|value[\s-]*at[\s-]*risk|expected\s+shortfall|\brisk(s|y|ier|iest)?\b",
    r"\b(could|can|might|may)\s+(i|we|it|they)\s+lose\b|worst[\s-]case|\bdownside\b",
    r"위험|리스크|최대\s*손실|예상\s*손실|손실\s*(가능|한도|위험)|잃을|밸류\s*앳\s*리스크|기대\s*손실",
)
TECHNICAL = _any(
    r"\brsi\b|\bmacd\b|\bbollinger\b|\bmoving averages?\b|\b(sma|ema|atr)\b|\bstochastics?\b",
    r"\btechnicals?\b|\boverbought\b|\boversold\b|\btrend(s|ing)?\b|\bcharts?\b|\bmomentum\b",
    r"\bindicators?\b|\b(golden|death) cross\b|\btrue range\b",
    r"기술적|이동\s*평균|이평|볼린저|스토캐스틱|과매수|과매도|추세|지표|차트|모멘텀",
    r"골든\s*크로스|데드\s*크로스",
)
MARKET = _any(
    r"\bprices?\b|\bpriced\b|\bquotes?\b|\bhow much (is|are|does)\b|\btrading at\b|\bworth\b",
    r"\bvolatil\w*|\breturns?\b|\bperform\w*|\bdrawdowns?\b|\bvolumes?\b|\bsharpe\b",
    r"\b(high|low)(est)?\b|\bhow (is|are|did|has|have|was|were)\b|\bdoing\b|\bcompare\b|\bvs\b",
    r"\b(rise|rose|risen|fall|fell|fallen|gained?|dropped)\b|\bup or down\b",
    r"시세|주가|가격|얼마|현재가|변동성|수익률|성과|낙폭|거래량|샤프|최고가|최저가|종가",
    r"올랐|내렸|떨어|상승|하락|비교|어때|어떤가|어떻게\s*(돼|되|움직)",
)
ADVICE = _any(
    r"\bshould (i|we) (buy|sell|hold|invest)|\bworth (buying|selling)|\bgood (buy|time|idea)\b",
    r"\brecommend\w*|\bbuy or sell\b|\bis it time to\b",
    r"살까|팔까|사도|팔아도|매수해도|매도해도|추천|투자해도|들어가도|사는\s*게|파는\s*게",
)
GREETING = _any(
    r"^\s*(hi|hello|hey|good (morning|afternoon|evening)|thanks?|thank you)\b"
    r"[\s!.,]*(there)?[\s!.]*$",
    r"^\s*(안녕(하세요)?|반가워요?|반갑습니다|고마워요?|감사합니다)[\s!.~]*$",
)
HELP = _any(
    r"\bwhat can you (do|help)\b|\bhow (do|can) (i|you) (use|help)\b|^\s*help\W*$",
    r"\byour (tools|skills)\b|무엇을\s*(할|도와)|뭘\s*(할|도와)|뭐\s*할\s*수|도움말",
    r"기능.*(알려|뭐)|사용법|할\s*수\s*있(는|어|니)",
)
OWN = _any(
    r"\b(my|mine|our|i|me)\b",
    r"(^|\s)(내|나의|제|저의|내가|제가)(\s|$)|우리\s*(포트|계좌)|보유|잔고|계좌|포트폴리오|포폴",
)
BOTH = _any(
    r"\band\b|\balso\b|\bplus\b|,|\btogether with\b",
    r"그리고|이랑|하고|[와과]\s|및|도\s*(알려|보여|같이|함께)|함께|,",
)
METHODS = (
    ("cornish_fisher", _any(r"cornish|fisher|modified var|코니시|코니쉬|피셔")),
    (
        "gaussian",
        _any(r"parametric|gaussian|\bnormal\b|variance[\s-]covariance|모수|정규|가우시안"),
    ),
    ("historical", _any(r"historical|empirical|역사적|과거\s*시뮬|히스토리컬")),
)

_NUMBER_WORDS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10,
    "twelve": 12, "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일": 1, "이": 2,
    "삼": 3, "육": 6, "반": 0.5, "half": 0.5, "half a": 0.5, "half an": 0.5,
}  # fmt: skip
_UNIT_DAYS = (
    (re.compile(r"trading\s*days?|days?|거래일|영업일|일", _FLAGS), 1),
    (re.compile(r"weeks?|주일?|주", _FLAGS), 5),
    (re.compile(r"months?|개월|달", _FLAGS), 21),
    (re.compile(r"quarters?|분기", _FLAGS), 63),
    (re.compile(r"years?|년|해", _FLAGS), 252),
)
_COUNT = (
    r"(?P<count>\d{1,4}|half(?: an?)?|an?|one|two|three|four|five|six|ten|twelve"
    r"|반|한|두|세|네|다섯|여섯|일|이|삼|육)"
)
_UNIT = (
    r"(?P<unit>trading\s*days?|days?|weeks?|months?|quarters?|years?"
    r"|거래일|영업일|일|주일|주|개월|달|분기|년|해)"
)
PAST_SPAN = re.compile(
    rf"(?:\b(?:last|past|previous|recent|trailing)\s+|최근|지난)\s*(?:{_COUNT}[\s-]*)?{_UNIT}",
    _FLAGS,
)
SPAN = re.compile(rf"(?<![\w.]){_COUNT}[\s-]*{_UNIT}", _FLAGS)

PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(?:%|percent|per cent|퍼센트|프로)", _FLAGS)
CONFIDENCE = re.compile(
    r"(?:confidence(?:\s*level)?|신뢰\s*(?:수준|도|구간))\D{0,8}?(\d{2}(?:\.\d+)?)\s*%?"
    r"|(\d{2}(?:\.\d+)?)\s*(?:%|percent|퍼센트|프로)?[\s-]*(?:confidence|신뢰)",
    _FLAGS,
)
VAR_LEVEL = re.compile(r"\bvar\s*\(?\s*(\d{2}(?:\.\d+)?)\b(?!\s*(?:day|일|%))", _FLAGS)
RATIO = re.compile(r"\d+(?:\.\d+)?(?:\s*(?::|대|/)\s*\d+(?:\.\d+)?)+")
RATIO_SPLIT = re.compile(r"\s*(?::|대|/)\s*")

TICKER = re.compile(r"(?<![\w.])\$?([A-Z]{2,5}|\d{6})(?![\w])")
_WORDS_IN_CAPITALS = """
RSI MACD VAR CVAR ES EMA SMA ATR USD KRW PNL ETF CEO AI US UK OK NASDAQ NYSE KRX KOSPI KOSDAQ
MDD PER PBR ROE EPS BB MA YTD AND OR THE IS MY WHAT HOW FOR VS PE IPO FX GDP CPI FED
HELP HI HELLO PLEASE SHOW TELL ME OF IN TO BUY SELL HOLD RISK
"""
NOT_TICKERS = frozenset(_WORDS_IN_CAPITALS.split())


def days_of(count: str | None, unit: str) -> int:
    """Return a span in trading days; a missing count means one."""
    word = " ".join((count or "one").lower().split())
    number = int(word) if word.isdigit() else _NUMBER_WORDS[word]
    for pattern, days in _UNIT_DAYS:
        if pattern.fullmatch(unit):
            return round(number * days)
    return round(number)
