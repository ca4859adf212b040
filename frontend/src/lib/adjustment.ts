// Which corporate actions are worked into the bars of a chart, in words.
import { gettext as _ } from './i18n.ts';
import type { Adjustment, BarsAnswer } from './types.ts';

type Told = Pick<BarsAnswer, 'source' | 'adjusted_sources' | 'actions_left_out'>;

export function adjustmentText(adjustment: Adjustment): string {
  const words: Record<Adjustment, string> = {
    RAW: _('Raw prices'),
    SPLIT: _('Split-adjusted'),
    ALL: _('Fully adjusted'),
  };
  return words[adjustment];
}

/** Whether every bar comes from a source that tells adjusted prices: none of them can be raw. */
export function isToldAdjusted({ source, adjusted_sources: adjusted }: Told): boolean {
  return source !== '' && source.split('+').every((one) => adjusted.includes(one));
}

/** What the chosen adjustment does not hold for. */
export function leftOutText(told: Told): string[] {
  const texts: string[] = [];
  if (told.adjusted_sources.length && !isToldAdjusted(told)) {
    texts.push(_('Prices of {sources} come adjusted', { sources: told.adjusted_sources.join(', ') }));
  }
  if (told.actions_left_out.length) {
    texts.push(_('Not worked in, for lack of a close before: {dates}', { dates: told.actions_left_out.join(', ') }));
  }
  return texts;
}
