/**
 * Whether the steps of a plan are shared among the threads of the engine or run by one. It changes no byte, so it is measured while
 * the plan runs: a step may be too small to share, and where other programs have the processors, threads wait for each other
 * longer than they compute.
 */

/** Longest step that is worth a trial: in longer ones the waiting at barriers is small against the work. */
const SMALL_STEP_MS = 10;
/** Time of a trial. */
const TRIAL_MS = 30;
/** Time from trial to trial: often where both ways are alike, seldom where one is much better. */
const SOON_MS = 1000;
const LATE_MS = 5000;
/** A way is left for one that is better by so much, so that noise decides nothing. */
const BETTER = 0.95;

type Way = 'shared' | 'alone';

export class ThreadChoice {
  #way: Way = 'shared';
  /** Milliseconds of a step, latest measurements; 0 = not measured. */
  readonly #ms: Record<Way, number> = { shared: 0, alone: 0 };
  #untilTrial = SOON_MS / 4;
  #trialMs = 0;

  /** How the next steps are to be run: `steps` at most at a time. */
  next(count: number): { readonly alone: boolean; readonly steps: number } {
    const usual = this.#ms[this.#way];
    if (this.#untilTrial > 0 || usual > SMALL_STEP_MS) return { alone: this.#way === 'alone', steps: count };
    const other = this.#other();
    const left = Math.max(1, Math.round((TRIAL_MS - this.#trialMs) / (this.#ms[other] || usual)));
    return { alone: other === 'alone', steps: Math.min(count, left) };
  }

  /** What running `steps` as `next` said has taken. */
  record(alone: boolean, steps: number, ms: number): void {
    const way: Way = alone ? 'alone' : 'shared';
    const each = ms / steps;
    if (way === this.#way) {
      this.#ms[way] = this.#ms[way] === 0 ? each : this.#ms[way] + Math.min(1, ms / 200) * (each - this.#ms[way]);
      this.#untilTrial -= ms;
      return;
    }
    const before = this.#trialMs;
    this.#trialMs += ms;
    this.#ms[way] = before === 0 ? each : (this.#ms[way] * before + ms * each) / this.#trialMs;
    if (this.#trialMs < TRIAL_MS) return;
    this.#trialMs = 0;
    const [own, other] = [this.#ms[this.#way], this.#ms[way]];
    if (other < BETTER * own) this.#way = way;
    this.#untilTrial = Math.max(own, other) > 1.5 * Math.min(own, other) ? LATE_MS : SOON_MS;
  }

  #other(): Way {
    return this.#way === 'shared' ? 'alone' : 'shared';
  }
}
