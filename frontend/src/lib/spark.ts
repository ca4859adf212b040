// A small line of the last day's prices.
import type { Bar, Quote } from './types.ts';

const STEP_MS = 900_000;
const POINTS_MAX = 96;
const WIDTH = 96;
const HEIGHT = 24;
const SVG = 'http://www.w3.org/2000/svg';

interface Point {
  step: number;
  price: number;
}

/** Prices in steps of a quarter of an hour, the last of which moves with the quotes. */
export class Spark {
  readonly points: Point[] = [];

  take(bars: Bar[]): void {
    const taken = bars.map((bar) => ({ step: Math.floor(Date.parse(bar.time) / STEP_MS), price: Number(bar.close) }));
    this.points.splice(0, this.points.length, ...taken.slice(-POINTS_MAX));
  }

  follow(quote: Quote): void {
    const step = Math.floor(Date.parse(quote.exchange_time ?? '') / STEP_MS);
    const last = this.points.at(-1);
    if (!last || !(step >= last.step)) return;
    if (step === last.step) last.price = Number(quote.price);
    else this.points.push({ step, price: Number(quote.price) });
    if (this.points.length > POINTS_MAX) this.points.shift();
  }

  /** The corners of the line within a box of 96 by 24, its highest price at the top. */
  corners(): string {
    if (this.points.length < 2) return '';
    const prices = this.points.map((one) => one.price);
    const [low, high] = [Math.min(...prices), Math.max(...prices)];
    const scale = high > low ? (HEIGHT - 4) / (high - low) : 0;
    const across = WIDTH / (this.points.length - 1);
    return prices
      .map((price, place) => `${(place * across).toFixed(1)},${(HEIGHT - 2 - (price - low) * scale).toFixed(1)}`)
      .join(' ');
  }

  draw(line: SVGSVGElement): void {
    line.firstElementChild?.setAttribute('points', this.corners());
  }
}

export function sparkline(): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'sparkline');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(SVG, 'polyline'));
  return svg;
}
