/** Moves of vectors against finite differences of the loss, their length, and what is left of the accuracy. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { rowOf, sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { perturbationCurve, perturbedForm } from '../../src/robustness/perturbation.ts';
import { trainRecommender } from '../../src/runs/train-recommender.ts';
import { prepareSplit } from '../../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const [nUsers, nItems, width] = [6, 5, 3];
const draws = new RandomStream(2, 'vectors');
// the last number of every user is 1: what a bias of the items is multiplied by
const users = Float32Array.from({ length: nUsers * width }, (_, k) => (k % width === width - 1 ? 1 : draws.normal()));
const items = Float32Array.from({ length: nItems * width }, () => draws.normal());
const taken = sparseRows(nUsers, Int32Array.of(0, 0, 1, 2, 3, 4, 4), Int32Array.of(0, 3, 1, 2, 4, 0, 1), true);
const form = { form: 'dot', users, items, width } as const;
const moved = (kind: 'random' | 'adversarial', epsilon: number, seed = 1) =>
  perturbedForm(form, taken, { kind, epsilon, random: new RandomStream(seed, 'moves') });

const difference = (after: Float32Array, before: Float32Array, row: number) =>
  [...after.subarray(row * width, (row + 1) * width)].map((x, k) => x - before[row * width + k]);
const norm = (x: readonly number[]) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

/** −ln σ over all taken and all other items: what the drawn ones are a sample of. */
function loss(u: Float32Array, v: Float32Array): number {
  const score = (a: number, b: number) => [0, 1, 2].reduce((sum, k) => sum + u[a * width + k] * v[b * width + k], 0);
  let sum = 0;
  for (let user = 0; user < nUsers; user++) {
    const own = [...rowOf(taken, user)];
    for (const i of own)
      for (let j = 0; j < nItems; j++)
        if (!own.includes(j)) sum += Math.log1p(Math.exp(score(user, j) - score(user, i))) / (nItems - own.length);
  }
  return sum;
}

describe('perturbedForm', () => {
  it.each(['random', 'adversarial'] as const)('moves every vector by ε and no common number: %s', (kind) => {
    const after = moved(kind, 0.3);
    for (let u = 0; u < nUsers - 1; u++) {
      const by = difference(after.users, users, u);
      expect(norm(by)).toBeCloseTo(0.3, 5);
      expect(by[width - 1]).toBe(0);
    }
    for (let i = 0; i < nItems; i++) expect(norm(difference(after.items, items, i))).toBeCloseTo(0.3, 5);
    // nobody's loss depends on a user without items
    if (kind === 'adversarial') expect(norm(difference(after.users, users, nUsers - 1))).toBe(0);
  });

  it('raises the loss as much as any direction can, at random hardly', () => {
    const epsilon = 1e-2;
    const before = loss(users, items);
    const rise = (kind: 'random' | 'adversarial', seed = 1) => {
      const after = moved(kind, epsilon, seed);
      return (loss(after.users, after.items) - before) / epsilon;
    };
    // Σ_v ‖∂L/∂v‖, by finite differences
    let steepest = 0;
    for (const [table, fixed] of [
      [users, width - 1],
      [items, width],
    ] as const)
      for (let row = 0; row < table.length; row += width) {
        const slope = [];
        for (let k = 0; k < fixed; k++) {
          const changed = table.slice();
          changed[row + k] += 1e-3;
          slope.push((loss(table === users ? changed : users, table === items ? changed : items) - before) / 1e-3);
        }
        steepest += norm(slope);
      }
    expect(rise('adversarial')).toBeGreaterThan(0.9 * steepest);
    const atRandom = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => rise('random', seed));
    expect(Math.abs(atRandom.reduce((a, b) => a + b, 0) / 8)).toBeLessThan(0.3 * steepest);
  });

  it('gives the same for the same seed, and refuses scores that are no products', () => {
    expect(moved('random', 1).users).toEqual(moved('random', 1).users);
    expect(moved('random', 1).users).not.toEqual(moved('random', 1, 2).users);
    const pair = { form: 'pair' } as never;
    const options = { kind: 'random', epsilon: 1, random: draws } as const;
    expect(thrownCode(() => perturbedForm(pair, taken, options))).toBe('config');
  });
});

describe('perturbationCurve', () => {
  it('shows that adversarial training keeps more of the accuracy under the adversary', async () => {
    const kept: number[] = [];
    for (const adversarialEpsilon of [0, 0.5]) {
      const settings = parseRunSettings(
        {
          data: { simulated: { nUsers: 300, nItems: 150 } },
          split: { method: 'leave-one-out', by: 'time' },
          model: 'bpr-mf',
          config: { factors: 16 },
          training: { adversarialEpsilon, epochs: 40, batchSize: 256, patience: 0, keepBest: false },
          final: false,
          seed: 1,
        },
        'test',
      );
      const split = await prepareSplit(settings);
      const { recommender } = await trainRecommender({ engine, split, settings });
      const scorer = recommender.scorer('pairs');
      const { evaluation } = settings;
      const options = { engine, split, scorer, evaluation, metric: 'ndcg@10', epsilons: [0.5], seed: 1 };
      const curve = perturbationCurve(options);
      expect(curve.map(({ kind, epsilon }) => [kind, epsilon])).toEqual([
        ['random', 0],
        ['random', 0.5],
        ['adversarial', 0],
        ['adversarial', 0.5],
      ]);
      expect(curve[3].kept).toBeLessThan(curve[1].kept);
      expect(curve[3].kept).toBeCloseTo(curve[3].value / curve[2].value, 12);
      kept.push(curve[3].kept);
    }
    expect(kept[1]).toBeGreaterThan(kept[0]);
  });
});
