/**
 * Steps of players: slopes of their losses in float64 against the policy gradient and the log losses as they are defined, which tables
 * they reach, and what a round does.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { pairStep, policyStep } from '../../src/examples/players.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { type DeclaredParameters, declaredAs } from '../../src/layers/declared-parameters.ts';
import { irgan } from '../../src/models/irgan.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { differences, slopesOf } from './step-slopes.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
const two = new Engine({ threads: 2, blas: 'off' });
afterAll(() => {
  engine.close();
  two.close();
});

const sizes = { nUsers: 4, nItems: 6 };
const d = 3;
const config = irgan.options.parse({ factors: d, pretrain: false });
const [game] = irgan.games(config);

function drawnWeights(declared: DeclaredParameters): Map<Tensor, Float64Array> {
  const random = new RandomStream(5, 'weights');
  return new Map(declared.list.map((t) => [t, Float64Array.from({ length: t.size }, () => random.normal())]));
}

const scoreOf = (x: Float64Array, y: Float64Array, user: number, item: number): number => {
  let sum = y[item * (d + 1) + d];
  for (let k = 0; k < d; k++) sum += x[user * d + k] * y[item * (d + 1) + k];
  return sum;
};
const users = [2, 0, 2];
const draws = [
  [1, 1, 4],
  [5, 0, 3],
  [2, 3, 1],
];
const weights = [
  [0.5, -0.2, 1.1],
  [-0.4, 0.3, 0.7],
  [0.9, 0.1, -0.6],
];

describe('a generator’s step', () => {
  it.each([true, false])('has the slopes of −1/K Σ w_k ln π(a_k) (all items: %s)', (isWhole) => {
    const declared = declaredAs(irgan.parameters(config, sizes));
    const step = policyStep(game.generator, declared.tensors, config, { n: 3, isWhole, people: 3 });
    const given = drawnWeights(declared);
    const [x, y] = [declared.tensors['generator.user'], declared.tensors['generator.item']].map((t) => given.get(t)!);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    // without the part of all items the weights must add up to 0
    const w = isWhole ? weights : weights.map((own) => own.map((v) => v - sum(own) / 3));
    given.set(step.user, Float64Array.from(users));
    given.set(step.choices, Float64Array.from(draws.flat()));
    given.set(
      step.slopes,
      Float64Array.from(w.flat(), (v) => -v / 3),
    );
    if (step.total) {
      given.set(
        step.total.weight,
        Float64Array.from(w, (own) => sum(own) / 3),
      );
      given.set(
        step.total.any,
        Float64Array.from(draws, ([first]) => first),
      );
    }
    const slopes = slopesOf(step.loss, given, declared.list, users.length);
    const objective = (): number => {
      const ofPeople = users.map((user, r) => {
        const scores = Array.from({ length: sizes.nItems }, (_, item) => scoreOf(x, y, user, item));
        const logSum = Math.log(sum(scores.map(Math.exp)));
        return -sum(draws[r].map((a, k) => w[r][k] * (scores[a] - logSum))) / 3;
      });
      return sum(ofPeople) / users.length;
    };
    for (const [name, values] of [
      ['generator.user', x],
      ['generator.item', y],
    ] as const) {
      const expected = differences(values, objective);
      slopes.get(declared.tensors[name])!.forEach((slope, k) => void expect(slope).toBeCloseTo(expected[k], 5));
    }
    for (const name of ['discriminator.user', 'discriminator.item'])
      expect(slopes.get(declared.tensors[name])!.every((slope) => slope === 0)).toBe(true);
  });
});

describe('a discriminator’s step', () => {
  it.each(['pointwise', 'pairwise', 'hinge'] as const)('has the slopes of its formula (%s)', (name) => {
    const declared = declaredAs(irgan.parameters(config, sizes));
    const margin = 1.3;
    const step = pairStep(game.discriminator, declared.tensors, config, { loss: name, margin });
    const given = drawnWeights(declared);
    const [x, y] = ['discriminator.user', 'discriminator.item'].map((each) => given.get(declared.tensors[each])!);
    const [own, taken, drawn] = [
      [0, 3, 1],
      [1, 4, 5],
      [2, 0, 5],
    ];
    const both = (a: readonly number[], b: readonly number[]) => Float64Array.from(a.flatMap((v, n) => [v, b[n]]));
    const isPointwise = name === 'pointwise';
    given.set(step.user, isPointwise ? both(own, own) : Float64Array.from(own));
    given.set(step.target, isPointwise ? both(taken, drawn) : Float64Array.from(taken));
    if (step.other) given.set(step.other, Float64Array.from(drawn));
    if (step.label) given.set(step.label, Float64Array.of(1, 0, 1, 0, 1, 0));
    const rows = own.length * step.rowsOfPair;
    const slopes = slopesOf(step.loss, given, declared.list, rows);
    const softplus = (v: number) => Math.log1p(Math.exp(v));
    const objective = (): number =>
      own.reduce((total, user, n) => {
        const [f, h] = [taken[n], drawn[n]].map((item) => scoreOf(x, y, user, item));
        if (isPointwise) return total + softplus(-f) + softplus(h);
        return total + (name === 'pairwise' ? softplus(h - f) : Math.max(0, margin - f + h));
      }, 0) / rows;
    for (const [table, values] of [
      ['discriminator.user', x],
      ['discriminator.item', y],
    ] as const) {
      const expected = differences(values, objective);
      slopes.get(declared.tensors[table])!.forEach((slope, k) => void expect(slope).toBeCloseTo(expected[k], 5));
    }
    expect(slopes.get(declared.tensors['generator.item'])!.every((slope) => slope === 0)).toBe(true);
  });
});

/** Twenty people with five of thirty items each. */
const world: SparseRows = sparseRows(
  20,
  Int32Array.from({ length: 100 }, (_, k) => Math.floor(k / 5)),
  Int32Array.from({ length: 100 }, (_, k) => (7 * Math.floor(k / 5) + 3 * (k % 5)) % 30),
);

function opened(training: object, on = engine) {
  const settings = resolveTraining(irgan, { epochs: 3, batchSize: 16, generatorBatchSize: 6, ...training });
  return irgan.learn.open({
    engine: on,
    config: irgan.options.parse({ factors: 4, pretrain: false }),
    training: settings.training!,
    data: { sizes: { nUsers: 20, nItems: 30 }, rows: world },
    random: new RandomStream(2, 'world'),
  });
}

describe('a round', () => {
  const kinds = [
    {},
    { baseline: 'none' },
    { baseline: 'moving', samples: 1, positiveShare: 0.3, reward: 'sigmoid' },
    { candidates: 7, positiveShare: 0.2, reward: 'score', generatorRows: 'pairs' },
    { discriminatorPasses: 3, generatorPasses: 2, drawTemperature: 0.2, rejectTaken: false, entropyWeight: 0.1 },
  ];

  it.each(kinds)('gives the same bytes step by step on two threads, after a break, too (%o)', (training) => {
    const [whole, broken] = [opened(training), opened(training, two)];
    for (let epoch = 0; epoch < 2; epoch++) whole.run(epoch, 0, whole.stepsPerEpoch);
    let current = broken;
    for (let epoch = 0; epoch < 2; epoch++)
      for (let step = 0; step < broken.stepsPerEpoch; step++) {
        current.run(epoch, step, 1);
        if (step % 5 !== 3) continue;
        // all that a checkpoint keeps goes into another training
        const next = opened(training, two);
        for (const tensor of next.declared.list) {
          const { name } = tensor.attributes;
          next.store.write(tensor, current.store.read(current.store.named(name as string)));
        }
        next.plan.state.write(new Map(current.plan.state.read().map(({ name, data }) => [name, data])));
        next.plan.writeCarried(current.plan.readCarried());
        current.free();
        current = next;
      }
    for (const tensor of whole.declared.list) {
      const name = tensor.attributes.name as string;
      expect(current.store.read(current.store.named(name)), name).toEqual(whole.store.read(tensor));
    }
    whole.free();
    current.free();
  });

  it('moves the discriminator against what is drawn, then the generator; a constant reward moves it nowhere', () => {
    // f = 0 everywhere, and next to nothing that a discriminator learns
    const open = opened({ optimizer: { name: 'sgd', learningRate: 1e-30 }, generatorLearningRate: 10 });
    const named = (name: string) => open.store.named(name);
    for (const name of ['discriminator.user', 'discriminator.item'])
      open.store.write(named(name), new Float32Array(named(name).size));
    const before = open.store.read(named('generator.item'));
    open.run(0, 0, open.stepsPerEpoch);
    const after = open.store.read(named('generator.item'));
    after.forEach((value, k) => void expect(value).toBeCloseTo(before[k], 12));
    open.free();
  });

  it('pulls the generator to what the discriminator rewards', () => {
    const training = { optimizer: { name: 'sgd', learningRate: 1e-30 }, generatorLearningRate: 0.5, samples: 8 };
    const open = opened(training);
    const bias = (name: string) => {
      const values = open.store.read(open.store.named(name));
      return { values, of: (item: number) => values[item * 5 + 4] };
    };
    const { values } = bias('discriminator.item');
    values.fill(0);
    values[12 * 5 + 4] = 4;
    open.store.write(open.store.named('discriminator.item'), values);
    for (let epoch = 0; epoch < 3; epoch++) open.run(epoch, 0, open.stepsPerEpoch);
    const learned = bias('generator.item');
    for (let item = 0; item < 30; item++)
      if (item !== 12) expect(learned.of(12)).toBeGreaterThan(learned.of(item) + 0.1);
    open.free();
  });
});

describe('a generator that collapses', () => {
  const withBiases = (biases: Readonly<Record<number, number>>) => {
    const open = opened({});
    const table = open.store.named('generator.item');
    const values = open.store.read(table);
    for (const [item, bias] of Object.entries(biases)) values[Number(item) * 5 + 4] = bias;
    open.store.write(table, values);
    try {
      return open.afterEpoch!(4);
    } finally {
      open.free();
    }
  };

  it('is told of while it offers a few items, once', () => {
    expect(withBiases({})).toEqual([]);
    const [warning, ...others] = withBiases({ 3: 40, 7: 40 });
    expect(warning).toMatch(
      /warning: the item generator draws as if from .* of 30 for one person, 2\.0 for all together/,
    );
    expect(others).toEqual([]);
  });

  it('ends the training where everybody is offered one item', async () => {
    expect(await thrownCode(() => withBiases({ 3: 60 }))).toBe('numeric');
    expect(() => withBiases({ 3: 60 })).toThrow(/after epoch 5.*training\.entropyWeight/);
  });
});

it('settings that contradict each other are refused', async () => {
  expect(await thrownCode(() => resolveTraining(irgan, { samples: 1 }))).toBe('config');
  expect(await thrownCode(() => resolveTraining(irgan, { candidates: 1 }))).toBe('config');
  expect(await thrownCode(() => resolveTraining(irgan, { drawTemperature: 0 }))).toBe('config');
  expect(resolveTraining(irgan, { samples: 1, baseline: 'moving' }).training).toMatchObject({ samples: 1 });
});
