/**
 * The support report: whether a log can say anything of a policy. It comes before every estimate, and below stated bounds there is
 * none. Importance weights of a log that knows its own probabilities have mean 1; actions that it never shows have no weight at all.
 */

import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import { NORMAL_95, normalInterval } from '../../evaluation/statistics/normal-interval.ts';
import type { ContextColumn, Decisions } from '../log/decisions.ts';
import { rewardsOfDecisions } from '../log/decisions.ts';
import { eachBlock, type TargetPolicy } from '../targets/target-policy.ts';
import { effectiveSize, listRows, listWeights, rowWeights } from './weights.ts';

export interface SupportBounds {
  /** Fewest effective decisions. */
  readonly minEss: number;
  /** Largest share of the policy's choices that the log never shows. */
  readonly maxUnseen: number;
  /** Fewest effective decisions that brought a reward: a handful of clicks says nothing, however many rows there are. */
  readonly minRewarded: number;
}
export const DEFAULT_BOUNDS: SupportBounds = { minEss: 100, maxUnseen: 0.05, minRewarded: 10 };

interface Weighed {
  /** Decisions: rows, or lists where the log has some. */
  readonly decisions: number;
  readonly effective: number;
  /** The same of the decisions whose reward is not 0. */
  readonly rewarded: number;
  /** Mean weight with its 95 % interval. */
  readonly meanWeight: number;
  readonly low: number;
  readonly high: number;
  /** Share of the policy's choices that the log never shows; null where only π of the logged actions is known. */
  readonly unseen: number | null;
}

export interface SegmentSupport extends Weighed {
  /** Column and value, e.g. `position = 1`. */
  readonly segment: string;
}

export interface SupportReport extends Weighed {
  /** The largest weights, with the rows (from 1) that they belong to; of lists their number. */
  readonly largest: readonly { readonly weight: number; readonly row: number }[];
  /** Share of the sum of all weights that the heaviest hundredth of the decisions has. */
  readonly heaviest: number;
  /** Share of the decisions that the policy would never make. */
  readonly never: number;
  /** Names of actions that the policy takes and the log never shows, those it takes most first. */
  readonly unseenActions: readonly { readonly action: string; readonly share: number }[];
  readonly segments: readonly SegmentSupport[];
  /** Why there is no verdict; empty = there is one. */
  readonly refusals: readonly string[];
}

/** Segments of a column with more values are those that most rows have. */
const MOST_SEGMENTS = 12;

/**
 * @param segments columns of the context, or `position`, whose values are looked at one by one
 */
export function supportReport(
  decisions: Decisions,
  policy: TargetPolicy,
  segments: readonly string[] = [],
  bounds: SupportBounds = DEFAULT_BOUNDS,
): SupportReport {
  const ofRows = rowWeights(decisions, policy);
  const weights = decisions.list ? listWeights(listRows(decisions), ofRows) : ofRows;
  const mass = policy.distribution ? chosenMass(decisions, policy.distribution) : null;
  const rewards = rewardsOfDecisions(decisions);
  const all = weighed(weights, rewards, mass);
  const ascending = weights.slice().sort();
  const total = weights.reduce((sum, w) => sum + w, 0);
  const nHeavy = Math.max(1, Math.ceil(weights.length / 100));
  const heavy = ascending.subarray(weights.length - nHeavy).reduce((sum, w) => sum + w, 0);
  const report = {
    ...all,
    largest: largestWeights(weights, ascending.subarray(-5)),
    heaviest: total === 0 ? 0 : heavy / total,
    never: weights.reduce((n, w) => n + (w === 0 ? 1 : 0), 0) / weights.length,
    unseenActions: mass ? unseenActions(decisions, mass) : [],
    segments: segments.flatMap((name) => segmentsOf(decisions, policy, ofRows, name)),
  };
  return { ...report, refusals: refusalsOf(report, bounds) };
}

/** @param largest ascending; of equal weights the first rows are named */
function largestWeights(weights: Float64Array, largest: Float64Array): SupportReport['largest'] {
  const [least] = largest;
  const found: { weight: number; row: number }[] = [];
  for (let row = 0; row < weights.length; row++)
    if (weights[row] >= least) found.push({ weight: weights[row], row: row + 1 });
  return found.sort((a, b) => b.weight - a.weight || a.row - b.row).slice(0, largest.length);
}

function weighed(weights: Float64Array, rewards: Float64Array, mass: ChosenMass | null): Weighed {
  const { mean, low, high } = normalInterval(weights);
  return {
    decisions: weights.length,
    effective: effectiveSize(weights),
    rewarded: effectiveSize(weights.filter((_, n) => rewards[n] !== 0)),
    meanWeight: mean,
    low,
    high,
    unseen: mass === null ? null : mass.unseen,
  };
}

interface ChosenMass {
  /** Mean π of each action over the rows [K]. */
  readonly ofAction: Float64Array;
  /** Share on actions that these rows never show. */
  readonly unseen: number;
}

/** @param among places of rows; default: all */
function chosenMass(
  { length, actions, action }: Decisions,
  distribution: NonNullable<TargetPolicy['distribution']>,
  among?: readonly number[],
): ChosenMass {
  const k = actions.length;
  const ofAction = new Float64Array(k);
  const isShown = new Uint8Array(k);
  const n = among?.length ?? length;
  eachBlock(n, k, (block) => {
    const rows = among ? block.map((at) => among[at]) : block;
    const out = new Float64Array(rows.length * k);
    distribution(rows, out);
    for (let i = 0; i < out.length; i++) ofAction[i % k] += out[i];
    for (const row of rows) isShown[action[row]] = 1;
  });
  let unseen = 0;
  for (let a = 0; a < k; a++) {
    ofAction[a] /= n;
    if (!isShown[a]) unseen += ofAction[a];
  }
  return { ofAction, unseen };
}

function unseenActions({ actions, action }: Decisions, { ofAction }: ChosenMass): SupportReport['unseenActions'] {
  const shown = new Set(action);
  return actions
    .map((name, a) => ({ action: name, share: ofAction[a], isShown: shown.has(a) }))
    .filter(({ share, isShown }) => !isShown && share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, 5)
    .map(({ action: name, share }) => ({ action: name, share }));
}

/** Segments look at rows, of which lists are made. */
function segmentsOf(decisions: Decisions, policy: TargetPolicy, weights: Float64Array, name: string): SegmentSupport[] {
  const { values, index } = segmentColumn(decisions, name);
  const rowsOf: number[][] = values.map(() => []);
  for (let row = 0; row < index.length; row++) if (index[row] >= 0) rowsOf[index[row]].push(row);
  const shown = Array.from(values.keys()).filter((value) => rowsOf[value].length > 0);
  const most = shown.sort((a, b) => rowsOf[b].length - rowsOf[a].length).slice(0, MOST_SEGMENTS);
  if (name === 'position') most.sort((a, b) => a - b);
  return most.map((value) => {
    const own = Float64Array.from(rowsOf[value], (row) => weights[row]);
    const rewards = Float64Array.from(rowsOf[value], (row) => decisions.reward[row]);
    const mass = policy.distribution && chosenMass(decisions, policy.distribution, rowsOf[value]);
    return { segment: `${name} = ${values[value]}`, ...weighed(own, rewards, mass) };
  });
}

/** The values of a column by rows. @throws DeepTasteError `not-found`: there is none of that name, or one of numbers */
function segmentColumn(
  { source, position, positions, context }: Decisions,
  name: string,
): { readonly values: readonly string[]; readonly index: Int32Array } {
  const column: ContextColumn | undefined = context.find((each) => each.name === name);
  if (column?.kind === 'categorical') return column;
  if (name === 'position' && position) return { values: positions, index: position };
  const known = context.filter(({ kind }) => kind === 'categorical').map((each) => each.name);
  throw new DeepTasteError(
    'not-found',
    `segments: must be columns of the situation that hold categories, found ${quotedName(name)}${column ? ', which holds numbers' : ''}; ` +
      `${source} has ${[...known, ...(position ? ['position'] : [])].join(', ') || 'none'}`,
    { column: name },
  );
}

function refusalsOf(
  report: Omit<SupportReport, 'refusals'>,
  { minEss, maxUnseen, minRewarded }: SupportBounds,
): string[] {
  const { effective, rewarded, decisions, unseen, meanWeight, low, high, never } = report;
  if (never === 1) return ['the policy would never have decided as the log did: no weight is above 0'];
  const refusals: string[] = [];
  if (effective < minEss)
    refusals.push(
      `the log is worth ${effective.toFixed(1)} decisions of this policy (of ${decisions}); at least ${minEss} are needed`,
    );
  if (rewarded < minRewarded)
    refusals.push(
      `the rewards in the log are worth ${rewarded.toFixed(1)} of this policy's own; at least ${minRewarded} are needed`,
    );
  if (unseen !== null && unseen > maxUnseen)
    refusals.push(
      `${(100 * unseen).toFixed(1)} % of its choices are actions that the log never shows; at most ${100 * maxUnseen} % may be`,
    );
  if (isFarFromOne(meanWeight, low, high))
    refusals.push(
      `the mean weight is ${meanWeight.toPrecision(3)} and must be near 1: the propensities are not those of this log, or it leaves out what the policy takes`,
    );
  return refusals;
}

/** Beyond what chance does (three times the interval), and by more than a twentieth. */
function isFarFromOne(mean: number, low: number, high: number): boolean {
  return Math.abs(mean - 1) > 0.05 && Math.abs(mean - 1) > (3 / NORMAL_95) * ((high - low) / 2);
}
