import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensor, NamedTensors } from '../../src/core/named-tensors.ts';
import { RandomStream } from '../../src/core/random.ts';
import { gatherRows } from '../../src/data/features/field-examples.ts';
import type { FieldLayout } from '../../src/data/features/field-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import type { RowModel } from '../../src/examples/rows.ts';
import { isRowModel } from '../../src/examples/rows.ts';
import { initialValues } from '../../src/layers/initializer.ts';
import { finalMlp } from '../../src/models/final-mlp.ts';
import { fm } from '../../src/models/fm.ts';
import { findModelOf, modelsOf } from '../../src/models/index.ts';
import { lr } from '../../src/models/lr.ts';
import { wideDeep } from '../../src/models/wide-deep.ts';
import { bindSlots, declareFieldParameters, fieldTraining } from '../../src/scoring/row-expression.ts';
import { trainedRowPredictor } from '../../src/scoring/row-scorer.ts';
import { type OracleConfig, oracles, type Row } from './field-oracles.ts';
import { crossedLayout, layout, makeWorld, nItems, smallConfigs, type World } from './field-world.ts';
import { thrownCode } from './thrown-code.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

const world = makeWorld(60);
const random = new RandomStream(3, 'weights');

/** Random weights for all parameters, kept statistics included, so that no term of a formula can hide behind a zero. */
function randomWeights(model: RowModel, config: unknown, of: FieldLayout): NamedTensors {
  return new Map(
    model.parameters(config, of).map(({ name, shape }): [string, NamedTensor] => {
      const stream = random.child(name);
      const n = shape.reduce((product, size) => product * size, 1);
      const isVariance = name.endsWith('.variance');
      const draw = () => (isVariance ? 0.2 + stream.uniform() : 0.8 * (2 * stream.uniform() - 1));
      return [name, { shape, data: Float32Array.from({ length: n }, draw) }];
    }),
  );
}

/** Example e as the oracles read it. */
function rowOf({ examples }: World, of: FieldLayout, e: number): Row {
  const rows = { user: examples.users, item: examples.items, context: examples.context };
  const at = { user: examples.user?.[e] ?? 0, item: examples.item?.[e] ?? 0, context: e };
  const slots = of.fields.flatMap(({ owner, firstSlot, slots: n }, field) =>
    Array.from({ length: n }, (_, s) => {
      const own = rows[owner];
      const k = at[owner] * (own?.slots ?? 0) + firstSlot + s;
      return { field, row: own?.index[k] ?? -1, value: own?.value?.[k] ?? 1 };
    }),
  );
  const fieldsOf = (owner: string) => of.fields.flatMap((f, n) => (f.owner === owner ? [n] : []));
  const { crosses } = examples;
  return {
    nFields: of.fields.length,
    slots,
    crosses: crosses ? [...crosses.index.subarray(e * crosses.slots, (e + 1) * crosses.slots)] : [],
    userFields: fieldsOf('user'),
    itemFields: fieldsOf('item'),
  };
}

const asNumbers = (weights: NamedTensors) =>
  Object.fromEntries([...weights].map(([name, { data }]) => [name, [...(data as Float32Array)]]));

const fieldModels = modelsOf('rows').filter(isRowModel);
const cases = fieldModels.flatMap((model) =>
  smallConfigs[model.name].map((given) => ({ title: `${model.name} ${JSON.stringify(given)}`, model, given })),
);

it('has a small configuration and an oracle for every model', async () => {
  const names = fieldModels.map(({ name }) => name).sort();
  expect(Object.keys(smallConfigs).sort()).toEqual(names);
  expect(Object.keys(oracles).sort()).toEqual(names);
  expect(await thrownCode(() => findModelOf('rows', 'deepfn'))).toBe('usage');
});

describe.each(cases)('$title', ({ model, given }) => {
  const config = model.options.parse(given) as OracleConfig;

  it('predicts what its formula says', () => {
    for (const of of [layout, crossedLayout]) {
      const weights = randomWeights(model, config, of);
      const predictor = trainedRowPredictor(engine, model, config, of, weights);
      const logits = predictor.logits(world.examples);
      predictor.free();
      logits.forEach((logit, e) => {
        const want = oracles[model.name](asNumbers(weights), config, rowOf(world, of, e));
        expect(Math.abs(logit - want), `example ${e}`).toBeLessThan(2e-5 * (1 + Math.abs(want)));
      });
    }
  });

  it('has the gradient of its loss in training (float64, ≤ 1e-6)', () => {
    const of = crossedLayout;
    for (const loss of ['log', 'squared'] as const) {
      const declared = declareFieldParameters(model, config, of);
      const made = fieldTraining(model, declared, config, of, loss, new RandomStream(4, 'noise'));
      const n = 7;
      const leaves = new Map<Tensor, Float64Array>();
      for (const { rows, leaves: own, at } of bindSlots(made.loss, made.inputs, world.examples, of)) {
        const part = gatherRows(rows, at, 0, n);
        leaves.set(own.index, Float64Array.from(part.index));
        if (own.value) leaves.set(own.value, Float64Array.from(part.value as Float32Array));
      }
      leaves.set(made.label, Float64Array.from(world.examples.label.subarray(0, n)));
      const weights = randomWeights(model, config, of);
      declared.list.forEach((tensor, k) => {
        leaves.set(tensor, Float64Array.from(weights.get(declared.declarations[k].name)?.data as Float32Array));
      });
      expect(gradientError(made.loss, declared.list, leaves, n)).toBeLessThan(1e-6);
    }
  });

  it('ranks all items with the scores it predicts for each', () => {
    const weights = randomWeights(model, config, layout);
    const predictor = trainedRowPredictor(engine, model, config, layout, weights);
    const nRequests = 8;
    const { users, items, examples } = world;
    const requests = {
      nRequests,
      users: gatherRows(users, examples.user, 0, nRequests),
      context: gatherRows(examples.context as typeof users, null, 0, nRequests),
    };
    const ranking = predictor.ranking(items);
    const scorer = ranking.scorer(requests);
    const tables = new RankingTables(engine, scorer.form, nItems);
    const { scores } = tables.rank({ users: Int32Array.from({ length: nRequests }, (_, r) => r), allScores: true });
    for (let r = 0; r < nRequests; r++) {
      const every = Int32Array.from({ length: nItems }, (_, i) => i);
      const direct = predictor.logits({
        ...examples,
        nRows: nItems,
        user: every.map(() => (examples.user as Int32Array)[r]),
        item: every,
        context: gatherRows(
          examples.context as typeof users,
          every.map(() => r),
          0,
          nItems,
        ),
        label: new Float32Array(nItems),
      });
      direct.forEach((want, i) => {
        expect(Math.abs(scores[r * nItems + i] - want)).toBeLessThan(2e-5 * (1 + Math.abs(want)));
      });
    }
    tables.free();
    ranking.free();
    predictor.free();
  });
});

/** Largest error of the gradients of the mean loss, relative to the largest slope of their parameter. */
function gradientError(
  loss: Tensor,
  parameters: readonly Tensor[],
  given: Map<Tensor, Float64Array>,
  n: number,
): number {
  const { dense, rows } = gradientsOfMean(loss);
  const mean = () => (evaluateReference([loss], given, n).get(loss) as Float64Array).reduce((s, x) => s + x, 0) / n;
  const outputs = [...dense.values(), ...rows.map(({ values }) => values)];
  const values = evaluateReference(outputs, given, n);
  let worst = 0;
  for (const parameter of parameters) {
    const exact = new Float64Array(parameter.size);
    const whole = dense.get(parameter);
    if (whole) exact.set(values.get(whole) as Float64Array);
    for (const { table, index, values: g } of rows) {
      if (table !== parameter) continue;
      const width = table.shape[1];
      (values.get(g) as Float64Array).forEach((v, k) => {
        const row = (given.get(index) as Float64Array)[Math.floor(k / width)];
        if (row >= 0) exact[row * width + (k % width)] += v;
      });
    }
    const at = given.get(parameter) as Float64Array;
    const numeric = at.map((kept, k) => {
      const shifted = (by: number): number => {
        at[k] = kept + by;
        const value = mean();
        at[k] = kept;
        return value;
      };
      return (8 * (shifted(1e-4) - shifted(-1e-4)) - (shifted(2e-4) - shifted(-2e-4))) / 1.2e-3;
    });
    const scale = Math.max(1e-2, ...numeric.map(Math.abs));
    numeric.forEach((slope, k) => {
      worst = Math.max(worst, Math.abs(slope - exact[k]) / scale);
    });
  }
  return worst;
}

describe('equivalences', () => {
  const logits = (
    name: string,
    given: object,
    weights: NamedTensors,
    of: FieldLayout = layout,
    from: World = world,
  ) => {
    const model = fieldModels.find((each) => each.name === name)!;
    const predictor = trainedRowPredictor(engine, model, model.options.parse(given), of, weights);
    const values = predictor.logits(from.examples);
    predictor.free();
    return [...values];
  };
  const weightsFor = (name: string, given: object, of: FieldLayout = layout) => {
    const model = fieldModels.find((each) => each.name === name)!;
    return randomWeights(model, model.options.parse(given), of);
  };
  const closeTo = (got: readonly number[], want: readonly number[]) => {
    expect(got).toHaveLength(want.length);
    got.forEach((x, k) => {
      expect(Math.abs(x - want[k])).toBeLessThan(2e-6 * (1 + Math.abs(want[k])));
    });
  };

  it('FM with factors 0 is LR', () => {
    expect([...weightsFor('fm', { factors: 0 }).keys()]).toEqual([...weightsFor('lr', {}).keys()]);
    closeTo(logits('fm', { factors: 0 }, weightsFor('lr', {})), logits('lr', {}, weightsFor('lr', {})));
  });

  it('NFM without hidden layers is FM', () => {
    const weights = weightsFor('fm', { factors: 6 });
    const given = { factors: 6, hidden: [], batchNorm: false };
    expect([...weightsFor('nfm', given).keys()]).toEqual([...weights.keys()]);
    closeTo(logits('nfm', given, weights), logits('fm', { factors: 6 }, weights));
  });

  it('DeepFM without its deep part is FM', () => {
    const weights = weightsFor('fm', { factors: 6 });
    expect([...weightsFor('deepfm', { factors: 6, deep: false }).keys()]).toEqual([...weights.keys()]);
    closeTo(logits('deepfm', { factors: 6, deep: false }, weights), logits('fm', { factors: 6 }, weights));
  });

  it('the wide part of Wide&Deep without crosses is LR', () => {
    closeTo(logits('wide-deep', { deep: false }, weightsFor('lr', {})), logits('lr', {}, weightsFor('lr', {})));
  });

  it('FM on the ids of user and item is matrix factorisation with biases: b + b_u + b_i + ⟨p_u, q_i⟩', () => {
    const [user, , item] = layout.fields;
    const ids: FieldLayout = { ...layout, fields: [user, { ...item, firstSlot: 0 }] };
    const { examples } = world;
    const idRows = (first: number, n: number) => ({
      nRows: n,
      slots: 1,
      index: Int32Array.from({ length: n }, (_, k) => first + k),
      value: null,
    });
    const users = idRows(user.firstRow, user.nRows);
    const items = idRows(item.firstRow, item.nRows);
    const weights = weightsFor('fm', { factors: 4 }, ids);
    const { w0, w, V } = asNumbers(weights);
    const got = logits('fm', { factors: 4 }, weights, ids, { ...world, examples: { ...examples, users, items } });
    const want = Array.from(examples.user as Int32Array, (u, e) => {
      const [p, q] = [user.firstRow + u, item.firstRow + (examples.item as Int32Array)[e]];
      let score = w0[0] + w[p] + w[q];
      for (let k = 0; k < 4; k++) score += V[p * 4 + k] * V[q * 4 + k];
      return score;
    });
    closeTo(got, want);
  });

  it('the printed form of DeepFM never lies below its FM part', () => {
    const given = { factors: 4, hidden: [5], batchNorm: false };
    const weights = weightsFor('deepfm', given);
    const fm = logits(
      'fm',
      { factors: 4 },
      new Map(['w0', 'w', 'V'].map((name) => [name, weights.get(name) as NamedTensor])),
    );
    const printed = logits('deepfm', { ...given, literalPaper: true }, weights);
    const linear = logits('deepfm', given, weights);
    closeTo(
      printed,
      linear.map((x, e) => Math.max(x, fm[e])),
    );
    expect(linear.some((x, e) => x < fm[e])).toBe(true);
  });
});

describe('refused', () => {
  const model = fm;
  const config = model.options.parse({});
  const weights = randomWeights(model, config, layout);
  const predict = (of: FieldLayout, change: object) => () => {
    const predictor = trainedRowPredictor(engine, model, config, of, weights);
    try {
      return predictor.logits({ ...world.examples, ...change });
    } finally {
      predictor.free();
    }
  };

  it.each([
    ['a layout without fields', 'config', { ...layout, fields: [] }, {}],
    [
      'slots with a gap',
      'data',
      { ...layout, fields: layout.fields.map((f) => ({ ...f, firstSlot: f.firstSlot + 1 })) },
      {},
    ],
    ['no rows of items', 'config', layout, { items: null }],
    ['items that no example names', 'config', layout, { item: null }],
    ['rows with too few slots', 'shape', layout, { users: world.items }],
    [
      'values of fields that have none',
      'shape',
      layout,
      { context: { ...world.examples.context, value: new Float32Array(60) } },
    ],
  ] as const)('%s: %s', async (_what, expected, of, change) => {
    expect(await thrownCode(predict(of as FieldLayout, change))).toBe(expected);
  });

  it('a ranking over crosses of user and item, and requests without their context', async () => {
    const wide = wideDeep;
    const own = wide.options.parse({ deep: false });
    const ofPairs = {
      ...crossedLayout,
      crosses: crossedLayout.crosses.map((cross) => ({ ...cross, mixesItem: true })),
    };
    const predictor = trainedRowPredictor(engine, wide, own, ofPairs, randomWeights(wide, own, crossedLayout));
    expect(await thrownCode(() => predictor.ranking(world.items))).toBe('config');
    predictor.free();
    const plain = trainedRowPredictor(engine, model, config, layout, weights);
    const ranking = plain.ranking(world.items);
    const { users } = world;
    const context = world.examples.context as typeof users;
    expect(await thrownCode(() => ranking.scorer({ nRequests: 9, users, context: null }))).toBe('config');
    expect(await thrownCode(() => ranking.scorer({ nRequests: 9, users, context }))).toBe('shape');
    ranking.free();
    plain.free();
  });

  it('gates that are to see the user and the item where no field is one of theirs', async () => {
    const gated = finalMlp;
    const ofContext = { ...layout, fields: layout.fields.map((field) => ({ ...field, owner: 'context' as const })) };
    const parameters = (gate: string) => () => gated.parameters(gated.options.parse({ gate }), ofContext);
    expect(await thrownCode(parameters('owner'))).toBe('config');
    expect(await thrownCode(parameters('trained'))).toBe('nothing');
  });

  it('heads that do not divide the last layers', () => {
    expect(finalMlp.options.safeParse({ heads: 7 }).success).toBe(false);
  });
});

it('absent values are ones, an unknown row is reported as NaN', () => {
  const model = lr;
  const predictor = trainedRowPredictor(engine, model, {}, layout, randomWeights(model, {}, layout));
  const { items } = world;
  const ones = { ...items, value: new Float32Array(items.index.length).fill(1) };
  const without = predictor.logits({ ...world.examples, items: { ...items, value: null } });
  expect(without).toEqual(predictor.logits({ ...world.examples, items: ones }));
  const unknown = { ...items, index: items.index.map((row, k) => (k === 0 ? 10_000 : row)) };
  const spoilt = predictor.logits({ ...world.examples, items: unknown });
  spoilt.forEach((x, e) => {
    expect(Number.isNaN(x)).toBe(world.examples.item?.[e] === 0);
  });
  predictor.free();
});

it('declares an initial value for every parameter', () => {
  for (const { model, given } of cases)
    for (const { shape, initializer, name } of model.parameters(model.options.parse(given), layout))
      expect(
        initialValues(
          initializer,
          shape.reduce((a, b) => a * b, 1),
          random.child(name),
        ).every(Number.isFinite),
      ).toBe(true);
});
