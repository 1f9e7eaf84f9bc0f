import { describe, expect, it } from 'vitest';
import { ThreadChoice } from '../../src/engine/plan/thread-choice.ts';

/** Runs steps of known length for `totalMs` and gives the share of them that one thread ran. */
function shareAlone(choice: ThreadChoice, msOf: (alone: boolean) => number, totalMs: number): number {
  let steps = 0;
  let stepsAlone = 0;
  for (let ms = 0; ms < totalMs; ) {
    const run = choice.next(20);
    expect(run.steps).toBeGreaterThanOrEqual(1);
    expect(run.steps).toBeLessThanOrEqual(20);
    const took = run.steps * msOf(run.alone);
    choice.record(run.alone, run.steps, took);
    ms += took;
    steps += run.steps;
    if (run.alone) stepsAlone += run.steps;
  }
  return stepsAlone / steps;
}

describe('the choice between shared steps and one thread', () => {
  it('begins with shared steps', () => {
    expect(new ThreadChoice().next(5)).toEqual({ alone: false, steps: 5 });
  });

  it('stays with the faster way, looking at the other one now and then', () => {
    const alone = shareAlone(new ThreadChoice(), () => 1, 20_000);
    expect(alone).toBeGreaterThan(0); // both ways alike: trials only
    expect(alone).toBeLessThan(0.1);
    expect(shareAlone(new ThreadChoice(), (one) => (one ? 2 : 1), 20_000)).toBeLessThan(0.02);
    expect(shareAlone(new ThreadChoice(), (one) => (one ? 1 : 3), 20_000)).toBeGreaterThan(0.9);
  });

  it('follows a machine that becomes busy, and one that is idle again', () => {
    const choice = new ThreadChoice();
    expect(shareAlone(choice, (one) => (one ? 2 : 1), 10_000)).toBeLessThan(0.05);
    shareAlone(choice, (one) => (one ? 2 : 6), 10_000);
    expect(shareAlone(choice, (one) => (one ? 2 : 6), 10_000)).toBeGreaterThan(0.9);
    shareAlone(choice, (one) => (one ? 2 : 1), 10_000);
    expect(shareAlone(choice, (one) => (one ? 2 : 1), 10_000)).toBeLessThan(0.05);
  });

  it('never tries long steps with one thread', () => {
    expect(shareAlone(new ThreadChoice(), (one) => (one ? 1 : 12), 20_000)).toBe(0);
  });
});
