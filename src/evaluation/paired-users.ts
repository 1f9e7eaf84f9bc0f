/** Which row of one run belongs to the same user as a row of another run. */
import { DeepTasteError } from '../core/errors.ts';
import type { EvaluationResult } from './evaluation-result.ts';

interface NamedResult {
  readonly name: string;
  readonly result: EvaluationResult;
}

/** place[u] = the row in `run` of the user in row u of `baseline`. Throws `protocol` when they evaluated other users. */
export function pairUsers(run: NamedResult, baseline: NamedResult): Int32Array {
  const rowOf = new Map(run.result.users.map((id, row) => [id, row]));
  const place = Int32Array.from(baseline.result.users, (id) => rowOf.get(id) ?? -1);
  const missing = place.indexOf(-1);
  if (missing >= 0 || run.result.users.length !== baseline.result.users.length)
    throw new DeepTasteError(
      'protocol',
      `compare: runs must evaluate the same users, found ${foundUsers(run, baseline, missing)}; evaluate both on the same split`,
    );
  return place;
}

function foundUsers(run: NamedResult, baseline: NamedResult, missing: number): string {
  if (missing >= 0) return `user "${baseline.result.users[missing]}" in "${baseline.name}" but not in "${run.name}"`;
  return `${run.result.users.length} users in "${run.name}" and ${baseline.result.users.length} in "${baseline.name}"`;
}
