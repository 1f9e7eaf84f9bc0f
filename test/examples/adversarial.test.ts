/** Adversarial training: the step's gradient against an objective written from the paper, for every model of taken pairs. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { pairRow } from '../../src/examples/pair-loss.ts';
import { checkPairSettings, pairSettings } from '../../src/examples/pair-settings.ts';
import { isPairModel, type PairModel } from '../../src/examples/pairs.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { bprMf } from '../../src/models/bpr-mf.ts';
import { models } from '../../src/models/index.ts';
import { withConstants } from '../../src/scoring/pair-scorer.ts';
import { trainModel } from '../../src/training/train.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';
import { differences, slopesOf } from './step-slopes.ts';

const engines = [1, 2].map((threads) => new Engine({ threads, blas: 'off' }));
afterAll(() => {
  for (const engine of engines) engine.close();
});
const sizes = { nUsers: 7, nItems: 6 };
const [factors, rows] = [3, 9];
const random = new RandomStream(11, 'adversarial');
const users = Float64Array.from({ length: rows }, () => random.below(sizes.nUsers));
const taken = Float64Array.from({ length: rows }, () => random.below(sizes.nItems));
const others = Float64Array.from(taken, (item) => (item + 1 + random.below(sizes.nItems - 1)) % sizes.nItems);

describe('the loss of adversarial training', () => {
  const config = bprMf.options.parse({ factors });
  const { list, tensors } = declaredAs(bprMf.parameters(config, sizes));
  const [epsilon, weight] = [0.7, 2];
  const row = (settings: object) =>
    pairRow(bprMf, tensors, config, { training: pairSettings.parse(settings), sizes, capacity: rows });
  const values = new Map(
    list.map((tensor) => [tensor, Float64Array.from({ length: tensor.size }, () => random.normal())]),
  );
  const [P, Q, b] = [tensors.P, tensors.Q, tensors.itemBias].map((tensor) => values.get(tensor)!);
  const vector = (table: Float64Array, index: number) => [...table.subarray(index * factors, (index + 1) * factors)];
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, k) => sum + value * y[k], 0);

  /** Everything of the user and the two items of a row, a bias behind the vector of an item. */
  const ofRow = (r: number) => ({
    u: vector(P, users[r]),
    i: [...vector(Q, taken[r]), b[taken[r]]],
    j: [...vector(Q, others[r]), b[others[r]]],
  });
  const bpr = ({ u, i, j }: ReturnType<typeof ofRow>) => Math.log1p(Math.exp(-dot([...u, 1], i) + dot([...u, 1], j)));
  /** Δ of each row by the formula, with the weights as they are now. */
  const moves = () =>
    Array.from({ length: rows }, (_, r) => {
      const { u, i, j } = ofRow(r);
      const slope = -1 / (1 + Math.exp(dot([...u, 1], i) - dot([...u, 1], j)));
      const unit = (x: number[]) => x.map((value) => (epsilon * value) / Math.sqrt(dot(x, x)));
      return {
        u: unit(i.slice(0, factors).map((value, k) => slope * (value - j[k]))),
        i: unit([...u, 1].map((value) => slope * value)),
        j: unit([...u, 1].map((value) => -slope * value)),
      };
    });
  const objective = (delta: ReturnType<typeof moves>) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) {
      const at = ofRow(r);
      const moved = (['u', 'i', 'j'] as const).map((key) => [key, at[key].map((x, k) => x + delta[r][key][k])]);
      sum += bpr(at) + weight * bpr(Object.fromEntries(moved));
    }
    return sum / rows;
  };

  it('is L(Θ) + λ L(Θ + Δ), and Δ is a constant of its gradient', () => {
    const { loss, user, item, drawn } = row({ loss: 'bpr', adversarialEpsilon: epsilon, adversarialWeight: weight });
    const given = new Map([...values, [user, users], [item, taken], [drawn[0], others]]);
    const delta = moves();
    const found = evaluateReference([loss], given, rows).get(loss)!;
    expect(found.reduce((a, x) => a + x, 0) / rows).toBeCloseTo(objective(delta), 9);
    const slopes = slopesOf(loss, given, list, rows);
    for (const tensor of list)
      differences(values.get(tensor)!, () => objective(delta)).forEach((expected, k) => {
        expect(slopes.get(tensor)![k]).toBeCloseTo(expected, 7);
      });
  });

  it('is the plain one without ε', () => {
    const loss = (settings: object) => {
      const { loss: tensor, user, item, drawn } = row(settings);
      const given = new Map([...values, [user, users], [item, taken], [drawn[0], others]]);
      return evaluateReference([tensor], given, rows).get(tensor)!;
    };
    const tiny = loss({ loss: 'bpr', adversarialEpsilon: 1e-9 });
    loss({ loss: 'bpr' }).forEach((x, r) => {
      expect(tiny[r]).toBeCloseTo(2 * x, 6);
    });
  });
});

const pairModels = models.filter(isPairModel) as PairModel[];

describe.each(pairModels.map((model) => [model.name, model] as const))('adversarial training of %s', (_, model) => {
  const config = model.options.parse({});
  const graph = sparseRows(sizes.nUsers, Int32Array.from(users), Int32Array.from(taken), true);
  const friends = sparseRows(sizes.nUsers, Int32Array.of(0, 1, 2, 3), Int32Array.of(1, 0, 3, 2));
  const declared = declaredAs(model.parameters(config, sizes));
  const given = withConstants(model, declared.tensors, config, { sizes, rows: graph, friends });

  const weights = declared.list.map(
    (tensor) => [tensor, Float64Array.from({ length: tensor.size }, () => 0.1 * random.normal())] as const,
  );

  it.each(['bpr', 'log', 'sampled-softmax'])('loses more at the moved vectors: %s', (loss) => {
    const losses = (settings: object) => {
      const training = pairSettings.parse({ loss, negatives: loss === 'sampled-softmax' ? 2 : 1, ...settings });
      const row = pairRow(model, given, config, { training, sizes, capacity: rows });
      const leaves: [typeof row.user, Float64Array][] = [
        [row.user, users],
        [row.item, taken],
        ...row.drawn.map((leaf): [typeof row.user, Float64Array] => [leaf, others]),
      ];
      if (row.label) leaves.push([row.label, Float64Array.from(users, (_user, r) => r % 2)]);
      return evaluateReference([row.loss], new Map([...weights, ...leaves]), rows).get(row.loss)!;
    };
    const still = losses({ adversarialEpsilon: 1e-9 });
    losses({ adversarialEpsilon: 0.01 }).forEach((x, r) => {
      expect(x).toBeGreaterThan(still[r]);
    });
  });
});

describe('a training with an adversary', () => {
  const draws = new RandomStream(3, 'taken');
  const pairs = Array.from({ length: 400 }, () => [draws.below(40), Math.floor(30 * draws.uniform() ** 2)]);
  const [of, items] = [0, 1].map((side) => Int32Array.from(pairs, (pair) => pair[side]));
  const data = { sizes: { nUsers: 40, nItems: 30 }, rows: sparseRows(40, of, items, true) };
  const train = (settings: object, engine = engines[0]) =>
    trainModel({
      engine,
      model: bprMf,
      config: bprMf.options.parse({ factors: 4 }),
      training: pairSettings.parse({ loss: 'bpr', negatives: 1, epochs: 3, batchSize: 64, ...settings }),
      data,
      seed: 1,
      progress: { start: () => ({ update: () => {}, end: () => {} }), log: () => {} },
      fingerprint: 'made',
    });

  it('goes on from a training without, and gives the same bytes on any number of threads', async () => {
    const [one, two] = await Promise.all(engines.map((engine) => train({ adversarialEpsilon: 0.5 }, engine)));
    expect(one.log.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 1, 2, 3]);
    expect([...two.weights.values()].map(({ data: x }) => x)).toEqual(
      [...one.weights.values()].map(({ data: x }) => x),
    );
    const plain = await train({});
    expect(one.log.slice(0, 3).map(({ loss }) => loss)).toEqual(plain.log.map(({ loss }) => loss));
  });

  it('begins untrained where told', async () => {
    const { log } = await train({ adversarialEpsilon: 0.5, adversarialStart: 'untrained' });
    expect(log.length).toBe(3);
  });
});

describe('settings of adversarial training', () => {
  const check = (given: object) => thrownCode(() => checkPairSettings(pairSettings.parse(given), given));
  it('refuses what has nothing to act on', () => {
    expect(check({ adversarialWeight: 2 })).toBe('config');
    expect(check({ adversarialStart: 'untrained' })).toBe('config');
    expect(check({ loss: 'softmax', adversarialEpsilon: 0.5 })).toBe('config');
    expect(check({ loss: 'bpr', adversarialEpsilon: 0.5, adversarialWeight: 2 })).toBe('nothing thrown');
  });
});
