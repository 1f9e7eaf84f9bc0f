/** A small NeuMF in training, for tests of whole plans. */
import { RandomStream } from '../../src/core/random.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { lossExpression } from '../../src/examples/pairs.ts';
import { declaredAs, initialiseParameters } from '../../src/layers/declared-parameters.ts';
import { neumf } from '../../src/models/neumf.ts';
import { samplerOf } from './drawn-examples.ts';

export const sizes = { nUsers: 60, nItems: 40 };
const random = new RandomStream(2, 'pairs');
const pairs = Array.from({ length: 700 }, () => [random.below(60), random.below(40)] as const);

export interface NeumfTraining {
  readonly plan: StepPlan;
  readonly record: SamplerRecord;
  /** Values of a parameter by name. */
  readonly read: (name: string) => Float32Array;
  readonly names: readonly string[];
  /** All weights and all state. */
  readonly bytes: () => Buffer;
  readonly free: () => void;
}

/** @param layers the width of p ⊕ q, then the hidden sizes @param optimizer settings that differ from the defaults (Adam on touched rows) */
export function neumfTraining(
  engine: Engine,
  batchSize: number,
  optimizer: Record<string, unknown> = {},
  layers: readonly number[] = [10, 9, 7],
): NeumfTraining {
  const [width, ...hidden] = layers;
  const config = neumf.options.parse({ factors: 6, mlpFactors: width / 2, hidden, deviation: 0.3 });
  const declared = declaredAs(neumf.parameters(config, sizes));
  const store = new ParameterStore(engine, declared.list);
  initialiseParameters(declared, store, new RandomStream(4, 'init'));
  const record = new SamplerRecord(engine, samplerOf(pairs, sizes, { negatives: 3 }));
  const { loss, leaves } = lossExpression(neumf, declared.tensors, config, sizes);
  const plan = new StepPlan({
    engine,
    store,
    loss,
    feed: record.pointwise(...leaves),
    batchSize,
    totalRows: record.rowsPointwise,
    optimizer: optimizerOptions.parse({ learningRate: 0.01, ...optimizer }),
    totalSteps: 100,
  });
  const arrays = () => [...declared.list.map((p) => store.read(p)), ...plan.state.read().map(({ data }) => data)];
  return {
    plan,
    record,
    read: (name) => store.read(store.named(name)),
    names: declared.declarations.map(({ name }) => name),
    bytes: () => Buffer.concat(arrays().map(({ buffer }) => Buffer.from(buffer))),
    free: () => {
      plan.free();
      record.free();
      store.free();
    },
  };
}
