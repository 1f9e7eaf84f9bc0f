/** What must hold of a log before anything is computed from it. Each complaint names the row. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import type { Decisions } from './decisions.ts';

/** How far probabilities that belong together may be from 1, or from each other. */
const TOLERANCE = 1e-4;

export interface RewardRange {
  readonly low: number;
  readonly high: number;
}

/**
 * @param placeOf names a row in messages, e.g. `log.csv row 17`
 * @param range within which rewards must lie; null = any finite number
 * @throws DeepTasteError `data`
 */
export function checkDecisions(
  decisions: Decisions,
  placeOf: (row: number) => string,
  range: RewardRange | null,
): void {
  const { source, length, actions } = decisions;
  if (length === 0) throw new DeepTasteError('data', `${source}: there must be at least one decision, found none`);
  if (actions.length < 2)
    throw new DeepTasteError(
      'data',
      `${source}: a log must show at least two different actions, found ${actions.map(quotedName).join('') || 'none'} alone; ` +
        'nothing can be said of a choice that was never made',
    );
  checkPropensities(decisions, placeOf);
  checkRewards(decisions, placeOf, range);
  checkContext(decisions, placeOf);
  if (decisions.behaviour) checkBehaviour(decisions, decisions.behaviour, placeOf);
  if (decisions.list) checkLists(decisions, decisions.list, placeOf);
}

function checkPropensities({ propensity }: Decisions, placeOf: (row: number) => string): void {
  const row = propensity.findIndex((p) => !(p > 0 && p <= 1));
  if (row < 0) return;
  const p = propensity[row];
  const mend = Number.isNaN(p)
    ? 'log the probability with which the action was chosen, or leave the row out'
    : p > 1
      ? 'give a probability, not a percentage or a weight'
      : 'an action that was taken had a probability above 0';
  throw new DeepTasteError(
    'data',
    `${placeOf(row)}: the propensity must be above 0 and at most 1, found ${Number.isNaN(p) ? 'nothing' : p}; ${mend}`,
    { row, propensity: p },
  );
}

function checkRewards({ reward }: Decisions, placeOf: (row: number) => string, range: RewardRange | null): void {
  const { low, high } = range ?? { low: -Number.MAX_VALUE, high: Number.MAX_VALUE };
  const row = reward.findIndex((value) => !(value >= low && value <= high));
  if (row < 0) return;
  const must = range === null ? 'a finite number' : `from ${low} to ${high}`;
  const found = Number.isNaN(reward[row]) ? 'nothing' : reward[row];
  throw new DeepTasteError(
    'data',
    `${placeOf(row)}: the reward must be ${must}, found ${found}; write 0 where nothing came of a decision`,
    { row, reward: reward[row] },
  );
}

function checkContext({ context }: Decisions, placeOf: (row: number) => string): void {
  for (const column of context) {
    if (column.kind === 'categorical') continue;
    const row = column.value.findIndex((value) => value === Number.POSITIVE_INFINITY || value === -Infinity);
    if (row >= 0)
      throw new DeepTasteError(
        'data',
        `${placeOf(row)}: context ${quotedName(column.name)} must be a finite number, found ${column.value[row]}; leave the cell empty where it is unknown`,
        { row, column: column.name },
      );
  }
}

/** Full distributions sum to 1 and agree with the propensity of the action that was taken. */
function checkBehaviour(
  { actions, action, propensity, length }: Decisions,
  behaviour: Float64Array,
  placeOf: (row: number) => string,
): void {
  const k = actions.length;
  for (let row = 0; row < length; row++) {
    let sum = 0;
    for (let a = 0; a < k; a++) {
      const p = behaviour[row * k + a];
      if (!(p >= 0 && p <= 1))
        throw new DeepTasteError(
          'data',
          `${placeOf(row)}: the probability of ${quotedName(actions[a])} must be from 0 to 1, found ${p}; correct the column`,
          { row, action: actions[a] },
        );
      sum += p;
    }
    if (Math.abs(sum - 1) > TOLERANCE)
      throw new DeepTasteError(
        'data',
        `${placeOf(row)}: the probabilities of all actions must sum to 1, found ${sum.toPrecision(6)}; give a column for every action`,
        { row, sum },
      );
    const own = behaviour[row * k + action[row]];
    if (Math.abs(own - propensity[row]) > TOLERANCE * Math.max(own, propensity[row]) + 1e-9)
      throw new DeepTasteError(
        'data',
        `${placeOf(row)}: the propensity must be the probability of the action taken, found ${propensity[row]} beside ${own} for ` +
          `${quotedName(actions[action[row]])}; leave out one of the two`,
        { row },
      );
  }
}

/** A list has each of its positions once. */
function checkLists(
  { source, position, nLists, positions }: Decisions,
  list: Int32Array,
  placeOf: (row: number) => string,
): void {
  if (position === null)
    throw new DeepTasteError(
      'data',
      `${source}: rows of lists must say their position, found none; say --position COLUMN`,
    );
  const seen = new Uint8Array(nLists * positions.length);
  for (let row = 0; row < list.length; row++) {
    const at = list[row] * positions.length + position[row];
    if (seen[at])
      throw new DeepTasteError(
        'data',
        `${placeOf(row)}: a list must have each position once, found position ${quotedName(positions[position[row]])} twice; ` +
          'is another column the id of the list?',
        { row },
      );
    seen[at] = 1;
  }
}
