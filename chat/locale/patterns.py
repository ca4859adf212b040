"""Patterns in which the chat reads Korean and English: refusals, numbers, dates."""

import re

# ASCII: a Korean particle right behind a Latin word must not hide its end from \b.
_FLAGS = re.IGNORECASE | re.ASCII
HANGUL = re.compile(r"[\uac00-\ud7a3\u3131-\u318e]")


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _FLAGS)


OTHER_USERS = _any(
    r"\b(other|another|all|every|someone|somebody)( else)?('s)?\s+(users?|customers?|accounts?"
    r"|people|clients?|investors?|person)('s?)?\b.*\b(portfolio|holding|position|balance|data"
    r"|account|trade|cash|order)",
    r"\b(portfolio|holding|position|balance|data|account|trade|order)s?\b.{0,30}\b(of|from|for)\s+"
    r"(an)?other\s+(users?|customers?|people|accounts?|clients?)",
    r"\b(user|account|customer)\s*(id|number|no\.?|#)?\s*[:=#]?\s*\d+\b.*\b(portfolio|holding"
    r"|position|balance|cash)",
    r"\b(portfolio|holdings?|positions?|balance|cash)\b.*\b(user|account|customer)"
    r"\s*(id|number|no\.?|#)?\s*[:=#]?\s*\d+",
    r"다른\s*(사람|사용자|고객|회원|유저|투자자|계정)|남의\s*(계좌|포트|잔고|주식)|타인"
    r"|모든\s*(사용자|고객|회원|유저)|옆\s*사람",
)
TRADE = _any(
    r"^\s*(please\s+)?(can|could|would|will)?\s*(you\s+)?(please\s+)?(buy|sell|short|purchase)\s+"
    r"(me\s+)?(\d|all\b|some\b|an?\b|one\b|half\b|my\b|everything|it\b|(?-i:[A-Z]{2,5})\b)",
    r"\b(place|submit|execute|enter|put in|make|send|cancel|amend|change|modify)\b.{0,20}"
    r"\b(order|trade|buy|sell)s?\b",
    r"\b(i want you to|go ahead and|please)\s+(buy|sell|trade|purchase|liquidate)\b",
    r"\b(liquidate|transfer|withdraw|deposit|wire)\b.{0,30}\b(position|holding|stock|share|cash"
    r"|money|fund|krw|usd|everything|all)",
    r"(매수|매도|주문|체결|이체|출금|입금|송금|정정|청산)\s*(을|를)?\s*(좀\s*)?"
    r"(해\s*줘|해\s*주|해라|하라|넣어|내\s*줘|내줘|걸어|부탁|진행|실행|취소|시켜)",
    r"\d+\s*주\s*(만|를|씩)?\s*(좀\s*)?(사|팔아|매수|매도)\s*(줘|주세요|주라|달라|해)",
    r"(사|팔아)\s*(줘|주세요|주라|달라)(\s|$|[.!?~])|주문\s*취소",
)
SECRETS = _any(
    r"\b(system prompt|your (instructions|prompt|rules)|api[ _-]?keys?|secret[ _-]?keys?"
    r"|access tokens?|passwords?|credentials?|database (schema|password|dump))\b",
    r"(ignore|disregard|forget)\b.{0,25}\b(previous|prior|above|all|your)\b.{0,25}"
    r"\b(instructions?|rules?|prompts?)",
    r"\bdeveloper mode\b|\bjailbreak\b|\bact as\b.{0,20}\b(admin|operator|root|dan)\b",
    r"시스템\s*프롬프트|(너|네|당신)의?\s*(지시|규칙|프롬프트)|비밀\s*번호|api\s*키|비밀\s*키|인증\s*키"
    r"|(이전|위|앞|모든)\s*의?\s*(지시|명령|규칙).{0,12}(무시|잊|따르지)|관리자\s*(모드|인\s*척|권한)",
)
ADVICE = _any(
    r"\bshould (i|we)\b|\bworth (buying|selling)|\bgood (buy|time|idea)\b|\brecommend"
    r"|\bbuy or sell\b",
    r"살까|팔까|사도|팔아도|매수해도|매도해도|추천|투자해도|들어가도|사는\s*게|파는\s*게",
)

CLAIMED_DEED = _any(
    r"\b(i|we)('ve| have| just| already|'ve just| have just| have already)*\s+(successfully\s+)?"
    r"(bought|sold|purchased|shorted|liquidated|ordered|transferred|withdrew|withdrawn|deposited"
    r"|wired|(placed|submitted|executed|filled|sent|entered|made|cancell?ed|amended|changed)\s+"
    r"(\w+\s+){0,4}(orders?|trades?|transfers?|shares?|stocks?))\b",
    r"\b(your|the)\s+(\w+\s+){0,2}(order|trade|transfer)\s+(has been|was|is)\s+(\w+\s+)?"
    r"(placed|submitted|executed|filled|sent|completed|entered|cancell?ed)\b",
    r"(매수|매도|주문|체결|이체|출금|송금|입금|취소|청산)(을|를|이|가)?\s*(완료)?\s*"
    r"(했습니다|하였습니다|됐습니다|되었습니다|넣었습니다|냈습니다|해\s*드렸습니다|마쳤습니다"
    r"|했어요|했음|완료)",
)
_DIGITS = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
KOREAN_UNITS = {"조": 10**12, "억": 10**8, "만": 10**4}
KOREAN_TERM = re.compile(
    rf"(?P<digits>{_DIGITS})\s*(?P<thousand>[천백]?)\s*(?P<unit>[조억만])(?!\s*(?:나|약|기))"
)
KOREAN_REST = re.compile(rf"\s*(?P<digits>{_DIGITS})(?=\s*(?:원|달러|주|포인트))")
KOREAN_THOUSANDS = {"천": 1000, "백": 100, "": 1}
LATIN_UNITS = {
    "k": 10**3, "thousand": 10**3, "m": 10**6, "mn": 10**6, "million": 10**6, "b": 10**9,
    "bn": 10**9, "billion": 10**9, "trillion": 10**12, "천": 10**3,
}  # fmt: skip
NUMBER = re.compile(
    rf"(?P<digits>{_DIGITS})"
    r"(?:\s*(?P<percent>%p?|percent\b|per cent\b|percentage points?\b|bps?\b"
    r"|퍼센트|프로(?![가-힣]))"
    r"|\s*(?P<unit>thousand|million|billion|trillion|(?:k|mn|m|bn|b)\b|천(?=\s*(?:원|달러|주)))"
    r")?",
    _FLAGS,
)

ISO_DATE = re.compile(r"(?<!\d)(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)")
KOREAN_DATE = re.compile(
    r"(?:(?P<year>\d{4})\s*년)?\s*(?:(?P<month>\d{1,2})\s*월)(?:\s*(?P<day>\d{1,2})\s*일)?"
)
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
ENGLISH_DATE = re.compile(
    rf"\b(?P<month>{_MONTHS})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{{4}}))?\b"
    rf"|\b(?P<day2>\d{{1,2}})\s+(?P<month2>{_MONTHS})\.?(?:,?\s+(?P<year2>\d{{4}}))?\b",
    _FLAGS,
)
TIME = re.compile(r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::\d{2}(?:\.\d+)?)?(?![\d:])")
LIST_MARKER = re.compile(r"^\s*(?:#+\s*)?\d{1,2}[.)]\s+", re.MULTILINE)
