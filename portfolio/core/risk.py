"""Whether an order may go out, and what must be set aside for it.

Pure: the caller brings the terms, what the market shows, the funds and the limits. The
same check runs when an order is placed and when it is replaced.

A buy sets aside its worst price times its quantity plus the fee. The worst price of a limit
order is its limit; of a market order the upper limit price of the day on KRX, else the ask
plus MARKET_COLLAR, and it never fills above that.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal

from portfolio.core.accounting import ZERO, gross_amount
from portfolio.core.costs import fee_ceiling
from portfolio.enums import OrderSide, OrderType, TradingMode
from portfolio.errors import (
    InsufficientCashError,
    InsufficientSharesError,
    MarketClosedError,
    OrderTermsError,
    OrderTooLargeError,
    PriceCollarError,
    PriceOffTickError,
    PriceOutOfBandError,
    QuantityOffLotError,
    QuoteStaleError,
    TradingHaltedError,
)
from tradingplatform.money import decimal_text, money_quantum

MARKET_COLLAR = Decimal("0.05")
LIMIT_COLLAR = Decimal("0.30")
_PRICE_QUANTUM = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Terms:
    """What the user asks for."""

    side: OrderSide
    order_type: OrderType
    quantity: Decimal
    limit_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """What the market shows for the instrument, and its rules at the limit price."""

    symbol: str
    exchange: str
    currency: str
    lot_size: Decimal
    tick_size: Decimal | None
    price: Decimal
    bid: Decimal | None
    ask: Decimal | None
    band: tuple[Decimal, Decimal] | None
    is_open: bool
    is_fresh: bool
    traded_on: date


@dataclass(frozen=True, slots=True)
class Funds:
    """What the order may use: free cash of its currency and free shares."""

    cash: Decimal
    shares: Decimal


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard caps on a single order."""

    quantity: Decimal
    notional: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What an open order holds back; ``worst_price`` is the most a buy may pay per share."""

    cash: Decimal
    shares: Decimal
    worst_price: Decimal | None


def check(
    terms: Terms, market: Market, funds: Funds, limits: Limits, mode: TradingMode
) -> Reservation:
    """Return what to reserve; raise the first rule that the order breaks."""
    _check_mode(terms, mode)
    _check_session(market)
    _check_quantity(terms, market, limits)
    _check_price(terms, market)
    reservation = reservation_of(terms, market)
    _check_notional(terms, market, limits, reservation)
    _check_funds(reservation, funds, market)
    return reservation


def reservation_of(terms: Terms, market: Market) -> Reservation:
    """Return what an order of these terms holds back, without asking whether it may."""
    if terms.side == OrderSide.SELL:
        return Reservation(cash=ZERO, shares=terms.quantity, worst_price=None)
    worst = terms.limit_price if terms.limit_price is not None else _worst_ask(market)
    cash = cash_needed(
        quantity=terms.quantity,
        price=worst,
        exchange=market.exchange,
        currency=market.currency,
        traded_on=market.traded_on,
    )
    return Reservation(cash=cash, shares=ZERO, worst_price=worst)


def cash_needed(
    *, quantity: Decimal, price: Decimal, exchange: str, currency: str, traded_on: date
) -> Decimal:
    """Return the cash that buying ``quantity`` at no more than ``price`` can take."""
    gross = gross_amount(quantity, price, currency)
    return gross + fee_ceiling(
        exchange=exchange, currency=currency, gross=gross, traded_on=traded_on
    )


def _check_mode(terms: Terms, mode: TradingMode) -> None:
    if mode == TradingMode.HALTED:
        raise TradingHaltedError("Trading is halted; cancels still pass.", mode=mode.value)
    if mode == TradingMode.REDUCING and terms.side == OrderSide.BUY:
        raise TradingHaltedError("Only sells are accepted at the moment.", mode=mode.value)


def _check_session(market: Market) -> None:
    if not market.is_open:
        message = f"{market.exchange} is closed; {market.symbol} trades in its regular session."
        raise MarketClosedError(message, symbol=market.symbol, exchange=market.exchange)


def _check_quantity(terms: Terms, market: Market, limits: Limits) -> None:
    quantity = terms.quantity
    if not quantity.is_finite() or quantity <= 0:
        raise OrderTermsError("The quantity must be a positive number.")
    if quantity % market.lot_size:
        lot = decimal_text(market.lot_size)
        message = f"{market.symbol} trades in multiples of {lot}."
        raise QuantityOffLotError(message, lot_size=lot, quantity=decimal_text(quantity))
    if quantity > limits.quantity:
        most = decimal_text(limits.quantity)
        raise OrderTooLargeError(f"At most {most} shares fit in one order.", max_quantity=most)


def _check_price(terms: Terms, market: Market) -> None:
    if terms.order_type == OrderType.MARKET:
        if terms.limit_price is not None:
            raise OrderTermsError("A market order carries no limit price.")
        if not market.is_fresh:
            message = f"There is no fresh price of {market.symbol} to trade on."
            raise QuoteStaleError(message, symbol=market.symbol)
        return
    if terms.limit_price is None:
        raise OrderTermsError("A limit order needs a limit price.")
    _check_limit_price(terms.side, terms.limit_price, market)


def _check_limit_price(side: OrderSide, price: Decimal, market: Market) -> None:
    if not price.is_finite() or price <= 0:
        raise OrderTermsError("The limit price must be a positive number.")
    if market.tick_size is None or price % market.tick_size:
        tick = decimal_text(market.tick_size or ZERO)
        message = f"At this price {market.symbol} moves in steps of {tick}."
        raise PriceOffTickError(message, tick_size=tick, limit_price=decimal_text(price))
    if market.band is not None and not market.band[0] <= price <= market.band[1]:
        low, high = (decimal_text(limit) for limit in market.band)
        message = f"Today {market.symbol} may trade from {low} to {high}."
        raise PriceOutOfBandError(message, low=low, high=high, limit_price=decimal_text(price))
    if market.band is None:
        _check_collar(side, price, market)


def _check_collar(side: OrderSide, price: Decimal, market: Market) -> None:
    # Only the harmful side: a buy far above the market or a sell far below it.
    highest = market.price * (1 + LIMIT_COLLAR)
    lowest = market.price * (1 - LIMIT_COLLAR)
    if (side == OrderSide.BUY and price > highest) or (side == OrderSide.SELL and price < lowest):
        message = f"The limit is more than {LIMIT_COLLAR:.0%} through the market."
        raise PriceCollarError(
            message, limit_price=decimal_text(price), market_price=decimal_text(market.price)
        )


def _worst_ask(market: Market) -> Decimal:
    if market.band is not None:
        return market.band[1]
    ask = market.price if market.ask is None else market.ask
    return (ask * (1 + MARKET_COLLAR)).quantize(_PRICE_QUANTUM, ROUND_UP)


def _check_notional(terms: Terms, market: Market, limits: Limits, reservation: Reservation) -> None:
    price = reservation.worst_price or terms.limit_price or market.price
    notional = terms.quantity * price
    most = limits.notional[market.currency]
    if notional > most:
        text = f"{most.normalize():,f} {market.currency}"
        message = f"One order may be worth at most {text}."
        raise OrderTooLargeError(message, max_notional=decimal_text(most), currency=market.currency)


def _check_funds(reservation: Reservation, funds: Funds, market: Market) -> None:
    if reservation.cash > funds.cash:
        currency = market.currency
        message = (
            f"Order needs {_shown(reservation.cash, currency)} {currency}; "
            f"{_shown(funds.cash, currency)} {currency} is available."
        )
        raise InsufficientCashError(
            message,
            required=decimal_text(reservation.cash),
            available=decimal_text(funds.cash),
            currency=currency,
        )
    if reservation.shares > funds.shares:
        required, available = decimal_text(reservation.shares), decimal_text(funds.shares)
        message = f"Order sells {required} {market.symbol}; {available} is available."
        raise InsufficientSharesError(
            message, required=required, available=available, symbol=market.symbol
        )


def _shown(amount: Decimal, currency: str) -> str:
    return f"{amount.quantize(money_quantum(currency)):,f}"
