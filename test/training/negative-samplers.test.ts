/** Losses and samplers of trainings on taken pairs: what they draw, what they learn, and what they refuse. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { OpenExamples } from '../../src/examples/open-examples.ts';
import { isPairModel, type PairModel } from '../../src/examples/pairs.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { bprMf } from '../../src/models/bpr-mf.ts';
import { findModel, modelsOf } from '../../src/models/index.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { chiSquare, chiSquareLimit } from '../engine/chi-square.ts';
import { checkerboard, trainSmall } from '../models/made-worlds.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engines = [1, 2].map((threads) => new Engine({ threads }));
const [engine, other] = engines;
afterAll(() => {
  for (const each of engines) each.close();
});

const split = checkerboard(12, 'validation');
const pairModels = modelsOf('pairs').filter(isPairModel);

async function bytesOf(on: Engine, model: string, training: object): Promise<string> {
  const { recommender } = await trainSmall(on, split, findModel(model), { training: { epochs: 3, ...training } });
  recommender.close();
  return weightBytes(recommender.parts.weights);
}

/** A training that is open and has not begun. */
function open(
  rows: SparseRows,
  nItems: number,
  training: object,
  { model = bprMf as PairModel, options = {} }: { model?: PairModel; options?: object } = {},
): OpenExamples {
  const settings = resolveTraining(model, training).training as object;
  const sizes = { nUsers: rows.rowStart.length - 1, nItems };
  const config = model.options.parse({ factors: 4, ...options });
  return model.learn.open({
    engine,
    config,
    training: settings,
    data: { sizes, rows },
    random: new RandomStream(5, 'x'),
  });
}

/** The pairs of users and items that were taken. */
function rowsOf(nUsers: number, nItems: number, took: (user: number, item: number) => boolean): SparseRows {
  const pairs = Array.from({ length: nUsers * nItems }, (_, k) => [Math.floor(k / nItems), k % nItems]);
  const taken = pairs.filter(([user, item]) => took(user, item));
  return sparseRows(
    nUsers,
    Int32Array.from(taken, ([user]) => user),
    Int32Array.from(taken, ([, item]) => item),
  );
}

/** How often each item is drawn as a negative at the start of an epoch. */
function counts(rows: SparseRows, nItems: number, training: object): Float64Array {
  const examples = open(rows, nItems, { batchSize: 512, ...training });
  const { items } = examples.drawnNegatives!(0, 1e6);
  examples.free();
  const found = new Float64Array(nItems);
  for (const item of items) found[item]++;
  return found;
}

describe('DNS(M, N)', () => {
  const nItems = 15;
  const rows = rowsOf(200, nItems, (user, item) => (user * 7 + item * item) % 5 === 0 && item < 12);

  it('with one candidate is the uniform sampler, to the byte', async () => {
    for (const model of ['bpr-mf', 'mf'])
      expect(await bytesOf(engine, model, { negativeSampler: 'dns', candidates: 1 })).toBe(
        await bytesOf(engine, model, {}),
      );
  });

  it('with M = N draws as the uniform sampler does', () => {
    const uniform = counts(rows, nItems, { negatives: 40 });
    const all = counts(rows, nItems, { negatives: 40, negativeSampler: 'dns', candidates: 6, hardest: 6 });
    const total = uniform.reduce((sum, n) => sum + n, 0);
    expect(all.reduce((sum, n) => sum + n, 0)).toBe(total);
    // both are samples of one distribution
    const expected = uniform.map((n, i) => (n + all[i]) / 2);
    expect(chiSquare(all, expected) + chiSquare(uniform, expected)).toBeLessThan(chiSquareLimit(nItems - 1));
  });

  it('with M = 1 takes the items that the model ranks first among what is drawn', () => {
    const examples = open(rows, nItems, { negativeSampler: 'dns', candidates: 8, negatives: 20 });
    const scores = scoresOf(examples);
    const { users, items } = examples.drawnNegatives!(0, 100);
    const taken = (user: number, item: number) =>
      rows.columns.subarray(rows.rowStart[user], rows.rowStart[user + 1]).includes(item);
    // of n items that may be drawn, the one of rank r is the best of 8 draws with P = ((n − r)⁸ − (n − r − 1)⁸) / n⁸
    const found = new Float64Array(nItems);
    const expected = new Float64Array(nItems);
    users.forEach((user, k) => {
      const candidates = Array.from({ length: nItems }, (_, item) => item).filter((item) => !taken(user, item));
      const order = candidates.sort((a, b) => scores(user, b) - scores(user, a));
      const n = order.length;
      for (let r = 0; r < n; r++) expected[r] += ((n - r) ** 8 - (n - r - 1) ** 8) / n ** 8;
      found[order.indexOf(items[k])]++;
    });
    examples.free();
    const some = Array.from({ length: 8 }, (_, r) => r);
    expect(chiSquare(some.map((r) => found[r]), some.map((r) => expected[r]))).toBeLessThan(chiSquareLimit(8)); // biome-ignore format: one line
  });

  it('takes the uniform draw for the rest of a share', () => {
    const hard = counts(rows, nItems, { negatives: 60, negativeSampler: 'dns', candidates: 8 });
    const uniform = counts(rows, nItems, { negatives: 60 });
    const mixed = counts(rows, nItems, { negatives: 60, negativeSampler: 'dns', candidates: 8, hardShare: 0.3 });
    const total = mixed.reduce((sum, n) => sum + n, 0);
    const expected = hard.map((n, i) => 0.3 * n + 0.7 * uniform[i]);
    for (let i = 0; i < nItems; i++)
      expect(Math.abs(mixed[i] - expected[i])).toBeLessThan(6 * Math.sqrt(total / nItems));
  });
});

function scoresOf(examples: OpenExamples): (user: number, item: number) => number {
  const { form } = examples.scorer() as { form: { users: Float32Array; items: Float32Array; width: number } };
  const { users, items, width } = form;
  return (user, item) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += users[user * width + k] * items[item * width + k];
    return sum;
  };
}

describe('other samplers', () => {
  const nItems = 12;
  const rows = rowsOf(150, nItems, (user, item) => (user * 5 + item) % (item + 2) === 0);
  const popularity = new Float64Array(nItems);
  for (const item of rows.columns) popularity[item]++;
  const settings = { negatives: 30, rejectTaken: false };

  it('in-batch draws items as often as they were taken', () => {
    const found = counts(rows, nItems, { ...settings, negativeSampler: 'in-batch' });
    const total = found.reduce((sum, n) => sum + n, 0);
    const all = popularity.reduce((sum, n) => sum + n, 0);
    // rows of one step are few, so draws are not independent: a loose bound
    for (let i = 0; i < nItems; i++)
      expect(Math.abs(found[i] / total - popularity[i] / all)).toBeLessThan(0.15 * (popularity[i] / all) + 0.003);
  });

  it('the static sampler by rank draws ∝ e^(−rank / λ) of the popularity', () => {
    const found = counts(rows, nItems, { ...settings, negativeSampler: 'aobpr-static', rankScale: 3 });
    const total = found.reduce((sum, n) => sum + n, 0);
    const order = Array.from(popularity.keys()).sort((a, b) => popularity[b] - popularity[a] || a - b);
    const mass = order.reduce((sum, _, rank) => sum + Math.exp(-rank / 3), 0);
    const expected = new Float64Array(nItems);
    order.forEach((item, rank) => {
      expected[item] = (total * Math.exp(-rank / 3)) / mass;
    });
    expect(chiSquare(found, expected)).toBeLessThan(chiSquareLimit(nItems - 1));
  });

  it.each(['uniform', 'popularity', 'in-batch', 'dns', 'aobpr-static', 'aobpr'])(
    '%s never draws what the user took',
    (negativeSampler) => {
      const examples = open(rows, nItems, { negativeSampler, negatives: 5 });
      const { users, items } = examples.drawnNegatives!(2, 5);
      examples.free();
      const taken = new Set<string>();
      for (let user = 0; user < 150; user++)
        for (let k = rows.rowStart[user]; k < rows.rowStart[user + 1]; k++) taken.add(`${user} ${rows.columns[k]}`);
      expect(users.length).toBeGreaterThan(100);
      // where nothing else is in the batch after 64 attempts, the last one stands
      const wrong = users.filter((user, k) => taken.has(`${user} ${items[k]}`)).length;
      expect(wrong).toBeLessThan(negativeSampler === 'in-batch' ? users.length / 20 : 1);
    },
  );
});

describe.each([
  ['dns', { negativeSampler: 'dns' }],
  ['dns, a share', { negativeSampler: 'dns', hardest: 2, candidates: 5, hardShare: 0.5 }],
  ['in-batch', { negativeSampler: 'in-batch' }],
  ['aobpr-static', { negativeSampler: 'aobpr-static', rankScale: 4 }],
  ['aobpr', { negativeSampler: 'aobpr', rankScale: 4 }],
  ['hinge', { loss: 'hinge' }],
  ['gbce', { loss: 'gbce' }],
  ['softmax', { loss: 'softmax' }],
  ['softmax at a temperature', { loss: 'softmax', temperature: 0.5 }],
  ['in-batch softmax', { loss: 'in-batch-softmax' }],
  ['in-batch softmax, popular items pushed down', { loss: 'in-batch-softmax', popularityCorrection: false }],
  ['sampled softmax', { loss: 'sampled-softmax', negatives: 5 }],
  ['sampled softmax by popularity', { loss: 'sampled-softmax', negativeSampler: 'popularity', negatives: 3 }],
] as const)('%s', (name, training) => {
  const usable = pairModels.filter(
    ({ represent, overItems }) =>
      ((name !== 'aobpr' && !name.startsWith('in-batch softmax')) || represent) &&
      (!name.startsWith('softmax') || overItems),
  );

  it.each(usable)('gives $name the same bytes on one thread and on two', async (model) => {
    const settings = { batchSize: 200, ...training };
    const first = await bytesOf(engine, model.name, settings);
    expect(await bytesOf(other, model.name, settings)).toBe(first);
    expect(first).not.toBe(await bytesOf(engine, model.name, { batchSize: 200 }));
  });
});

it('a ranking of items by factor goes with a checkpoint in the middle of an epoch', async () => {
  const model = findModel('bpr-mf');
  const training = { epochs: 3, batchSize: 4, negativeSampler: 'aobpr', rankScale: 3 };
  const checkpoints: Checkpoint[] = [];
  const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
  const whole = await trainSmall(engine, split, model, { training, onCheckpoint, checkpointSteps: 5 });
  const within = checkpoints.filter(({ progress }) => progress.stepsDone > 0);
  expect(within.length).toBeGreaterThan(3);
  for (const resume of within.slice(0, 4)) {
    const resumed = await trainSmall(other, split, model, { training, resume, checkpointSteps: 5 });
    resumed.recommender.close();
    expect(weightBytes(resumed.recommender.parts.weights)).toBe(weightBytes(whole.recommender.parts.weights));
  }
  whole.recommender.close();
});

describe.each(['bpr-mf', 'mf', 'gmf', 'lightgcn', 'lightgcn by cosine'])('the softmax of %s', (title) => {
  const [nUsers, nItems] = [9, 23];
  const rows = rowsOf(nUsers, nItems, (user, item) => (user * 5 + item * 3) % 4 === 0);
  const [name, by] = title.split(' by ');
  const model = pairModels.find((each) => each.name === name) as PairModel;
  // a penalty would be part of the loss
  const options = {
    deviation: 1,
    ...(name === 'lightgcn' ? { regularization: 0, similarity: by ?? 'dot' } : {}),
  };
  const openBy = (training: object) =>
    open(
      rows,
      nItems,
      { batchSize: 1000, positives: 'once', optimizer: { l2: 0 }, temperature: 0.7, ...training },
      { model, options },
    );
  const pairs = Array.from({ length: nUsers }, (_, user) =>
    Array.from(rows.columns.subarray(rows.rowStart[user], rows.rowStart[user + 1]), (item) => ({ user, item })),
  ).flat();
  /** Σ over the taken pairs of −ln softmax over `others`, an entry as often as it stands there. */
  const lossOver = (scoreOf: (user: number, item: number) => number, others: readonly number[]): number =>
    pairs.reduce((total, { user, item }) => {
      const sum = others.reduce((all, other) => all + Math.exp(scoreOf(user, other)), 0);
      return total + Math.log(sum) - scoreOf(user, item);
    }, 0);

  it('is that of the scores of all items', () => {
    const examples = openBy({ loss: 'softmax' });
    const scores = scoresOf(examples);
    const every = Array.from({ length: nItems }, (_, item) => item);
    expect(examples.nRows).toBe(pairs.length);
    const expected = lossOver((user, item) => scores(user, item) / 0.7, every);
    expect(examples.run(0, 0, 1).lossSum).toBeCloseTo(expected, 2);
    examples.free();
  });

  it.each([true, false])('is that of the taken items of the step, corrected: %s', (popularityCorrection) => {
    const examples = openBy({ loss: 'in-batch-softmax', popularityCorrection });
    const scores = scoresOf(examples);
    const takenBy = (item: number) => pairs.filter((pair) => pair.item === item).length;
    const corrected = (user: number, item: number) =>
      scores(user, item) / 0.7 - (popularityCorrection ? Math.log(takenBy(item) / pairs.length) : 0);
    expect(examples.nRows).toBe(pairs.length);
    const expected = lossOver(
      corrected,
      pairs.map(({ item }) => item),
    );
    expect(examples.run(0, 0, 1).lossSum).toBeCloseTo(expected, 2);
    examples.free();
  });
});

/** Everybody took item 0, a tenth of the users item 1 too, and nobody any of 4,000 others: that 1 ends behind 0 only its draws teach. */
describe('a planted hard negative', () => {
  const [nUsers, nEasy] = [40, 4000];
  const nItems = 2 + nEasy;
  const rows = rowsOf(nUsers, nItems, (user, item) => item === 0 || (item === 1 && user % 10 === 0));
  const margins = (training: object): number => {
    const examples = open(rows, nItems, {
      batchSize: 64,
      negatives: 8,
      optimizer: { learningRate: 0.02, l2: 0 },
      ...training,
    });
    for (let epoch = 0; epoch < 60; epoch++) examples.run(epoch, 0, examples.stepsPerEpoch);
    const scores = scoresOf(examples);
    examples.free();
    const others = Array.from({ length: nUsers }, (_, user) => user).filter((user) => user % 10 !== 0);
    return others.reduce((sum, user) => sum + scores(user, 0) - scores(user, 1), 0) / others.length;
  };

  it('is found by hard samplers, and not by the uniform one', () => {
    const uniform = margins({});
    for (const hard of [
      { negativeSampler: 'dns', candidates: 256 },
      { negativeSampler: 'aobpr', rankScale: 5 },
    ])
      expect(margins(hard)).toBeGreaterThan(uniform + 1);
  });
});

describe('what cannot be drawn', () => {
  it('people who took all items are trained on and get finite weights', () => {
    const rows = rowsOf(10, 6, (user, item) => user < 3 || item === user % 6);
    for (const training of [
      { negativeSampler: 'dns', candidates: 6 },
      { negativeSampler: 'aobpr' },
      { negativeSampler: 'in-batch' },
      { loss: 'sampled-softmax', negatives: 9 },
      { loss: 'softmax' },
      { loss: 'in-batch-softmax' },
    ]) {
      const examples = open(rows, 6, { batchSize: 8, ...training });
      const { lossSum } = examples.run(0, 0, examples.stepsPerEpoch);
      expect(Number.isFinite(lossSum)).toBe(true);
      examples.free();
    }
  });

  it.each([
    ['more candidates than items', { negativeSampler: 'dns', candidates: 7 }, 'bpr-mf'],
    ['more best candidates than candidates', { negativeSampler: 'dns', candidates: 4, hardest: 5 }, 'bpr-mf'],
    ['candidates of a sampler that has none', { candidates: 4 }, 'bpr-mf'],
    ['a share of hard negatives where none are', { negativeSampler: 'popularity', hardShare: 0.5 }, 'bpr-mf'],
    ['a margin without hinge', { margin: 2 }, 'bpr-mf'],
    ['a calibration without gbce', { loss: 'hinge', calibration: 0.5 }, 'bpr-mf'],
    ['factors of a score that is no dot product', { negativeSampler: 'aobpr' }, 'mlp'],
    ['negatives of a softmax over all items', { loss: 'softmax', negatives: 3 }, 'bpr-mf'],
    ['a sampler of a softmax over all items', { loss: 'softmax', negativeSampler: 'dns' }, 'bpr-mf'],
    ['a softmax over items whose scores are no dot product', { loss: 'softmax' }, 'mlp'],
    ['negatives of a softmax over the step', { loss: 'in-batch-softmax', negatives: 3 }, 'bpr-mf'],
    ['a softmax over a step whose scores are no dot product', { loss: 'in-batch-softmax' }, 'mlp'],
    ['a temperature without softmax', { temperature: 0.1 }, 'bpr-mf'],
    ['a correction without draws', { loss: 'softmax', popularityCorrection: false }, 'bpr-mf'],
    ['probabilities of draws that nobody knows', { loss: 'sampled-softmax', negativeSampler: 'dns' }, 'bpr-mf'],
  ])('refuses %s', async (_, training, name) => {
    const small = checkerboard(6, 'validation');
    expect(await thrownCode(() => trainSmall(engine, small, findModel(name), { training }))).toBe('config');
  });
});
