// <order-ticket>: one order, checked here as the server will check it, sent exactly once.
import * as api from '../lib/api.ts';
import { type Costs, pageConfig, type TickBand } from '../lib/config.ts';
import { Decimal } from '../lib/decimal.ts';
import { theDesk } from '../lib/desk.ts';
import { announce, el, icon, setText } from '../lib/dom.ts';
import * as format from '../lib/format.ts';
import { gettext as _ } from '../lib/i18n.ts';
import { randomId } from '../lib/ids.ts';
import { affordable, estimate, isOnTick, stepPrice, tickAt } from '../lib/rules.ts';
import type { Order, OrderType, Quote, Side } from '../lib/types.ts';
import { sideText, statusText } from '../lib/words.ts';

interface Terms {
  quantity: Decimal;
  price: Decimal;
}

const SHARES = [10, 25, 50, 100];

export class OrderTicket extends HTMLElement {
  private desk = theDesk();
  private side: Side = 'BUY';
  private type: OrderType = 'LIMIT';
  private clientOrderId = randomId();
  private sentTerms = '';
  private priceTouched = false;
  private busy = false;
  private sides = new Map<Side, HTMLButtonElement>();
  private types = new Map<OrderType, HTMLButtonElement>();
  private symbolLabel = el('b', { class: 'ticket-symbol' });
  private priceField = this.numberField('ticket-price', _('Price'));
  private quantityField = this.numberField('ticket-quantity', _('Quantity'));
  private priceRow = this.row(_('Limit price'), this.priceField, (step) => this.stepPrice(step));
  private quantityRow = this.row(_('Quantity'), this.quantityField, (step) => this.stepLots(step));
  private force = el(
    'select',
    { id: 'ticket-force' },
    el('option', { value: 'DAY' }, _('Day order')),
    el('option', { value: 'GTC' }, _('Good till cancelled')),
    el('option', { value: 'IOC' }, _('Immediate or cancel')),
  );
  private lines = new Map<string, HTMLElement>();
  private problem = el('p', { class: 'form-error', role: 'alert', hidden: true });
  private submit = el('button', { type: 'submit', class: 'button primary wide' });
  private form: HTMLFormElement | null = null;
  private untradable = el('p', { class: 'empty', hidden: true });

  connectedCallback(): void {
    const form = el(
      'form',
      { class: 'ticket', novalidate: true },
      this.sidePicker(),
      el('div', { class: 'ticket-line' }, this.symbolLabel, this.typePicker()),
      this.priceRow,
      this.quantityRow,
      this.shareButtons(),
      el('label', { class: 'field inline', for: 'ticket-force' }, _('Valid'), this.force),
      this.sums(),
      this.problem,
      this.submit,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.send();
    });
    form.addEventListener('input', () => this.changed());
    this.form = form;
    this.append(form, this.untradable);
    this.desk.symbol.watch(() => this.renew());
    this.desk.instruments.watch(() => this.renew());
    this.desk.portfolio.watch(() => this.recount());
    this.desk.positions.watch(() => this.recount());
    this.desk.onQuote((quote) => this.quoted(quote));
    window.addEventListener('price-chosen', (event) => this.takePrice(String((event as CustomEvent).detail)));
    this.choose('BUY', 'LIMIT');
  }

  private numberField(id: string, name: string): HTMLInputElement {
    const field = el('input', {
      id,
      class: 'num',
      inputmode: 'decimal',
      autocomplete: 'off',
      'aria-label': name,
      maxlength: 20,
    });
    field.addEventListener('focus', () => field.select());
    return field;
  }

  private row(name: string, field: HTMLInputElement, step: (by: 1 | -1) => void): HTMLElement {
    const button = (by: 1 | -1, label: string): HTMLElement => {
      const control = el(
        'button',
        { type: 'button', class: 'step', tabindex: '-1', 'aria-label': `${name} ${label}` },
        icon(by > 0 ? 'plus' : 'minus'),
      );
      control.addEventListener('click', () => step(by));
      return control;
    };
    field.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
      event.preventDefault();
      step(event.key === 'ArrowUp' ? 1 : -1);
    });
    return el(
      'div',
      { class: 'field' },
      el('label', { for: field.id }, name),
      el('div', { class: 'stepper' }, button(-1, _('down')), field, button(1, _('up'))),
    );
  }

  private sidePicker(): HTMLElement {
    const group = el('div', { class: 'sides', role: 'group', 'aria-label': _('Side') });
    for (const side of ['BUY', 'SELL'] as const) {
      const button = el('button', { type: 'button', class: side.toLowerCase() }, sideText(side));
      button.addEventListener('click', () => this.choose(side, this.type));
      this.sides.set(side, button);
      group.append(button);
    }
    return group;
  }

  private typePicker(): HTMLElement {
    const group = el('div', { class: 'segmented', role: 'group', 'aria-label': _('Order type') });
    const names: [OrderType, string][] = [
      ['LIMIT', _('Limit')],
      ['MARKET', _('Market')],
    ];
    for (const [type, name] of names) {
      const button = el('button', { type: 'button' }, name);
      button.addEventListener('click', () => this.choose(this.side, type));
      this.types.set(type, button);
      group.append(button);
    }
    return group;
  }

  private shareButtons(): HTMLElement {
    const group = el('div', { class: 'shares', role: 'group', 'aria-label': _('Share of what is available') });
    for (const share of SHARES) {
      const button = el('button', { type: 'button' }, share === 100 ? _('Max') : `${share}%`);
      button.addEventListener('click', () => this.takeShare(share));
      group.append(button);
    }
    return group;
  }

  private sums(): HTMLElement {
    const names: [string, string][] = [
      ['available', _('Available')],
      ['notional', _('Order value')],
      ['fees', _('Fee and tax (estimate)')],
      ['total', _('Total (estimate)')],
      ['aside', _('Set aside until it fills')],
    ];
    const list = el('dl', { class: 'ticket-sums' });
    for (const [key, name] of names) {
      const value = el('dd', { class: 'num' }, '–');
      const label = el('dt', {}, name);
      this.lines.set(key, value);
      this.lines.set(`${key}-name`, label);
      list.append(el('div', { 'data-sum': key }, label, value));
    }
    return list;
  }

  private get exchange(): string {
    return this.desk.instrument(this.desk.symbol.value)?.exchange ?? '';
  }

  private get assetType(): string {
    return this.desk.instrument(this.desk.symbol.value)?.asset_type ?? '';
  }

  private get bands(): TickBand[] | undefined {
    const { ticks } = pageConfig();
    return ticks[`${this.exchange}:${this.assetType}`] ?? ticks[this.exchange];
  }

  private get costs(): Costs | undefined {
    return pageConfig().costs[this.exchange];
  }

  private get currency(): string {
    return this.desk.currencyOf(this.desk.symbol.value);
  }

  private get lot(): Decimal {
    return Decimal.of(this.desk.instrument(this.desk.symbol.value)?.lot_size ?? 1);
  }

  private get cash(): Decimal {
    return Decimal.of(this.desk.portfolio.value?.cash[this.currency]?.available);
  }

  private get held(): Decimal {
    const symbol = this.desk.symbol.value;
    const own = this.desk.positions.value?.find((one) => one.symbol === symbol);
    return Decimal.of(own?.quantity).minus(Decimal.of(own?.reserved_quantity));
  }

  private choose(side: Side, type: OrderType): void {
    this.side = side;
    this.type = type;
    for (const [name, button] of this.sides) button.setAttribute('aria-pressed', String(name === side));
    for (const [name, button] of this.types) button.setAttribute('aria-pressed', String(name === type));
    this.dataset['side'] = side;
    this.dataset['type'] = type;
    this.priceRow.hidden = type === 'MARKET';
    setText(this.submit, side === 'BUY' ? _('Buy') : _('Sell'));
    this.submit.classList.toggle('buy', side === 'BUY');
    this.submit.classList.toggle('sell', side === 'SELL');
    this.changed();
  }

  private renew(): void {
    const symbol = this.desk.symbol.value;
    const isTradable = this.desk.instrument(symbol)?.is_tradable !== false;
    const reason = this.desk.isIndex(symbol) ? _('An index is watched, not traded.') : _('This symbol is no longer traded.');
    setText(this.untradable, reason);
    this.untradable.hidden = isTradable;
    if (this.form) this.form.hidden = !isTradable;
    if (this.symbolLabel.textContent !== symbol) {
      setText(this.symbolLabel, symbol);
      this.priceTouched = false;
      this.priceField.value = '';
      this.quantityField.value = '';
    }
    const quote = this.desk.quote(symbol);
    if (quote) this.quoted(quote);
    this.changed();
  }

  /** A level of the order book was chosen: that price, at a limit. */
  private takePrice(price: string): void {
    this.priceField.value = format.quantity(price);
    this.priceTouched = true;
    this.choose(this.side, 'LIMIT');
  }

  private quoted(quote: Quote): void {
    if (quote.symbol !== this.desk.symbol.value) return;
    if (!this.priceTouched && document.activeElement !== this.priceField) {
      this.priceField.value = format.quantity(quote.price);
    }
    this.recount();
  }

  private changed(): void {
    if (document.activeElement === this.priceField) this.priceTouched = true;
    this.complain('');
    this.recount();
  }

  private marketPrice(): Decimal | null {
    const quote = this.desk.quote(this.desk.symbol.value);
    const side = this.side === 'BUY' ? quote?.ask : quote?.bid;
    return Decimal.parse(side ?? quote?.price);
  }

  private price(): Decimal | null {
    return this.type === 'MARKET' ? this.marketPrice() : Decimal.parse(this.priceField.value);
  }

  /** The most a buy may pay per share, which is set aside: at market the day's upper limit. */
  private worstPrice(): Decimal | null {
    const price = this.price();
    if (this.type === 'LIMIT' || !price) return price;
    const band = this.desk.instrument(this.desk.symbol.value)?.price_band;
    if (band) return Decimal.parse(band.high);
    return price.times(Decimal.of('1').plus(Decimal.of(pageConfig().market_collar)));
  }

  private stepPrice(by: 1 | -1): void {
    const now = Decimal.parse(this.priceField.value) ?? this.marketPrice();
    if (!now) return;
    this.priceTouched = true;
    this.priceField.value = format.quantity(stepPrice(this.bands, now, by).toPlain());
    this.changed();
  }

  private stepLots(by: 1 | -1): void {
    const now = Decimal.of(this.quantityField.value);
    const next = by > 0 ? now.plus(this.lot) : now.minus(this.lot);
    if (next.sign >= 0) this.quantityField.value = next.toPlain();
    this.changed();
  }

  private most(): Decimal {
    if (this.side === 'SELL') return this.held;
    const price = this.worstPrice();
    return price ? affordable(this.cash, price, this.lot, this.costs) : Decimal.ZERO;
  }

  private takeShare(share: number): void {
    const part = this.most().times(new Decimal(BigInt(share), 2));
    this.quantityField.value = part.snap(this.lot, -1).toPlain();
    this.changed();
  }

  private recount(): void {
    const currency = this.currency;
    const isBuy = this.side === 'BUY';
    this.line('available', isBuy ? format.money(this.cash, currency) : format.quantity(this.held.toPlain()));
    const price = this.price();
    const quantity = Decimal.parse(this.quantityField.value);
    this.line('total-name', isBuy ? _('Total cost (estimate)') : _('Net proceeds (estimate)'));
    if (!price || !quantity || quantity.sign <= 0) {
      for (const key of ['notional', 'fees', 'total', 'aside']) this.line(key, '–');
      return;
    }
    const sums = estimate(this.side, quantity, price, this.costs, this.assetType);
    this.line('notional', format.money(sums.notional, currency));
    this.line('fees', format.money(sums.commission.plus(sums.tax), currency));
    this.line('total', format.money(sums.total, currency));
    const worst = estimate('BUY', quantity, this.worstPrice() ?? price, this.costs).total;
    this.line('aside', format.money(worst, currency));
  }

  private line(key: string, text: string): void {
    const element = this.lines.get(key);
    if (element) setText(element, text);
  }

  /** The checks of the server, in its order; null means that something is wrong and was said. */
  private checked(): Terms | null {
    const quantity = Decimal.parse(this.quantityField.value);
    const price = this.price();
    if (!this.desk.portfolio.value) return this.refuse(_('Open a portfolio first.'));
    if (!quantity || quantity.sign <= 0) {
      return this.refuse(_('Enter a quantity above zero.'), this.quantityField);
    }
    if (!quantity.isMultipleOf(this.lot)) {
      const lot = this.lot.toPlain();
      return this.refuse(_('The quantity must be a multiple of {lot}.', { lot }), this.quantityField);
    }
    if (!price || price.sign <= 0) return this.refuse(_('Enter a price above zero.'), this.priceField);
    if (this.type === 'LIMIT' && !isOnTick(this.bands, price)) {
      const tick = tickAt(this.bands, price)?.toPlain() ?? '';
      return this.refuse(_('The price must be a multiple of {tick}.', { tick }), this.priceField);
    }
    if (this.type === 'LIMIT' && !this.isInBand(price)) return null;
    return this.funded(quantity, price) ? { quantity, price } : null;
  }

  private isInBand(price: Decimal): boolean {
    const band = this.desk.instrument(this.desk.symbol.value)?.price_band;
    const [low, high] = [Decimal.parse(band?.low), Decimal.parse(band?.high)];
    if (!low || !high || (price.compare(low) >= 0 && price.compare(high) <= 0)) return true;
    const limits = { low: format.price(low, this.currency), high: format.price(high, this.currency) };
    this.refuse(_('Today’s limits are {low} to {high}.', limits), this.priceField);
    return false;
  }

  private funded(quantity: Decimal, price: Decimal): boolean {
    if (this.side === 'SELL') {
      if (quantity.compare(this.held) <= 0) return true;
      const held = format.quantity(this.held.toPlain());
      return Boolean(this.refuse(_('{held} shares are free to sell.', { held }), this.quantityField));
    }
    const total = estimate('BUY', quantity, this.worstPrice() ?? price, this.costs).total;
    if (total.compare(this.cash) <= 0) return true;
    const [needed, available] = [format.money(total, this.currency), format.money(this.cash, this.currency)];
    const text = _('The order needs {needed}; {available} is available.', { needed, available });
    return Boolean(this.refuse(text, this.quantityField));
  }

  private refuse(text: string, field?: HTMLElement): null {
    this.complain(text);
    field?.setAttribute('aria-invalid', 'true');
    field?.focus();
    return null;
  }

  private complain(text: string): void {
    for (const field of [this.priceField, this.quantityField]) field.removeAttribute('aria-invalid');
    this.problem.hidden = !text;
    setText(this.problem, text);
  }

  private async send(): Promise<void> {
    const terms = this.busy ? null : this.checked();
    const portfolio = this.desk.portfolio.value;
    if (!terms || !portfolio) return;
    this.working(true);
    const body = this.body(terms);
    try {
      const order = await api.call<Order>('POST', `/api/portfolio/portfolios/${portfolio.id}/orders`, {
        headers: { 'Idempotency-Key': this.clientOrderId },
        body: { client_order_id: this.clientOrderId, ...body },
      });
      this.placed(order);
    } catch (error) {
      this.failed(error);
    } finally {
      this.working(false);
    }
  }

  /** Other terms than before need another key; a retry of the same ones keeps it. */
  private body(terms: Terms): Record<string, string> {
    const body = {
      symbol: this.desk.symbol.value,
      side: this.side,
      order_type: this.type,
      quantity: terms.quantity.toPlain(),
      time_in_force: this.force.value,
      ...(this.type === 'LIMIT' ? { limit_price: terms.price.toPlain() } : {}),
    };
    const text = JSON.stringify(body);
    if (text !== this.sentTerms) this.clientOrderId = randomId();
    this.sentTerms = text;
    return body;
  }

  private placed(order: Order): void {
    this.desk.orderSeen(order);
    this.quantityField.value = '';
    this.sentTerms = '';
    this.recount();
    const [side, status] = [sideText(order.side), statusText(order.status)];
    const quantity = format.quantity(order.quantity);
    announce(_('{side} {quantity} {symbol}: {status}', { side, quantity, symbol: order.symbol, status }), 'good');
  }

  /** After a lost answer the key stays: pressing again cannot place a second order. */
  private failed(error: unknown): void {
    const code = error instanceof api.ApiError ? ` [${error.code}]` : '';
    this.complain(`${api.explained(error)}${code}`);
  }

  private working(busy: boolean): void {
    this.busy = busy;
    this.submit.disabled = busy;
    this.setAttribute('aria-busy', String(busy));
  }
}

customElements.define('order-ticket', OrderTicket);
