"""Shapes of the portfolio endpoints."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from portfolio.api.fields import AmountField, InitialCashField
from portfolio.enums import (
    BrokerName,
    OrderSide,
    OrderStatus,
    OrderType,
    PortfolioStatus,
    TimeInForce,
    TransactionKind,
)

_NAME_MAX = 80
_OPEN = "OPEN"


class PortfolioInput(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=_NAME_MAX)
    base_currency = serializers.CharField(max_length=10, help_text="KRW or USD.")
    broker = serializers.ChoiceField(choices=BrokerName.choices, default=BrokerName.PAPER)
    initial_cash = InitialCashField(
        required=False, help_text='"10000000", or {"KRW": "10000000", "USD": "5000"}.'
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        cash = attrs.get("initial_cash", {})
        if isinstance(cash, Decimal):
            cash = {attrs["base_currency"]: cash}
        return {**attrs, "broker": BrokerName(attrs["broker"]), "initial_cash": cash}


class PortfolioChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=_NAME_MAX)


class CashInput(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=[TransactionKind.DEPOSIT.value, TransactionKind.WITHDRAWAL.value]
    )
    currency = serializers.CharField(max_length=10)
    amount = AmountField(digits=4)


class OrderInput(serializers.Serializer[Any]):
    client_order_id = serializers.RegexField(
        r"\A[A-Za-z0-9._:-]{1,64}\Z", help_text="Yours; unique within the portfolio."
    )
    symbol = serializers.CharField(max_length=16)
    side = serializers.ChoiceField(choices=OrderSide.choices)
    order_type = serializers.ChoiceField(choices=OrderType.choices)
    quantity = AmountField(digits=8)
    limit_price = AmountField(digits=6, required=False, allow_null=True)
    stop_price = serializers.CharField(
        required=False, allow_null=True, help_text="Stop orders are not offered yet."
    )
    time_in_force = serializers.ChoiceField(choices=TimeInForce.choices, default=TimeInForce.DAY)

    def validate_stop_price(self, value: str | None) -> None:
        if value is not None:
            raise serializers.ValidationError("Stop orders are not offered.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs.pop("stop_price", None)
        return {
            **attrs,
            "symbol": attrs["symbol"].upper(),
            "side": OrderSide(attrs["side"]),
            "order_type": OrderType(attrs["order_type"]),
            "time_in_force": TimeInForce(attrs["time_in_force"]),
        }


class OrderChange(serializers.Serializer[Any]):
    quantity = AmountField(digits=8, required=False)
    limit_price = AmountField(digits=6, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError("Send quantity, limit_price or both.")
        return attrs


class OrdersQuery(serializers.Serializer[Any]):
    status = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Statuses with commas between them, or OPEN for all that can still trade.",
    )

    def validate_status(self, value: str) -> list[str]:
        words = [word.strip().upper() for word in value.split(",") if word.strip()]
        unknown = set(words) - set(OrderStatus.values) - {_OPEN}
        if unknown:
            raise serializers.ValidationError("There is no such status.")
        return words


class CashOutput(serializers.Serializer[Any]):
    balance = serializers.CharField()
    reserved = serializers.CharField(help_text="Held back by open buy orders.")
    available = serializers.CharField()


class CashMoveOutput(CashOutput):
    currency = serializers.CharField()


class CurrencyOutput(serializers.Serializer[Any]):
    market_value = serializers.CharField(allow_null=True)
    equity = serializers.CharField(allow_null=True)
    realized_pnl = serializers.CharField()
    unrealized_pnl = serializers.CharField(allow_null=True)


class PortfolioOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    base_currency = serializers.CharField()
    broker = serializers.ChoiceField(choices=BrokerName.choices)
    status = serializers.ChoiceField(choices=PortfolioStatus.choices)
    cash = serializers.DictField(child=CashOutput(), help_text="By currency.")
    market_value = serializers.CharField(
        allow_null=True, help_text="In the base currency; null while a price is missing."
    )
    equity = serializers.CharField(allow_null=True, help_text="Cash plus market value.")
    realized_pnl = serializers.CharField(help_text="After fees and taxes.")
    unrealized_pnl = serializers.CharField(allow_null=True)
    by_currency = serializers.DictField(child=CurrencyOutput())
    excluded_currencies = serializers.ListField(
        child=serializers.CharField(),
        help_text="Held, but not in the top-level figures: nothing is converted.",
    )
    missing_prices = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    as_of = serializers.DateTimeField()


class PortfoliosOutput(serializers.Serializer[Any]):
    results = PortfolioOutput(many=True)
    next = serializers.CharField(allow_null=True)


class OrderOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    portfolio_id = serializers.UUIDField()
    client_order_id = serializers.CharField()
    status = serializers.ChoiceField(choices=OrderStatus.choices)
    status_reason = serializers.CharField(help_text="Why it waits or ended; may be empty.")
    symbol = serializers.CharField()
    exchange = serializers.CharField()
    currency = serializers.CharField()
    side = serializers.ChoiceField(choices=OrderSide.choices)
    order_type = serializers.ChoiceField(choices=OrderType.choices)
    time_in_force = serializers.ChoiceField(choices=TimeInForce.choices)
    quantity = serializers.CharField()
    filled_quantity = serializers.CharField()
    average_fill_price = serializers.CharField(allow_null=True)
    limit_price = serializers.CharField(allow_null=True)
    reserved_cash = serializers.CharField()
    reserved_quantity = serializers.CharField()
    quote_source = serializers.CharField(help_text="SAMPLE is not a real quotation.")
    submitted_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class FillOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    order_id = serializers.UUIDField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(choices=OrderSide.choices)
    quantity = serializers.CharField()
    price = serializers.CharField()
    currency = serializers.CharField()
    fee = serializers.CharField()
    tax = serializers.CharField()
    realized_pnl = serializers.CharField()
    executed_at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment] # a name DRF also uses


class OrderDetailOutput(OrderOutput):
    fills = FillOutput(many=True)


class OrdersOutput(serializers.Serializer[Any]):
    results = OrderOutput(many=True)
    next = serializers.CharField(allow_null=True)


class PositionOutput(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    currency = serializers.CharField()
    quantity = serializers.CharField()
    reserved_quantity = serializers.CharField(help_text="Held back by open sell orders.")
    average_cost = serializers.CharField(help_text="Per share, with fees.")
    cost_basis = serializers.CharField()
    market_price = serializers.CharField(allow_null=True)
    market_value = serializers.CharField(allow_null=True)
    unrealized_pnl = serializers.CharField(allow_null=True)
    unrealized_return = serializers.FloatField(
        allow_null=True, help_text="A fraction of the cost basis."
    )
    realized_pnl = serializers.CharField()
    weight = serializers.FloatField(
        allow_null=True, help_text="Share of the equity in this currency, a fraction."
    )
    source = serializers.CharField()  # type: ignore[assignment] # a name DRF also uses
    priced_at = serializers.DateTimeField(allow_null=True)
    delisted_date = serializers.DateField(
        allow_null=True, help_text="Since then the price is the last one there was."
    )


class PositionsOutput(serializers.Serializer[Any]):
    results = PositionOutput(many=True)
    next = serializers.CharField(allow_null=True)


class PostingOutput(serializers.Serializer[Any]):
    account = serializers.CharField()
    currency = serializers.CharField()
    amount = serializers.CharField(help_text="Positive adds to an asset or expense.")


class TransactionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    seq = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=TransactionKind.choices)
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    symbol = serializers.CharField(allow_null=True)
    new_symbol = serializers.CharField(
        allow_null=True, help_text="Where the entry carries a position to another symbol."
    )
    quantity = serializers.CharField(allow_null=True)
    price = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    order_id = serializers.UUIDField(allow_null=True)
    postings = PostingOutput(many=True)


class TransactionsOutput(serializers.Serializer[Any]):
    results = TransactionOutput(many=True)
    next = serializers.CharField(allow_null=True)
