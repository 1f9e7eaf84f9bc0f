/**
 * DSCF — deep social collaborative filtering: a rating by what near and distant friends say of items like the one that is asked about.
 * Fan, Ma, Yin, Wang, Tang, Li: Deep Social Collaborative Filtering. RecSys 2019.
 *
 *   L walks of K steps from u over friends; on each the tokens (u_k, i_k, r_k): a visited user, the item that this user rated most like i,
 *   and the level of that rating
 *   x_k = ReLU(W₂ ReLU(W₁ [p_{u_k} ⊕ q_{i_k} ⊕ e_{r_k}] + b₁) + b₂)
 *   h_1 … h_K = Bi-LSTM(x_1 … x_K)
 *   s_l = Σ_k α_k h_k,   α = softmax_k(w_a · tanh(W_a h_k + V_a [p_u ⊕ q_i] + b_a))
 *   s   = Σ_l β_l s_l,   β = softmax_l(w_b · tanh(W_b s_l + V_b [p_u ⊕ q_i] + b_b)),   s = s₀ for somebody without friends
 *   r̂(u, i) = μ + b_u + b_i + w · MLP([p_u ⊕ q_i ⊕ s]) + b          min Σ (r_ui − r̂(u, i))²
 *
 * b_u and b_i are those of the model `bias`, fitted before (rating-biases.ts); the literal form is without them. By mini-batches with Adam; numbered differences: docs/models/dscf.md.
 */
import { z } from 'zod';
import { nearestItems } from '../data/social/nearest-items.ts';
import { SocialWalks, type WalkTokens } from '../data/social/walks.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, concat, linear, lookup, lookupFields, relu, sequenceLengths } from '../engine/ops/index.ts';
import { edgesOf, neighbourhoodModel } from '../examples/neighbourhoods.ts';
import { attentionParameters, attentionPooling, meanPooling } from '../layers/attention-pooling.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { glorotUniform, normal, zeros } from '../layers/initializer.ts';
import { lstmLayer, lstmParameters } from '../layers/lstm.ts';
import {
  attentionOption,
  deviationOption,
  dropoutOption,
  factorsOption,
  friendsOption,
  hiddenOption,
  neighboursOption,
} from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { tower, towerParameters } from '../layers/tower.ts';
import type { IndexLists, KeyedNeighbours, PairLeaves } from '../scoring/neighbourhood-scorer.ts';
import type { SurroundingSizes, Surroundings } from '../scoring/surroundings.ts';
import { fittedBiases, ratingBiasOptions, ratingBiasParameters, withBiases } from './rating-biases.ts';

const options = z.strictObject({
  factors: factorsOption
    .max(512)
    .default(32)
    .meta({ doc: 'length of the vectors, and units of a direction of the LSTM', search: [16, 32, 64] }),
  hidden: hiddenOption
    .min(1)
    .default([64, 32])
    .meta({ doc: 'sizes of the hidden layers of the output', search: [[64, 32], [32]] }),
  dropout: dropoutOption.default(0.5),
  walks: z
    .int()
    .min(1)
    .max(64)
    .default(5)
    .meta({ doc: 'L, random walks from the user', search: [3, 5, 10] }),
  steps: z
    .int()
    .min(1)
    .max(64)
    .default(10)
    .meta({ doc: 'K, people on each walk', search: [3, 5, 10] }),
  neighbours: neighboursOption
    .default(50)
    .meta({ doc: 'items rated most like an item that are looked for among those that somebody rated' }),
  bothWays: z.boolean().default(true).meta({ doc: 'walks go over edges both ways; false: as they are written' }),
  friends: friendsOption,
  attention: attentionOption,
  itemAware: z.boolean().default(true).meta({
    doc: 'false: tokens hold any item that a visited user rated, drawn evenly, in place of the one most like i',
  }),
  ...ratingBiasOptions,
  deviation: deviationOption.default(0.1),
});

type Options = z.output<typeof options>;

const NO_BATCH_NORM = false;

export const dscf = neighbourhoodModel({
  name: 'dscf',
  title: 'DSCF',
  paper: {
    authors: 'Fan, Ma, Yin, Wang, Tang, Li',
    title: 'Deep Social Collaborative Filtering',
    venue: 'RecSys',
    year: 2019,
  },
  options,
  trainingDefaults: { optimizer: { learningRate: 0.001 } },
  parameters,
  itemVectors: 'Q',
  edges: (config) => edgesOf(config),
  biases: ({ biases }) => biases,
  fittedBiases: (ratings, sizes, config) => fittedBiases(ratings, sizes, config),
  lists: ({ walks, steps, friends }): Readonly<Record<string, number>> => {
    if (!friends) return {};
    const tokens = walks * steps;
    return { walkUsers: tokens, walkItems: tokens, walkLevels: tokens, walks, alone: 1 };
  },
  neighbours: walkedNeighbours,
  score,
});

function parameters(config: Options, sizes: SurroundingSizes): ParameterDeclaration[] {
  const { nUsers, nItems, nLevels } = sizes;
  const { factors: d, hidden, dropout, deviation } = config;
  const vectors = normal(deviation);
  const [query, pooled] = [2 * d, 2 * d];
  const layers = [query + (config.friends ? pooled : 0), ...hidden];
  const last = layers[layers.length - 1];
  return [
    { name: 'P', shape: [nUsers, d], table: 'user', initializer: vectors },
    { name: 'Q', shape: [nItems, d], table: 'item', initializer: vectors },
    ...(config.friends ? friendParameters(config, nLevels, query, pooled) : []),
    ...towerParameters('hidden', layers, { dropout, batchNorm: NO_BATCH_NORM }),
    { name: 'out.W', shape: [last, 1], initializer: glorotUniform(last, 1) },
    { name: 'out.b', shape: [1], initializer: zeros },
    ...ratingBiasParameters(config, sizes),
  ];
}

/** Of all that stands between the walks and s. */
function friendParameters(
  { factors: d, deviation, attention }: Options,
  nLevels: number,
  query: number,
  pooled: number,
): ParameterDeclaration[] {
  const vectors = normal(deviation);
  const token = glorotUniform(3 * d, d);
  return [
    { name: 'E', shape: [nLevels, d], table: 'field', initializer: vectors },
    { name: 's0', shape: [1, pooled], table: 'field', initializer: vectors },
    // W₁, by the parts of the token that it multiplies
    { name: 'token.user', shape: [d, d], initializer: token },
    { name: 'token.item', shape: [d, d], initializer: token },
    { name: 'token.level', shape: [d, d], initializer: token },
    { name: 'token.b1', shape: [d], initializer: zeros },
    { name: 'token.W2', shape: [d, d], initializer: glorotUniform(d, d) },
    { name: 'token.b2', shape: [d], initializer: zeros },
    ...lstmParameters('lstm', d, d, 2),
    ...(attention ? ['steps', 'walks'] : []).flatMap((name) =>
      attentionParameters(name, { width: 2 * d, units: d, query }),
    ),
  ];
}

function score(p: Parameters, { user, item, biases, lists }: PairLeaves, config: Options, pass: ForwardPass): Tensor {
  const { hidden, dropout } = config;
  const pair = concat(lookup(p.P, user), lookup(p.Q, item));
  const z0 = config.friends ? concat(pair, friendVector(p, lists, pair, config)) : pair;
  const z = tower(p, 'hidden', hidden.length, z0, { dropout, batchNorm: NO_BATCH_NORM }, pass);
  const output = linear(z, p['out.W'], { bias: p['out.b'] });
  return withBiases(output, biases);
}

/** s, [B, 2 d]. */
function friendVector(
  p: Parameters,
  lists: PairLeaves['lists'],
  pair: Tensor,
  { factors, steps, attention }: Options,
): Tensor {
  const pooled = (name: string, vectors: Tensor, lengths: Tensor): Tensor =>
    attention ? attentionPooling(p, name, vectors, lengths, pair) : meanPooling(vectors, 2 * factors, lengths);
  const lengths = sequenceLengths(lists.walkUsers, steps);
  const h = lstmLayer(p, 'lstm', 2, tokens(p, lists), lengths, { steps, forget: 1 });
  const nWalks = sequenceLengths(lists.walks, lists.walks.size);
  return add(pooled('walks', pooled('steps', h, lengths), nWalks), lookupFields(p.s0, lists.alone, [1]));
}

/** x of all tokens, [B, L · K · d]. */
function tokens(p: Parameters, { walkUsers, walkItems, walkLevels }: PairLeaves['lists']): Tensor {
  const groups = walkUsers.size;
  const slots = Array<number>(groups).fill(1);
  const part = (table: Tensor, index: Tensor, w: Tensor, bias?: Tensor): Tensor =>
    linear(lookupFields(table, index, slots), w, { bias, groups });
  const ofUsers = part(p.P, walkUsers, p['token.user'], p['token.b1']);
  const ofItems = part(p.Q, walkItems, p['token.item']);
  const inner = relu(add(add(ofUsers, ofItems), part(p.E, walkLevels, p['token.level'])));
  return linear(inner, p['token.W2'], { bias: p['token.b2'], relu: true, groups });
}

/** Walks of a pair, those with tokens first; `walks` has an entry for each of them, `alone` one where there is none. */
function walkedNeighbours(
  surroundings: Surroundings,
  { walks, steps, neighbours, friends, itemAware }: Options,
): KeyedNeighbours {
  if (!friends) return () => () => {};
  const { rated, level, levels, nItems } = surroundings;
  // cosines are those of ratings from 0 up
  const lowest = Math.min(0, levels[0]);
  const ratings = Float32Array.from(level, (n) => levels[n] - lowest);
  const nearest = nearestItems(rated, ratings, nItems, neighbours);
  const drawn: WalkTokens = {
    user: new Int32Array(walks * steps),
    item: new Int32Array(walks * steps),
    level: new Int32Array(walks * steps),
  };
  return (key) => {
    const social = new SocialWalks(surroundings, nearest, { walks, steps, itemAware, key });
    return (user, item, number, lists, row) => {
      social.fill(user, item, number, drawn, 0);
      const n = writeWalks(drawn, steps, lists, row * walks * steps);
      lists.walks.fill(0, row * walks, row * walks + n).fill(-1, row * walks + n, (row + 1) * walks);
      lists.alone[row] = n === 0 ? 0 : -1;
    };
  };
}

/** Copies walks with tokens to the front; the rest is −1. Returns how many there are. */
function writeWalks(drawn: WalkTokens, steps: number, lists: IndexLists, at: number): number {
  const size = drawn.user.length;
  const copies = [
    [drawn.user, lists.walkUsers],
    [drawn.item, lists.walkItems],
    [drawn.level, lists.walkLevels],
  ];
  let n = 0;
  for (let from = 0; from < size; from += steps) {
    if (drawn.user[from] < 0) continue;
    for (const [source, target] of copies) target.set(source.subarray(from, from + steps), at + n * steps);
    n++;
  }
  for (const [, target] of copies) target.fill(-1, at + n * steps, at + size);
  return n;
}
