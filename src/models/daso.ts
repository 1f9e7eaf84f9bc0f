/**
 * DASO — deep adversarial social recommendation: two games, one for items and one for friends, tied by what carries a person from one
 * domain into the other and back.
 * Fan, Derr, Ma, Wang, Tang, Li: Deep Adversarial Social Recommendation. IJCAI 2019.
 *
 *   p^I_u, p^S_u    a person in the item domain and in the social domain
 *   h^{S→I}, h^{I→S}    W_L a(… a(W_1 p + b_1) …) + b_L, a = ReLU or tanh
 *   generators      G^I(v | u) = softmax_v( h^{S→I}(p^S_u)ᵀ q_v + b_v ),    G^S(k | u) = softmax_k( h^{I→S}(p^I_u)ᵀ p^S_k + d_k )
 *   discriminators  D^I(u, v) = σ( x^I_uᵀ y^I_v + a_v ),                    D^S(u, k) = σ( x^S_uᵀ y^S_k + c_k )
 *   cycle           L_cyc = Σ_u ‖h^{S→I}(h^{I→S}(p^I_u)) − p^I_u‖ + ‖h^{I→S}(h^{S→I}(p^S_u)) − p^S_u‖
 *   min_{G, h} max_D   L_adv^I(G^I, D^I) + L_adv^S(G^S, D^S) + λ L_cyc
 *
 * L_adv as in IRGAN (irgan.ts), in each domain; RMSprop. Numbered differences: docs/models/daso.md.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import { add, affine, linear, lookup, relu, rowSum, sqrt, square, subtract, tanh } from '../engine/ops/index.ts';
import type { PretrainingStage } from '../examples/model.ts';
import type { Game, Player } from '../examples/players.ts';
import { turnModel } from '../examples/turns.ts';
import { biasedTable, vectorTable, withOne, withoutBias } from '../layers/biased-vectors.ts';
import { mlpParameters } from '../layers/mlp.ts';
import { deviationOption, factorsOption, hiddenOption } from '../layers/options.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { Sizes } from '../scoring/scorer.ts';

const options = z.strictObject({
  factors: factorsOption
    .max(512)
    .default(64)
    .meta({ doc: 'length of the vectors, of all players in both domains', search: [16, 32, 64] }),
  hidden: hiddenOption
    .min(1)
    .default([64])
    .meta({ doc: 'sizes of the hidden layers between the domains', search: [[32], [64], [64, 64]] }),
  activation: z.enum(['relu', 'tanh']).default('tanh').meta({ doc: 'a, between the layers' }),
  cycleWeight: z
    .number()
    .min(0)
    .default(0.1)
    .meta({ doc: 'λ, weight of the reconstruction of a person carried there and back', search: [0, 0.01, 0.1, 1] }),
  adversarial: z.boolean().default(true).meta({
    doc: 'false: no games; the generators learn by the likelihood of what was taken, the discriminators from it against even draws',
  }),
  social: z.boolean().default(true).meta({ doc: 'false: the item domain alone, p^I in the place of h^{S→I}(p^S)' }),
  bothWays: z.boolean().default(true).meta({ doc: 'edges count both ways; false: as they are written' }),
  serves: z
    .enum(['generator', 'discriminator'])
    .default('generator')
    .meta({ doc: 'who recommends items, and is looked at for early stopping' }),
  deviation: deviationOption.default(0.1),
  pretrain: z.boolean().default(true).meta({ doc: 'train all players without games first' }),
  pretrainEpochs: z.int().min(1).max(100_000).default(150).meta({ doc: 'epochs of that at most' }),
  pretrainLearningRate: z.number().positive().default(0.005).meta({ doc: 'step size of that, for all players' }),
  pretrainL2: z
    .number()
    .min(0)
    .default(0.005)
    .meta({ doc: 'L2 of the generators in that', search: [0, 0.001, 0.005, 0.02] }),
});

type Options = z.output<typeof options>;

export const daso = turnModel({
  name: 'daso',
  title: 'DASO',
  paper: {
    authors: 'Fan, Derr, Ma, Wang, Tang, Li',
    title: 'Deep Adversarial Social Recommendation',
    venue: 'IJCAI',
    year: 2019,
  },
  options,
  trainingDefaults: {
    rejectTaken: true,
    generatorLearningRate: 0.0005,
    optimizer: { name: 'rmsprop', learningRate: 0.001, beta2: 0.9, l2: 0.001 },
  },
  parameters,
  games: (config) => (config.social ? [itemGame(config), socialGame(config)] : [itemGame(config)]),
  serves: ({ serves }) => serves,
  pretraining: withoutGames,
  fuse: (_, [players]) => ({ weights: players }),
});

/** The same model, its players trained without games. */
function withoutGames(config: Options): readonly PretrainingStage[] {
  const { pretrain, adversarial, pretrainEpochs: epochs, pretrainLearningRate: learningRate, pretrainL2 } = config;
  if (!pretrain || !adversarial) return [];
  const training = {
    epochs,
    generatorLearningRate: learningRate,
    generatorL2: pretrainL2,
    optimizer: { learningRate },
  };
  return [{ model: 'daso', config: { ...config, pretrain: false, adversarial: false }, training }];
}

function parameters(
  { factors: d, hidden, social, deviation }: Options,
  { nUsers, nItems }: Sizes,
): ParameterDeclaration[] {
  const ofItems = [
    vectorTable('itemDomain.user', 'user', [nUsers, d], deviation),
    biasedTable('itemDomain.item', 'item', [nItems, d], deviation),
    vectorTable('itemDomain.discriminator.user', 'user', [nUsers, d], deviation),
    biasedTable('itemDomain.discriminator.item', 'item', [nItems, d], deviation),
  ];
  if (!social) return ofItems;
  return [
    ...ofItems,
    biasedTable('socialDomain.user', 'user', [nUsers, d], deviation),
    vectorTable('socialDomain.discriminator.user', 'user', [nUsers, d], deviation),
    biasedTable('socialDomain.discriminator.friend', 'user', [nUsers, d], deviation),
    ...fromIdentity(mlpParameters(TO_ITEMS, [d, ...hidden, d])),
    ...fromIdentity(mlpParameters(TO_FRIENDS, [d, ...hidden, d])),
  ];
}

/** Matrices start as the identity: a person is at first the same in both domains. */
function fromIdentity(declarations: readonly ParameterDeclaration[]): ParameterDeclaration[] {
  return declarations.map((each) => {
    const [, columns] = each.shape;
    return columns === undefined ? each : { ...each, initializer: { kind: 'identity', columns } };
  });
}

const TO_ITEMS = 'socialToItem';
const TO_FRIENDS = 'itemToSocial';

/** p^I and p^S */
const ofItemDomain = (p: Parameters, user: Tensor): Tensor => lookup(p['itemDomain.user'], user);
const ofSocialDomain = (p: Parameters, user: Tensor): Tensor => withoutBias(lookup(p['socialDomain.user'], user));

/** h^{S→I} or h^{I→S}, [B, d] → [B, d]. */
export function carry(p: Parameters, map: string, x: Tensor, { hidden, activation }: Options): Tensor {
  const activate = activation === 'relu' ? relu : tanh;
  for (let l = 1; l <= hidden.length; l++) x = activate(linear(x, p[`${map}${l}.W`], { bias: p[`${map}${l}.b`] }));
  const last = `${map}${hidden.length + 1}`;
  return linear(x, p[`${last}.W`], { bias: p[`${last}.b`] });
}

/** Keeps the slope of a norm finite where it is 0. */
const TINY = 1e-12;

/** L_cyc of each person, [B, 1]: norms, not their squares. */
export function cycleLoss(p: Parameters, user: Tensor, config: Options): Tensor {
  const distance = (a: Tensor, b: Tensor): Tensor => sqrt(affine(rowSum(square(subtract(a, b))), 1, TINY));
  const [ofItems, ofFriends] = [ofItemDomain(p, user), ofSocialDomain(p, user)];
  const backToItems = carry(p, TO_ITEMS, carry(p, TO_FRIENDS, ofItems, config), config);
  const backToFriends = carry(p, TO_FRIENDS, carry(p, TO_ITEMS, ofFriends, config), config);
  return add(distance(backToItems, ofItems), distance(backToFriends, ofFriends));
}

function penalty(p: Parameters, user: Tensor, config: Options): Tensor | null {
  return config.social && config.cycleWeight > 0 ? affine(cycleLoss(p, user, config), config.cycleWeight, 0) : null;
}

function itemGame({ social, adversarial }: Options): Game<Options> {
  const generator: Player<Options> = {
    vector: (p, user, config) =>
      withOne(social ? carry(p, TO_ITEMS, ofSocialDomain(p, user), config) : ofItemDomain(p, user)),
    targets: 'itemDomain.item',
    penalty,
  };
  return {
    name: 'item',
    targets: 'items',
    generator,
    discriminator: discriminator('itemDomain.discriminator', 'item'),
    loss: 'pointwise',
    isAdversarial: adversarial,
  };
}

function socialGame({ adversarial, bothWays }: Options): Game<Options> {
  const generator: Player<Options> = {
    vector: (p, user, config) => withOne(carry(p, TO_FRIENDS, ofItemDomain(p, user), config)),
    targets: 'socialDomain.user',
    penalty,
  };
  return {
    name: 'social',
    targets: 'friends',
    bothWays,
    generator,
    discriminator: discriminator('socialDomain.discriminator', 'friend'),
    loss: 'pointwise',
    isAdversarial: adversarial,
  };
}

function discriminator(prefix: string, target: 'item' | 'friend'): Player<Options> {
  return {
    vector: (p, user) => withOne(lookup(p[`${prefix}.user`], user)),
    targets: `${prefix}.${target}`,
  };
}
