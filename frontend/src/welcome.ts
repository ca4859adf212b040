// The start page of visitors: sample quotes that move.
import './styles/live.css';
import './components/connection-badge.ts';
import './components/index-strip.ts';
import './components/quote-table.ts';
import './components/sample-badge.ts';
import { pageConfig } from './lib/config.ts';
import { theDesk } from './lib/desk.ts';
import { useLocale } from './lib/format.ts';

useLocale(pageConfig().language);
void theDesk().start(pageConfig().default_symbols);
