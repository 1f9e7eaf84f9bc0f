/** Caser: a step of training and scores against a float64 oracle, windows by hand, whose vector is used, same bytes. */
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { RecentBatches } from '../../src/data/sequences/recent-batches.ts';
import type { Sequences } from '../../src/data/sequences/sequences.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { recentSettings } from '../../src/examples/recent.ts';
import { caser } from '../../src/models/caser.ts';
import { trainModel } from '../../src/training/train.ts';
import { thrownCode } from '../engine/thrown-code.ts';
import { type CaserOracle, meanLoss, represent, score, type Weights, type Window } from './caser-oracle.ts';
import { sequencesOf } from './made-sessions.ts';

const engines = [1, 2, 3].map((threads) => new Engine({ threads, blas: 'off' }));
const [engine] = engines;
afterAll(() => {
  for (const each of engines) each.close();
});

const nItems = 11;
const random = new RandomStream(2, 'caser');
const sessions = [2, 7, 3, 1, 9, 4].map((n) => Array.from({ length: n }, () => random.below(nItems)));
const anonymous = sequencesOf(sessions, nItems);
const owned: Sequences = { ...anonymous, owner: Int32Array.of(3, 0, 4, 1, 5, 2), nUsers: 6 };
const base = {
  factors: 5,
  maxLength: 4,
  targets: 2,
  negatives: 3,
  horizontalFilters: 3,
  verticalFilters: 2,
  dropout: 0,
};

function oracleOf(config: ReturnType<typeof caser.options.parse>): CaserOracle {
  return { ...config, heights: config.heights ?? Array.from({ length: config.maxLength }, (_, n) => n + 1) };
}

function opened(options: object, data: Sequences, batchSize = 64, on = engine) {
  const config = caser.options.parse({ ...base, ...options });
  const stream = new RandomStream(6, 'run');
  // a step of plain descent by 1 shows the gradient
  const training = { batchSize, optimizer: { name: 'sgd', learningRate: 1 } };
  const step = caser.learn.open({ engine: on, config, training, data, random: stream });
  const read = (): Map<string, number[]> =>
    new Map(step.declared.list.map((t) => [t.attributes.name as string, [...step.store.read(t)]]));
  return { config, step, read, stream };
}

/** The rows of a step as windows. */
function windowsOf(batches: RecentBatches, nRows: number, config: typeof base): Window[] {
  const { maxLength: l, targets: t, negatives: n } = config;
  const { item, user, candidates } = batches.rows;
  return Array.from({ length: nRows }, (_, r) => {
    const asked = [...candidates.subarray(r * (t + n), (r + 1) * (t + n))];
    return {
      events: [...item.subarray(r * l, (r + 1) * l)],
      user: user[r],
      targets: asked.slice(0, t),
      negatives: asked.slice(t),
    };
  });
}

describe('a step of training', () => {
  it.each([
    ['the paper, with users', {}, owned],
    ['sessions, which are nobody’s', {}, anonymous],
    ['two heights of three', { heights: [1, 3] }, owned],
    ['no vertical filters, one target', { verticalFilters: 0, targets: 1, negatives: 1 }, anonymous],
  ])('has the loss and the gradients of the formulas: %s', (_, options, data) => {
    const { config, step, read, stream } = opened(options, data);
    const batches = new RecentBatches(data, { ...config, batchSize: 64, random: stream.child('examples') });
    const order = Int32Array.from({ length: batches.nRows }, (_, r) => r);
    // the negatives of a row depend on its place in the order
    stream.child('examples').child('order/0').shuffle(order);
    const nRows = batches.fill(order, 0, 0);
    const windows = windowsOf(batches, nRows, config);
    // away from 0, where windows with nothing in them would stand on the edge of the rectifier
    const drawn = new RandomStream(9, 'biases');
    for (const tensor of step.declared.list)
      if ((tensor.attributes.name as string).endsWith('.b'))
        step.store.write(
          tensor,
          Float32Array.from({ length: tensor.size }, () => drawn.uniform() - 0.3),
        );
    const before = read();
    const { lossSum } = step.run(0, 0, 1);
    const after = read();
    step.free();
    expect(nRows).toBe(step.nRows);
    const oracle = oracleOf(config);
    expect(lossSum / nRows).toBeCloseTo(meanLoss(oracle, before, windows), 5);
    for (const [name, values] of before)
      values.forEach((v, k) => {
        const at = (shift: number) => meanLoss(oracle, new Map(before).set(name, values.with(k, v + shift)), windows);
        const slope = (at(1e-5) - at(-1e-5)) / 2e-5;
        const gradient = v - (after.get(name) as number[])[k];
        expect(Math.abs(gradient - slope), `${name}[${k}]: ${gradient} and ${slope}`).toBeLessThan(2e-5);
      });
  });

  it('gives the same bytes on one, two and three threads, with dropout', () => {
    const weights = engines.map((on) => {
      const { step, read } = opened({ dropout: 0.5 }, owned, 7, on);
      for (let epoch = 0; epoch < 2; epoch++) step.run(epoch, 0, step.stepsPerEpoch);
      const all = JSON.stringify([...read()]);
      step.free();
      return all;
    });
    expect(weights[1]).toBe(weights[0]);
    expect(weights[2]).toBe(weights[0]);
  });
});

describe('windows', () => {
  const data = sequencesOf([[1, 2, 3, 4], [5], [6, 7]], nItems);
  const options = { maxLength: 3, targets: 2, negatives: 2, batchSize: 3, random: new RandomStream(1, 'b') };

  it('are these, by hand: one for every event but the first, padded before it, with what follows', () => {
    const batches = new RecentBatches(data, options);
    expect([batches.nRows, batches.nSkipped, batches.stepsPerEpoch]).toEqual([4, 1, 2]);
    const rows = [0, 1].flatMap((step) => {
      const n = batches.fill(Int32Array.of(0, 1, 2, 3), 0, step);
      const { item, candidates, weight, user } = batches.rows;
      return Array.from({ length: n }, (_, r) => ({
        events: [...item.subarray(r * 3, r * 3 + 3)],
        targets: [...candidates.subarray(r * 4, r * 4 + 2)],
        weight: [...weight.subarray(r * 4, r * 4 + 4)],
        user: user[r],
      }));
    });
    const [whole, half] = [
      [0.5, 0.5, 0.5, 0.5],
      [0.5, 0, 0.5, 0.5],
    ];
    expect(rows).toEqual([
      { events: [-1, -1, 1], targets: [2, 3], weight: whole, user: -1 },
      { events: [-1, 1, 2], targets: [3, 4], weight: whole, user: -1 },
      { events: [1, 2, 3], targets: [4, -1], weight: half, user: -1 },
      { events: [-1, -1, 6], targets: [7, -1], weight: half, user: -1 },
    ]);
  });

  it('have negatives that the sequence does not hold, others in every epoch', () => {
    const batches = new RecentBatches(data, { ...options, negatives: 40, batchSize: 4 });
    const drawn = [0, 1].map((epoch) => {
      batches.fill(Int32Array.of(0, 1, 2, 3), epoch, 0);
      return Array.from({ length: 4 }, (_, r) => [...batches.rows.candidates.subarray(r * 42 + 2, (r + 1) * 42)]);
    });
    expect(drawn[0]).not.toEqual(drawn[1]);
    for (const rows of drawn) {
      const [first, , , last] = rows.map((items) => new Set(items));
      expect([...first].sort((a, b) => a - b)).toEqual([0, 5, 6, 7, 8, 9, 10]);
      expect(last.has(6) || last.has(7)).toBe(false);
    }
  });

  it('need a sequence of two known events', () => {
    expect(thrownCode(() => new RecentBatches(sequencesOf([[1], [2]], nItems), options))).toBe('data');
    expect(thrownCode(() => new RecentBatches(sequencesOf([[1, 99]], nItems), options))).toBe('data');
  });
});

describe('scores', () => {
  const trained = async (data: Sequences) => {
    const config = caser.options.parse(base);
    const { weights } = await trainModel({
      engine,
      model: caser,
      config,
      training: recentSettings.parse({ epochs: 2, batchSize: 8, optimizer: { learningRate: 0.05 } }),
      data,
      seed: 4,
      fingerprint: 'caser',
      progress: silent,
    });
    const scorer = caser.scorerOf(() => engine, { config, weights, about: { nItems } });
    return { config, weights, scorer };
  };
  const asNumbers = (weights: NamedTensors): Weights =>
    new Map([...weights].map(([name, { data }]) => [name, [...data]]));

  it.each([
    ['users', owned, [2, -1, 99]],
    ['sessions', anonymous, [-1, 2, -1]],
  ])('are those of the formulas, by the vector of whoever the sequence is of: %s', async (_, data, owners) => {
    const { config, weights, scorer } = await trained(data);
    const running = scorer.open(3);
    const lanes = Int32Array.of(0, 1, 2);
    running.reset(lanes, Int32Array.from(owners));
    const events = [[3, 1, 4, 1, 5], [9], [2, 6]];
    for (let n = 0; n < 5; n++) {
      const fed = lanes.filter((lane) => n < events[lane].length);
      running.feed(fed, fed.map((lane) => events[lane][n])); // biome-ignore format: one line
    }
    const scores = new Float32Array(3 * nItems);
    running.score(lanes, scores);
    running.free();
    scorer.free();
    events.forEach((own, lane) => {
      const user = owners[lane] < 6 ? owners[lane] : -1;
      const z = represent(oracleOf(config), asNumbers(weights), own.slice(-4), user);
      for (let item = 0; item < nItems; item++)
        expect(Math.abs(scores[lane * nItems + item] - score(asNumbers(weights), z, item))).toBeLessThan(1e-5);
    });
  });

  it('know no users of sessions, even where somebody’s', async () => {
    const { weights, scorer } = await trained({ ...anonymous, owner: Int32Array.of(0, 1, 2, 0, 3, 4) });
    expect(weights.has('P')).toBe(false);
    scorer.free();
  });
});

it('refuses filters that are higher than what is looked at', () => {
  expect(caser.options.safeParse({ maxLength: 3, heights: [4] }).success).toBe(false);
});
