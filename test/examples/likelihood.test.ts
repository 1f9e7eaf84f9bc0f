/** A generator's turn without a game, against plain loops over the softmax of all items. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import { optimizerOptions } from '../../src/engine/optimizers/optimizer.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { type LikelihoodOptions, likelihoodTurn } from '../../src/examples/likelihood.ts';
import { declaredAs, initialiseParameters } from '../../src/layers/declared-parameters.ts';
import { irgan } from '../../src/models/irgan.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

const factors = 4;
const config = irgan.options.parse({ factors, pretrain: false, deviation: 1 });
const [game] = irgan.games(config);

/** @param taken items of each person */
function worldOf(taken: readonly (readonly number[])[]): SparseRows {
  const users = taken.flatMap((items, user) => items.map(() => user));
  return sparseRows(taken.length, Int32Array.from(users), Int32Array.from(taken.flat()));
}

function opened(
  positives: SparseRows,
  nItems: number,
  { engine = engines[0], ...more }: Partial<LikelihoodOptions<typeof config>>,
) {
  const declared = declaredAs(irgan.parameters(config, { nUsers: positives.nRows, nItems }));
  const store = new ParameterStore(engine, declared.list);
  initialiseParameters(declared, store, new RandomStream(4, 'init'));
  const turn = likelihoodTurn({
    name: 'generator',
    engine,
    store,
    tensors: declared.tensors,
    config,
    player: game.generator,
    positives,
    passes: 1,
    batchSize: 100,
    optimizer: optimizerOptions.parse({ learningRate: 0.05 }),
    epochs: 400,
    random: new RandomStream(4, 'turn'),
    ...more,
  });
  const weights = (name: string) => store.read(declared.tensors[name]);
  const probabilities = (user: number): number[] => {
    const [x, y] = [weights('generator.user'), weights('generator.item')];
    const scores = Array.from({ length: nItems }, (_, item) => {
      let score = y[item * (factors + 1) + factors];
      for (let k = 0; k < factors; k++) score += x[user * factors + k] * y[item * (factors + 1) + k];
      return Math.exp(score);
    });
    const total = scores.reduce((sum, s) => sum + s, 0);
    return scores.map((s) => s / total);
  };
  const run = (epoch: number): number => {
    let lossSum = 0;
    for (let step = 0; step < turn.plan.stepsPerEpoch; step++) {
      turn.feed(epoch, step);
      lossSum += turn.plan.run(epoch, step, 1).lossSum;
    }
    return lossSum;
  };
  const free = (): void => {
    turn.plan.free();
    store.free();
  };
  return { turn, run, probabilities, weights, free };
}

/** Nobody took anything in row 2. */
const taken = [[1, 4, 9], [0], [], [2, 3, 5, 7, 8, 11], [4, 9]];
const nItems = 12;

describe('the likelihood of what was taken', () => {
  it('is that of the softmax over all items, every taken pair alike', () => {
    const open = opened(worldOf(taken), nItems, {});
    const logs = taken.flatMap((items, user) => items.map((item) => Math.log(open.probabilities(user)[item])));
    // four people have 12 pairs
    const expected = -logs.reduce((sum, v) => sum + v, 0) / (12 / 4);
    expect(open.turn.reportedRows).toBe(4);
    expect(open.run(0)).toBeCloseTo(expected, 3);
    open.free();
  });

  it('is learned: what was taken gets nearly all of the probability, evenly', () => {
    const open = opened(worldOf(taken), nItems, { batchSize: 2 });
    for (let epoch = 0; epoch < 300; epoch++) open.run(epoch);
    taken.forEach((items, user) => {
      for (const item of items) expect(open.probabilities(user)[item] * items.length).toBeGreaterThan(0.8);
    });
    open.free();
  });

  it('has the same bytes on one thread and on two', () => {
    const bytes = engines.map((engine) => {
      const open = opened(worldOf(taken), nItems, { engine, passes: 2, batchSize: 3 });
      for (let epoch = 0; epoch < 3; epoch++) open.run(epoch);
      const found = [...open.weights('generator.user'), ...open.weights('generator.item')];
      open.free();
      return found;
    });
    expect(bytes[1]).toEqual(bytes[0]);
  });

  it('of somebody who took more than a step holds is that of other parts of it in every epoch', () => {
    const many = Array.from({ length: 400 }, (_, item) => item);
    const open = opened(worldOf([many, [401]]), 500, { optimizer: optimizerOptions.parse({ learningRate: 1e-9 }) });
    const p = open.probabilities(0).slice(0, 400);
    const [whole, mean] = [p.reduce((sum, v) => sum - Math.log(v), 0) / 400, 401 / 2];
    const alone = -Math.log(open.probabilities(1)[401]) / mean;
    const found = Array.from({ length: 30 }, (_, epoch) => ((open.run(epoch) - alone) * mean) / 400);
    expect(new Set(found.map((v) => v.toFixed(4))).size).toBeGreaterThan(20);
    const deviation = Math.sqrt(p.reduce((sum, v) => sum + (-Math.log(v) - whole) ** 2, 0) / 400);
    // means of 256 of 400
    const error = deviation * Math.sqrt((1 - 256 / 400) / 256 / found.length);
    expect(Math.abs(found.reduce((sum, v) => sum + v, 0) / found.length - whole)).toBeLessThan(4 * error);
    open.free();
  });
});
