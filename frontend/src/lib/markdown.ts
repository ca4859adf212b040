// The little Markdown that answers use, built as elements: no HTML of others ever reaches the page.
import { el } from './dom.ts';

const INLINE = /(\*\*[^*]+\*\*|`[^`]+`)/;

function inline(text: string): (Node | string)[] {
  return text
    .split(INLINE)
    .filter(Boolean)
    .map((part) => {
      if (part.startsWith('**') && part.endsWith('**') && part.length > 4) {
        return el('strong', {}, part.slice(2, -2));
      }
      if (part.startsWith('`') && part.endsWith('`') && part.length > 2) {
        return el('code', {}, part.slice(1, -1));
      }
      return part;
    });
}

function cells(line: string): string[] {
  return line
    .replace(/^\s*\||\|\s*$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

function table(lines: string[]): HTMLElement {
  const [head = '', , ...rows] = lines;
  const headRow = el('tr', {}, ...cells(head).map((cell) => el('th', {}, ...inline(cell))));
  const bodyRows = rows.map((row) =>
    el('tr', {}, ...cells(row).map((cell) => el('td', {}, ...inline(cell)))),
  );
  const grid = el('table', { class: 'grid' }, el('thead', {}, headRow), el('tbody', {}, ...bodyRows));
  return el('div', { class: 'table-wrap' }, grid);
}

function list(lines: string[], ordered: boolean): HTMLElement {
  const items = lines.map((line) =>
    el('li', {}, ...inline(line.replace(/^\s*([-*•]|\d+\.)\s+/, ''))),
  );
  return el(ordered ? 'ol' : 'ul', {}, ...items);
}

type Kind = 'bullet' | 'number' | 'table' | 'heading' | 'text' | 'blank';

function kindOf(line: string): Kind {
  if (!line.trim()) return 'blank';
  if (/^\s*[-*•]\s+/.test(line)) return 'bullet';
  if (/^\s*\d+\.\s+/.test(line)) return 'number';
  if (/^\s*\|.*\|\s*$/.test(line)) return 'table';
  return /^#{1,6}\s+/.test(line) ? 'heading' : 'text';
}

function block(kind: Kind, lines: string[]): Node | null {
  if (kind === 'blank') return null;
  if (kind === 'bullet' || kind === 'number') return list(lines, kind === 'number');
  if (kind === 'table' && lines.length > 2) return table(lines);
  if (kind === 'heading') {
    const titles = lines.map((line) => el('h4', {}, ...inline(line.replace(/^#+\s+/, ''))));
    const holder = document.createDocumentFragment();
    holder.append(...titles);
    return holder;
  }
  const paragraph = el('p');
  for (const [at, line] of lines.entries()) {
    if (at) paragraph.append(el('br'));
    paragraph.append(...inline(line));
  }
  return paragraph;
}

export function render(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  let kind: Kind = 'blank';
  let lines: string[] = [];
  const close = (): void => {
    const node = lines.length ? block(kind, lines) : null;
    if (node) fragment.append(node);
    lines = [];
  };
  for (const line of text.split('\n')) {
    const next = kindOf(line);
    if (next !== kind) {
      close();
      kind = next;
    }
    lines.push(line);
  }
  close();
  return fragment;
}
