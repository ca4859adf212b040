// The upper-case words of the API in the reader's language.
import { gettext as _ } from './i18n.ts';

export function sideText(side: string): string {
  return side === 'BUY' ? _('Buy') : _('Sell');
}

export function typeText(type: string): string {
  const words: Record<string, string> = {
    MARKET: _('Market'),
    LIMIT: _('Limit'),
    STOP: _('Stop order'),
    STOP_LIMIT: _('Stop limit'),
  };
  return words[type] ?? type;
}

export function statusText(status: string): string {
  const words: Record<string, string> = {
    NEW: _('New'),
    PENDING_SUBMIT: _('Sending'),
    SUBMITTED: _('Sent'),
    ACCEPTED: _('Working'),
    PARTIALLY_FILLED: _('Partly filled'),
    FILLED: _('Filled'),
    PENDING_CANCEL: _('Cancelling'),
    PENDING_REPLACE: _('Replacing'),
    CANCELED: _('Cancelled'),
    REJECTED: _('Rejected'),
    EXPIRED: _('Expired'),
    UNKNOWN: _('Checking'),
  };
  return words[status] ?? status;
}

/** Sectors come as words of the reference data; one that is not known here is shown as it is. */
export function sectorText(sector: string): string {
  const words: Record<string, string> = {
    COMMUNICATION: _('Communication'),
    CONSUMER: _('Consumer goods'),
    ENERGY: _('Energy'),
    FINANCIALS: _('Financials'),
    HEALTH_CARE: _('Health care'),
    INDUSTRIALS: _('Industrials'),
    MATERIALS: _('Materials'),
    TECHNOLOGY: _('Technology'),
    UTILITIES: _('Utilities'),
    // As FMP writes them.
    'Basic Materials': _('Materials'),
    'Communication Services': _('Communication'),
    'Consumer Cyclical': _('Consumer goods (cyclical)'),
    'Consumer Defensive': _('Consumer goods (defensive)'),
    Energy: _('Energy'),
    'Financial Services': _('Financials'),
    Healthcare: _('Health care'),
    Industrials: _('Industrials'),
    'Real Estate': _('Real estate'),
    Technology: _('Technology'),
    Utilities: _('Utilities'),
  };
  return words[sector] ?? sector;
}

export function toolText(tool: string): string {
  const words: Record<string, string> = {
    market_data: _('Market data'),
    technical_analysis: _('Technical analysis'),
    value_at_risk: _('Value at risk'),
    portfolio_summary: _('Portfolio summary'),
  };
  return words[tool] ?? tool.replaceAll('_', ' ');
}

/** What a figure of a tool result is called. */
export function figureText(key: string): string {
  const words: Record<string, string> = {
    annualised_volatility: _('Volatility per year'),
    atr: _('Average true range'),
    available: _('Available'),
    average_cost: _('Average cost'),
    average_volume: _('Average volume'),
    bollinger: _('Bollinger bands'),
    bollinger_lower: _('Lower band'),
    bollinger_middle: _('Middle band'),
    bollinger_upper: _('Upper band'),
    cash: _('Cash'),
    change: _('Change'),
    change_rate: _('Change in percent'),
    close: _('Close'),
    confidence: _('Confidence'),
    end: _('Until'),
    equity: _('Equity'),
    exchange: _('Exchange'),
    exchange_time: _('Time'),
    expected_shortfall: _('Expected shortfall'),
    expected_shortfall_amount: _('Shortfall amount'),
    highest_close: _('Highest close'),
    horizon_days: _('Horizon in days'),
    lowest_close: _('Lowest close'),
    macd: _('MACD'),
    macd_histogram: _('MACD histogram'),
    macd_signal: _('MACD signal'),
    market_price: _('Price'),
    market_value: _('Value'),
    max_drawdown: _('Deepest fall'),
    observations: _('Daily returns used'),
    price: _('Price'),
    quantity: _('Quantity'),
    realized_pnl: _('Booked profit'),
    rsi: _('RSI'),
    session: _('Session'),
    sharpe_ratio: _('Sharpe ratio'),
    start: _('From'),
    stochastic_d: _('Stochastic %D'),
    stochastic_k: _('Stochastic %K'),
    symbol: _('Symbol'),
    total_return: _('Return'),
    trading_days: _('Trading days'),
    trend: _('Trend'),
    unrealized_pnl: _('Open profit'),
    unrealized_return: _('Profit rate'),
    value: _('Value'),
    value_at_risk: _('Value at risk'),
    value_at_risk_amount: _('Amount at risk'),
    volume: _('Volume'),
    weight: _('Weight'),
  };
  return words[key] ?? key.replaceAll('_', ' ');
}

/** What an indicator reads, in words. */
export function readingText(reading: string): string {
  const words: Record<string, string> = {
    ABOVE: _('above'),
    BELOW: _('below'),
    INSIDE: _('inside'),
    NEUTRAL: _('neutral'),
    OVERBOUGHT: _('overbought'),
    OVERSOLD: _('oversold'),
  };
  return words[reading] ?? reading;
}
