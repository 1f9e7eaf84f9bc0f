/** The values by which runs are compared: of the same users (or sequences, or rows) in the same order for every run. */
import { DeepTasteError } from '../core/errors.ts';
import { assertSameRows, type MeasuredRows } from './measured-rows.ts';
import type { Metric } from './metric-name.ts';
import { pairUsers } from './paired-users.ts';
import { isRowResult, type Result } from './result.ts';
import { type Contributions, rowContributions } from './row-contributions.ts';

export interface Run {
  /** Distinct among the runs compared, e.g. the model's name. */
  readonly name: string;
  readonly result: Result;
}

/** What intervals and tests of a result go over. */
export type Unit = 'users' | 'sequences' | 'rows';

export function unitOf(result: Result): Unit {
  if (!isRowResult(result)) return result.protocol.nextItem ? 'sequences' : 'users';
  return result.rows && result.rows.userIndex === null ? 'rows' : 'users';
}

/**
 * The values of runs in the order of the baseline.
 * @param places users, sequences or rows of the baseline to look at; null = all
 * @throws DeepTasteError `protocol`: other users or rows; `artifact`: a run without its values
 */
export type UnitValues = (run: Run, metric: Metric, places: Int32Array | null) => Contributions;

export function pairedValues(baseline: Run, others: readonly Run[]): UnitValues {
  if (isRowResult(baseline.result)) {
    const rows = new Map([baseline, ...others].map((run) => [run, rowsOf(run)]));
    for (const run of others)
      assertSameRows({ name: run.name, rows: rows.get(run)! }, { name: baseline.name, rows: rows.get(baseline)! });
    return (run, metric, places) => rowContributions(rows.get(run)!, metric, places);
  }
  const rankings = [baseline, ...others].map(rankingOf);
  const placeOf = new Map(rankings.map(({ run, ...named }) => [run, pairUsers(named, rankings[0])]));
  return (run, metric, places) => userValues(run, metric, placeOf.get(run)!, places);
}

function rankingOf(run: Run) {
  if (isRowResult(run.result)) throw new Error('internal: runs that rank are compared with runs that rank');
  return { run, name: run.name, result: run.result };
}

/** @throws 'artifact' for a run that was saved without them */
export function rowsOf({ name, result }: Run): MeasuredRows {
  if (isRowResult(result) && result.rows) return result.rows;
  throw new DeepTasteError(
    'artifact',
    `compare: run "${name}" must have kept its predicted rows, found none; measure it again with "deeptaste evaluate RUN --save", or train it again`,
    { run: name },
  );
}

function userValues(run: Run, metric: Metric, placeOf: Int32Array, places: Int32Array | null): Contributions {
  const { name, result } = rankingOf(run);
  const own = result.perUser[metric.name];
  if (own === undefined)
    throw new DeepTasteError(
      'artifact',
      `compare: run "${name}" must have kept the values of users of ${metric.name}, found none; evaluate it again`,
    );
  const at = places ? places.map((place) => placeOf[place]) : placeOf;
  const weights = result.weights[metric.name];
  return {
    values: Float64Array.from(at, (place) => own[place]),
    weights: weights ? Float64Array.from(at, (place) => weights[place]) : null,
    ranked: null,
  };
}
