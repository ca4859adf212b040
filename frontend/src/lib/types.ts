// The objects of the API (design/api.md); money, prices and quantities are strings.

export type Side = 'BUY' | 'SELL';
export type OrderType = 'MARKET' | 'LIMIT';
/** Which later corporate actions are worked into bars. */
export type Adjustment = 'RAW' | 'SPLIT' | 'ALL';
export type Interval = '1m' | '5m' | '15m' | '1h' | '1d' | '1w' | '1mo';

export interface Quote {
  symbol: string;
  exchange?: string;
  price: string;
  bid: string | null;
  ask: string | null;
  change: string | null;
  change_rate: number | null;
  volume: number | string | null;
  exchange_time: string | null;
  age_ms: number;
  received_at?: string;
  stale_at?: string;
  source: string;
  currency?: string;
}

/** A price and how many shares wait there. */
export type Level = [string, number];

export interface OrderBook {
  symbol: string;
  asks: Level[];
  bids: Level[];
  source: string;
  as_of: string;
}

export interface Instrument {
  symbol: string;
  name: string;
  name_ko?: string;
  name_en?: string;
  price_band?: { low: string; high: string } | null;
  exchange: string;
  currency: string;
  asset_type: string;
  is_tradable?: boolean;
  sector?: string;
  tick_size: string;
  lot_size: string | number;
}

export interface Bar {
  time: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: string | number;
}

export interface BarsAnswer {
  symbol: string;
  interval: Interval;
  source: string;
  adjustment: Adjustment;
  adjusted_sources: string[];
  actions_left_out: string[];
  results: Bar[];
  generated_fields?: string[];
}

export interface Cash {
  balance: string;
  reserved: string;
  available: string;
}

/** Figures of one currency; the platform never converts between currencies. */
export interface Totals {
  market_value: string | null;
  equity: string | null;
  realized_pnl: string | null;
  unrealized_pnl: string | null;
}

export interface Portfolio {
  id: string;
  name: string;
  base_currency: string;
  broker: string;
  cash: Record<string, Cash>;
  market_value: string | null;
  equity: string | null;
  realized_pnl: string | null;
  unrealized_pnl: string | null;
  by_currency?: Record<string, Totals>;
  as_of?: string;
}

export interface Position {
  symbol: string;
  quantity: string;
  reserved_quantity?: string;
  average_cost: string;
  cost_basis: string;
  market_price: string | null;
  market_value: string | null;
  unrealized_pnl: string | null;
  unrealized_return: number | null;
  currency: string;
  weight: number | null;
  portfolio_id?: string;
  /** Since then the price is the last one there was. */
  delisted_date?: string | null;
}

export interface Fill {
  quantity: string;
  price: string;
  fee: string;
  tax: string;
  executed_at: string;
}

export interface Order {
  id: string;
  client_order_id: string;
  status: string;
  symbol: string;
  side: Side;
  order_type: string;
  quantity: string;
  filled_quantity: string;
  average_fill_price: string | null;
  limit_price: string | null;
  time_in_force?: string;
  submitted_at: string;
  portfolio_id?: string;
  fills?: Fill[];
  status_reason?: string;
  currency?: string;
}

export interface ToolCall {
  tool: string;
  status?: string;
  arguments: Record<string, unknown> | null;
  result: unknown;
  source?: string | null;
  as_of?: string | null;
}

export interface ChatMessage {
  id: string;
  role: string;
  content: string;
  status: string;
  tool_calls: ToolCall[] | null;
  created_at: string;
  reply_to?: string | null;
}

export interface Room {
  id: string;
  title: string;
  persona?: string | null;
}

export interface Place {
  epoch: string;
  seq: number;
}

/** Where each of these streams stands. */
export type Places = Record<string, Place>;

export interface Frame {
  type: string;
  stream?: string;
  epoch?: string;
  seq?: number;
  ts?: string;
  data?: unknown;
  sequence?: number;
  /** The names of the streams joined or left; in a heartbeat, where each one stands. */
  streams?: string[] | Places;
  positions?: Places;
  errorCode?: string;
  message?: string;
}
