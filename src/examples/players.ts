/**
 * Two players: a generator that draws targets (items, friends) for people, and a discriminator that tells what it drew from what
 * people took. What a model declares of them, and the losses of their steps.
 *
 *   generator       G(v | u) = softmax_v(g(u, v)),  g = x_u · y_v          max E_G[reward(f(u, v))]
 *   discriminator   f(u, v) = x_u · y_v of its own
 *       pointwise   −ln σ(f(u, v)) − ln(1 − σ(f(u, w)))                    v taken by u, w drawn by the generator
 *       pairwise    −ln σ(f(u, v) − f(u, w))
 *       hinge       max(0, m − (f(u, v) − f(u, w)))
 */
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  bceWithLogits,
  fullSoftmaxCrossEntropy,
  indexInput,
  input,
  lookup,
  lookupFields,
  multiply,
  negativeLogSigmoid,
  relu,
  rowDot,
  subtract,
} from '../engine/ops/index.ts';
import type { Parameters } from '../layers/parameters.ts';

export interface Player<C> {
  /** x_u, [B, d]; `user` is an index leaf. */
  vector(parameters: Parameters, user: Tensor, config: C): Tensor;
  /** Name of the table that holds y, [targets, d]. */
  readonly targets: string;
  /** Added to the player's loss for each person of a step, [B, 1]; null = nothing. */
  penalty?(parameters: Parameters, user: Tensor, config: C): Tensor | null;
}

export type DiscriminatorLoss = 'pointwise' | 'pairwise' | 'hinge';

/** One game: what people took in it is what the discriminator is to tell from what the generator drew. */
export interface Game<C> {
  /** Names it in logs, in checkpoints and in the names of random streams. */
  readonly name: string;
  /** What people take: items, or other people who are their friends. */
  readonly targets: 'items' | 'friends';
  /** Of friends: whoever is named by somebody names that person, too. */
  readonly bothWays?: boolean;
  readonly generator: Player<C>;
  readonly discriminator: Player<C>;
  readonly loss: DiscriminatorLoss;
  /** m of the hinge loss. */
  readonly margin?: number;
  /**
   * False: no game; the discriminator learns from what people took against what is drawn evenly, the generator by the likelihood of what
   * they took (likelihood.ts).
   */
  readonly isAdversarial: boolean;
}

export function scoreOf<C>(player: Player<C>, p: Parameters, user: Tensor, target: Tensor, config: C): Tensor {
  return rowDot(player.vector(p, user, config), lookup(p[player.targets], target));
}

/** Loss of a step that learns from pairs, with the leaves that are written before it. */
export interface PairStep {
  readonly loss: Tensor;
  readonly user: Tensor;
  readonly target: Tensor;
  /** Of the pairwise losses: what was drawn. */
  readonly other: Tensor | null;
  /** Of the pointwise loss: 1 = taken, 0 = drawn. */
  readonly label: Tensor | null;
  /** Rows of a taken pair. */
  readonly rowsOfPair: 1 | 2;
}

export function pairStep<C>(
  player: Player<C>,
  p: Parameters,
  config: C,
  { loss: name, margin = 1 }: { readonly loss: DiscriminatorLoss; readonly margin?: number },
): PairStep {
  const user = indexInput('user');
  const target = indexInput('target');
  const penalty = player.penalty?.(p, user, config) ?? null;
  const penalised = (loss: Tensor): Tensor => (penalty ? add(loss, penalty) : loss);
  const score = scoreOf(player, p, user, target, config);
  if (name === 'pointwise') {
    const label = input('label', [1]);
    return { loss: penalised(bceWithLogits(score, label)), user, target, other: null, label, rowsOfPair: 2 };
  }
  const other = indexInput('other');
  const difference = subtract(score, scoreOf(player, p, user, other, config));
  const loss = name === 'pairwise' ? negativeLogSigmoid(difference) : relu(affine(difference, -1, margin));
  return { loss: penalised(loss), user, target, other, label: null, rowsOfPair: 1 };
}

/** Loss of a generator's step, a row a person, with the leaves that are written before it. */
export interface PolicyStep {
  readonly loss: Tensor;
  readonly user: Tensor;
  /** Targets whose scores have slopes of their own, index [B, n]; −1 = none. */
  readonly choices: Tensor;
  /** s, input [B, n]. */
  readonly slopes: Tensor;
  /** W, input [B, 1], where all targets have a part in the loss; null where that cancels. */
  readonly total: { readonly weight: Tensor; readonly any: Tensor } | null;
}

/**
 * Σ_c s_c g(u, c) + W ln Σ_v exp g(u, v): its slopes by the parameters are those of the policy gradient (rewards.ts).
 * @param n choices of a person
 * @param people rows of a step at most
 */
export function policyStep<C>(
  player: Player<C>,
  p: Parameters,
  config: C,
  { n, isWhole, people }: { readonly n: number; readonly isWhole: boolean; readonly people: number },
): PolicyStep {
  const user = indexInput('user');
  const choices = indexInput('choices', n);
  const slopes = input('slopes', [n]);
  const table = p[player.targets];
  const x = player.vector(p, user, config);
  let loss = rowDot(x, lookupFields(table, choices, [n], slopes));
  let total: PolicyStep['total'] = null;
  if (isWhole) {
    const weight = input('weight of all targets', [1]);
    const any = indexInput('any target');
    // ln Σ exp g, of the cross-entropy of any target
    const logSum = add(fullSoftmaxCrossEntropy(x, table, any, people), rowDot(x, lookup(table, any)));
    loss = add(loss, multiply(weight, logSum));
    total = { weight, any };
  }
  const penalty = player.penalty?.(p, user, config);
  return { loss: penalty ? add(loss, penalty) : loss, user, choices, slopes, total };
}
