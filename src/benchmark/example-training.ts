/** Training of any loss over invented examples with given labels, Adam on touched rows: steps for the bench. */
import type { RandomStream } from '../core/random.ts';
import type { Tensor } from '../engine/expression.ts';
import { optimizerOptions } from '../engine/optimizers/optimizer.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ExampleFeed, type SlotSource } from '../engine/runtime/example-feed.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';
import type { StepCost } from './step-limit.ts';
import type { TrainingSteps } from './timed-training.ts';

export interface ExampleTraining {
  readonly engine: Engine;
  readonly parameters: readonly ParameterDeclaration[];
  /** The loss of a row from the declared parameters, and which slots it reads. */
  readonly build: (tensors: Readonly<Record<string, Tensor>>) => {
    readonly loss: Tensor;
    readonly label: Tensor;
    readonly slots: readonly { readonly leaf: Tensor; readonly index: Int32Array }[];
  };
  readonly labels: Float32Array;
  readonly batchSize: number;
  /** What a step must do at least, or that from the arithmetic of its products. */
  readonly cost: StepCost | ((flopsOfStep: number) => StepCost);
  readonly inBlocks?: boolean;
  readonly random: RandomStream;
}

/** The steps of a training, with its plan for tests and profiles. */
export interface ExampleSteps extends TrainingSteps {
  readonly plan: StepPlan;
  readonly store: ParameterStore;
}

export function exampleTraining(options: ExampleTraining): ExampleSteps {
  const { engine, batchSize, cost, labels, random, inBlocks } = options;
  const declared = declaredAs(options.parameters);
  const { loss, label, slots } = options.build(declared.tensors);
  const sources = slots.map(({ leaf, index }): SlotSource => {
    return { by: 'example', index, value: null, leaves: { index: leaf, value: null } };
  });
  const nRows = labels.length;
  const rows = { nRows, users: null, items: null, labels, sampler: null, key: random.child('examples').key };
  const feed = new ExampleFeed(engine, rows, sources, label);
  const store = new ParameterStore(engine, declared.list);
  const optimizer = optimizerOptions.parse({});
  const plan = new StepPlan({
    engine,
    store,
    loss,
    feed: feed.feed,
    batchSize,
    totalRows: feed.rows,
    optimizer,
    inBlocks,
    totalSteps: 1_000_000,
  });
  initialiseParameters(declared, store, random.child('init'));
  const stepsOfEpoch = Math.floor(feed.rows / batchSize);
  let next = 0;
  return {
    batchSize,
    cost: typeof cost === 'function' ? cost(plan.flopsOfStep) : cost,
    plan,
    store,
    run: (steps) => {
      for (let left = steps; left > 0; ) {
        const first = next % stepsOfEpoch;
        const count = Math.min(left, stepsOfEpoch - first);
        plan.run(Math.floor(next / stepsOfEpoch), first, count);
        next += count;
        left -= count;
      }
    },
    free: () => {
      plan.free();
      feed.free();
      store.free();
    },
  };
}
