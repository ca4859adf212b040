// The market page: movers, breadth and sectors of now.
import './styles/live.css';
import './styles/market.css';
import './components/connection-badge.ts';
import './components/index-strip.ts';
import './components/market-overview.ts';
import { startPage } from './lib/page.ts';

startPage();
