/** Measures a trained model on the held-out part of a split. */
import { DeepTasteError } from '../core/errors.ts';
import { RandomStream } from '../core/random.ts';
import { version } from '../core/version.ts';
import { counted } from '../data/counted.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type EvaluationResult, summarise } from '../evaluation/evaluation-result.ts';
import { isLowerBetter, parseMetric, requiredListLength } from '../evaluation/metric-name.ts';
import { type Catalogue, catalogueOf, metricValues } from '../evaluation/metric-values.ts';
import type { Protocol } from '../evaluation/protocol.ts';
import type { RankCounts } from '../evaluation/rank-counts.ts';
import { type HeldOutPart, HeldOutRanking, type RankingOptions } from '../evaluation/ranking.ts';
import { checkTaskMetric, parseTaskMetrics } from '../evaluation/task-metrics.ts';
import { traitsOf } from '../evaluation/traits.ts';
import { trainedEntities, type UntrainedRows } from '../evaluation/untrained-rows.ts';
import type { Scorer } from '../scoring/scorer.ts';
import type { EvaluationOptions } from './ranking-settings.ts';

/** Ranks the test (or validation) part and computes metrics with intervals over users. */
export function evaluateScorer(
  engine: Engine,
  scorer: Scorer,
  split: Split,
  options: EvaluationOptions,
  seed: number,
  part: HeldOutPart = 'test',
): EvaluationResult {
  return evaluateRanking(engine, (ranking) => ranking.rank(scorer.form), split, options, seed, part);
}

/** How a part is ranked: what is held out for validation is a candidate of validation itself. */
export function ofPart(options: EvaluationOptions, part: HeldOutPart = 'test'): EvaluationOptions {
  return part === 'validation' ? { ...options, filter: 'train' } : options;
}

/** @throws 'config' where listed candidates are asked for and the split lists none */
export function requireCandidates(split: Split, candidates: EvaluationOptions['candidates'], part: HeldOutPart): void {
  const listed = part === 'test' ? split.testCandidates : split.validationCandidates;
  if (candidates !== 'listed' || listed !== null || split[part] === null) return;
  throw new DeepTasteError(
    'config',
    `candidates: the split "${split.description.method}" must list candidates for "listed", found none; leave it out to rank all items, ` +
      'or say --sample-candidates N, or --split given with a file of candidates',
    { key: 'candidates' },
  );
}

/** How the items of the users of a part are ranked. */
export type RankPart = (ranking: HeldOutRanking) => RankCounts;

/** The same by whatever ranks. */
export function evaluateRanking(
  engine: Engine,
  rank: RankPart,
  split: Split,
  options: EvaluationOptions,
  seed: number,
  part: HeldOutPart = 'test',
): EvaluationResult {
  requireCandidates(split, options.candidates, part);
  const metrics = parseTaskMetrics(options.metrics, 'ranking');
  const ranking = new HeldOutRanking({
    engine,
    split,
    part,
    filter: options.filter,
    allItems: options.candidates === 'all',
    listLength: requiredListLength(metrics),
    sample: sampleOf(options, seed, part),
    trainedOnly: true,
  });
  requireTrainedUsers(ranking, part);
  const started = performance.now();
  const counts = rank(ranking);
  const { dataset } = split;
  const drawn = ranking.nUsers < ranking.nHeldOut && { drawnUsers: { of: ranking.nHeldOut, seed } };
  const summary = summarise(counts, {
    metrics: options.metrics,
    protocol: {
      ...protocolOf(split, options, part, seed, engine),
      ...drawn,
      ...untrainedOf(ranking.untrained, {
        users: 'left out',
        items: ranking.isOfCandidates ? 'ranked last' : 'misses',
      }),
    },
    userId: (user) => dataset.users.idOf(user),
    seconds: (performance.now() - started) / 1000,
    stream: new RandomStream(seed, 'bootstrap'),
    catalogue: catalogueOf(split.train, dataset.items.size, dataset.itemFields),
  });
  return { ...summary, traits: traitsOf(split, counts.users) };
}

/** Whether training has a user of the test part, without whom there is nothing to measure a model of users and items on. */
export function hasTrainedTestUser(split: Split): boolean {
  const { hasUser } = trainedEntities(split);
  return split.test?.userIndex.some(hasUser) ?? false;
}

function requireTrainedUsers({ nUsers, untrained }: HeldOutRanking, part: HeldOutPart): void {
  if (nUsers > 0 || !untrained || untrained.nUsers === 0) return;
  throw new DeepTasteError(
    'data',
    `evaluate: the ${part} part must hold rows of users who have training rows too, found ${counted(untrained.nUsers, 'user')} ` +
      'without any; split within users (leave-one-out, ratio), or take a model over feature fields',
  );
}

type UntrainedRule = Pick<NonNullable<Protocol['untrained']>, 'users' | 'items'>;

/** For the protocol; nothing where training has all users and items of the part. */
export function untrainedOf(rows: UntrainedRows | null, rule: UntrainedRule): Pick<Protocol, 'untrained'> {
  return rows === null || rows.nUserRows + rows.nItemRows === 0 ? {} : { untrained: { ...rows, ...rule } };
}

/** The same users for every model that is evaluated with the same seed. */
export function sampleOf(
  { users }: Pick<EvaluationOptions, 'users'>,
  seed: number,
  part: HeldOutPart,
): RankingOptions['sample'] {
  return users === undefined
    ? undefined
    : { nUsers: users, stream: new RandomStream(seed, `evaluation users/${part}`) };
}

export function protocolOf(
  split: Split,
  options: EvaluationOptions,
  part: HeldOutPart,
  seed: number,
  engine: Engine,
): Omit<Protocol, 'cutoffs' | 'nUsers'> {
  const lists = part === 'test' ? split.testCandidates : split.validationCandidates;
  const listed = options.candidates !== 'all' && lists !== null;
  const longest = lists === null ? 0 : longestRow(lists.rowStart);
  const source = split.description[`${part}Candidates`] ?? split.description.candidates ?? 'given lists';
  return {
    data: { name: split.dataset.name, hash: split.dataset.hash },
    split: testDescription(split),
    part,
    candidates: listed ? { listed: String(source), n: longest } : 'all',
    filter: listed ? 'none' : options.filter,
    tieRule: options.tieRule,
    seed,
    versions: { deeptaste: version, node: process.versions.node, kernels: engine.build },
  };
}

/** What of the split's description concerns the test part: a validation part cut from training changes no test number. */
export function testDescription(split: Split): Protocol['split'] {
  const ofTraining = /^(validation|nUsersNotValidated|nValidation|nTrain|nUsersWithFewerValidation)/;
  const kept = Object.entries(split.description).filter(([key]) => !ofTraining.test(key));
  return Object.fromEntries(kept) as Protocol['split'];
}

function longestRow(rowStart: Int32Array): number {
  let longest = 0;
  for (let r = 0; r + 1 < rowStart.length; r++) longest = Math.max(longest, rowStart[r + 1] - rowStart[r]);
  return longest;
}

/**
 * A function that gives the validation metric of present weights, higher is better; undefined when the split has no validation part, or nobody is
 * to be evaluated.
 */
export function validator(
  engine: Engine,
  split: Split,
  options: EvaluationOptions,
  seed: number,
): ((rank: RankPart) => number) | undefined {
  if (!split.validation || split.validation.length === 0 || options.users === 0) return undefined;
  const metric = parseMetric(options.validationMetric);
  checkTaskMetric(metric, 'ranking');
  const { dataset, train } = split;
  const catalogue =
    requiredListLength([metric]) > 0 ? catalogueOf(train, dataset.items.size, dataset.itemFields) : null;
  if (metric.family === 'diversity' && !catalogue?.categories) throw withoutCategories(metric.name);
  const sign = isLowerBetter(metric) ? -1 : 1;
  const ranking = new HeldOutRanking({
    engine,
    split,
    part: 'validation',
    filter: 'train',
    allItems: options.candidates === 'all',
    listLength: requiredListLength([metric]),
    sample: sampleOf(options, seed, 'validation'),
  });
  return (rank) => sign * meanOf(rank(ranking), metric.name, options, catalogue);
}

/** What is said of a validation metric about fields that items do not have. */
export function withoutCategories(metric: string): DeepTasteError {
  return new DeepTasteError(
    'config',
    `evaluation.validationMetric "${metric}": items must have a categorical or multi-valued field (genres …), found none; ` +
      'add one (--items FILE), or validate by another metric',
    { metric },
  );
}

function meanOf(counts: RankCounts, name: string, options: EvaluationOptions, catalogue: Catalogue | null): number {
  const values = metricValues(counts, [parseMetric(name)], options.tieRule, catalogue).get(name);
  if (!values) return Number.NaN;
  if (values.perUser === null) return values.overall;
  const defined = values.perUser.filter((v) => !Number.isNaN(v));
  return defined.reduce((sum, v) => sum + v, 0) / Math.max(1, defined.length);
}
