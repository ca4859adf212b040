"""English sentences of the local analyst."""

PHRASES = {
    "money.KRW": "{amount} KRW",
    "money.USD": "${amount}",
    "money.other": "{amount} {currency}",
    "greeting": (
        "Hello. Ask me about the price of a stock, its technical indicators, "
        "the Value-at-Risk of some stocks, or your own portfolio."
    ),
    "help": (
        "I can look up prices and past performance, compute technical indicators, estimate "
        "Value-at-Risk and expected shortfall, and sum up your own portfolio. "
        'For example: "What is the RSI of AAPL?" or "How much could my portfolio lose?"'
    ),
    "off_topic": (
        "I answer questions about stocks, risk and your own portfolio. That seems to be "
        "about something else, so I have nothing computed to offer."
    ),
    "unknown_none": (
        "I found no stock I know in your question. Please name it by its symbol or full name, "
        "for example AAPL or Samsung Electronics."
    ),
    "unknown_some": "I have no data on {names}, so I give no figures for it.",
    "tool_failed": "I could not compute {tool}: {error}.",
    "error.INSUFFICIENT_DATA": "there is not enough price history",
    "error.SYMBOL_UNKNOWN": "the symbol is unknown",
    "error.QUOTE_UNAVAILABLE": "no price is known yet",
    "error.PORTFOLIO_NOT_FOUND": "there is no such portfolio",
    "tool.market_data": "market data",
    "tool.technical_analysis": "technical indicators",
    "tool.value_at_risk": "Value-at-Risk",
    "tool.portfolio_summary": "your portfolio",
    "market.quote": (
        "{name} stands at {price}, {change} ({change_rate}) from the previous close; "
        "volume {volume}."
    ),
    "market.window": (
        "Over the last {days} trading days ({start} to {end}) it returned {total_return}, with "
        "an annualised volatility of {volatility} and a deepest drawdown of {drawdown}."
    ),
    "market.range": "Its closes ranged from {lowest} to {highest}.",
    "market.sharpe": "The annualised Sharpe ratio of that window is {sharpe}.",
    "market.no_window": "There are not enough daily closes for statistics.",
    "market.compare": "Of these, {best} did best over its window and {worst} did worst.",
    "technical.lead": "{name}, at its close of {close} on {session}:",
    "technical.rsi": "- RSI({window}): {rsi}, {reading}.",
    "technical.macd": (
        "- MACD({fast}, {slow}, {signal_window}): {macd}, {side} its signal {signal}."
    ),
    "technical.bollinger": (
        "- Bollinger bands({window}, {width}): {lower} to {upper}; the close is {place}."
    ),
    "technical.averages": (
        "- Moving averages: {short}-day {sma_20}, {middle}-day {sma_60}; {trend}."
    ),
    "technical.average": "- Moving average: {short}-day {sma_20}.",
    "technical.stochastic": "- Stochastic({window}): %K {k}, %D {d}.",
    "technical.atr": "- Average true range({window}): {atr}.",
    "reading.OVERBOUGHT": "in the overbought range",
    "reading.NEUTRAL": "neutral",
    "reading.OVERSOLD": "in the oversold range",
    "macd.ABOVE": "above",
    "macd.BELOW": "below",
    "bollinger.ABOVE_UPPER": "above the upper band",
    "bollinger.INSIDE": "inside the bands",
    "bollinger.BELOW_LOWER": "below the lower band",
    "trend.ABOVE": "the short average is above the longer one, an upward trend",
    "trend.BELOW": "the short average is below the longer one, a downward trend",
    "risk.lead": (
        "{subject}: with {confidence} confidence, the loss over {horizon} should "
        "not exceed {var} ({method})."
    ),
    "risk.amount": "Of {value} held, that is {amount}.",
    "risk.shortfall": "If it does exceed it, the mean loss is {shortfall}.",
    "risk.shortfall_amount": "If it does exceed it, the mean loss is {shortfall}, or {amount}.",
    "risk.basis": (
        "This rests on {observations} daily returns from {start} to {end}; annualised "
        "volatility {volatility}."
    ),
    "risk.shares": "Share of the risk: {shares}.",
    "risk.none": "You hold nothing with a price, so there is no Value-at-Risk to compute.",
    "risk.own": "Your holdings in {currency} ({label})",
    "horizon.one": "one trading day",
    "horizon.many": "{count} trading days",
    "method.historical": "historical simulation",
    "method.gaussian": "normal model",
    "method.cornish_fisher": "Cornish-Fisher correction",
    "portfolio.none": "You have no portfolio yet.",
    "portfolio.lead": 'Your portfolio "{label}":',
    "portfolio.totals": (
        "- {currency}: equity {equity}, cash {cash} (available {available}), positions {value}."
    ),
    "portfolio.totals_unpriced": "- {currency}: cash {cash} (available {available}).",
    "portfolio.pnl": "- {currency} profit and loss: realised {realized}, unrealised {unrealized}.",
    "portfolio.pnl_realized": "- {currency} profit and loss: realised {realized}.",
    "portfolio.position": (
        "- {name}: {quantity} shares at {price} (average cost {cost}), value {value}, "
        "unrealised {pnl} ({pnl_rate}), weight {weight}."
    ),
    "portfolio.position_unpriced": "- {name}: {quantity} shares, average cost {cost}; no price.",
    "portfolio.flat": "- There are no positions.",
    "portfolio.more": "- And more positions, which the portfolio page lists.",
    "explain.market_data": (
        "Volatility says how widely returns scatter; a drawdown is a fall from an earlier peak."
    ),
    "explain.technical_analysis": (
        "RSI compares recent gains with recent losses; MACD compares a fast average with a slow "
        "one. Both describe the past and promise nothing."
    ),
    "explain.value_at_risk": (
        "Value-at-Risk is the loss that is not exceeded on most days; expected shortfall is the "
        "mean loss on the days when it is."
    ),
    "explain.portfolio_summary": (
        "Unrealised profit exists on paper until a position is sold; realised profit is kept."
    ),
}
