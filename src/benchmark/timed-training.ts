/** Trainings of any model that the bench can run for some steps and time. */
import type { Engine } from '../engine/runtime/engine.ts';
import type { StepCost } from './step-limit.ts';
import { secondsOf } from './timing.ts';

/** Steps of a training that go on for ever, from epoch to epoch. */
export interface TrainingSteps {
  /** Examples (rows, events) that a full step learns from. */
  readonly batchSize: number;
  /** What a full step must compute and move at least. */
  readonly cost: StepCost;
  /** Runs the next steps. */
  run(steps: number): void;
  free(): void;
}

/** A training on an engine, with how long its steps take. */
export class TimedTraining {
  readonly workload: string;
  readonly engine: Engine;
  readonly steps: TrainingSteps;
  /** Memory of the engine that it holds: tables, optimizer state, examples, activations. */
  readonly heldBytes: number;
  #stepSeconds = 0;

  constructor(workload: string, engine: Engine, make: (engine: Engine) => TrainingSteps) {
    this.workload = workload;
    this.engine = engine;
    const before = engine.heldBytes;
    this.steps = make(engine);
    this.heldBytes = engine.heldBytes - before;
  }

  /** Examples per second over about `seconds`. */
  rate(seconds: number): number {
    const steps = this.stepsFor(seconds);
    return (steps * this.steps.batchSize) / secondsOf(() => this.steps.run(steps));
  }

  /** Warms up and says how many steps take about `seconds`. */
  stepsFor(seconds: number): number {
    if (this.#stepSeconds === 0) {
      for (let n = 0; n < 4; n++) this.steps.run(4);
      this.#stepSeconds = secondsOf(() => this.steps.run(8)) / 8;
    }
    return Math.max(1, Math.round(seconds / this.#stepSeconds));
  }

  free(): void {
    this.steps.free();
  }
}
