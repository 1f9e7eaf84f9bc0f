import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import type { Model } from '../../src/examples/model.ts';
import { rowsOfLoss } from '../../src/examples/pair-settings.ts';
import type { PairModel } from '../../src/examples/pairs.ts';
import { isPairModel, type PairSettings, pairSettings } from '../../src/examples/pairs.ts';
import { findModel, modelsOf } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { FoldIn } from '../../src/training/fold-in.ts';
import { checkerboard, madeSplit, type Pair, SIDE, trainSmall } from '../models/made-worlds.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engine = new Engine({ threads: 1 });
const two = new Engine({ threads: 2 });
afterAll(() => {
  engine.close();
  two.close();
});

/** New people and the items they took, in no order. */
const histories = [
  [4, 10, 2, 16],
  [7, 1, 13, 21],
  [20, 6, 12, 0],
].map((items) => Int32Array.from(items));

async function trained(on: Engine, model: Model, split = checkerboard()) {
  const { recommender } = await trainSmall(on, split, model);
  const { weights, info, users, items } = recommender.parts;
  const config = model.options.parse(info.model.config);
  const training = pairSettings.parse(info.training);
  const parts = { engine: on, model: model as PairModel, rows: rowsOfLoss[training.loss], config, training, weights };
  const made = () =>
    new FoldIn({ ...parts, sizes: { nUsers: users.size, nItems: items.size } }, recommender.scorer('pairs'));
  return { recommender, weights, training, made };
}

describe.each(modelsOf('pairs').filter(isPairModel))('fold-in of new people with $name', (model) => {
  it('gives each a taste of their own and leaves the trained weights alone', async () => {
    const { recommender, weights, made } = await trained(engine, model);
    const before = weightBytes(weights);
    const foldIn = made();
    const tables = new RankingTables(engine, recommender.scorer('pairs').form, SIDE);
    const colours = histories.map((history) => {
      const { topItems } = tables.rank({
        users: Int32Array.of(0),
        person: { vector: foldIn.vectorOf(history) },
        topK: 8,
      });
      return topItems.reduce((sum, item) => sum + (item % 2), 0);
    });
    // 12 items of each colour: by chance one list in 70 is as clear
    expect(colours[0]).toBeLessThanOrEqual(1);
    expect(colours[1]).toBeGreaterThanOrEqual(7);
    expect(colours[2]).toBeLessThanOrEqual(1);
    expect(weightBytes(weights)).toBe(before);
    tables.free();
    foldIn.free();
    recommender.close();
  });

  it('gives the same items the same row, whoever was asked for before, on any number of threads', async () => {
    const rows: string[] = [];
    for (const on of [engine, two]) {
      const { recommender, made } = await trained(on, model);
      const first = made();
      const second = made();
      for (const history of histories) first.vectorOf(history);
      rows.push(first.vectorOf(histories[0]).join(), second.vectorOf(histories[0]).join());
      expect(rows[0]).not.toBe(first.vectorOf(histories[1]).join());
      first.free();
      second.free();
      recommender.close();
    }
    expect(new Set(rows).size).toBe(1);
  });

  it('leaves no memory of the engine taken when the recommender is closed, and takes no more with every person', async () => {
    const held = engine.heldBytes;
    const { recommender } = await trained(engine, model);
    const ask = () => recommender.recommend({ history: ['item 4', 'item 10', 'item 2'] });
    ask();
    const once = engine.heldBytes;
    for (let n = 0; n < 5; n++) ask();
    expect(engine.heldBytes).toBe(once);
    recommender.close();
    expect(engine.heldBytes).toBe(held);
  });
});

/** The loss of the header for one person, in plain float64 loops. */
function lossOf(
  z: ArrayLike<number>,
  history: Int32Array,
  form: { users: Float32Array; items: Float32Array; width: number },
  others: readonly number[],
  { negatives, optimizer: { l2 } }: PairSettings,
  isPairwise: boolean,
): number {
  const { users, items, width } = form;
  const [tau, lambda] = [0.03, l2 * history.length * (negatives + (isPairwise ? 0 : 1))];
  const n = users.length / width;
  const score = (item: number) => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += items[item * width + k] * z[k];
    return sum;
  };
  const softplus = (x: number) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)));
  let value = 0;
  for (const i of history) {
    const against = others.map((j) => softplus(isPairwise ? score(j) - score(i) : score(j)));
    value += (isPairwise ? 0 : softplus(-score(i))) + (negatives * against.reduce((a, b) => a + b, 0)) / others.length;
  }
  const columns = Array.from({ length: width }, (_, k) => Array.from({ length: n }, (_, u) => users[u * width + k]));
  const means = columns.map((column) => column.reduce((a, b) => a + b, 0) / n);
  const variances = columns.map((column, k) => column.reduce((a, b) => a + (b - means[k]) ** 2, 0) / n);
  const varying = variances.filter((variance) => variance > 0);
  const variance = varying.reduce((a, b) => a + b, 0) / varying.length;
  for (let k = 0; k < width; k++) {
    if (variances[k] > 0) value += (tau * (z[k] - means[k]) ** 2) / variance / 2 + (lambda * z[k] ** 2) / 2;
  }
  return value;
}

describe('the row of a new person', () => {
  it.each(['mf', 'gmf', 'bpr-mf'])('is where the loss of the formula is least: %s', async (name) => {
    const model = findModel(name);
    const { recommender, training, made } = await trained(engine, model);
    const foldIn = made();
    const { form } = recommender.scorer('pairs');
    if (form.form !== 'dot') throw new Error('it has vectors');
    const isPairwise = (model as PairModel).loss === 'pairwise';
    for (const history of histories) {
      const taken = new Set(history);
      const others = Array.from({ length: SIDE }, (_, i) => i).filter((i) => !(training.rejectTaken && taken.has(i)));
      const z = foldIn.vectorOf(history);
      const at = (change: ArrayLike<number>) => lossOf(change, history, form, others, training, isPairwise);
      const least = at(z);
      const random = new RandomStream(3, 'changes');
      for (let n = 0; n < 60; n++) {
        const scale = [0.3, 0.03][n % 2];
        const moved = Float64Array.from(z, (v, k) => {
          const column = Array.from({ length: SIDE }, (_, u) => form.users[u * form.width + k]);
          const isFixed = column.every((value) => value === column[0]);
          return isFixed ? v : v + scale * random.normal();
        });
        expect(at(moved)).toBeGreaterThan(least - 2e-3 * least);
      }
    }
    foldIn.free();
    recommender.close();
  });

  it('lets some items stand for all others where there are many, the same for everybody', async () => {
    const nItems = 2500;
    const train = Array.from({ length: 40 * 12 }, (_, k): Pair => {
      const user = Math.floor(k / 12);
      return [user, (user % 2) + 2 * ((k * 97) % (nItems / 2))];
    });
    const { recommender, made } = await trained(engine, findModel('mf'), madeSplit(40, nItems, { train }));
    const foldIn = made();
    const history = Int32Array.of(2, 8, 100);
    expect(foldIn.vectorOf(history)).toEqual(made().vectorOf(history));
    foldIn.free();
    recommender.close();
  });
});

it.each(
  ['bpr-mf', 'mf', 'gmf'].flatMap((name) => [
    { name, training: { loss: 'softmax' } },
    { name, training: { loss: 'in-batch-softmax', temperature: 0.5 } },
  ]),
)(
  'somebody new to a $name of $training.loss is told apart, whatever a sampler would draw',
  async ({ name, training }) => {
    const { recommender } = await trainSmall(engine, checkerboard(), findModel(name), { training });
    const { parts } = recommender;
    const lists = [{}, { negatives: 50, rejectTaken: false }].map((unused) => {
      const info = { ...parts.info, training: { ...parts.info.training, ...unused } };
      const asked = new Recommender({ ...parts, info }, engine);
      return histories.map((history) => {
        const { recommendations } = asked.recommend(
          { history: Array.from(history, (item) => parts.items.idOf(item)) },
          { k: 6 },
        );
        return recommendations.map(({ item }) => parts.items.indexOf(item) as number);
      });
    });
    expect(lists[1]).toEqual(lists[0]);
    const odd = lists[0].map((items) => items.filter((item) => item % 2 === 1).length);
    expect(odd[0]).toBeLessThanOrEqual(1);
    expect(odd[1]).toBeGreaterThanOrEqual(5);
    expect(odd[2]).toBeLessThanOrEqual(1);
    recommender.close();
  },
);
