// Small helpers to build and find elements; text is always set as text, never as markup.
import { pageConfig } from './config.ts';

type Child = Node | string | null | undefined | false;
type Properties = Record<string, string | number | boolean | EventListener | undefined>;

function applied(element: Element, properties: Properties): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  applied(element, properties);
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

const SVG = 'http://www.w3.org/2000/svg';

export function icon(name: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `${pageConfig().icons}#${name}`);
  svg.append(use);
  return svg;
}

export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Restart a short CSS animation, for example a price flash. */
export function flash(element: Element, direction: 'up' | 'down' | 'flat'): void {
  if (direction === 'flat') return;
  element.classList.remove('flash-up', 'flash-down');
  void (element as HTMLElement).offsetWidth;
  element.classList.add(`flash-${direction}`);
}

export function announce(text: string, tone: 'info' | 'good' | 'bad' = 'info'): void {
  const region = document.getElementById('toasts');
  if (!region) return;
  const toast = el('div', { class: `toast toast-${tone}` }, text);
  region.append(toast);
  window.setTimeout(() => toast.classList.add('leaving'), 4600);
  window.setTimeout(() => toast.remove(), 5000);
}
