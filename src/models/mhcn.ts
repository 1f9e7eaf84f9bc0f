/**
 * MHCN — users as nodes of three hypergraphs of triangles (friends of friends, friends who took the same, people who took the same),
 * beside the graph of who took what; what a user is in a hypergraph must agree with what the hypergraph says, without any label.
 * Yu, Yin, Li, Wang, Hung, Zhang: Self-Supervised Multi-Channel Hypergraph Convolutional Network for Social Recommendation. WWW 2021.
 *
 *   channels c ∈ {social, joint, purchase}:  H_c = D⁻¹ A_c,  A_c numbers of triangles (data/social/motifs.ts)
 *   P_c⁽⁰⁾ = P ⊙ σ(P W_c + b_c),  P_c⁽ˡ⁺¹⁾ = H_c P_c⁽ˡ⁾          P_s⁽⁰⁾ = P ⊙ σ(P W_s + b_s),  P_s⁽ˡ⁺¹⁾ = R̃ Q⁽ˡ⁾
 *   P*⁽ˡ⁾ = Σ_c α_c P_c⁽ˡ⁾ + ½ P_s⁽ˡ⁾,  α = softmax_c(P_c⁽ˡ⁾ M a)         Q⁽⁰⁾ = Q,  Q⁽ˡ⁺¹⁾ = R̃ᵀ P*⁽ˡ⁾
 *   p = Σ_c α_c P̄_c + ½ P̄_s,  X̄ = X⁽⁰⁾ + Σ_{l=1…L} norm(X⁽ˡ⁾)           q = Q̄          ŷ(u, i) = p_uᵀ q_i
 *   loss = −ln σ( ŷ(u, i) − ŷ(u, j) )  +  ½ λ ( ‖P_u‖² + ‖Q_i‖² + ‖Q_j‖² )  +  β Σ_c mean_u S_c(u)
 *   S_c: X = p ⊙ σ(p V_c + d_c),  Z = H_c X,  z = mean of the rows of Z;  ˜ corrupted:
 *        −ln σ( x·z_u − x̃·z_u ) − ln σ( x̃·z_u − x·z̃_u )  −  ln σ( z_u·z − z̃_u·z )
 *
 * R̃ = D_U^−½ R D_I^−½. Differences: docs/models/mhcn.md.
 */
import { z } from 'zod';
import type { RandomStream } from '../core/random.ts';
import { mutualFriends } from '../data/social/friends.ts';
import { type Counts, commonOfFriends, commonOfStrangers } from '../data/social/motifs.ts';
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  fillRows,
  gatherRows,
  matrixProduct,
  matrixRows,
  multiply,
  multiplyColumn,
  negativeLogSigmoid,
  reshaped,
  rotated,
  rowDot,
  type SparseMatrix,
  sigmoid,
  softplus,
  sparseMatrix,
  sparseProduct,
  subtract,
  transposeSparse,
} from '../engine/ops/index.ts';
import { pairModel } from '../examples/pairs.ts';
import { glorotUniform, normal, zeros } from '../layers/initializer.ts';
import { normalisedRows } from '../layers/interaction-graph.ts';
import { deviationOption, factorsOption, regularizationOption } from '../layers/options.ts';
import type { Parameters } from '../layers/parameters.ts';
import { unitRows } from '../layers/unit-rows.ts';
import type { PairData } from '../scoring/pair-scorer.ts';

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'length of the vectors', search: [16, 32, 64, 128] }),
  layers: z
    .int()
    .min(1)
    .max(8)
    .default(2)
    .meta({ doc: 'L, how many edges far vectors are propagated', search: [1, 2, 3] }),
  selfSupervision: z
    .number()
    .min(0)
    .max(1e3)
    .default(0.01)
    .meta({ doc: 'β, weight of the self-supervised loss', search: [0, 0.001, 0.01, 0.1] }),
  regularization: regularizationOption
    .max(1e3)
    .default(1e-3)
    .meta({
      doc: 'λ, weight of ½‖·‖² of the learned vectors of the user and the two items of an example',
      search: [1e-5, 1e-4, 1e-3, 1e-2],
    }),
  sharedItems: z
    .int()
    .min(1)
    .max(1000)
    .default(2)
    .meta({ doc: 'items that two strangers must have in common to be joined' }),
  neighbours: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .meta({
      doc: 'strangers with items in common, at most, of each user: those with the most',
      search: [50, 100, 300, 1000],
    }),
  deviation: deviationOption.default(0.1),
});

type Config = z.output<typeof options>;

const channels = ['social', 'joint', 'purchase'] as const;

export const mhcn = pairModel({
  name: 'mhcn',
  title: 'MHCN',
  paper: {
    authors: 'Yu, Yin, Li, Wang, Hung, Zhang',
    title: 'Self-Supervised Multi-Channel Hypergraph Convolutional Network for Social Recommendation',
    venue: 'WWW',
    year: 2021,
  },
  options,
  loss: 'pairwise',
  trainingDefaults: { epochs: 500, batchSize: 2048, negatives: 1, patience: 50, optimizer: { learningRate: 0.001 } },
  usesFriends: () => true,
  parameters: ({ factors: d, deviation }, { nUsers, nItems }) => [
    // P, then Q
    { name: 'E', shape: [nUsers + nItems, d], nodes: true, initializer: normal(deviation) },
    ...[...channels, 'simple', ...channels.map(supervised)].flatMap((name) => [
      { name: `W.${name}`, shape: [d, d], initializer: glorotUniform(d, d) },
      { name: `b.${name}`, shape: [1, d], initializer: zeros },
    ]),
    { name: 'M', shape: [d, d], initializer: glorotUniform(d, d) },
    { name: 'a', shape: [d, 1], initializer: glorotUniform(d, 1) },
  ],
  constants: (data, config) => {
    const { nUsers, nItems } = data.sizes;
    const taken = sparseMatrix('taken', normalisedRows(data.rows, nItems));
    const counts = triangles(data, config);
    const hypergraphs = channels.map((name) => [name, sparseMatrix(name, rowMeans(counts[name]))] as const);
    return {
      taken,
      takers: transposeSparse(taken),
      everyUser: sparseMatrix('every user', filled(nUsers, 1, 1)),
      meanUser: sparseMatrix('mean user', filled(1, nUsers, 1 / nUsers)),
      ...Object.fromEntries(hypergraphs),
    };
  },
  shared: (t, { layers }, { nUsers, nItems }) => {
    const [P, Q] = [matrixRows(t.E, 0, nUsers), matrixRows(t.E, nUsers, nUsers + nItems)];
    const attention = matrixProduct(t.M, t.a);
    let inChannels = channels.map((name) => gated(P, t, name));
    let simple = gated(P, t, 'simple');
    let items = Q;
    let [sums, sumSimple, sumItems] = [inChannels, simple, items];
    for (let layer = 0; layer < layers; layer++) {
      const mixed = attended(inChannels, simple, attention);
      inChannels = inChannels.map((x, c) => sparseProduct(t[channels[c]], x));
      simple = sparseProduct(t.taken, items);
      items = sparseProduct(t.takers, mixed);
      sums = sums.map((sum, c) => add(sum, unitRows(inChannels[c])));
      sumSimple = add(sumSimple, unitRows(simple));
      sumItems = add(sumItems, unitRows(items));
    }
    return { users: attended(sums, sumSimple, attention), items: sumItems, firstUsers: P, firstItems: Q };
  },
  userParts: ({ users }, user) => [gatherRows(users, user)],
  itemParts: ({ items }, item) => [gatherRows(items, item)],
  score: (_, [u], [i]) => rowDot(u, i),
  represent: (_, [user], [item]) => ({ user, item }),
  overItems: ({ items }, [user]) => ({ user, items }),
  penalty: (t, { user, item, others }, { regularization, selfSupervision }, { random }) => {
    const rows = [gatherRows(t.firstUsers, user), ...[item, ...others].map((index) => gatherRows(t.firstItems, index))];
    const norms = affine(rows.map((row) => rowDot(row, row)).reduce(add), regularization / 2);
    if (selfSupervision === 0) return norms;
    const disagreements = channels.map((name) => disagreement(t, name, random?.child(name) ?? null));
    return add(norms, affine(fillRows(reshaped(disagreements.reduce(add), [1]), [1]), selfSupervision));
  },
});

function supervised(channel: string): string {
  return `${channel}.supervised`;
}

/** X ⊙ σ(X W + b) */
function gated(x: Tensor, t: Parameters, name: string): Tensor {
  const bias = sparseProduct(t.everyUser, t[`b.${name}`], { plus: matrixProduct(x, t[`W.${name}`]) });
  return multiply(x, sigmoid(bias));
}

/** Σ_c α_c X_c + ½ S, α a softmax over the three channels. @param attention M a, [d, 1] */
function attended(inChannels: readonly Tensor[], simple: Tensor, attention: Tensor): Tensor {
  const [a, b, c] = inChannels.map((x) => matrixProduct(x, attention));
  // eˣ / (eˣ + eʸ + eᶻ) = σ(x − ln(eʸ + eᶻ)), which no size of the scores makes infinite
  const share = (x: Tensor, y: Tensor, w: Tensor): Tensor => sigmoid(subtract(x, add(y, softplus(subtract(w, y)))));
  const shares = [share(a, b, c), share(b, c, a), share(c, a, b)];
  return inChannels.map((x, n) => multiplyColumn(x, shares[n])).reduce(add, affine(simple, 0.5));
}

/** mean_u S_c(u), shared [1, 1]. @param random null = memory is estimated, and any noise will do */
function disagreement(t: Parameters, channel: (typeof channels)[number], random: RandomStream | null): Tensor {
  const corrupted = (x: Tensor, name: string, columns: boolean): Tensor =>
    rotated(x, random?.child(name).key ?? [0, 0], { columns });
  const own = gated(t.users, t, supervised(channel));
  const around = sparseProduct(t[channel], own);
  const whole = sparseProduct(t.everyUser, sparseProduct(t.meanUser, around));
  const [agreement, another] = [rowDot(own, around), rowDot(corrupted(own, 'users', false), around)];
  const noise = rowDot(own, corrupted(around, 'hyperedges', true));
  const [inWhole, noiseInWhole] = [rowDot(around, whole), rowDot(corrupted(around, 'graph', true), whole)];
  const losses = [
    [agreement, another],
    [another, noise],
    [inWhole, noiseInWhole],
  ].map(([more, less]) => negativeLogSigmoid(subtract(more, less)));
  return sparseProduct(t.meanUser, losses.reduce(add));
}

function triangles({ rows, sizes, friends }: PairData, config: Config): Record<(typeof channels)[number], Counts> {
  if (!friends) throw new Error('internal: MHCN is trained on data with edges between users');
  const known = mutualFriends(friends);
  const limits = { least: config.sharedItems, most: config.neighbours };
  return {
    social: commonOfFriends(known, known, sizes.nUsers),
    joint: commonOfFriends(known, rows, sizes.nItems),
    purchase: commonOfStrangers(rows, sizes.nItems, known, limits),
  };
}

/** D⁻¹ A: rows that sum to 1. */
function rowMeans({ rows: { nRows, rowStart, columns }, values }: Counts): SparseMatrix {
  const means = new Float32Array(values.length);
  for (let row = 0; row < nRows; row++) {
    const [from, to] = [rowStart[row], rowStart[row + 1]];
    const sum = values.subarray(from, to).reduce((total, value) => total + value, 0);
    for (let k = from; k < to; k++) means[k] = values[k] / sum;
  }
  return { nRows, nColumns: nRows, rowStart, columns, values: means };
}

/** A matrix of one row or one column. */
function filled(nRows: number, nColumns: number, value: number): SparseMatrix {
  const n = nRows * nColumns;
  return {
    nRows,
    nColumns,
    rowStart: Int32Array.from({ length: nRows + 1 }, (_, row) => row * nColumns),
    columns: Int32Array.from({ length: n }, (_, k) => k % nColumns),
    values: new Float32Array(n).fill(value),
  };
}
