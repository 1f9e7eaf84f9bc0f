/** What a profile of a plan says: names of everything that ran, arithmetic of products, no time counted twice. */
import { afterAll, describe, expect, it } from 'vitest';
import { gru4recTraining, inventedSessions } from '../../src/benchmark/gru4rec-training.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { PlanProfile } from '../../src/engine/plan/profile.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const run = StepPlan.prototype.run;
afterAll(() => {
  StepPlan.prototype.run = run;
  engine.close();
});

/** A profile of the steps that a training runs: its plan is asked for one in the place of its next run. */
function profiled(training: { run(steps: number): void }, steps: number, events?: number): PlanProfile {
  let found: PlanProfile | undefined;
  StepPlan.prototype.run = function (...window) {
    StepPlan.prototype.run = run;
    const { result, profile } = this.profile(...window, events);
    found = profile;
    return result;
  };
  training.run(steps);
  return found as PlanProfile;
}

describe('a profile of a plan in blocks', () => {
  const random = new RandomStream(1, 'profile');
  const training = gru4recTraining(
    engine,
    { units: 16, batchSize: 24, loss: 'cross-entropy' },
    inventedSessions(random.child('sessions'), 400, 100),
    random,
  );
  const profile = profiled(training, 4);
  afterAll(() => training.free());

  it('counts the arithmetic of a step, that of blocks too', () => {
    const flops = profile.lines.reduce(
      (sum, { gflops, millisecondsOfStep }) => sum + gflops * 1e6 * millisecondsOfStep,
      0,
    );
    // the last tile and the last block of a tensor are counted as whole ones
    expect(flops).toBeGreaterThanOrEqual(0.999 * training.cost.flops);
    expect(flops).toBeLessThan(2 * training.cost.flops);
    expect(profile.lines.find(({ label }) => label.startsWith('outerSum'))?.gflops).toBeGreaterThan(0);
  });

  it('has no event within another one', () => {
    const events = [...profile.events].sort((a, b) => a.start - b.start || b.milliseconds - a.milliseconds);
    // the clock is as coarse as 5 µs
    for (let n = 1; n < events.length; n++)
      expect(events[n].start).toBeGreaterThan(events[n - 1].start + events[n - 1].milliseconds - 0.02);
  });

  it('is of whole steps when a thread has no room for all of them', () => {
    const ofStep = profile.events.length / profile.steps;
    const short = profiled(training, 4, Math.floor(3.5 * ofStep));
    expect(short.steps).toBe(2); // between the first loss check and the last one of three
    expect(short.events.length).toBeCloseTo(2 * ofStep, -1);
    expect(short.lines.map(({ label }) => label).sort()).toEqual(profile.lines.map(({ label }) => label).sort());
    for (const { milliseconds } of short.events) expect(milliseconds).toBeGreaterThanOrEqual(0);
  });

  it('tells drawing apart', () => {
    const drawn = profile.lines.filter(({ kind }) => kind === 'sampling').map(({ label }) => label);
    expect(drawn).toEqual(expect.arrayContaining(['drawing of examples', 'drawing of list "candidates"']));
  });
});
