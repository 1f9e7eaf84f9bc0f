/** Says after the first steps of a training how long it will take, and again when looks at validation turn out to cost much. */
import type { Progress } from '../core/progress.ts';
import { shortNumber, shortTime } from '../core/short-text.ts';

/** Seconds of steps and looks that are measured before anything is said. */
const MEASURED = 2;
/** Shorter runs are not told how long they take, s. */
const WORTH_SAYING = 10;
/** An estimate is told again when it has grown by this factor. */
const GROWTH = 1.25;

export interface DurationQuestion {
  readonly progress: Progress;
  /** Epochs that are left, of so many rows. */
  readonly epochs: number;
  readonly rows: number;
  /** What rows are called: `examples`, `events`. */
  readonly unit: string;
  /** Looks at validation that are left at most. */
  readonly looks: number;
  /** Whether training ends when validation stops rising. */
  readonly canStopEarly: boolean;
}

export class DurationEstimate {
  readonly #question: DurationQuestion;
  #rows = 0;
  #seconds = 0;
  #looks = 0;
  #lookSeconds = 0;
  #told = 0;
  #toldWithLooks = false;

  constructor(question: DurationQuestion) {
    this.#question = question;
  }

  /**
   * Steps were run. @param rows of them @param seconds that they took
   * @param isWarm false for the first steps, in which code is compiled; they are not counted
   */
  ran(rows: number, seconds: number, isWarm: boolean): void {
    if (!isWarm) return;
    this.#rows += rows;
    this.#seconds += seconds;
    this.#tell();
  }

  /** The validation metric was looked at. */
  looked(seconds: number): void {
    this.#looks++;
    this.#lookSeconds += seconds;
    this.#tell();
  }

  /** Seconds of a look; null before the first one. */
  get #look(): number | null {
    return this.#looks === 0 ? null : this.#lookSeconds / this.#looks;
  }

  #tell(): void {
    const { epochs, rows, looks, progress, unit, canStopEarly } = this.#question;
    // once from the steps, once more when looks are known
    if (this.#toldWithLooks || (this.#told > 0 && this.#looks === 0)) return;
    if (this.#rows === 0 || this.#seconds + this.#lookSeconds < MEASURED) return;
    this.#toldWithLooks = this.#looks > 0;
    const rate = this.#rows / this.#seconds;
    const total = (epochs * rows) / rate + looks * (this.#look ?? 0);
    if (total < Math.max(WORTH_SAYING, GROWTH * this.#told)) return;
    this.#told = total;
    const notes = [
      ...(canStopEarly ? ['at most; stops early when validation stops rising'] : []),
      ...(looks > 0 ? [this.#look === null ? 'looks at validation come on top' : this.#looksNote(looks)] : []),
    ];
    const about = `about ${shortTime(total)} for ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`;
    progress.log(`${about} at ${shortNumber(rate)} ${unit}/s${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`);
  }

  #looksNote(looks: number): string {
    const each = shortTime(this.#look ?? 0);
    return `with ${looks} ${looks === 1 ? 'look' : 'looks'} at validation of ${each} each`;
  }
}
