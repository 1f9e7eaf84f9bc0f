/**
 * IRGAN — a generator that recommends, trained by policy gradient against a discriminator.
 * Wang, Yu, Zhang, Gong, Xu, Wang, Zhang, Zhang: IRGAN: A Minimax Game for Unifying Generative and Discriminative Information Retrieval
 * Models. SIGIR 2017.
 *
 *   generator       G(i | u) = softmax_i(g(u, i)),   g(u, i) = p_uᵀ q_i + b_i
 *   discriminator   D(u, i) = σ(f(u, i)),            f(u, i) = x_uᵀ y_i + a_i
 *   min_G max_D  Σ_u E_{i taken by u}[ln D(u, i)] + E_{i ~ G(· | u)}[ln(1 − D(u, i))]
 *
 * D by gradients of the log loss; G by policy gradient with reward ln(1 + exp f(u, i)) less the mean of the person's other draws. G
 * starts from BPR-MF. Numbered differences: docs/models/irgan.md.
 */
import { z } from 'zod';
import { lookup } from '../engine/ops/index.ts';
import type { Player } from '../examples/players.ts';
import { turnModel } from '../examples/turns.ts';
import { biasedTable, vectorTable, withOne } from '../layers/biased-vectors.ts';
import { deviationOption, factorsOption } from '../layers/options.ts';
import { bprStage, pretrainOptions, tablesOfBpr } from './bpr-start.ts';

const options = z.strictObject({
  factors: factorsOption.default(32).meta({ doc: 'length of the vectors, of both players', search: [5, 16, 32, 64] }),
  deviation: deviationOption.default(0.1),
  serves: z
    .enum(['generator', 'discriminator'])
    .default('generator')
    .meta({ doc: 'who recommends, and is looked at for early stopping' }),
  ...pretrainOptions,
});

type Options = z.output<typeof options>;

export const irgan = turnModel({
  name: 'irgan',
  title: 'IRGAN',
  paper: {
    authors: 'Wang, Yu, Zhang, Gong, Xu, Wang, Zhang, Zhang',
    title: 'IRGAN: A Minimax Game for Unifying Generative and Discriminative Information Retrieval Models',
    venue: 'SIGIR',
    year: 2017,
  },
  options,
  trainingDefaults: {
    rejectTaken: true,
    generatorLearningRate: 0.001,
    optimizer: { name: 'adam', learningRate: 0.005, l2: 0.006 },
  },
  parameters: ({ factors, deviation }, { nUsers, nItems }) =>
    ['generator', 'discriminator'].flatMap((player) => [
      vectorTable(`${player}.user`, 'user', [nUsers, factors], deviation),
      biasedTable(`${player}.item`, 'item', [nItems, factors], deviation),
    ]),
  games: () => [
    {
      name: 'item',
      targets: 'items',
      generator: player('generator'),
      discriminator: player('discriminator'),
      loss: 'pointwise',
      isAdversarial: true,
    },
  ],
  serves: ({ serves }) => serves,
  pretraining: (config) => bprStage(config),
  fuse: (_, [bpr]) => {
    const { user, item } = tablesOfBpr(bpr);
    return {
      weights: new Map([
        ['generator.user', user],
        ['generator.item', item],
      ]),
    };
  },
});

function player(name: string): Player<Options> {
  return { vector: (p, user) => withOne(lookup(p[`${name}.user`], user)), targets: `${name}.item` };
}
