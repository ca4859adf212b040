// What the settings show of the second factor: one call answers it, one event tells that it changed.
import { get } from './api.ts';
import { Loaded } from './loaded.ts';

const CHANGED = 'factors-changed';

export interface FactorState {
  enabled: boolean;
  confirmed_at: string | null;
  has_second_factor: boolean;
  backup_codes_left: number;
}

export const tellFactorsChanged = (): void => void window.dispatchEvent(new CustomEvent(CHANGED));

/** An element that shows the state of the second factor and follows it. */
export abstract class FactorPanel extends Loaded<FactorState> {
  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener(CHANGED, () => void this.reload());
  }

  protected load(): Promise<FactorState> {
    return get<FactorState>('/api/account/otp');
  }
}
