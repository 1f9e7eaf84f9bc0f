/**
 * The loss of a training row of taken pairs as an expression: which leaves a sampler fills, which negative the row takes, and what
 * the model loses by it.
 *
 *   pointwise  (user, item, label)                 log loss, gBCE
 *   pairwise   (user, taken item, other item)      BPR, hinge
 *   listwise   (user, taken item, n others)        sampled softmax
 *   whole      (user, taken item)                  softmax over all items
 *   batch      (user, taken item)                  softmax over the taken items of the step
 *
 * Candidates are scored by the model's own parts with the weights of the step (Zhang et al., SIGIR 2013).
 */
import { DeepTasteError } from '../core/errors.ts';
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  bestCandidates,
  drawnByFactor,
  type FactorRanking,
  indexInput,
  input,
  lookup,
  multiply,
  takenCandidate,
} from '../engine/ops/index.ts';
import type { Feed } from '../engine/plan/feed.ts';
import type { SamplerRecord } from '../engine/runtime/sampler.ts';
import { type ForwardPass, prediction } from '../layers/forward-pass.ts';
import {
  bprLoss,
  fullSoftmaxLoss,
  gbceExponent,
  gbceLoss,
  hingeLoss,
  inBatchSoftmaxLoss,
  logLoss,
  sampledSoftmaxLoss,
} from '../layers/losses.ts';
import type { Parameters } from '../layers/parameters.ts';
import { type PairScoring, type TrainingRow, withShared } from '../scoring/pair-scorer.ts';
import type { Sizes } from '../scoring/scorer.ts';
import { perturbed, type RowParts } from './adversarial.ts';
import type { FoldInWeights } from './fold-in-weights.ts';
import { drawsNegatives, isHard, type PairLoss, type PairSettings, rowsOfLoss } from './pair-settings.ts';

/** What the loss of a row reads of a model. */
export interface TrainedScoring<C> extends PairScoring<C> {
  readonly title: string;
  /**
   * Added to the loss of a row, [B, 1]: regularisation of what it uses, and losses of what all rows share. `others` are its negatives,
   * none in pointwise rows.
   */
  penalty?(parameters: Parameters, row: TrainingRow, config: C, pass: ForwardPass): Tensor;
}

export interface PairRow {
  /** Loss of each row, [B, 1]. */
  readonly loss: Tensor;
  readonly user: Tensor;
  readonly item: Tensor;
  /** Pointwise rows: the label; rows of the whole and of the batch: always 1. */
  readonly label: Tensor | null;
  /** First draws: of pairwise rows the other item, of listwise ones all of them; none in pointwise rows, whose item is one, of the whole and of the batch. */
  readonly drawn: readonly Tensor[];
  /** dns: further candidates beside the first one. */
  readonly candidates: readonly Tensor[];
  /** dns, aobpr: which of the best candidates is taken. */
  readonly choice: Tensor | null;
  /** The negatives that the row learns from and their scores; of pointwise rows the item, which is one where the label is 0; none of the whole and of the batch. */
  readonly negatives: readonly { readonly item: Tensor; readonly score: Tensor }[];
}

export interface RowContext {
  readonly training: PairSettings;
  readonly sizes: Sizes;
  /** Rows of a step at most. */
  readonly capacity: number;
  /** Noise of training; default none. */
  readonly pass?: ForwardPass;
  /** Table [nItems, 1] of ln of the probability of a draw; absent where all are as likely. */
  readonly logProbability?: Tensor;
  /** aobpr: the items ranked by factor. */
  readonly ranking?: FactorRanking;
}

/** @param given parameters and constants, see {@link withConstants} */
export function pairRow<C>(model: TrainedScoring<C>, given: Parameters, config: C, context: RowContext): PairRow {
  const { training, sizes, pass = prediction } = context;
  const { nItems } = sizes;
  const rows = rowsOfLoss[training.loss];
  const user = indexInput('user');
  const item = indexInput('item');
  if (rows === 'whole' || rows === 'batch') return undrawnRow(model, given, config, context, { user, item });
  const label = rows === 'pointwise' ? input('label', [1]) : null;
  const nDrawn = rows === 'pointwise' ? 0 : rows === 'pairwise' ? 1 : training.negatives;
  const drawn = Array.from({ length: nDrawn }, (_, k) => indexInput(k === 0 ? 'other item' : `other item ${k + 1}`));
  // what is shared is computed for the rows that are read alone, where these are few and known beforehand
  const areKnown = !isHard(training) && nDrawn <= 1;
  const p = withShared(model, given, config, sizes, areKnown ? { user, item, others: drawn } : undefined);
  const userParts = model.userParts(p, user, config);
  const scoreOf = (index: Tensor, noise: ForwardPass): Tensor =>
    model.score(p, userParts, model.itemParts(p, index, config), config, noise);
  const first = label ? item : drawn[0];
  const nCandidates = training.negativeSampler === 'dns' ? training.candidates - 1 : 0;
  const candidates = Array.from({ length: nCandidates }, (_, k) => indexInput(`candidate ${k + 2}`));
  const choice = isHard(training) ? indexInput('choice') : null;
  const taken = choice && { choice, first };
  const chosen = !taken
    ? first
    : training.negativeSampler === 'dns'
      ? bestOf([first, ...candidates], (index) => scoreOf(index, prediction), training.hardest, taken)
      : drawnByFactor(userVector(model, p, userParts, item, config), user, choice, first, rankingOf(context));
  const others = drawn.length > 0 ? [chosen, ...drawn.slice(1)] : [];
  const logProbabilities = context.logProbability && {
    taken: lookup(context.logProbability, item),
    others: others.map((index) => lookup(context.logProbability as Tensor, index)),
  };
  const parts = [userParts, ...[label ? chosen : item, ...others].map((index) => model.itemParts(p, index, config))];
  const scoresOf = ([ofUser, ...ofItems]: RowParts): Tensor[] =>
    ofItems.map((ofItem) => model.score(p, ofUser, ofItem, config, pass));
  const [scored, ...scores] = scoresOf(parts);
  const plain = lossOf(training, nItems, scored, scores, label, logProbabilities);
  const { adversarialEpsilon: epsilon, adversarialWeight: weight } = training;
  const ofMoved = (): Tensor => {
    const [first, ...rest] = scoresOf(perturbed(plain, parts, epsilon));
    return lossOf(training, nItems, first, rest, label, logProbabilities);
  };
  const withoutPenalty = epsilon > 0 ? add(plain, affine(ofMoved(), weight)) : plain;
  const penalised = model.penalty?.(p, { user, item: label ? chosen : item, others }, config, pass);
  return {
    loss: penalised ? add(withoutPenalty, penalised) : withoutPenalty,
    user,
    item,
    label,
    drawn,
    candidates,
    choice,
    negatives: label ? [{ item: chosen, score: scored }] : scores.map((score, k) => ({ item: others[k], score })),
  };
}

/** A taken item among all items, or among those of the step: no negative is drawn. */
function undrawnRow<C>(
  model: TrainedScoring<C>,
  given: Parameters,
  config: C,
  context: RowContext,
  { user, item }: { readonly user: Tensor; readonly item: Tensor },
): PairRow {
  const { training, sizes, pass = prediction } = context;
  const isWhole = rowsOfLoss[training.loss] === 'whole';
  // of the step, what is shared is read for its own rows alone
  const p = withShared(model, given, config, sizes, isWhole ? undefined : { user, item, others: [] });
  const userParts = model.userParts(p, user, config);
  const label = input('label', [1]);
  const plain = isWhole ? ofWhole() : ofBatch();
  const withoutPenalty = multiply(plain, label);
  const penalised = model.penalty?.(p, { user, item, others: [] }, config, pass);
  const loss = penalised ? add(withoutPenalty, penalised) : withoutPenalty;
  return { loss, user, item, label, drawn: [], candidates: [], choice: null, negatives: [] };

  function ofWhole(): Tensor {
    const whole = model.overItems!(p, userParts, config);
    return fullSoftmaxLoss({ ...whole, user: cooled(whole.user, training) }, item, context.capacity);
  }

  function ofBatch(): Tensor {
    const vectors = model.represent!(p, userParts, model.itemParts(p, item, config), config);
    const logProbability = context.logProbability && lookup(context.logProbability, item);
    return inBatchSoftmaxLoss({ ...vectors, user: cooled(vectors.user, training) }, logProbability, context.capacity);
  }
}

/** x / τ */
function cooled(x: Tensor, { temperature }: PairSettings): Tensor {
  return temperature === 1 ? x : affine(x, 1 / temperature);
}

function lossOf(
  training: PairSettings,
  nItems: number,
  taken: Tensor,
  others: readonly Tensor[],
  label: Tensor | null,
  logProbabilities: { readonly taken: Tensor; readonly others: readonly Tensor[] } | undefined,
): Tensor {
  const { negatives, margin, calibration } = training;
  const loss = training.loss as Exclude<PairLoss, 'softmax' | 'in-batch-softmax'>;
  switch (loss) {
    case 'log':
      return logLoss(taken, label as Tensor);
    case 'gbce':
      return gbceLoss(taken, label as Tensor, gbceExponent(calibration, { negatives, nItems }));
    case 'bpr':
      return bprLoss(taken, others[0]);
    case 'hinge':
      return hingeLoss(taken, others[0], margin);
    case 'sampled-softmax':
      return sampledSoftmaxLoss(
        cooled(taken, training),
        others.map((score) => cooled(score, training)),
        logProbabilities,
      );
  }
}

/** DNS(M, N): one of the `hardest` of all candidates by their scores, or the first one where the choice is −1. */
function bestOf(
  candidates: readonly Tensor[],
  scoreOf: (index: Tensor) => Tensor,
  hardest: number,
  { choice, first }: { readonly choice: Tensor; readonly first: Tensor },
): Tensor {
  let kept: Tensor | null = null;
  for (const candidate of candidates) kept = bestCandidates(candidate, scoreOf(candidate), hardest, kept);
  return takenCandidate(kept as Tensor, choice, first);
}

function rankingOf({ ranking, training, sizes }: RowContext): FactorRanking {
  return ranking ?? { record: 0, key: [0, 0], scale: training.rankScale, nItems: sizes.nItems };
}

function userVector<C>(
  model: TrainedScoring<C>,
  p: Parameters,
  userParts: readonly Tensor[],
  item: Tensor,
  config: C,
): Tensor {
  if (!model.represent) throw new Error(`internal: ${model.title} has no vector of a user`);
  return model.represent(p, userParts, model.itemParts(p, item, config), config).user;
}

/** Numbers of an item's vector, along each of which `aobpr` ranks the items. */
export function factorsOf<C>(model: TrainedScoring<C>, given: Parameters, config: C, sizes: Sizes): number {
  const p = withShared(model, given, config, sizes);
  const [user, item] = [indexInput('user'), indexInput('item')];
  return userVector(model, p, model.userParts(p, user, config), item, config).size;
}

/** Whether a step computes what its rows share, block by block, beside the tiles of its rows. */
export function isInBlocks<C>({ shared }: TrainedScoring<C>, { loss }: PairSettings): boolean {
  return shared !== undefined || !drawsNegatives(rowsOfLoss[loss]);
}

/** @throws 'config' for settings that do not fit the model or the data */
export function checkPairRow<C>(
  { title, represent, overItems }: TrainedScoring<C>,
  { negativeSampler, candidates, loss }: PairSettings,
  nItems: number,
): void {
  if (rowsOfLoss[loss] === 'whole' && !overItems)
    throw new DeepTasteError(
      'config',
      `training.loss: softmax multiplies a vector of the user with those of all items, and the score of ${title} is no dot product; ` +
        'choose sampled-softmax',
      { key: 'training.loss' },
    );
  if (rowsOfLoss[loss] === 'batch' && !represent)
    throw new DeepTasteError(
      'config',
      `training.loss: in-batch-softmax multiplies the vectors of users and items of a step, and the score of ${title} is no dot product; ` +
        'choose sampled-softmax',
      { key: 'training.loss' },
    );
  if (negativeSampler === 'aobpr' && !represent)
    throw new DeepTasteError(
      'config',
      `training.negativeSampler: aobpr ranks items along the factors of a dot product, which the score of ${title} is not; ` +
        'choose dns or aobpr-static',
      { key: 'training.negativeSampler' },
    );
  if (negativeSampler === 'dns' && candidates > nItems)
    throw new DeepTasteError(
      'config',
      `training.candidates: must be at most the ${nItems} items of the training, found ${candidates}; lower it`,
      { key: 'training.candidates' },
    );
}

/** What the pairs of somebody new count for by the loss of the training; undefined = each counts as one. */
export function foldInWeightsOf(
  { loss, negatives, calibration }: PairSettings,
  nItems: number,
): ((count: number) => FoldInWeights) | undefined {
  if (loss !== 'gbce') return undefined;
  const beta = gbceExponent(calibration, { negatives, nItems });
  return () => ({ taken: () => beta, other: () => 1, negatives });
}

/** What fills the leaves of a row, one feed after the other. */
export function feedOf(sampler: SamplerRecord, row: PairRow, training: PairSettings): Feed {
  const { user, item, label, drawn, candidates, choice } = row;
  const further = sampler.further(user, [...drawn.slice(1), ...candidates]);
  const { hardest, hardShare: share, negativeSampler } = training;
  const best = negativeSampler === 'dns' ? hardest : 1;
  const feeds = [
    label ? sampler.pointwise(user, item, label) : sampler.pairwise(user, item, drawn[0]),
    ...further,
    ...(choice ? [sampler.choice(choice, { best, share, label })] : []),
  ];
  return feeds.reduceRight((next, feed) => ({ ...feed, next }));
}
