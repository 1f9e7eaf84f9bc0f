/**
 * Ranks items for users in contexts with a model of fields. A request is a user in one context; a user whose held-out rows have
 * several contexts makes several, whose metrics are averaged, so that every user counts once.
 */
import { RandomStream } from '../core/random.ts';
import { rowsWhere } from '../data/cleaning.ts';
import { type Interactions, selectRows } from '../data/dataset.ts';
import { type FieldRows, slotColumns } from '../data/features/field-rows.ts';
import { rowOf, type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { RankingTables } from '../engine/runtime/ranking.ts';
import { type EvaluationResult, notesOf, summarisedValues, takenBefore } from '../evaluation/evaluation-result.ts';
import { cutoffsOf, isLowerBetter, type Metric, parseMetric, requiredListLength } from '../evaluation/metric-name.ts';
import { catalogueOf, type MetricValues, metricValues } from '../evaluation/metric-values.ts';
import type { RankCounts } from '../evaluation/rank-counts.ts';
import {
  type HeldOutPart,
  itemsByUser,
  type RankingOptions,
  sampledUsers,
  trainedItems,
} from '../evaluation/ranking.ts';
import { parseTaskMetrics } from '../evaluation/task-metrics.ts';
import { traitsOf } from '../evaluation/traits.ts';
import { amongAll, type ListableItems, listableItems } from '../evaluation/unlisted-items.ts';
import { trainedEntities, untrainedRows } from '../evaluation/untrained-rows.ts';
import type { FieldRanking } from '../scoring/row-scorer.ts';
import { protocolOf, sampleOf, untrainedOf } from './evaluate-ranking.ts';
import { requireRows } from './evaluate-rows.ts';
import type { FieldData } from './prepare-fields.ts';

/** Requests whose user parts are held at a time. */
const BLOCK = 4096;

/** A ranking of these items with weights as they are. */
export type RankItems = (items: FieldRows, crosses?: FieldRows | null) => FieldRanking;

interface Requests {
  readonly user: Int32Array; // [R]
  /** Row of the part whose context it is [R]. */
  readonly row: Int32Array;
  /** Distinct held-out items of each request. */
  readonly relevant: SparseRows;
}

/** Prepares a part once, so that it can be ranked after every epoch without repeating the work. */
export class FieldRanker {
  readonly #engine: Engine;
  readonly #data: FieldData;
  readonly #requests: Requests;
  readonly #lists: { readonly excluded?: SparseRows; readonly candidates?: SparseRows };
  readonly #listable: ListableItems;
  readonly #users: FieldRows | null;
  readonly #context: FieldRows | null;
  readonly #crosses: FieldRows | null;
  readonly items: FieldRows;
  readonly itemCrosses: FieldRows | null;
  /** Users of the part, whether they are ranked for or not. */
  readonly nHeldOut: number;

  /** @throws 'data' when the split has no such part */
  constructor(engine: Engine, data: FieldData, part: HeldOutPart, seed: number) {
    const { split, encoder, evaluation } = data;
    const all = requireRows(split, part);
    const rows = rowsOfDrawn(all, sampleOf(evaluation, seed, part));
    this.nHeldOut = new Set(all.userIndex).size;
    const has = (owner: string) => encoder.layout.fields.some((field) => field.owner === owner);
    this.#engine = engine;
    this.#data = data;
    this.#context = has('context') ? encoder.encodeContext(rows) : null;
    this.#users = has('user') ? encoder.encodeUsers(split.dataset) : null;
    this.items = encoder.encodeItems(split.dataset);
    const ofRequests = encoder.layout.crosses.filter(({ owner }) => owner !== 'item');
    this.#crosses = ofRequests.length > 0 ? encoder.encodeCrosses(split.dataset, rows) : null;
    this.itemCrosses = encoder.encodeItemCrosses(split.dataset);
    this.#requests = requestsOf(rows, this.#context, this.#crosses && slotColumns(this.#crosses, ofRequests));
    const listed = part === 'validation' ? split.validationCandidates : split.testCandidates;
    if (listed && evaluation.candidates !== 'all') this.#lists = { candidates: listed };
    else if (evaluation.filter === 'none') this.#lists = {};
    else this.#lists = { excluded: this.#taken(part) };
    const { user, relevant } = this.#requests;
    const { excluded } = this.#lists;
    this.#listable = listableItems(relevant, excluded ? (request) => rowOf(excluded, user[request]) : null);
  }

  #taken(part: HeldOutPart): SparseRows {
    const { split, evaluation } = this.#data;
    const train = trainedItems(split);
    if (part === 'validation' || evaluation.filter === 'train' || !split.validation) return train;
    const validation = itemsByUser(split, split.validation);
    return gathered(train.nRows, (user) => [...rowOf(train, user), ...rowOf(validation, user)]);
  }

  /** Rank counts by request. @param listLength how many best items of each to keep */
  rank(rankItems: RankItems, listLength: number): RankCounts {
    const ranking = rankItems(this.items, this.itemCrosses);
    try {
      const { user, relevant } = this.#requests;
      const parts: RankCounts[] = [];
      for (let from = 0; from < user.length; from += BLOCK)
        parts.push(this.#rankBlock(ranking, from, Math.min(user.length, from + BLOCK), listLength));
      const { greater, equal, ...counts } = joinedCounts(parts);
      return {
        ...counts,
        users: user,
        rowStart: relevant.rowStart,
        relevantItems: relevant.columns,
        greater: amongAll(greater, this.#listable),
        equal: amongAll(equal, this.#listable),
        isMiss: this.#listable.isMiss,
      };
    } finally {
      ranking.free();
    }
  }

  #rankBlock(ranking: FieldRanking, from: number, to: number, listLength: number): RankCounts {
    const { user, row } = this.#requests;
    const n = to - from;
    const at = (list: SparseRows | undefined) => list && gathered(n, (r) => rowOf(list, user[from + r]));
    const scorer = ranking.scorer({
      nRequests: n,
      users: this.#users && selected(this.#users, user.subarray(from, to)),
      context: this.#context && selected(this.#context, row.subarray(from, to)),
      crosses: this.#crosses && selected(this.#crosses, row.subarray(from, to)),
    });
    const tables = new RankingTables(this.#engine, scorer.form, this.items.nRows);
    try {
      const own = gathered(n, (r) => rowOf(this.#listable, from + r));
      const topK = Math.min(listLength, this.items.nRows);
      const { excluded, candidates } = this.#lists;
      const users = Int32Array.from({ length: n }, (_, r) => r);
      const outcome = tables.rank({ users, relevant: own, excluded: at(excluded), candidates: at(candidates), topK });
      const { greater, equal, nCandidates, topItems } = outcome;
      const kept = { topItems: topK > 0 ? topItems : null, listLength: topK };
      return { users, rowStart: own.rowStart, relevantItems: own.columns, greater, equal, nCandidates, ...kept };
    } finally {
      tables.free();
      scorer.free();
    }
  }
}

/** The rows of some users of a part, the same for every model that is evaluated with the same seed. */
function rowsOfDrawn(rows: Interactions, sample: RankingOptions['sample']): Interactions {
  const users = Int32Array.from(new Set(rows.userIndex)).sort();
  const drawn = sampledUsers(users, sample);
  if (drawn.length === users.length) return rows;
  const isDrawn = new Set(drawn);
  return selectRows(
    rows,
    rowsWhere(rows.length, (row) => isDrawn.has(rows.userIndex[row])),
  );
}

/** Rows of one user in one context are one request; requests are in the order of users, then of their first rows. */
function requestsOf(rows: Interactions, context: FieldRows | null, crosses: FieldRows | null): Requests {
  const first = new Map<string, number>();
  const requestOf = new Int32Array(rows.length);
  const order = Int32Array.from({ length: rows.length }, (_, row) => row);
  order.sort((a, b) => rows.userIndex[a] - rows.userIndex[b] || a - b);
  const [user, row]: [number[], number[]] = [[], []];
  for (const at of order) {
    const key = `${rows.userIndex[at]}|${context ? keyOf(context, at) : ''}|${crosses ? keyOf(crosses, at) : ''}`;
    let request = first.get(key);
    if (request === undefined) {
      request = user.push(rows.userIndex[at]) - 1;
      row.push(at);
      first.set(key, request);
    }
    requestOf[at] = request;
  }
  const relevant = sparseRows(user.length, requestOf, rows.itemIndex, true);
  return { user: Int32Array.from(user), row: Int32Array.from(row), relevant };
}

function keyOf({ slots, index, value }: FieldRows, row: number): string {
  const [start, end] = [row * slots, (row + 1) * slots];
  return `${index.subarray(start, end).join()}|${value ? value.subarray(start, end).join() : ''}`;
}

function selected({ slots, index, value }: FieldRows, rows: Int32Array): FieldRows {
  const chosen = new Int32Array(rows.length * slots);
  const chosenValue = value && new Float32Array(chosen.length);
  rows.forEach((row, r) => {
    chosen.set(index.subarray(row * slots, (row + 1) * slots), r * slots);
    if (value) chosenValue?.set(value.subarray(row * slots, (row + 1) * slots), r * slots);
  });
  return { nRows: rows.length, slots, index: chosen, value: chosenValue };
}

/** Sparse rows from a list each, ascending and distinct. */
function gathered(n: number, listOf: (row: number) => ArrayLike<number>): SparseRows {
  const owners: number[] = [];
  const columns: number[] = [];
  for (let row = 0; row < n; row++)
    for (const column of Array.from(listOf(row))) {
      owners.push(row);
      columns.push(column);
    }
  return sparseRows(n, Int32Array.from(owners), Int32Array.from(columns), true);
}

function joinedCounts(parts: readonly RankCounts[]) {
  const join = (of: (part: RankCounts) => Int32Array | null) => {
    const arrays = parts.map((part) => of(part) ?? new Int32Array(0));
    const all = new Int32Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      all.set(array, at);
      at += array.length;
    }
    return all;
  };
  const listLength = parts[0]?.listLength ?? 0;
  return {
    greater: join((part) => part.greater),
    equal: join((part) => part.equal),
    nCandidates: join((part) => part.nCandidates),
    listLength,
    topItems: listLength > 0 ? join((part) => part.topItems) : null,
  };
}

/** Metrics with intervals over users. @throws 'data' when the split has no such part */
export function evaluateFieldRanking(
  engine: Engine,
  data: FieldData,
  rankItems: RankItems,
  seed: number,
  part: HeldOutPart = 'test',
): EvaluationResult {
  const { split, evaluation } = data;
  const metrics = parseTaskMetrics(evaluation.metrics, 'ranking');
  const started = performance.now();
  const ranker = new FieldRanker(engine, data, part, seed);
  const counts = ranker.rank(rankItems, requiredListLength(metrics));
  const seconds = (performance.now() - started) / 1000;
  const catalogue = catalogueOf(split.train, split.dataset.items.size, split.dataset.itemFields);
  const values = metricValues(counts, metrics, evaluation.tieRule, catalogue);
  const byUser = averagedByUser(values, counts.users);
  const nUsers = byUser.users.length;
  const untrained = untrainedRows(itemsByUser(split, split[part]), trainedEntities(split));
  const protocol = {
    ...protocolOf(split, { ...evaluation, metrics: [...evaluation.metrics] }, part, seed, engine),
    ...untrainedOf(untrained, { users: 'from fields', items: 'from fields' }),
    nUsers,
    ...(nUsers < ranker.nHeldOut && { drawnUsers: { of: ranker.nHeldOut, seed } }),
    ...takenBefore(counts),
  };
  const level = 0.95;
  return {
    protocol: { ...protocol, cutoffs: cutoffsOf(metrics) },
    level,
    seconds,
    users: byUser.users.map((user) => split.dataset.users.idOf(user)),
    ...summarisedValues(byUser.values, nUsers, new RandomStream(seed, 'bootstrap'), { level }),
    ...notesOf(metrics, byUser.values, catalogue),
    traits: traitsOf(split, byUser.users),
  };
}

/** A function that gives the validation metric of present weights, higher is better. */
export function validationOfRanking(engine: Engine, data: FieldData, seed: number): (rankItems: RankItems) => number {
  const metric = parseMetric(data.evaluation.validationMetric);
  const ranker = new FieldRanker(engine, data, 'validation', seed);
  return (rankItems) => meanOver(ranker.rank(rankItems, requiredListLength([metric])), metric, data);
}

function meanOver(counts: RankCounts, metric: Metric, { evaluation, split }: FieldData): number {
  const catalogue = catalogueOf(split.train, split.dataset.items.size, split.dataset.itemFields);
  const values = metricValues(counts, [metric], evaluation.tieRule, catalogue);
  const sign = isLowerBetter(metric) ? -1 : 1;
  const mean = averagedByUser(values, counts.users).values.get(metric.name)!;
  if (mean.perUser === null) return sign * mean.overall;
  const defined = mean.perUser.filter((value) => !Number.isNaN(value));
  return (sign * defined.reduce((sum, value) => sum + value, 0)) / Math.max(1, defined.length);
}

/** Values of requests as values of their users: means, weighted where the metric has weights, whose sum the user then has. */
function averagedByUser(values: ReadonlyMap<string, MetricValues>, userOfRequest: Int32Array) {
  const users = [...new Set(userOfRequest)];
  const placeOf = new Map(users.map((user, place) => [user, place]));
  const average = (value: MetricValues): MetricValues => {
    if (value.perUser === null || users.length === userOfRequest.length) return value;
    const [sum, total] = [new Float64Array(users.length), new Float64Array(users.length)];
    value.perUser.forEach((v, request) => {
      if (Number.isNaN(v)) return;
      const place = placeOf.get(userOfRequest[request])!;
      const weight = value.weights?.[request] ?? 1;
      sum[place] += weight * v;
      total[place] += weight;
    });
    return { perUser: sum.map((s, place) => s / total[place]), weights: value.weights && total };
  };
  return { users, values: new Map([...values].map(([name, value]) => [name, average(value)])) };
}
