// The trading page.
import './styles/trade.css';
import './components/account-bar.ts';
import './components/analyst-chat.ts';
import './components/connection-badge.ts';
import './components/order-ticket.ts';
import './components/orders-table.ts';
import './components/panel-tabs.ts';
import './components/positions-table.ts';
import './components/quote-table.ts';
import './components/stock-chart.ts';
import './components/symbol-head.ts';
import './components/symbol-search.ts';
import { pageConfig } from './lib/config.ts';
import { theDesk } from './lib/desk.ts';
import { useLocale } from './lib/format.ts';

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

function sessionEnd(): void {
  window.addEventListener('session-ended', () => {
    const next = encodeURIComponent(location.pathname);
    location.assign(`${pageConfig().log_in_url}?next=${next}&ended=1`);
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

/** The ledger tab is rendered by the server; news of the portfolio asks for it again. */
function ledger(): void {
  window.addEventListener('portfolio-event', () => {
    document.body.dispatchEvent(new CustomEvent('portfolio-changed'));
  });
}

useLocale(pageConfig().language);
panels();
sessionEnd();
problems();
ledger();
void theDesk().start(pageConfig().default_symbols);
