/** What a training of players takes, and who took what in each of their games. */
import { DeepTasteError } from '../core/errors.ts';
import { mutualFriends } from '../data/social/friends.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { stateArrays } from '../engine/optimizers/optimizer.ts';
import { stepBytes } from '../engine/plan/step-memory.ts';
import { paddedWidth } from '../engine/runtime/parameter-store.ts';
import { declaredAs } from '../layers/declared-parameters.ts';
import type { PairScoring } from '../scoring/pair-scorer.ts';
import type { TakenPairs } from './forms.ts';
import { likelihoodStep } from './likelihood.ts';
import { type MemoryEstimate, rankingBytes, trainingMemory } from './memory-estimate.ts';
import type { MemoryRequest } from './model.ts';
import { type Game, pairStep, policyStep } from './players.ts';
import { turnSettings } from './turn-settings.ts';

/** Who took what in a game. @throws 'config' for data without edges between users, where friends are taken */
export function positivesOf<C>(
  title: string,
  { targets, bothWays }: Game<C>,
  { rows, friends }: TakenPairs,
): SparseRows {
  if (targets === 'items') return rows;
  if (friends) return bothWays ? mutualFriends(friends) : friends;
  throw new DeepTasteError(
    'config',
    `train ${title}: the data must say who knows whom, found no edges between users; give them with --social FILE (data.social), or choose a model without friends`,
    { key: 'social' },
  );
}

/** The players of a model, and their parameters. */
export interface Players<C> extends Pick<PairScoring<C>, 'parameters'> {
  /** The first is played for items, and one of its players recommends. */
  games(config: C): readonly [Game<C>, ...Game<C>[]];
}

export function turnMemory<C>(title: string, model: Players<C>, request: MemoryRequest<C, 'pairs'>): MemoryEstimate {
  const { engine, config, data } = request;
  const training = turnSettings.parse(request.training);
  const { sizes, rows } = data;
  const declared = declaredAs(model.parameters(config, sizes));
  const { tensors, declarations } = declared;
  const count = rows.columns.length;
  let step = 0;
  let outside = 0;
  for (const game of model.games(config)) {
    const positives = positivesOf(title, game, data);
    const nPairs = Math.max(1, positives.columns.length);
    const bytesOf = (loss: Tensor, batchSize: number, inBlocks?: boolean): number =>
      stepBytes({ engine, loss, batchSize, inBlocks });
    const ofPairs = pairStep(game.discriminator, tensors, config, game);
    step += bytesOf(ofPairs.loss, Math.min(training.batchSize, nPairs) * ofPairs.rowsOfPair);
    // users, order and draws of the pairs
    outside += 16 * nPairs;
    const nTargets = tensors[game.generator.targets].shape[0];
    const people = Math.min(training.generatorBatchSize, nPairs);
    const n = training.candidates || training.samples;
    const isWhole = training.candidates === 0 && (training.baseline !== 'mean' || training.positiveShare > 0);
    step += game.isAdversarial
      ? bytesOf(policyStep(game.generator, tensors, config, { n, isWhole, people }).loss, people, true)
      : bytesOf(likelihoodStep(game.generator, tensors, config, positives, people).loss, people, true);
    // the table once more for its products, and the scores of the people of a step
    const width = tensors[game.generator.targets].shape[1];
    if (game.isAdversarial) step += 4 * nTargets * (width + Math.max(64, training.generatorBatchSize));
    outside += 8 * nTargets;
  }
  // a table that two players learn has optimizer state of each
  const shared = declarations.reduce(
    (sum, { table, shape: [n, width] }) => sum + (table ? 4 * n * paddedWidth(width) : 0),
    0,
  );
  const states = model.games(config).length > 1 ? shared * stateArrays[training.optimizer.name] : 0;
  return trainingMemory({
    declarations,
    optimizer: training.optimizer.name,
    examples: { count, unit: 'interactions', bytesEach: 0, bytes: states, outside },
    step,
    ranking: { tables: 1, bytes: rankingBytes('dot', sizes, 0, engine), bytesEach: 4 },
  });
}
