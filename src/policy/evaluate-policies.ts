/** Policies judged by a log that another policy made: support first, then estimates, then which is better. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { Progress } from '../core/progress.ts';
import type { RandomStream } from '../core/random.ts';
import { quotedName } from '../core/shown.ts';
import { bootstrapIntervals, type Interval } from '../evaluation/statistics/bootstrap.ts';
import { normalInterval } from '../evaluation/statistics/normal-interval.ts';
import { comparePolicies, type PolicyComparison } from './compare-policies.ts';
import { contributionsOf } from './contributions.ts';
import { estimators } from './estimators/index.ts';
import { listEstimators } from './estimators/list-estimators.ts';
import { type Decisions, rewardsOfDecisions } from './log/decisions.ts';
import { crossFit } from './rewards/cross-fit.ts';
import type { RewardModel } from './rewards/reward-model.ts';
import { DEFAULT_BOUNDS, type SupportBounds, type SupportReport, supportReport } from './support/support-report.ts';
import type { TargetPolicy } from './targets/target-policy.ts';

export interface EvaluatePoliciesOptions {
  /** Draws of folds and of the bootstrap. */
  readonly random: RandomStream;
  /** Predicts rewards; null = only estimators that need none. */
  readonly rewards: RewardModel | null;
  /** Parts that the reward model is trained on, each without one of them; default 3. */
  readonly folds?: number;
  /** Default: bootstrap up to 200,000 decisions, beyond that normal. */
  readonly interval?: 'bootstrap' | 'normal';
  /** Share covered by intervals; default 0.95. */
  readonly level?: number;
  readonly resamples?: number;
  readonly bounds?: SupportBounds;
  /** Columns whose values the support report looks at one by one; default: the position, where there is one. */
  readonly segments?: readonly string[];
  /** By which policies are compared; default: DR where rewards are predicted, else SNIPS (of lists Cascade-DR, SN-RIPS). */
  readonly estimator?: string;
  /** What policies are compared with: the name of one, or `log`, what the log's own policy earned. Default: log. */
  readonly baseline?: string;
  readonly progress?: Progress;
}

export interface Estimate extends Interval {
  readonly estimator: string;
  readonly title: string;
  /** λ that SLOPE chose; null where the estimator has none, or no bound was needed. */
  readonly lambda: number | null;
}

export interface JudgedPolicy {
  readonly policy: string;
  readonly support: SupportReport;
  /** Empty where the log does not support a verdict. */
  readonly estimates: readonly Estimate[];
}

export interface PolicyEvaluation {
  readonly log: {
    readonly source: string;
    /** Rows, and decisions: lists where rows are part of some. */
    readonly rows: number;
    readonly decisions: number;
    readonly actions: number;
    /** Mean reward of a decision with its interval: the value of the log's own policy. */
    readonly value: Interval;
  };
  readonly interval: 'bootstrap' | 'normal';
  readonly level: number;
  readonly bounds: SupportBounds;
  readonly rewardModel: string | null;
  readonly policies: readonly JudgedPolicy[];
  /** Null where no policy has a verdict, or none has an estimate of the kind. */
  readonly comparison: PolicyComparison | null;
  readonly notes: readonly string[];
}

const MOST_BOOTSTRAPPED = 200_000;

/**
 * @param policies with names of their own
 * @throws DeepTasteError `config`: an option, names that are not known or stand twice; errors of the reward model
 */
export async function evaluatePolicies(
  decisions: Decisions,
  policies: readonly TargetPolicy[],
  options: EvaluatePoliciesOptions,
): Promise<PolicyEvaluation> {
  const { random, rewards, folds, level = 0.95, resamples = 1000, bounds = DEFAULT_BOUNDS, progress } = options;
  const n = decisions.list ? decisions.nLists : decisions.length;
  const interval = options.interval ?? (n <= MOST_BOOTSTRAPPED ? 'bootstrap' : 'normal');
  checkOptions(decisions, policies, options, level);
  const segments = options.segments ?? (decisions.position && !decisions.list ? ['position'] : []);
  const supports = policies.map((policy) => supportReport(decisions, policy, segments, bounds));
  const supported = policies.filter((_, p) => supports[p].refusals.length === 0);
  const needsModel = rewards !== null && supported.some(({ distribution }) => distribution !== null);
  const modelled = needsModel ? await crossFit(decisions, rewards, supported, { folds, random, progress }) : null;
  const contributions = new Map(
    supported.map((policy, p) => [policy.name, contributionsOf(decisions, policy, modelled, p)]),
  );
  const logged = rewardsOfDecisions(decisions);
  // one sample of the decisions serves all of them
  const all = [{ values: logged, resampled: { values: logged, weights: null } }, ...[...contributions.values()].flat()];
  const [value, ...found] =
    interval === 'normal'
      ? all.map(({ values }) => normalInterval(values, level))
      : bootstrapIntervals(
          all.map(({ resampled }) => resampled),
          random.child('estimates'),
          { resamples, level },
        );
  const judged = policies.map(({ name }, p): JudgedPolicy => {
    const estimates = (contributions.get(name) ?? []).map(
      ({ values: _, resampled: __, ...about }): Estimate => ({ ...about, ...(found.shift() as Interval) }),
    );
    return { policy: name, support: supports[p], estimates };
  });
  const comparison = comparePolicies(contributions, logged, {
    estimator: options.estimator,
    baseline: options.baseline ?? 'log',
    level,
    interval,
    resamples: options.resamples,
    random: random.child('comparison'),
  });
  return {
    log: {
      source: decisions.source,
      rows: decisions.length,
      decisions: n,
      actions: decisions.actions.length,
      value,
    },
    interval,
    level,
    bounds,
    rewardModel: modelled?.model ?? null,
    policies: judged,
    comparison,
    notes: [
      ...notesOn(decisions, policies, rewards),
      ...(comparison === null && supported.length > 0 ? [withoutComparison(options)] : []),
    ],
  };
}

/** Why policies with a verdict are not compared. */
function withoutComparison({ baseline = 'log', estimator }: EvaluatePoliciesOptions): string {
  return (
    `policies are not compared: ${baseline === 'log' ? '' : `${quotedName(baseline)} has no verdict, or `}` +
    `${estimator === undefined ? 'no estimator' : quotedName(estimator)} has ${estimator === undefined ? 'an' : 'no'} estimate for all of them`
  );
}

function checkOptions(
  decisions: Decisions,
  policies: readonly TargetPolicy[],
  { baseline, estimator, rewards }: EvaluatePoliciesOptions,
  level: number,
): void {
  const names = policies.map(({ name }) => name);
  if (names.length === 0)
    throw new DeepTasteError('config', 'policy: at least one policy must be judged, found none; name one');
  const twice = names.find((name, n) => names.indexOf(name) !== n || name === 'log');
  if (twice !== undefined)
    throw new DeepTasteError(
      'config',
      `policy: every policy must have a name of its own, found ${quotedName(twice)} twice${twice === 'log' ? ' (it is that of the log)' : ''}; rename one`,
    );
  if (!(level > 0 && level < 1))
    throw new DeepTasteError('config', `policy: level must be between 0 and 1, found ${level}; 0.95 is usual`);
  if (baseline !== undefined && baseline !== 'log' && !names.includes(baseline))
    throw new DeepTasteError(
      'not-found',
      `policy: the baseline must be "log" or one of the policies, found ${quotedName(baseline)}${suggestion(baseline, ['log', ...names])}`,
    );
  const fitting: readonly { readonly name: string; readonly isModelled: boolean }[] = decisions.list
    ? listEstimators
    : estimators;
  const known = fitting.map(({ name }) => name);
  if (estimator !== undefined && !known.includes(estimator))
    throw new DeepTasteError(
      'not-found',
      `policy: no estimator of ${decisions.list ? 'lists' : 'single decisions'} is called ${quotedName(estimator)}${suggestion(estimator, known)}; ` +
        `there are ${known.join(', ')}`,
    );
  if (rewards === null && fitting.some(({ name, isModelled }) => name === estimator && isModelled))
    throw new DeepTasteError(
      'config',
      `policy: ${estimator} needs predicted rewards, and there is no reward model; name one, or take another estimator`,
    );
}

function notesOn(decisions: Decisions, policies: readonly TargetPolicy[], rewards: RewardModel | null): string[] {
  const notes = [...decisions.notes];
  const partly = policies.filter(({ distribution }) => distribution === null).map(({ name }) => name);
  if (rewards !== null && partly.length > 0)
    notes.push(
      `of ${partly.map(quotedName).join(', ')} only the probabilities of the actions taken are known: no estimate with predicted rewards`,
    );
  const first = decisions.propensity[0];
  if (!decisions.list && decisions.propensity.some((p) => Math.abs(p - first) > 1e-6))
    notes.push('the log did not choose uniformly at random: Replay favours what it favoured');
  return notes;
}
