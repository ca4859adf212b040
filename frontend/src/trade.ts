// The trading page.
import './styles/live.css';
import './styles/trade.css';
import './components/account-bar.ts';
import './components/analyst-chat.ts';
import './components/connection-badge.ts';
import './components/index-strip.ts';
import './components/order-book.ts';
import './components/order-ticket.ts';
import './components/orders-table.ts';
import './components/panel-tabs.ts';
import './components/positions-table.ts';
import './components/price-alerts.ts';
import './components/sample-badge.ts';
import './components/stock-chart.ts';
import './components/symbol-head.ts';
import './components/symbol-search.ts';
import './components/watch-list.ts';
import './components/watch-star.ts';
import { ApiError, explained } from './lib/api.ts';
import { pageConfig } from './lib/config.ts';
import { type PortfolioNews, theDesk } from './lib/desk.ts';
import { announce } from './lib/dom.ts';
import * as format from './lib/format.ts';
import { gettext as _ } from './lib/i18n.ts';
import { logInAtSessionEnd } from './lib/session-end.ts';
import { sideText } from './lib/words.ts';

/** On a phone one panel shows at a time; the bar at the bottom chooses it. */
function panels(): void {
  const desk = document.getElementById('desk');
  const choose = (name: string): void => {
    if (!desk) return;
    desk.dataset['panel'] = name;
    for (const button of document.querySelectorAll<HTMLElement>('[data-panel-button]')) {
      button.setAttribute('aria-current', String(button.dataset['panelButton'] === name));
    }
  };
  document.addEventListener('click', (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>('[data-panel-button]');
    if (button?.dataset['panelButton']) choose(button.dataset['panelButton']);
  });
  window.addEventListener('show-panel', (event) => choose(String((event as CustomEvent).detail)));
}

/** What a frame was refused for. */
function refusals(): void {
  theDesk().socket.onError((frame) => {
    const body = { errorCode: frame.errorCode ?? '', message: frame.message ?? '' };
    announce(explained(new ApiError(400, body)), 'bad');
  });
}

/** The problem line says what could not be loaded and goes when it could. */
function problems(): void {
  const line = document.getElementById('desk-problem');
  theDesk().problem.watch((text) => {
    if (!line) return;
    line.hidden = !text;
    line.textContent = text;
  });
}

/** Where there is no room for both, the side column shows the ticket or the analyst. */
function side(): void {
  const column = document.getElementById('side');
  document.addEventListener('click', (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>('[data-side-button]');
    const name = button?.dataset['sideButton'];
    if (!column || !name) return;
    column.dataset['side'] = name;
    for (const other of column.querySelectorAll<HTMLElement>('[data-side-button]')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
  });
}

/** Fills are told; the ledger tab, which the server renders, asks for itself again. */
function news(): void {
  window.addEventListener('portfolio-event', (event) => {
    const { fill } = (event as CustomEvent<PortfolioNews>).detail;
    if (fill) {
      const price = format.money(fill.price, fill.currency);
      const [side, quantity] = [sideText(fill.side), format.quantity(fill.quantity)];
      announce(_('Filled: {side} {quantity} {symbol} at {price}', { side, quantity, symbol: fill.symbol, price }), 'good');
    }
    document.body.dispatchEvent(new CustomEvent('portfolio-changed'));
  });
}

format.useLocale(pageConfig().language);
panels();
logInAtSessionEnd();
problems();
refusals();
side();
news();
void theDesk().start(pageConfig().default_symbols);
