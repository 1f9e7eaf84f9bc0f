/**
 * Adversarial negatives for BPR: a generator chooses the negative among a few candidates that were drawn evenly.
 * Cai, Wang: KBGAN: Adversarial Learning for Knowledge Graph Embeddings. NAACL-HLT 2018; pairs of a user and an item in place of triples.
 *
 *   C               N items, drawn evenly of those that u did not take
 *   generator       G(j | u, C) = softmax_{j ∈ C}(g(u, j)),   g(u, j) = p_uᵀ q_j + b_j          reward f(u, j)
 *   discriminator   f(u, i) = x_uᵀ y_i + a_i          loss = −ln σ(f(u, i) − f(u, j)), or max(0, m − f(u, i) + f(u, j)),   j ~ G
 *
 * The discriminator recommends. Both start from one BPR-MF. Numbered differences: docs/models/kbgan.md.
 */
import { z } from 'zod';
import { lookup } from '../engine/ops/index.ts';
import type { Player } from '../examples/players.ts';
import { turnModel } from '../examples/turns.ts';
import { biasedTable, vectorTable, withOne } from '../layers/biased-vectors.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';
import { bprStage, pretrainOptions, tablesOfBpr } from './bpr-start.ts';

const options = z.strictObject({
  factors: factorsOption.default(64).meta({ doc: 'length of the vectors, of both players', search: [16, 32, 64, 128] }),
  deviation: deviationOption.default(0.1),
  loss: z
    .enum(['pairwise', 'hinge'])
    .default('pairwise')
    .meta({ doc: 'of the discriminator: −ln σ of the difference (BPR), or the hinge of the paper' }),
  margin: z.number().positive().default(1).meta({ doc: 'm of the hinge' }),
  serves: z
    .enum(['discriminator', 'generator'])
    .default('discriminator')
    .meta({ doc: 'who recommends, and is looked at for early stopping' }),
  ...pretrainOptions,
});

type Options = z.output<typeof options>;

const players = ['generator', 'discriminator'] as const;

/** Of the paper: among so many the generator chooses. */
const CANDIDATES = 20;

export const kbgan = turnModel({
  name: 'kbgan',
  title: 'KBGAN-BPR',
  paper: {
    authors: 'Cai, Wang',
    title: 'KBGAN: Adversarial Learning for Knowledge Graph Embeddings',
    venue: 'NAACL-HLT',
    year: 2018,
  },
  options,
  trainingDefaults: {
    candidates: CANDIDATES,
    samples: 1,
    generatorRows: 'pairs',
    generatorBatchSize: 512,
    reward: 'score',
    baseline: 'moving',
    rejectTaken: true,
    optimizer: { name: 'adam', learningRate: 0.001, l2: 0.01 },
  },
  // of fewer items all, and of one item there is nothing to choose
  defaultsForData: ({ nItems }) => (nItems < CANDIDATES ? { candidates: nItems < 2 ? 0 : nItems } : {}),
  parameters: ({ factors, deviation }, { nUsers, nItems }) =>
    players.flatMap((player) => [
      vectorTable(`${player}.user`, 'user', [nUsers, factors], deviation),
      biasedTable(`${player}.item`, 'item', [nItems, factors], deviation),
    ]),
  games: ({ loss, margin }) => [
    {
      name: 'item',
      targets: 'items',
      generator: player('generator'),
      discriminator: player('discriminator'),
      loss,
      margin,
      isAdversarial: true,
    },
  ],
  serves: ({ serves }) => serves,
  pretraining: (config) => bprStage(config),
  fuse: (_, [bpr]) => {
    const { user, item } = tablesOfBpr(bpr);
    const ofPlayer = (name: string) => [[`${name}.user`, user] as const, [`${name}.item`, item] as const];
    return { weights: new Map(players.flatMap(ofPlayer)) };
  },
});

function player(name: string): Player<Options> {
  return { vector: (p, user) => withOne(lookup(p[`${name}.user`], user)), targets: `${name}.item` };
}
