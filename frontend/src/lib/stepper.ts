// The questionnaire as steps: one question at a time, the budget last.

export interface Question {
  code: string;
  text: string;
  answers: { code: string; text: string }[];
}

export class Stepper {
  readonly questions: Question[];
  readonly answers: Map<string, string>;
  at = 0;

  constructor(questions: Question[], before: Record<string, string> = {}) {
    this.questions = questions;
    // An answer that is no longer offered has to be given anew.
    const offered = questions.filter((one) => one.answers.some((it) => it.code === before[one.code]));
    this.answers = new Map(offered.map((one) => [one.code, before[one.code] ?? '']));
  }

  get count(): number {
    return this.questions.length + 1;
  }

  get question(): Question | null {
    return this.questions[this.at] ?? null;
  }

  get isAnswered(): boolean {
    return this.question === null || this.answers.has(this.question.code);
  }

  choose(code: string): void {
    if (this.question) this.answers.set(this.question.code, code);
  }

  next(): boolean {
    if (!this.isAnswered || this.at >= this.count - 1) return false;
    this.at += 1;
    return true;
  }

  back(): boolean {
    if (this.at === 0) return false;
    this.at -= 1;
    return true;
  }

  /** Go to the first question that the server did not accept. */
  goTo(code: string): void {
    const at = this.questions.findIndex((one) => one.code === code);
    if (at >= 0) this.at = at;
  }

  get body(): Record<string, string> {
    return Object.fromEntries(this.answers);
  }
}
