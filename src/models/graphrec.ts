/**
 * GraphRec — a graph neural network for social recommendation: a user is what the user rated how and who the friends are, an item is who
 * rated it how.
 * Fan, Ma, Li, He, Zhao, Tang, Yin: Graph Neural Networks for Social Recommendation. WWW 2019.
 *
 *   x_a = MLP_x([q_a ⊕ e_{r_ua}]),   h_I = ReLU(W_I [p_u ⊕ Σ_a α_a x_a] + b_I),   a over the items that u rated, i not among them
 *   h_S = ReLU(W_S [p_u ⊕ Σ_o β_o p_o] + b_S),                                   o over the friends of u
 *   f_t = MLP_f([p_t ⊕ e_{r_ti}]),   z = ReLU(W_z [q_i ⊕ Σ_t γ_t f_t] + b_z),     t over those who rated i, u not among them
 *   h = ReLU(W_h [h_I ⊕ h_S] + b_h)
 *   r̂(u, i) = μ + b_u + b_i + w · MLP([h ⊕ z]) + b                              min Σ (r_ui − r̂(u, i))²
 *
 * α, γ and β are softmaxes of w · tanh(W y + V q + b), y what is weighed, the query q = p_u for α and β, q_i for γ. Of long lists
 * `cap` entries are drawn. b_u and b_i are those of the model `bias`, fitted before (rating-biases.ts); the literal form is without them.
 * By mini-batches with Adam; numbered differences: docs/models/graphrec.md.
 */
import { z } from 'zod';
import { DrawnEntries } from '../data/social/drawn-entries.ts';
import { type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { add, concat, linear, lookup, lookupFields, relu, sequenceLengths } from '../engine/ops/index.ts';
import { edgesOf, neighbourhoodModel } from '../examples/neighbourhoods.ts';
import { attentionParameters, attentionPooling, meanPooling } from '../layers/attention-pooling.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { glorotUniform, normal, zeros } from '../layers/initializer.ts';
import {
  attentionOption,
  deviationOption,
  dropoutOption,
  factorsOption,
  friendsOption,
  hiddenOption,
} from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import { tower, towerParameters } from '../layers/tower.ts';
import type { KeyedNeighbours, PairLeaves } from '../scoring/neighbourhood-scorer.ts';
import type { SurroundingSizes, Surroundings } from '../scoring/surroundings.ts';
import { fittedBiases, ratingBiasOptions, ratingBiasParameters, withBiases } from './rating-biases.ts';

const options = z.strictObject({
  factors: factorsOption
    .max(512)
    .default(32)
    .meta({ doc: 'length of the vectors, and units of the attentions', search: [16, 32, 64] }),
  hidden: hiddenOption
    .min(1)
    .default([32, 16])
    .meta({
      doc: 'sizes of the hidden layers of the output',
      search: [
        [32, 16],
        [64, 32],
      ],
    }),
  dropout: dropoutOption.default(0.5),
  cap: z
    .int()
    .min(1)
    .max(1000)
    .default(30)
    .meta({
      doc: 'rated items, friends and raters that are looked at, each; of more so many are drawn',
      search: [10, 30, 50],
    }),
  bothWays: z.boolean().default(true).meta({ doc: 'edges count both ways; false: as they are written' }),
  friends: friendsOption,
  attention: attentionOption,
  ...ratingBiasOptions,
  deviation: deviationOption.default(0.1),
});

type Options = z.output<typeof options>;

const NO_BATCH_NORM = false;

export const graphrec = neighbourhoodModel({
  name: 'graphrec',
  title: 'GraphRec',
  paper: {
    authors: 'Fan, Ma, Li, He, Zhao, Tang, Yin',
    title: 'Graph Neural Networks for Social Recommendation',
    venue: 'WWW',
    year: 2019,
  },
  options,
  trainingDefaults: { optimizer: { learningRate: 0.001 } },
  parameters,
  itemVectors: 'Q',
  edges: (config) => edgesOf(config),
  biases: ({ biases }) => biases,
  fittedBiases: (ratings, sizes, config) => fittedBiases(ratings, sizes, config),
  lists: ({ cap, friends }): Readonly<Record<string, number>> => ({
    ratedItems: cap,
    ratedLevels: cap,
    ...(friends && { friends: cap }),
    raters: cap,
    raterLevels: cap,
  }),
  neighbours: drawnNeighbours,
  score,
});

function parameters(config: Options, sizes: SurroundingSizes): ParameterDeclaration[] {
  const { factors: d, hidden, dropout, deviation, friends, attention } = config;
  const vectors = normal(deviation);
  const layers = [2 * d, ...hidden];
  const last = layers[layers.length - 1];
  return [
    { name: 'P', shape: [sizes.nUsers, d], table: 'user', initializer: vectors },
    { name: 'Q', shape: [sizes.nItems, d], table: 'item', initializer: vectors },
    { name: 'E', shape: [sizes.nLevels, d], table: 'field', initializer: vectors },
    ...['rated', 'raters'].flatMap((name) => opinionParameters(name, d)),
    ...(attention ? ['rated', ...(friends ? ['friends'] : []), 'raters'] : []).flatMap((name) =>
      attentionParameters(name, { width: d, units: d, query: d }),
    ),
    ...['ofItems', ...(friends ? ['ofFriends'] : []), 'item'].flatMap((name) => layerParameters(name, 2 * d, d)),
    ...layerParameters('user', friends ? 2 * d : d, d),
    ...towerParameters('hidden', layers, { dropout, batchNorm: NO_BATCH_NORM }),
    ...layerParameters('out', last, 1),
    ...ratingBiasParameters(config, sizes),
  ];
}

function layerParameters(name: string, inputs: number, outputs: number): ParameterDeclaration[] {
  return [
    { name: `${name}.W`, shape: [inputs, outputs], initializer: glorotUniform(inputs, outputs) },
    { name: `${name}.b`, shape: [outputs], initializer: zeros },
  ];
}

/** Of x and f: the first matrix by the two parts that it multiplies. */
function opinionParameters(name: string, d: number): ParameterDeclaration[] {
  const first = glorotUniform(2 * d, d);
  return [
    { name: `${name}.vector`, shape: [d, d], initializer: first },
    { name: `${name}.level`, shape: [d, d], initializer: first },
    { name: `${name}.b1`, shape: [d], initializer: zeros },
    { name: `${name}.W2`, shape: [d, d], initializer: glorotUniform(d, d) },
    { name: `${name}.b2`, shape: [d], initializer: zeros },
  ];
}

function score(p: Parameters, { user, item, biases, lists }: PairLeaves, config: Options, pass: ForwardPass): Tensor {
  const { factors, hidden, dropout, cap, attention } = config;
  const [ofUser, ofItem] = [lookup(p.P, user), lookup(p.Q, item)];
  const layer = (name: string, x: Tensor, isRelu = true): Tensor =>
    linear(x, p[`${name}.W`], { bias: p[`${name}.b`], relu: isRelu });
  const pooled = (name: string, vectors: Tensor, list: Tensor, query: Tensor): Tensor => {
    const lengths = sequenceLengths(list, cap);
    return attention ? attentionPooling(p, name, vectors, lengths, query) : meanPooling(vectors, factors, lengths);
  };
  const rated = opinions(p, 'rated', lookupAll(p.Q, lists.ratedItems), lists.ratedLevels);
  const raters = opinions(p, 'raters', lookupAll(p.P, lists.raters), lists.raterLevels);
  const byItems = layer('ofItems', concat(ofUser, pooled('rated', rated, lists.ratedItems, ofUser)));
  const byFriends = (): Tensor =>
    layer('ofFriends', concat(ofUser, pooled('friends', lookupAll(p.P, lists.friends), lists.friends, ofUser)));
  const h = layer('user', config.friends ? concat(byItems, byFriends()) : byItems);
  const z = layer('item', concat(ofItem, pooled('raters', raters, lists.raters, ofItem)));
  const inner = tower(p, 'hidden', hidden.length, concat(h, z), { dropout, batchNorm: NO_BATCH_NORM }, pass);
  return withBiases(layer('out', inner, false), biases);
}

const lookupAll = (table: Tensor, list: Tensor): Tensor => lookupFields(table, list, Array<number>(list.size).fill(1));

/** ReLU(W₂ ReLU(W₁ [v ⊕ e] + b₁) + b₂) of every entry of a list, [B, cap · d]. */
function opinions(p: Parameters, name: string, vectors: Tensor, levels: Tensor): Tensor {
  const groups = levels.size;
  const ofVectors = linear(vectors, p[`${name}.vector`], { bias: p[`${name}.b1`], groups });
  const ofLevels = linear(lookupAll(p.E, levels), p[`${name}.level`], { groups });
  return linear(relu(add(ofVectors, ofLevels)), p[`${name}.W2`], { bias: p[`${name}.b2`], relu: true, groups });
}

/** Up to `cap` of the items that the user rated, of the friends, and of those who rated the item; never the rating of the pair. */
function drawnNeighbours({ friends, rated, level, nItems }: Surroundings, { cap }: Options): KeyedNeighbours {
  const raters = transposeRows(rated, nItems);
  const raterLevel = levelsByItem(rated, level, nItems);
  return (key) => {
    const drawn = new DrawnEntries(key, cap);
    return (user, item, number, lists, row) => {
      const at = row * cap;
      for (const list of Object.values(lists)) list.fill(-1, at, at + cap);
      drawn.visit(rated, { row: user, without: item }, [...number, 0], (entry, n) => {
        lists.ratedItems[at + n] = rated.columns[entry];
        lists.ratedLevels[at + n] = level[entry];
      });
      if (lists.friends)
        drawn.visit(friends, { row: user }, [...number, 1], (entry, n) => {
          lists.friends[at + n] = friends.columns[entry];
        });
      drawn.visit(raters, { row: item, without: user }, [...number, 2], (entry, n) => {
        lists.raters[at + n] = raters.columns[entry];
        lists.raterLevels[at + n] = raterLevel[entry];
      });
    };
  };
}

/** The levels in the order of the entries of the transposed rows. */
function levelsByItem({ nRows, rowStart, columns }: SparseRows, level: Int32Array, nItems: number): Int32Array {
  const next = new Int32Array(nItems + 1);
  for (const item of columns) next[item + 1]++;
  for (let item = 0; item < nItems; item++) next[item + 1] += next[item];
  const byItem = new Int32Array(level.length);
  for (let user = 0; user < nRows; user++)
    for (let entry = rowStart[user]; entry < rowStart[user + 1]; entry++) byItem[next[columns[entry]]++] = level[entry];
  return byItem;
}
