/** What an evaluation gives: of rankings, values of users or sequences with intervals; of predicted rows, values of all rows. */
import { DeepTasteError } from '../core/errors.ts';
import { type EvaluationJson, type EvaluationResult, toJson } from './evaluation-result.ts';
import type { MeasuredRows } from './measured-rows.ts';
import { describeDifference, type Protocol, protocolDifferences } from './protocol.ts';
import type { HeldOutPart } from './ranking.ts';
import type { RowEvaluation, RowTask } from './row-evaluation.ts';

export type Result = EvaluationResult | RowResult;

/** How the numbers of rows were obtained. */
export interface RowProtocol {
  readonly task: RowTask;
  readonly data: Protocol['data'];
  readonly split: Protocol['split'];
  readonly part: HeldOutPart;
  readonly nRows: number;
  /** Predicted ratings were clipped to the range of the training ratings. */
  readonly clipped: boolean;
  readonly seed: number;
  readonly versions: Protocol['versions'];
}

export interface RowResult extends RowEvaluation {
  readonly protocol: RowProtocol;
  /** Time that predicting took. */
  readonly seconds: number;
  /** The rows themselves; absent of runs that were saved without. */
  readonly rows?: MeasuredRows;
}

export function isRowResult(result: Result): result is RowResult {
  return 'task' in result;
}

/** The form of a result for scripts and records, without the values of users and the rows. */
export function resultJson(result: Result): EvaluationJson | Omit<RowResult, 'rows'> {
  if (!isRowResult(result)) return toJson(result);
  const { rows: _, ...json } = result;
  return json;
}

/** @throws 'protocol' unless numbers of the two may be compared */
export function assertComparableRows(a: RowProtocol, b: RowProtocol): void {
  const meaning = ({ seed: _, versions: __, ...protocol }: RowProtocol) => ({
    ...protocol,
    data: { hash: protocol.data.hash },
  });
  const differences = protocolDifferences(meaning(a) as never, meaning(b) as never);
  if (differences.length === 0) return;
  throw new DeepTasteError(
    'protocol',
    `compare: runs must be evaluated alike, found ${differences.map(describeDifference).join('; ')}; evaluate them again with the same settings`,
    { differences },
  );
}
