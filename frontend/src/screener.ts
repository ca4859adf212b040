// The screener page: filters, their results at live prices, and saved screens.
import './styles/live.css';
import './styles/market.css';
import './components/connection-badge.ts';
import './components/market-screener.ts';
import './components/sample-badge.ts';
import { startPage } from './lib/page.ts';

startPage();
