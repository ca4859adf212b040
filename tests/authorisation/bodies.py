"""A good body for each call that takes one and names a thing of somebody.

Without it a call with a foreign id might be refused for its body, which would prove nothing:
tests/authorisation/test_things.py asks for the owner's own thing first and must succeed.
"""

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "PATCH portfolio:portfolio": {"name": "Another name"},
    "POST portfolio:cash": {"kind": "DEPOSIT", "currency": "KRW", "amount": "1000"},
    "POST portfolio:orders": {
        "client_order_id": "from-the-matrix",
        "symbol": "AAPL",
        "side": "BUY",
        "order_type": "LIMIT",
        "quantity": "1",
        "limit_price": "181",
    },
    "PATCH portfolio:order": {"limit_price": "179"},
    "PATCH accounts:passkey": {"name": "Another name"},
    "PATCH market:screen": {"name": "Another screen"},
    "PATCH market:watchlist": {"name": "Another list"},
    "POST market:watchlist-items": {"symbol": "005930"},
    "PUT market:watchlist-items": {"version": 2, "symbols": ["AAPL"]},
    "PATCH market:watchlist-item": {"note": "Another note"},
    "PATCH chat:room": {"title": "Another title"},
    "POST chat:messages": {"client_message_id": "from-the-matrix", "content": "MSFT?"},
}
# What a good call answers where it is no success: no provider can be reached from a test, and
# a portfolio that holds something is not closed.
OTHERWISE = {"POST accounts:broker-key-test": 502, "DELETE portfolio:portfolio": 409}
# Whoever may come in and has no second factor must still show the password for these.
PASSWORD_SHOWN = {"POST accounts:export", "POST accounts:passkey-options"}
HEADERS = {"POST portfolio:cash": {"Idempotency-Key": "from-the-matrix"}}
