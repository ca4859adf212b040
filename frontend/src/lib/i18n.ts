// gettext for the components: the page carries the translations of its language.
import { catalogue } from './config.ts';

let texts: Record<string, string> | null = null;

export function useTexts(next: Record<string, string>): void {
  texts = next;
}

/** Translate a literal English text; `{name}` is replaced by the value of that name. */
export function gettext(msgid: string, values: Record<string, string | number> = {}): string {
  texts ??= catalogue();
  const text = texts[msgid] || msgid;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
}
