/** A policy that looks at no context: a table of the probability of each action, at each position where the log has some. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import type { FieldTable } from '../../data/dataset.ts';
import { readTable } from '../../data/read-table.ts';
import { normalName } from '../../data/role-names.ts';
import type { Decisions } from '../log/decisions.ts';
import { actionsAbove } from './above.ts';
import { fullPolicy, type TargetPolicy } from './target-policy.ts';

/**
 * Reads a file with the columns `action`, `probability`, and perhaps `position`. Actions that it does not name have probability 0.
 * @throws DeepTasteError `data`: columns that are missing, actions or positions that the log does not know, sums other than 1
 */
export async function tablePolicy(decisions: Decisions, file: string): Promise<TargetPolicy> {
  const { actions, positions, position } = decisions;
  const table = await readTable([file]);
  const action = column(file, table, 'action');
  const probability = column(file, table, 'probability');
  const place = table.fields.some(({ name }) => normalName(name) === 'position')
    ? column(file, table, 'position')
    : null;
  if (place && position === null)
    throw new DeepTasteError(
      'data',
      `${file}: the log has no positions, found some in the table; leave the column out`,
    );
  const k = actions.length;
  const nPlaces = place ? positions.length : 1;
  const probabilities = new Float64Array(nPlaces * k);
  const rowOf = (list: readonly string[], text: string, what: string, row: number): number => {
    const found = list.indexOf(text);
    if (found >= 0) return found;
    throw new DeepTasteError(
      'data',
      `${file} row ${row + 1}: the log must know the ${what}, found ${quotedName(text)}; of what it never shows nothing can be said`,
      { row },
    );
  };
  for (let row = 0; row < table.nRows; row++) {
    const at = place ? rowOf(positions, String(place[row]), 'position', row) : 0;
    probabilities[at * k + rowOf(actions, String(action[row]), 'action', row)] += Number(probability[row]);
  }
  const above = actionsAbove(decisions);
  return fullPolicy(file, decisions, (rows, out) => {
    for (let n = 0; n < rows.length; n++) {
      const at = place && position ? position[rows[n]] : 0;
      const own = out.subarray(n * k, (n + 1) * k);
      own.set(probabilities.subarray(at * k, (at + 1) * k));
      const gone = above?.(rows[n]) ?? [];
      if (gone.length > 0) leaveOut(own, gone, `${file}, for row ${rows[n] + 1} of ${decisions.source}`);
    }
  });
}

/** The others keep their proportions. @throws DeepTasteError `data`: nothing is left */
function leaveOut(probabilities: Float64Array, gone: readonly number[], where: string): void {
  const before = probabilities.reduce((sum, p) => sum + p, 0);
  for (const a of gone) probabilities[a] = 0;
  const left = probabilities.reduce((sum, p) => sum + p, 0);
  if (left === 0)
    throw new DeepTasteError(
      'data',
      `${where}: there must be an action with a probability above 0 that does not stand above in the list, found none; give one to more actions`,
    );
  for (let a = 0; a < probabilities.length; a++) probabilities[a] *= before / left;
}

function column(file: string, table: FieldTable, name: string): readonly unknown[] {
  const found = table.fields.find((field) => normalName(field.name) === name);
  if (found) return found.values;
  throw new DeepTasteError(
    'data',
    `${file}: a policy's table must have the columns action and probability, found ${table.fields.map((field) => field.name).join(', ')}`,
    { column: name },
  );
}
