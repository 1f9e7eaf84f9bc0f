/**
 * A bandit judged by a log of uniformly random decisions (Li, Chu, Langford, Wang 2011): the log is gone through in its order, decisions
 * that the bandit would have made too count and are learned from, the others are passed over. What it earns in them is an unbiased
 * estimate of what it would have earned in as many decisions of its own.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Interval } from '../evaluation/statistics/bootstrap.ts';
import { normalInterval } from '../evaluation/statistics/normal-interval.ts';
import type { ChosenBandit } from './bandits/index.ts';
import type { Decisions } from './log/decisions.ts';

export interface Replayed extends Interval {
  /** Decisions that were as the bandit's own. */
  readonly kept: number;
}

/**
 * @param decisions their context must be numbers; with times they are taken in the order of these, equal ones in that of the file
 * @throws DeepTasteError `data`: a log that did not choose uniformly, a context that is no number or missing, no decision kept
 */
export function replayBandit(decisions: Decisions, { kind, options }: ChosenBandit, random: RandomStream): Replayed {
  const { actions, action, reward, context, length, source, time } = decisions;
  refuseOtherLogs(decisions);
  const untimed = time?.findIndex(Number.isNaN) ?? -1;
  if (untimed >= 0)
    throw new DeepTasteError(
      'data',
      `${source} row ${untimed + 1}: a log that is gone through in the order of its times must know them all, found nothing; leave the column out`,
      { row: untimed },
    );
  const columns = context.map((column) => {
    if (column.kind !== 'categorical' && !column.value.some(Number.isNaN)) return column.value;
    throw new DeepTasteError(
      'data',
      `${source}: a bandit reads numbers, "${column.name}" holds other cells, or none; leave it out with --context`,
      { column: column.name },
    );
  });
  const bandit = kind.open({ actions: actions.length, features: columns.length }, options, random);
  const order = Int32Array.from({ length }, (_, row) => row);
  if (time) order.sort((a, b) => time[a] - time[b] || a - b);
  const x = new Float64Array(columns.length);
  const earned: number[] = [];
  for (const row of order) {
    for (let f = 0; f < x.length; f++) x[f] = columns[f][row];
    if (bandit.choose(x) !== action[row]) continue;
    bandit.learn(x, action[row], reward[row]);
    earned.push(reward[row]);
  }
  if (earned.length === 0)
    throw new DeepTasteError('data', `${source}: the bandit must agree with some decision of the log, found none`);
  return { ...normalInterval(Float64Array.from(earned)), kept: earned.length };
}

function refuseOtherLogs({ propensity, actions, source }: Decisions): void {
  const share = 1 / actions.length;
  const row = propensity.findIndex((p) => Math.abs(p - share) > 1e-6);
  if (row >= 0)
    throw new DeepTasteError(
      'data',
      `${source} row ${row + 1}: replay needs a log that chose uniformly at random, with propensities of 1/${actions.length}, found ${propensity[row]}`,
      { row },
    );
}
