// What the server wrote into the page: read once, never guessed.

export interface TickBand {
  from: string;
  tick: string;
}

export interface Costs {
  commission: string;
  sell_tax: string;
  untaxed: string[];
  digits: number;
  rounding: 'down' | 'half-up';
}

export interface PageConfig {
  language: 'en' | 'ko';
  currency: 'KRW' | 'USD';
  signed_in: boolean;
  default_symbols: string[];
  ticks: Record<string, TickBand[]>;
  costs: Record<string, Costs>;
  market_collar: string;
  icons: string;
  log_in_url: string;
}

export const EMPTY_CONFIG: PageConfig = {
  language: 'en',
  currency: 'USD',
  signed_in: false,
  default_symbols: [],
  ticks: {},
  costs: {},
  market_collar: '0',
  icons: '',
  log_in_url: '/log-in',
};

function jsonElement(id: string): unknown {
  const text = document.getElementById(id)?.textContent;
  return text ? JSON.parse(text) : null;
}

let cached: PageConfig | null = null;

export function pageConfig(): PageConfig {
  cached ??= { ...EMPTY_CONFIG, ...(jsonElement('page-config') as Partial<PageConfig> | null) };
  return cached;
}

export function catalogue(): Record<string, string> {
  return (jsonElement('page-texts') as Record<string, string> | null) ?? {};
}
