/** DeepFM training on invented rows of categorical fields. */
import type { RandomStream } from '../core/random.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { overDefaults } from '../examples/settings.ts';
import { deepfm } from '../models/deepfm.ts';
import { expectedDistinct, type StepCost, updateBytes } from './step-limit.ts';
import type { TrainingSteps } from './timed-training.ts';

export interface DeepfmSize {
  readonly fields: number;
  /** Rows of the common table of all fields. */
  readonly rows: number;
  readonly factors: number;
  readonly hidden: readonly number[];
  readonly batchSize: number;
  /** Examples of an epoch. */
  readonly examples: number;
}

/** Frappe's shape, and a wide one with a million rows. */
export const deepfmSizes: Readonly<Record<'small' | 'wide', DeepfmSize>> = {
  small: { fields: 10, rows: 5382, factors: 10, hidden: [400, 400, 400], batchSize: 4096, examples: 200_000 },
  wide: { fields: 39, rows: 1_000_000, factors: 16, hidden: [400, 400, 400], batchSize: 4096, examples: 100_000 },
};

function layoutOf({ fields, rows }: DeepfmSize): FieldLayout {
  const each = Math.floor(rows / fields);
  return {
    fields: Array.from({ length: fields }, (_, f) => ({
      name: `field ${f + 1}`,
      owner: 'context' as const,
      firstRow: f * each,
      nRows: each,
      firstSlot: f,
      slots: 1,
      weighted: false,
    })),
    nRows: each * fields,
    crosses: [],
    nCrossRows: 0,
  };
}

/** A field's row k is drawn with probability √((k + 1)/n) − √(k/n), since the rows are ⌊n u²⌋. */
function* rowChances(n: number): Generator<number> {
  for (let k = 0; k < n; k++) yield Math.sqrt((k + 1) / n) - Math.sqrt(k / n);
}

/** Lookups read a row of both tables a field; the rows that a batch touches are updated, and so are all dense weights. */
function costOf({ fields, rows, factors, batchSize }: DeepfmSize, flops: number, denseFloats: number): StepCost {
  const touched = fields * expectedDistinct(rowChances(Math.floor(rows / fields)), batchSize);
  const width = factors + 1;
  return { flops, bytes: 4 * width * fields * batchSize + updateBytes(touched * width + denseFloats, 2) };
}

/** Training without dropout and batch normalisation, Adam on touched rows. */
export function deepfmTraining(engine: Engine, size: DeepfmSize, random: RandomStream): TrainingSteps {
  const { factors, hidden, batchSize, examples: nRows } = size;
  const layout = layoutOf(size);
  const label = Float32Array.from({ length: nRows }, () => (random.uniform() < 0.3 ? 1 : 0));
  const each = layout.fields[0].nRows;
  const index = Int32Array.from(
    { length: nRows * size.fields },
    (_, k) => (k % size.fields) * each + Math.floor(each * random.uniform() ** 2),
  );
  const context = { nRows, slots: size.fields, index, value: null };
  const none = { user: null, item: null, users: null, items: null, crosses: null };
  const { learn, options, trainingDefaults } = deepfm;
  const examples = learn.open({
    engine,
    config: options.parse({ factors, hidden: [...hidden], dropout: 0, batchNorm: false }),
    training: overDefaults(learn.examples, trainingDefaults, { batchSize }),
    data: { layout, examples: { ...none, nRows, context, label } },
    random,
  });
  const { plan, store } = examples;
  const stepsOfEpoch = Math.floor(examples.nRows / batchSize);
  let next = 0;
  return {
    batchSize,
    cost: costOf(size, plan.flopsOfStep, store.denseLength),
    run: (steps) => {
      for (let left = steps; left > 0; ) {
        const first = next % stepsOfEpoch;
        const count = Math.min(left, stepsOfEpoch - first);
        examples.run(Math.floor(next / stepsOfEpoch), first, count);
        next += count;
        left -= count;
      }
    },
    free: () => examples.free(),
  };
}
