"""The outside providers of market data: addresses, keys, plans, and who is asked for what."""

import json
from typing import Any

from tradingplatform.settings.environment import Environment, load, stop

ENV = load()

KNOWN_PROVIDERS = ("KIS", "FMP", "CSV", "CSV_ADJ", "SAMPLE", "YFINANCE")
_ENVIRONMENTS = {"LIVE": "LIVE", "REAL": "LIVE", "PAPER": "PAPER"}
_KEY_FIELDS = {"app_key", "app_secret", "account", "environment"}


def kis_app_keys(text: str) -> list[dict[str, str]]:
    """Read the JSON list of KIS app keys; a wrong one ends the start, unseen."""
    try:
        keys = [_kis_key(entry) for entry in json.loads(text or "[]")]
    except (ValueError, TypeError, KeyError):
        stop(
            "KIS_APP_KEYS",
            'needs a JSON list of {"app_key", "app_secret", "account", "environment"}; '
            "environment is LIVE or PAPER.",
        )
    if len({(key["environment"], key["app_key"]) for key in keys}) < len(keys):
        stop("KIS_APP_KEYS", "names an app key twice; KIS allows one connection for each.")
    return keys


def market_providers(words: list[str]) -> list[str]:
    """Return the providers in the order in which they are asked; an unknown one ends the start."""
    chosen = [word.upper() for word in words]
    for name in chosen:
        if name not in KNOWN_PROVIDERS:
            stop("MARKET_PROVIDERS", f"{name!r} is not one of {', '.join(KNOWN_PROVIDERS)}.")
    return chosen


def market_feed(env: Environment) -> str:
    """Return where live quotes come from; a source that is not set up ends the start."""
    if env.market_feed == "kis" and not kis_app_keys(env.kis_app_keys):
        stop("MARKET_FEED", "kis needs KIS_APP_KEYS.")
    if env.market_feed == "kis" and env.external_url.startswith("sample"):
        stop("MARKET_FEED", "kis needs EXTERNAL_URL=live:// (or empty).")
    return env.market_feed


def is_live(env: Environment) -> bool:
    """Whether the operator gave a key of any outside provider."""
    return bool(env.fmp_api_key or kis_app_keys(env.kis_app_keys))


def _kis_key(entry: dict[str, Any]) -> dict[str, str]:
    if not set(entry) <= _KEY_FIELDS:
        raise KeyError
    key = {
        "app_key": str(entry["app_key"]),
        "app_secret": str(entry["app_secret"]),
        "account": str(entry.get("account", "")),
        "environment": _ENVIRONMENTS[str(entry.get("environment", "LIVE")).upper()],
    }
    if not key["app_key"] or not key["app_secret"]:
        raise ValueError
    return key


KIS_APP_KEYS = kis_app_keys(ENV.kis_app_keys)
KIS_HOSTS = {
    "LIVE": (ENV.kis_rest_url, ENV.kis_ws_url),
    "PAPER": (ENV.kis_paper_rest_url, ENV.kis_paper_ws_url),
}
KIS_CALLS_PER_S = {"LIVE": ENV.kis_calls_per_s, "PAPER": ENV.kis_paper_calls_per_s}
OPENAI_URL = ENV.openai_base_url or "https://api.openai.com/v1"
FMP_URL = ENV.fmp_url
FMP_API_KEY = ENV.fmp_api_key
FMP_PLAN = ENV.fmp_plan
MARKET_PROVIDERS = market_providers(ENV.market_providers)
MARKET_FEED = market_feed(ENV)
