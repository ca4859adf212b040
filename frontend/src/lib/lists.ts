// Watchlists as values: which is newer, and where a symbol stands.

export interface Watchlist {
  id: string;
  name: string;
  place: number;
  version: number;
  items: { symbol: string; note: string }[];
}

/** Put a newer list in its place; an older state of a list that is known changes nothing. */
export function merged(lists: Watchlist[], one: Watchlist): Watchlist[] {
  const known = lists.find((other) => other.id === one.id);
  if (known && known.version >= one.version) return lists;
  const others = lists.filter((other) => other.id !== one.id);
  return [...others, one].sort((a, b) => a.place - b.place);
}

/** The symbols with one of them before another ('' is the end). */
export function moved(symbols: string[], symbol: string, before: string): string[] {
  if (symbol === before || !symbols.includes(symbol)) return symbols;
  const rest = symbols.filter((one) => one !== symbol);
  const at = before ? rest.indexOf(before) : rest.length;
  return at < 0 ? symbols : [...rest.slice(0, at), symbol, ...rest.slice(at)];
}
