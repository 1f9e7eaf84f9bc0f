/** Huber's loss, trimming and weights of people: formulas, what a training learns with them, and settings that make no sense. */
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { FieldTable } from '../../src/data/dataset.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { indexInput, lookup, table } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { TakenPairs } from '../../src/examples/forms.ts';
import { pairSettings } from '../../src/examples/pair-settings.ts';
import { checkRatingLoss } from '../../src/examples/rating-loss.ts';
import { ratingSettings } from '../../src/examples/ratings.ts';
import { huberLoss } from '../../src/layers/losses.ts';
import { biasedMf } from '../../src/models/biased-mf.ts';
import { bprMf } from '../../src/models/bpr-mf.ts';
import { trainModel } from '../../src/training/train.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

describe('huberLoss', () => {
  it('is a square within δ and linear beyond, with its slope', () => {
    const errors = Float64Array.of(-3, -1.5, -0.4, 0, 0.2, 1.49, 2.7);
    const e = table('errors', errors.length, 1);
    const index = indexInput('row');
    const loss = huberLoss(lookup(e, index), 1.5);
    const { rows } = gradientsOfMean(loss);
    const given = new Map([
      [e, errors],
      [index, Float64Array.from(errors.keys())],
    ]);
    const values = evaluateReference([loss, rows[0].values], given, errors.length);
    errors.forEach((error, n) => {
      const size = Math.abs(error);
      expect(values.get(loss)![n]).toBeCloseTo(size <= 1.5 ? error ** 2 : 3 * size - 2.25, 12);
      const slope = size <= 1.5 ? 2 * error : 3 * Math.sign(error);
      expect(values.get(rows[0].values)![n] * errors.length).toBeCloseTo(slope, 12);
    });
  });
});

/** 60 people rate 20 items near their quality; of the first item 12 more say 5 though it is worth 1. */
const random = new RandomStream(4, 'ratings');
const [people, liars, nItems] = [60, 12, 20];
const quality = Array.from({ length: nItems }, (_, item) => (item === 0 ? 1 : 2 + 2 * random.uniform()));
const user: number[] = [];
const item: number[] = [];
const value: number[] = [];
for (let u = 0; u < people + liars; u++)
  for (let i = 0; i < nItems; i++) {
    if (u >= people ? i !== 0 && random.uniform() < 0.5 : random.uniform() < 0.5) continue;
    user.push(u);
    item.push(i);
    value.push(u >= people && i === 0 ? 5 : quality[i] + 0.1 * random.normal());
  }
const mean = value.reduce((a, b) => a + b, 0) / value.length;
const nUsers = people + liars;
const trust: FieldTable = {
  nRows: nUsers,
  title: null,
  fields: [
    { name: 'trust', kind: 'numeric', values: Array.from({ length: nUsers }, (_, u) => (u < people ? null : 0)) },
    { name: 'negative', kind: 'numeric', values: Array.from({ length: nUsers }, () => -1) },
    { name: 'nothing', kind: 'numeric', values: Array.from({ length: nUsers }, () => 0) },
  ],
};
const data: TakenPairs = {
  sizes: { nUsers, nItems },
  rows: sparseRows(nUsers, Int32Array.from(user), Int32Array.from(item), true),
  ratings: { user: Int32Array.from(user), item: Int32Array.from(item), value: Float32Array.from(value), mean },
  userFields: trust,
};

const train = (settings: object, engine = engines[0]) =>
  trainModel({
    engine,
    model: biasedMf,
    config: biasedMf.options.parse({ factors: 4 }),
    training: ratingSettings.parse({
      epochs: 150,
      batchSize: 64,
      optimizer: { learningRate: 0.02, l2: 0.001 },
      ...settings,
    }),
    data,
    seed: 1,
    progress: silent,
    fingerprint: 'made',
  });

/** How far from its quality the first item is rated for real people, on average. */
async function error(settings: object): Promise<number> {
  const { weights } = await train(settings);
  const [P, Q, bu, bi] = ['P', 'Q', 'userBias', 'itemBias'].map((name) => weights.get(name)!.data as Float32Array);
  let sum = 0;
  for (let u = 0; u < people; u++) {
    let score = mean + bu[u] + bi[0];
    for (let k = 0; k < 4; k++) score += P[u * 4 + k] * Q[k];
    sum += score - quality[0];
  }
  return sum / people;
}

describe('a training on ratings some of which are lies', () => {
  it('follows them by the squared error, and less by every robust loss', async () => {
    const squared = await error({});
    expect(squared).toBeGreaterThan(0.15);
    expect(Math.abs(await error({ loss: 'huber', huberDelta: 0.2 }))).toBeLessThan(0.9 * squared);
    expect(Math.abs(await error({ trim: 0.05 }))).toBeLessThan(0.5 * squared);
    expect(Math.abs(await error({ userWeight: 'trust' }))).toBeLessThan(0.3 * squared);
  });

  it('is the training without the people whose weight is 0', async () => {
    const { weights } = await train({ userWeight: 'trust' });
    // rows of people who count for nothing stay where the initialiser put them but for l2, which moves no bias from 0
    const biases = weights.get('userBias')!.data as Float32Array;
    expect([...biases.subarray(people, nUsers)]).toEqual(new Array(liars).fill(0));
    expect(biases.subarray(0, people).every((bias) => bias !== 0)).toBe(true);
  });

  it('gives the same bytes on any number of threads', async () => {
    const settings = { trim: 0.1, loss: 'huber', userWeight: 'trust', epochs: 4 };
    const [one, two] = await Promise.all(engines.map((engine) => train(settings, engine)));
    for (const [name, { data: bytes }] of one.weights) expect(two.weights.get(name)!.data).toEqual(bytes);
  });

  it('goes on in the middle of an epoch with the same threshold', async () => {
    const whole = await train({ trim: 0.1, epochs: 4 });
    const kept: Parameters<NonNullable<Parameters<typeof trainModel>[0]['onCheckpoint']>>[0][] = [];
    const request = {
      engine: engines[0],
      model: biasedMf,
      config: biasedMf.options.parse({ factors: 4 }),
      training: ratingSettings.parse({
        epochs: 4,
        batchSize: 64,
        optimizer: { learningRate: 0.02, l2: 0.001 },
        trim: 0.1,
      }),
      data,
      seed: 1,
      progress: silent,
      fingerprint: 'made',
    };
    const onCheckpoint = async (checkpoint: (typeof kept)[number]) => {
      kept.push(checkpoint);
    };
    await trainModel({ ...request, checkpointSteps: 5, onCheckpoint });
    const middle = kept.find(({ progress }) => progress.epochsDone === 2 && progress.stepsDone > 0)!;
    const resumed = await trainModel({ ...request, resume: middle });
    for (const [name, { data: bytes }] of whole.weights) expect(resumed.weights.get(name)!.data).toEqual(bytes);
  });

  it.each([
    ['bad name', { userWeight: 'none' }, 'config'],
    ['negative', { userWeight: 'negative' }, 'data'],
    ['all 0', { userWeight: 'nothing' }, 'data'],
  ])('refuses weights: %s', async (_, settings, code) => {
    await expect(train(settings)).rejects.toMatchObject({ code });
  });

  it('refuses a δ of the squared error', () => {
    const check = (given: object) => thrownCode(() => checkRatingLoss(ratingSettings.parse(given), given));
    expect(check({ huberDelta: 2 })).toBe('config');
    expect(check({ huberDelta: 2, loss: 'huber' })).toBe('nothing thrown');
  });
});

describe('a training on taken pairs', () => {
  const trained = (settings: object) =>
    trainModel({
      engine: engines[0],
      model: bprMf,
      config: bprMf.options.parse({ factors: 4 }),
      training: pairSettings.parse({ loss: 'bpr', negatives: 1, epochs: 12, batchSize: 64, ...settings }),
      data,
      seed: 1,
      progress: silent,
      fingerprint: 'made',
    });
  const bias = async (settings: object) => ((await trained(settings)).weights.get('itemBias')!.data as Float32Array)[0];

  it('does not see people whose weight is 0', async () => {
    // the first item is taken by all who lie, and by half of the others
    expect(await bias({ userWeight: 'trust' })).toBeLessThan(await bias({}));
  });

  it('learns less of an epoch that is trimmed, none of the first', async () => {
    const [all, some] = [await trained({}), await trained({ trim: 0.3 })];
    expect(some.log[0].loss).toBe(all.log[0].loss);
    expect(some.log[1].loss).toBeLessThan(0.75 * all.log[1].loss);
  });
});
