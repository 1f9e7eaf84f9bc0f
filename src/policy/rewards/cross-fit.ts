/**
 * Cross-fitting: every row is predicted by a reward model that did not learn from it, so that what the model knows by heart is not
 * taken for knowledge (Chernozhukov et al. 2018). Rows of one list stay together.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Decisions } from '../log/decisions.ts';
import type { TargetPolicy } from '../targets/target-policy.ts';
import type { RewardModel } from './reward-model.ts';

/** What a cross-fitted model says of the rows of a log. */
export interface ModelledRewards {
  readonly model: string;
  /** q̂(x, a) of the action taken [n]. */
  readonly ofLogged: Float64Array;
  /** Σ_a π(a | x) q̂(x, a) [n] of each policy, in their order; null where only π of the logged action is known. */
  readonly ofPolicy: readonly (Float64Array | null)[];
}

/** Cells of q̂ that are in memory at a time. */
const CELLS = 1 << 20;

export interface CrossFitOptions {
  readonly folds?: number;
  readonly random: RandomStream;
  readonly progress?: Progress;
}

/** @throws DeepTasteError `config`: fewer than two folds, or more than rows; errors of the model's training */
export async function crossFit(
  decisions: Decisions,
  model: RewardModel,
  policies: readonly TargetPolicy[],
  { folds = 3, random, progress = silent }: CrossFitOptions,
): Promise<ModelledRewards> {
  const units = decisions.list ? decisions.nLists : decisions.length;
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= units))
    throw new DeepTasteError(
      'config',
      `reward model: folds must be a whole number from 2 to ${units}, the decisions of the log, found ${folds}`,
    );
  const foldOf = foldsOf(decisions, units, folds, random);
  const ofLogged = new Float64Array(decisions.length);
  const ofPolicy = policies.map(({ distribution }) => (distribution ? new Float64Array(decisions.length) : null));
  const task = progress.start(`reward model ${model.name}`, folds, 'folds');
  for (let fold = 0; fold < folds; fold++) {
    const fitted = await model.fit(
      rowsWhere(foldOf, (each) => each !== fold),
      random.seed + fold,
    );
    try {
      predictFold(
        decisions,
        policies,
        rowsWhere(foldOf, (each) => each === fold),
        fitted.predict,
        ofLogged,
        ofPolicy,
      );
    } finally {
      fitted.free();
    }
    task.update(fold + 1, `fold ${fold + 1}`);
  }
  task.end(`${folds} folds`);
  return { model: model.name, ofLogged, ofPolicy };
}

/** Folds of equal size, drawn. */
function foldsOf({ list, length }: Decisions, units: number, folds: number, random: RandomStream): Int32Array {
  const ofUnit = random.child('folds').shuffle(Int32Array.from({ length: units }, (_, unit) => unit % folds));
  return list === null ? ofUnit : Int32Array.from({ length }, (_, row) => ofUnit[list[row]]);
}

function rowsWhere(foldOf: Int32Array, isIn: (fold: number) => boolean): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < foldOf.length; row++) if (isIn(foldOf[row])) rows.push(row);
  return Int32Array.from(rows);
}

function predictFold(
  { actions, action }: Decisions,
  policies: readonly TargetPolicy[],
  rows: Int32Array,
  predict: (rows: Int32Array, out: Float64Array) => void,
  ofLogged: Float64Array,
  ofPolicy: readonly (Float64Array | null)[],
): void {
  const k = actions.length;
  const block = Math.max(1, Math.floor(CELLS / k));
  for (let from = 0; from < rows.length; from += block) {
    const some = rows.subarray(from, from + block);
    const expected = new Float64Array(some.length * k);
    const chosen = new Float64Array(some.length * k);
    predict(some, expected);
    for (let n = 0; n < some.length; n++) ofLogged[some[n]] = expected[n * k + action[some[n]]];
    for (const [p, { distribution }] of policies.entries()) {
      if (distribution === null) continue;
      distribution(some, chosen);
      const out = ofPolicy[p] as Float64Array;
      for (let n = 0; n < some.length; n++) {
        let sum = 0;
        for (let a = 0; a < k; a++) sum += chosen[n * k + a] * expected[n * k + a];
        out[some[n]] = sum;
      }
    }
  }
}
