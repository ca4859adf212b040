// Every page: style sheets, theme, colours, language and the small menus of the header.
import './styles/base.css';
import './styles/site.css';
import { call, explained } from './lib/api.ts';
import { pageConfig } from './lib/config.ts';
import { announce } from './lib/dom.ts';
import { useLocale } from './lib/format.ts';

const YEAR_S = 31_536_000;

function remember(name: string, value: string): void {
  const secure = location.protocol === 'https:' ? '; secure' : '';
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
}

/** The account remembers it for every device; the cookie for the time after logging out. */
async function save(kind: string, value: string): Promise<void> {
  remember(kind, value);
  if (!pageConfig().signed_in) return;
  const body = kind === 'blur' ? { blur_amounts: value === 'on' } : { [kind]: value };
  try {
    await call('PATCH', '/api/profile/display', { body });
  } catch (error) {
    announce(explained(error), 'bad');
  }
}

/** Buttons that name a look (`data-look="theme:dark"`) set it now and for a year. */
function looks(): void {
  document.addEventListener('click', (event) => {
    const button = (event.target as HTMLElement).closest<HTMLElement>('[data-look]');
    const [kind, value] = button?.dataset['look']?.split(':') ?? [];
    if (!kind || !value) return;
    document.documentElement.dataset[kind] = value;
    void save(kind, value);
    for (const other of document.querySelectorAll<HTMLElement>(`[data-look^="${kind}:"]`)) {
      other.setAttribute('aria-pressed', String(other === button));
    }
    window.dispatchEvent(new CustomEvent('look-changed'));
  });
}

/** A <details> menu closes by Escape and by a click elsewhere. */
function menus(): void {
  const open = (): NodeListOf<HTMLDetailsElement> =>
    document.querySelectorAll<HTMLDetailsElement>('details.popover[open]');
  document.addEventListener('click', (event) => {
    for (const menu of open()) if (!menu.contains(event.target as Node)) menu.open = false;
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector('summary')?.focus();
    }
  });
}

/** A form that was sent cannot be sent twice by a second click. */
function forms(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement;
    if (!form.matches('[data-once]')) return;
    for (const button of form.querySelectorAll('button')) {
      window.setTimeout(() => (button.disabled = true));
    }
  });
  window.addEventListener('pageshow', () => {
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-once] button')) {
      button.disabled = false;
    }
  });
}

useLocale(pageConfig().language);
looks();
menus();
forms();
