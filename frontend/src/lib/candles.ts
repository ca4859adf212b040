// Bars as the chart wants them, and how a quote moves the last one.
import type { UTCTimestamp } from 'lightweight-charts';
import type { Bar, Interval, Quote } from './types.ts';

export interface Candle {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

const ZONES: Record<string, string> = { KRX: 'Asia/Seoul', KOSPI: 'Asia/Seoul', KOSDAQ: 'Asia/Seoul' };
const SECONDS: Partial<Record<Interval, number>> = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600 };

export function zoneOf(exchange: string | undefined): string {
  return ZONES[exchange ?? ''] ?? 'America/New_York';
}

function localDate(at: Date, zone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: zone }).format(at);
}

/** Days, weeks and months are calendar dates: they live on the chart as midnight UTC. */
function dayStart(date: string): UTCTimestamp {
  return (Date.parse(`${date}T00:00:00Z`) / 1000) as UTCTimestamp;
}

export class Candles {
  readonly list: Candle[] = [];
  readonly isIntraday: boolean;
  firstTime: string | null = null;
  private readonly interval: Interval;
  private readonly zone: string;
  private dayVolume: number | null = null;

  constructor(interval: Interval, exchange?: string) {
    this.interval = interval;
    this.zone = zoneOf(exchange);
    this.isIntraday = interval in SECONDS;
  }

  get last(): Candle | undefined {
    return this.list.at(-1);
  }

  at(time: UTCTimestamp | undefined): Candle | undefined {
    return time === undefined ? undefined : this.list.find((one) => one.time === time);
  }

  private candle(bar: Bar): Candle {
    const time = this.isIntraday
      ? ((Date.parse(bar.time) / 1000) as UTCTimestamp)
      : dayStart(bar.time.length > 10 ? localDate(new Date(bar.time), this.zone) : bar.time);
    return {
      time,
      open: Number(bar.open),
      high: Number(bar.high),
      low: Number(bar.low),
      close: Number(bar.close),
      volume: Number(bar.volume),
    };
  }

  take(bars: Bar[]): void {
    this.list.splice(0, this.list.length);
    this.takeOlder(bars);
  }

  /** Put older bars in front; the answer is how many were new. */
  takeOlder(bars: Bar[]): number {
    const first = this.list[0]?.time ?? Infinity;
    const older = bars.map((bar) => this.candle(bar)).filter((one) => one.time < first);
    older.sort((a, b) => a.time - b.time);
    const unique = older.filter((one, at) => at === 0 || one.time > (older[at - 1]?.time ?? 0));
    this.list.unshift(...unique);
    if (unique.length) this.firstTime = bars[0]?.time ?? this.firstTime;
    return unique.length;
  }

  /** The first day of the week or month that a date lies in. */
  private periodStart(date: string): UTCTimestamp {
    const day = new Date(dayStart(date) * 1000);
    if (this.interval === '1w') day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
    if (this.interval === '1mo') day.setUTCDate(1);
    return (day.getTime() / 1000) as UTCTimestamp;
  }

  private bucket(at: Date): UTCTimestamp {
    const size = SECONDS[this.interval];
    if (size) return (Math.floor(at.getTime() / 1000 / size) * size) as UTCTimestamp;
    return this.periodStart(localDate(at, this.zone));
  }

  /** Weekly and monthly bars may be stamped with any day of their period. */
  private lastBucket(last: Candle): UTCTimestamp {
    if (this.isIntraday) return last.time;
    return this.periodStart(new Date(last.time * 1000).toISOString().slice(0, 10));
  }

  /** Move the last candle by a quote, or begin the next one. */
  follow(quote: Quote): Candle | null {
    const price = Number(quote.price);
    const at = new Date(quote.exchange_time ?? '');
    const last = this.last;
    if (!last || !Number.isFinite(price) || Number.isNaN(at.getTime())) return null;
    const bucket = this.bucket(at);
    if (bucket <= this.lastBucket(last)) return this.moved(last, price, quote);
    const next = { time: bucket, open: price, high: price, low: price, close: price, volume: 0 };
    this.list.push(next);
    return this.moved(next, price, quote);
  }

  private moved(candle: Candle, price: number, quote: Quote): Candle {
    candle.close = price;
    candle.high = Math.max(candle.high, price);
    candle.low = Math.min(candle.low, price);
    const volume = Number(quote.volume ?? NaN);
    if (Number.isFinite(volume)) {
      if (this.interval === '1d') candle.volume = Math.max(candle.volume, volume);
      else if (this.dayVolume !== null) candle.volume += Math.max(0, volume - this.dayVolume);
      this.dayVolume = volume;
    }
    return candle;
  }
}
