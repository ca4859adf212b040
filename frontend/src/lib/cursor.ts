// Where a reader stands in a stream: an epoch and the last number seen.
import type { Frame } from './types.ts';

export type Verdict = 'next' | 'old' | 'gap' | 'new-epoch';

export class Cursor {
  private epoch: string | null = null;
  private seq = 0;

  /** The place to resume from; null before the first frame. */
  get position(): { epoch: string; seq: number } | null {
    return this.epoch === null ? null : { epoch: this.epoch, seq: this.seq };
  }

  moveTo(epoch: string | undefined, seq: number | undefined): void {
    this.epoch = epoch ?? null;
    this.seq = seq ?? 0;
  }

  /** Market streams may skip numbers (conflation); the others may not. */
  judge(frame: Frame, maySkip: boolean): Verdict {
    if (frame.epoch === undefined || frame.seq === undefined) return 'next';
    // Where only the newest counts, an earlier leader of the feed has nothing new to say.
    if (maySkip && Number(frame.epoch) < Number(this.epoch)) return 'old';
    if (this.epoch === null || frame.epoch !== this.epoch) {
      const first = this.epoch === null;
      this.moveTo(frame.epoch, frame.seq);
      return first ? 'next' : 'new-epoch';
    }
    if (frame.seq <= this.seq) return 'old';
    if (!maySkip && frame.seq > this.seq + 1) return 'gap';
    this.seq = frame.seq;
    return 'next';
  }

  isBehind(epoch: string | undefined, seq: number | undefined): boolean {
    if (this.epoch === null || epoch === undefined || seq === undefined) return false;
    return epoch !== this.epoch || seq > this.seq;
  }
}
