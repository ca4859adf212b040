// The user's price alerts: read once, then replaced as the user stream tells.
import * as api from './api.ts';
import { Cell } from './cell.ts';
import { type Desk, theDesk } from './desk.ts';
import { announce } from './dom.ts';
import * as format from './format.ts';
import { gettext as _ } from './i18n.ts';
import type { Frame } from './types.ts';

const PATH = '/api/market/alerts';

export interface Alert {
  id: string;
  symbol: string;
  measure: string;
  direction: 'ABOVE' | 'BELOW';
  level: string;
  interval: string | null;
  window: number | null;
  repeats: boolean;
  status: string;
  note: string;
}

export interface Trigger extends Omit<Alert, 'repeats' | 'status'> {
  alert_id: string;
  value: string;
  price: string;
  fired_at: string;
}

interface News {
  kind: string;
  alert: Alert;
  trigger?: Trigger;
}

/** What an alert waits for, in words: "Price ≥ 71,000". */
export function conditionText(alert: Pick<Alert, 'measure' | 'direction' | 'level' | 'window'>, currency: string): string {
  const sign = alert.direction === 'ABOVE' ? '≥' : '≤';
  const window = String(alert.window ?? '');
  const words: Record<string, string> = {
    PRICE: `${_('Price')} ${sign} ${format.price(alert.level, currency)}`,
    CHANGE_RATE: `${_('Change of the day')} ${sign} ${format.percent(Number(alert.level))}`,
    RSI: `RSI(${window}) ${sign} ${alert.level}`,
    SMA_DISTANCE: alert.direction === 'ABOVE' ? _('Price above its average of {window}', { window }) : _('Price below its average of {window}', { window }),
    MACD: alert.direction === 'ABOVE' ? _('MACD above its signal') : _('MACD below its signal'),
  };
  return words[alert.measure] ?? alert.measure;
}

export class Alerts {
  readonly active = new Cell<Alert[]>([]);
  readonly fired = new Cell<Trigger[]>([]);
  private desk: Desk;

  constructor(desk: Desk) {
    this.desk = desk;
    desk.keepUp(this);
  }

  async load(): Promise<void> {
    try {
      const [active, fired] = await Promise.all([
        api.getList<Alert>(`${PATH}?status=ACTIVE&limit=100`),
        api.getList<Trigger>(`${PATH}/triggers?limit=10`),
      ]);
      this.active.set(active);
      this.fired.set(fired);
    } catch (error) {
      announce(api.explained(error), 'bad');
    }
  }

  async set(body: Record<string, unknown>): Promise<void> {
    this.took(await api.call<Alert>('POST', PATH, { body }));
  }

  async cancel(id: string): Promise<void> {
    try {
      await api.call('DELETE', `${PATH}/${id}`);
      this.active.set(this.active.value.filter((one) => one.id !== id));
    } catch (error) {
      announce(api.explained(error), 'bad');
      await this.load();
    }
  }

  private took(alert: Alert): void {
    const others = this.active.value.filter((one) => one.id !== alert.id);
    this.active.set(alert.status === 'ACTIVE' ? [alert, ...others] : others);
  }

  heard(frame: Frame): void {
    if (frame.type !== 'alert') return;
    const { alert, trigger } = frame.data as News;
    this.took(alert);
    if (!trigger) return;
    this.fired.set([trigger, ...this.fired.value].slice(0, 10));
    const currency = this.desk.currencyOf(alert.symbol);
    const name = this.desk.instrument(alert.symbol)?.name ?? alert.symbol;
    const values = { name, condition: conditionText(alert, currency), price: format.price(trigger.price, currency) };
    announce(_('{name}: {condition}, now {price}', values), 'good');
  }
}

let alerts: Alerts | null = null;

export function theAlerts(): Alerts {
  alerts ??= new Alerts(theDesk());
  return alerts;
}
