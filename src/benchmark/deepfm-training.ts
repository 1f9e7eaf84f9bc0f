/** DeepFM training on invented rows of categorical fields, put together as training/field-stage.ts does. */
import type { RandomStream } from '../core/random.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ExampleFeed } from '../engine/runtime/example-feed.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { deepfm } from '../models/deepfm.ts';
import { initialiseParameters } from '../models/expression.ts';
import { bindSlots, declareFieldParameters, fieldTraining } from '../models/field-expression.ts';
import type { FieldModel } from '../models/field-model.ts';
import { resolveFieldTraining } from '../training/field-options.ts';
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
      ...{ name: `field ${f + 1}`, owner: 'context' as const, firstRow: f * each, nRows: each },
      ...{ firstSlot: f, slots: 1, weighted: false },
    })),
    ...{ nRows: each * fields, crosses: [], nCrossRows: 0 },
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
  const model = deepfm as unknown as FieldModel;
  const { factors, hidden, batchSize, examples: nRows } = size;
  const config = deepfm.options.parse({ factors, hidden: [...hidden], dropout: 0, batchNorm: false });
  const layout = layoutOf(size);
  const declared = declareFieldParameters(model, config, layout);
  const made = fieldTraining(model, declared, config, layout, 'log', random.child('noise'));
  const label = Float32Array.from({ length: nRows }, () => (random.uniform() < 0.3 ? 1 : 0));
  const each = layout.fields[0].nRows;
  const index = Int32Array.from(
    { length: nRows * size.fields },
    (_, k) => (k % size.fields) * each + Math.floor(each * random.uniform() ** 2),
  );
  const context = { nRows, slots: size.fields, index, value: null };
  const none = { user: null, item: null, users: null, items: null, crosses: null };
  const sources = bindSlots(made.loss, made.inputs, { ...none, nRows, context, label }, layout).map(
    ({ by, rows, leaves }) => ({
      ...{ by, leaves, index: rows.index, value: rows.value },
    }),
  );
  const key = random.child('examples').key;
  const feed = new ExampleFeed(
    engine,
    { nRows, users: null, items: null, labels: label, sampler: null, key },
    sources,
    made.label,
  );
  const store = new ParameterStore(engine, declared.list);
  const { optimizer } = resolveFieldTraining(deepfm.trainingDefaults, { batchSize });
  const plan = new StepPlan({
    ...{ engine, store, loss: made.loss, feed: feed.feed, batchSize, totalRows: feed.rows, optimizer },
    ...{ assignments: made.assignments, totalSteps: 1_000_000 },
  });
  initialiseParameters(declared, store, random.child('init'));
  const stepsOfEpoch = Math.floor(feed.rows / batchSize);
  let next = 0;
  return {
    batchSize,
    cost: costOf(size, plan.flopsOfStep, store.denseLength),
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
