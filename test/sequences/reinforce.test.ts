/** Top-K REINFORCE: a step against a float64 oracle, returns by hand, and worlds in which the best policy is known. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { afterHistories } from '../../src/data/continued/continued-sequences.ts';
import { discountedReturns } from '../../src/data/sequences/discounted-returns.ts';
import { sequencesOf as sequencesOfRows } from '../../src/data/sequences/from-interactions.ts';
import { RecentBatches } from '../../src/data/sequences/recent-batches.ts';
import { selectSequences } from '../../src/data/sequences/select-sequences.ts';
import type { Sequences } from '../../src/data/sequences/sequences.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { reinforce } from '../../src/models/reinforce.ts';
import { madeDataset } from '../data/made-data.ts';
import { sequencesOf } from './made-sessions.ts';
import { type LoggedAction, logPolicy, meanLoss, type ReinforceOracle, stateOf, weightOf } from './reinforce-oracle.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const each of engines) each.close();
});

function opened(options: object, data: Sequences, training: object, engine = engines[0]) {
  const config = reinforce.options.parse(options);
  const random = new RandomStream(6, 'run');
  const step = reinforce.learn.open({ engine, config, training, data, random });
  const read = (): Map<string, number[]> =>
    new Map(step.declared.list.map((t) => [t.attributes.name as string, [...step.store.read(t)]]));
  return { config, step, read, random };
}

describe('returns', () => {
  const sequences = {
    ...sequencesOf(
      [
        [0, 1, 2],
        [3, 0],
      ],
      4,
    ),
    reward: Float32Array.of(1, 0, 4, 2, 3),
  };

  it('are discounted sums to the end of the sequence, divided by their mean', () => {
    // 1 + ½ (0 + ½ · 4) = 2, 2, 4, 2 + 1.5 = 3.5, 3; mean 2.9
    const returns = discountedReturns(sequences, 0.5);
    for (const [n, each] of [2, 2, 4, 3.5, 3].entries()) expect(returns[n]).toBeCloseTo(each / 2.9, 6);
    expect([...discountedReturns({ ...sequences, reward: null }, 0)]).toEqual([1, 1, 1, 1, 1]);
  });

  it('go with their events, and are refused below 0 and where there are none', () => {
    const second = selectSequences(sequences, (s) => s === 1);
    expect([...(second.reward as Float32Array)]).toEqual([2, 3]);
    const wrong = { ...sequences, reward: Float32Array.of(1, 0, -1, 2, 3) };
    expect(() => discountedReturns(wrong, 0.5)).toThrow(/from 0 up, found -1 as rating of event 3/);
    expect(() => discountedReturns({ ...sequences, reward: new Float32Array(5) }, 0.5)).toThrow(/found only zeros/);
  });
});

describe('rewards', () => {
  const dataset = madeDataset([
    ['u', 'a', 3],
    ['v', 'b', 1],
    ['u', 'b', 2],
  ]);
  const rating = Float32Array.of(5, 1, 4);

  it('are the ratings of the rows, in the order of the events', () => {
    const rated = { ...dataset, interactions: { ...dataset.interactions, rating } };
    const { sequences } = sequencesOfRows(rated, { by: 'user' });
    const told = Array.from(sequences.items, (item, n) => [dataset.items.idOf(item), sequences.reward?.[n]]);
    // the oldest sequence first
    expect(told).toEqual([
      ['b', 1],
      ['b', 4],
      ['a', 5],
    ]);
    expect(sequencesOfRows(dataset, { by: 'user' }).sequences.reward).toBeUndefined();
  });

  it('of what was learned before are 0 when training goes on', () => {
    const own = { ...sequencesOf([[2, 1]], 3), owner: Int32Array.of(0), reward: Float32Array.of(3, 4) };
    const histories = { nRows: 1, rowStart: Int32Array.of(0, 2), columns: Int32Array.of(0, 1) };
    const joined = afterHistories(own, histories);
    expect([...joined.items]).toEqual([0, 1, 2, 1]);
    expect([...(joined.reward as Float32Array)]).toEqual([0, 0, 3, 4]);
  });
});

describe('a step of training', () => {
  const draws = new RandomStream(2, 'reinforce');
  const nItems = 7;
  const sessions = [2, 6, 3, 1, 5].map((n) => Array.from({ length: n }, () => draws.below(nItems)));
  const made = sequencesOf(sessions, nItems);
  const data = { ...made, reward: Float32Array.from(made.items, () => 3 * draws.uniform()) };
  const small = { factors: 3, units: 4, maxLength: 3, discount: 0.7 };

  it.each([
    ['the paper', {}],
    ['a cap that is reached', { cap: 0.9, topK: 3 }],
    ['no top-K correction', { topK: 1 }],
    ['no correction at all', { topK: 1, correction: 'none' }],
    ['top-K alone', { topK: 4, correction: 'none' }],
  ])('has the loss and the gradients of the formulas: %s', (_, options) => {
    // a step of plain descent by 1 shows the gradient
    const training = { batchSize: 64, optimizer: { name: 'sgd', learningRate: 1 } };
    const { config, step, read, random } = opened({ ...small, ...options }, data, training);
    const returns = discountedReturns(data, config.discount);
    const batches = new RecentBatches(data, {
      targets: 1,
      negatives: 0,
      maxLength: 3,
      batchSize: 64,
      returns,
      random: random.child('examples'),
    });
    const order = Int32Array.from({ length: batches.nRows }, (_, r) => r);
    const nRows = batches.fill(order, 0, 0);
    const { item, candidates, returned } = batches.rows;
    const rows: LoggedAction[] = Array.from({ length: nRows }, (_, r) => ({
      events: [...item.subarray(3 * r, 3 * r + 3)],
      action: candidates[r],
      returned: returned[r],
    }));
    expect(rows).toHaveLength(12);
    const oracle = config as ReinforceOracle;
    const before = read();
    const weights = rows.map((row) => weightOf(oracle, before, row));
    const { lossSum } = step.run(0, 0, 1);
    const loss = (w: Map<string, number[]>) => meanLoss(oracle, w, rows, weights, before);
    expect(lossSum / nRows).toBeCloseTo(loss(before), 4);
    const after = read();
    for (const [name, values] of before)
      for (let k = 0; k < values.length; k += name === 'V' || name === 'Vb' ? 1 : 3) {
        const moved = (by: number) =>
          loss(
            new Map(before).set(
              name,
              values.map((v, n) => (n === k ? v + by : v)),
            ),
          );
        const slope = (moved(1e-4) - moved(-1e-4)) / 2e-4;
        expect(values[k] - (after.get(name) as number[])[k], `${name}[${k}]`).toBeCloseTo(slope, 4);
      }
    step.free();
  });

  it('gives the same bytes on any number of threads', () => {
    const [one, two] = engines.map((engine) => {
      const { step, read } = opened(small, data, { batchSize: 4 }, engine);
      step.run(0, 0, step.stepsPerEpoch);
      const weights = read();
      step.free();
      return weights;
    });
    expect(one).toEqual(two);
  });
});

/** For a machine that is busy. */
const SLOW = 300_000;

/**
 * One decision a visit, always in the same state: item 0 stands before it. @param shares how often the log takes each item
 * @returns π of all items after training
 */
function learned(rewards: readonly number[], shares: readonly number[], options: object): number[] {
  const n = 2000;
  const total = shares.reduce((a, b) => a + b);
  const actions = shares.flatMap((share, item) => Array<number>(Math.round((n * share) / total)).fill(item));
  const sequences = sequencesOf(
    actions.map((item) => [0, item]),
    rewards.length,
  );
  const reward = Float32Array.from(sequences.items, (item, event) => (event % 2 === 0 ? 0 : rewards[item]));
  const given = { factors: 4, units: 8, maxLength: 1, discount: 0, ...options };
  const training = { batchSize: actions.length, optimizer: { learningRate: 0.03 } };
  const { config, step, read } = opened(given, { ...sequences, reward }, training);
  for (let epoch = 0; epoch < 400; epoch++) step.run(epoch, 0, step.stepsPerEpoch);
  const weights = read();
  step.free();
  return logPolicy(stateOf(config as ReinforceOracle, weights, [0]), weights.get('V') as number[]).map(Math.exp);
}

describe('ten items of which the log prefers the bad ones', () => {
  // r = 1 … 10, β ∝ 1 / r²
  const rewards = Array.from({ length: 10 }, (_, item) => item + 1);
  const shares = rewards.map((r) => 1 / r ** 2);

  it(
    'without correction the policy follows the log, weighed by rewards',
    () => {
      const policy = learned(rewards, shares, { correction: 'none', topK: 1 });
      const weighed = rewards.map((r, item) => r * shares[item]);
      const total = weighed.reduce((a, b) => a + b);
      for (const [item, p] of policy.entries())
        expect(Math.abs(p - weighed[item] / total), `item ${item}`).toBeLessThan(0.02);
      expect(policy.indexOf(Math.max(...policy))).toBe(0);
    },
    SLOW,
  );

  it(
    'with the correction it finds the best one',
    () => {
      const policy = learned(rewards, shares, { topK: 1, cap: 1000 });
      expect(policy[9]).toBeGreaterThan(0.95);
    },
    SLOW,
  );
});

describe('two good items of ten, of which two are shown', () => {
  const rewards = [10, 9, 1, 1, 1, 1, 1, 1, 1, 1];
  const even = rewards.map(() => 1);

  it(
    'plain correction puts all on one',
    () => {
      const policy = learned(rewards, even, { topK: 1, cap: 1000 });
      expect(policy[0]).toBeGreaterThan(0.95);
    },
    SLOW,
  );

  it(
    'top-K keeps both, as much of each as is best',
    () => {
      const policy = learned(rewards, even, { topK: 2, cap: 1000 });
      // max Σ r (1 − (1 − π)²) where 10 (1 − p) = 9 (1 − q), p + q = 1
      expect(Math.abs(policy[0] - 10 / 19)).toBeLessThan(0.05);
      expect(Math.abs(policy[1] - 9 / 19)).toBeLessThan(0.05);
    },
    SLOW,
  );
});
