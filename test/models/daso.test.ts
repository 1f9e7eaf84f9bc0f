/**
 * DASO's four players and its cycle against float64 loops that are written here from the formulas; the oracle knows nothing of
 * expressions, and its slopes are differences.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { affine, indexInput } from '../../src/engine/ops/index.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { pairStep, policyStep } from '../../src/examples/players.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { cycleLoss, daso } from '../../src/models/daso.ts';
import { differences, slopesOf } from '../examples/step-slopes.ts';
import { checkerboard, trainSmall } from './made-worlds.ts';
import { thrownCode } from './thrown-code.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const sizes = { nUsers: 5, nItems: 6 };
const d = 3;
const hidden = 4;
const changed = { factors: d, hidden: [hidden], cycleWeight: 0.7 };

/** Parameters by name, as plain arrays. */
type Weights = Record<string, Float64Array>;

function world(config: ReturnType<typeof daso.options.parse>) {
  const declared = declaredAs(daso.parameters(config, sizes));
  const random = new RandomStream(3, 'weights');
  const given = new Map<Tensor, Float64Array>(
    declared.list.map((t) => [t, Float64Array.from({ length: t.size }, () => 0.6 * random.normal())]),
  );
  const weights: Weights = Object.fromEntries(declared.list.map((t) => [t.attributes.name, given.get(t)!]));
  return { declared, given, weights };
}

const row = (table: Float64Array, width: number, n: number, length = width): number[] => [
  ...table.subarray(n * width, n * width + length),
];
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, k) => sum + v * b[k], 0);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

function layer(w: Weights, name: string, x: readonly number[]): number[] {
  const [matrix, bias] = [w[`${name}.W`], w[`${name}.b`]];
  return Array.from(bias, (b, j) => b + sum(x.map((v, i) => v * matrix[i * bias.length + j])));
}
const carried = (w: Weights, map: string, x: readonly number[], activation: string): number[] => {
  const a = activation === 'tanh' ? Math.tanh : (v: number) => Math.max(0, v);
  return layer(w, `${map}2`, layer(w, `${map}1`, x).map(a));
};
const toItem = (w: Weights, x: readonly number[], a: string) => carried(w, 'socialToItem', x, a);
const toSocial = (w: Weights, x: readonly number[], a: string) => carried(w, 'itemToSocial', x, a);
const ofItem = (w: Weights, user: number) => row(w['itemDomain.user'], d, user);
const ofSocial = (w: Weights, user: number) => row(w['socialDomain.user'], d + 1, user, d);
const distance = (a: readonly number[], b: readonly number[]): number => Math.hypot(...a.map((v, k) => v - b[k]));

function cycle(w: Weights, user: number, a: string): number {
  const [i, s] = [ofItem(w, user), ofSocial(w, user)];
  return distance(toItem(w, toSocial(w, i, a), a), i) + distance(toSocial(w, toItem(w, s, a), a), s);
}

/** Scores of all targets by a generator or a discriminator. */
function scores(w: Weights, player: string, user: number, a: string): number[] {
  const [x, table, n] = {
    'item generator': [toItem(w, ofSocial(w, user), a), w['itemDomain.item'], sizes.nItems] as const,
    'social generator': [toSocial(w, ofItem(w, user), a), w['socialDomain.user'], sizes.nUsers] as const,
    'item discriminator': [
      row(w['itemDomain.discriminator.user'], d, user),
      w['itemDomain.discriminator.item'],
      sizes.nItems,
    ] as const,
    'social discriminator': [
      row(w['socialDomain.discriminator.user'], d, user),
      w['socialDomain.discriminator.friend'],
      sizes.nUsers,
    ] as const,
  }[player]!;
  return Array.from({ length: n }, (_, v) => dot([...x, 1], row(table, d + 1, v)));
}

function expectSlopes(loss: Tensor, made: ReturnType<typeof world>, rows: number, objective: () => number): string[] {
  const slopes = slopesOf(loss, made.given, made.declared.list, rows);
  const reached: string[] = [];
  for (const tensor of made.declared.list) {
    const name = tensor.attributes.name as string;
    const found = slopes.get(tensor)!;
    const expected = differences(made.weights[name], objective);
    found.forEach((slope, k) => void expect(slope, name).toBeCloseTo(expected[k], 6));
    if (found.some((slope) => slope !== 0)) reached.push(name);
  }
  return reached;
}

const users = [1, 4, 0];
const draws = [
  [0, 2],
  [3, 3],
  [4, 1],
];
const weights = [
  [0.5, -0.3],
  [1.2, 0.4],
  [-0.7, 0.2],
];
const names = {
  toItem: ['socialToItem1.W', 'socialToItem1.b', 'socialToItem2.W', 'socialToItem2.b'],
  toSocial: ['itemToSocial1.W', 'itemToSocial1.b', 'itemToSocial2.W', 'itemToSocial2.b'],
};

describe.each(['tanh', 'relu'] as const)('with %s', (activation) => {
  it('the cycle is the sum of both distances, not of their squares, and its slopes are those of the formula', () => {
    const made = world(daso.options.parse({ ...changed, activation }));
    const config = daso.options.parse({ ...changed, activation });
    const user = indexInput('user');
    const loss = cycleLoss(made.declared.tensors, user, config);
    made.given.set(user, Float64Array.from(users));
    const objective = () => sum(users.map((u) => cycle(made.weights, u, activation))) / users.length;
    const reached = expectSlopes(loss, made, users.length, objective);
    expect(reached.sort()).toEqual(['itemDomain.user', 'socialDomain.user', ...names.toItem, ...names.toSocial].sort());
  });

  it.each([
    ['item', 0.7],
    ['item', 0],
    ['social', 0.7],
    ['social', 0],
  ] as const)('the %s generator has the slopes of its policy gradient and λ = %d times the cycle', (domain, lambda) => {
    const config = daso.options.parse({ ...changed, activation, cycleWeight: lambda });
    const made = world(config);
    const game = daso.games(config)[domain === 'item' ? 0 : 1]!;
    const step = policyStep(game.generator, made.declared.tensors, config, { n: 2, isWhole: true, people: 3 });
    made.given.set(step.user, Float64Array.from(users));
    made.given.set(step.choices, Float64Array.from(draws.flat()));
    made.given.set(
      step.slopes,
      Float64Array.from(weights.flat(), (v) => -v / 2),
    );
    made.given.set(
      step.total!.weight,
      Float64Array.from(weights, (w) => sum(w) / 2),
    );
    made.given.set(
      step.total!.any,
      Float64Array.from(draws, ([first]) => first),
    );
    const objective = () =>
      sum(
        users.map((u, r) => {
          const g = scores(made.weights, `${domain} generator`, u, activation);
          const logSum = Math.log(sum(g.map(Math.exp)));
          const policy = -sum(draws[r].map((a, k) => weights[r][k] * (g[a] - logSum))) / 2;
          return policy + lambda * cycle(made.weights, u, activation);
        }),
      ) / users.length;
    const reached = expectSlopes(step.loss, made, users.length, objective);
    const own =
      domain === 'item'
        ? ['itemDomain.item', 'socialDomain.user', ...names.toItem]
        : ['socialDomain.user', 'itemDomain.user', ...names.toSocial];
    const ofCycle = ['itemDomain.user', 'socialDomain.user', ...names.toItem, ...names.toSocial];
    expect(reached.sort()).toEqual([...new Set([...own, ...(lambda > 0 ? ofCycle : [])])].sort());
  });
});

it.each(['item', 'social'])(
  'the %s discriminator has the slopes of the log loss, in its own tables alone',
  (domain) => {
    const config = daso.options.parse(changed);
    const made = world(config);
    const game = daso.games(config)[domain === 'item' ? 0 : 1]!;
    const step = pairStep(game.discriminator, made.declared.tensors, config, game);
    const [taken, drawn] = [
      [3, 0, 2],
      [4, 4, 1],
    ];
    made.given.set(step.user, Float64Array.from(users.flatMap((u) => [u, u])));
    made.given.set(step.target, Float64Array.from(users.flatMap((_, n) => [taken[n], drawn[n]])));
    made.given.set(step.label!, Float64Array.of(1, 0, 1, 0, 1, 0));
    const softplus = (v: number) => Math.log1p(Math.exp(v));
    const objective = () =>
      sum(
        users.map((u, n) => {
          const f = scores(made.weights, `${domain} discriminator`, u, 'tanh');
          return softplus(-f[taken[n]]) + softplus(f[drawn[n]]);
        }),
      ) / 6;
    const last = domain === 'item' ? 'item' : 'friend';
    expect(expectSlopes(step.loss, made, 6, objective).sort()).toEqual(
      [`${domain}Domain.discriminator.${last}`, `${domain}Domain.discriminator.user`].sort(),
    );
  },
);

it('the distance has a slope of 0, not none, where it is 0', () => {
  const config = daso.options.parse({ ...changed, hidden: [d], activation: 'relu' });
  const made = world(config);
  // both maps are the identity of what is not negative
  for (const [name, values] of Object.entries(made.weights)) {
    if (name.endsWith('.W')) values.forEach((_, k) => void (values[k] = k % (d + 1) === 0 ? 1 : 0));
    if (name.endsWith('.b')) values.fill(0);
    if (name.endsWith('Domain.user')) values.forEach((v, k) => void (values[k] = Math.abs(v)));
  }
  const user = indexInput('user');
  made.given.set(user, Float64Array.of(2));
  const loss = affine(cycleLoss(made.declared.tensors, user, config), 1, 0);
  for (const slopes of slopesOf(loss, made.given, made.declared.list, 1).values())
    for (const slope of slopes) expect(Math.abs(slope)).toBeLessThan(1e-9);
});

describe('in a world', () => {
  it('is refused where nobody knows anybody, with what to do', async () => {
    const alone = checkerboard();
    const split = { ...alone, dataset: { ...alone.dataset, social: null } };
    expect(await thrownCode(() => trainSmall(engine, split, daso))).toBe('config');
    await expect(trainSmall(engine, split, daso)).rejects.toThrow(/--social FILE/);
    const { recommender } = await trainSmall(engine, split, daso, { config: { social: false } });
    expect(recommender.recommend({ user: 'user 3' }, { k: 1 }).recommendations[0].item).toBe('item 3');
    recommender.close();
  });

  it.each([{ social: false }, { adversarial: false }, { cycleWeight: 0 }, { serves: 'discriminator' }])(
    'ranks the withheld item first with %o',
    async (config) => {
      const training = { generatorLearningRate: 'adversarial' in config ? 0.02 : 0.0005 };
      const { result, recommender } = await trainSmall(engine, checkerboard(), daso, { config, training });
      expect(result!.metrics['hr@1'].mean).toBeGreaterThan(0.9);
      recommender.close();
    },
  );
});
