"""The last frame of a stream whose symbol is no longer used."""

import logging

import orjson

from market.errors import SymbolChangedError
from tradingplatform.errors import UnavailableError
from tradingplatform.services import services

logger = logging.getLogger(__name__)


def stream_end(stream: str, symbol: str, new_symbol: str) -> None:
    """Tell the sockets that follow a stream that it ended, and under which symbol it goes on.

    A socket that misses it hears nothing more on the stream, and is told when it joins again.
    """
    frame = {
        "type": "error",
        "errorCode": SymbolChangedError.code,
        "message": f"{symbol} is now {new_symbol}.",
        "sequence": 0,
        "details": {"stream": stream, "symbol": symbol, "new_symbol": new_symbol},
    }
    try:
        services.websocket.publish(stream, orjson.dumps(frame))
    except UnavailableError:
        logger.info("The end of a stream could not be told", extra={"stream": stream})
