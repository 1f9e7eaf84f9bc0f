/** Who is known to be fake: a table of two columns, the id of a person and 1 (fake) or 0 (real). */
import { DeepTasteError } from '../../core/errors.ts';
import type { Field, FieldTable } from '../../data/dataset.ts';
import { readTable } from '../../data/read-table.ts';
import type { Vocabulary } from '../../data/vocabulary.ts';

export interface ProfileLabels {
  /** [nUsers] 1 = fake, 0 = real, −1 = not known. */
  readonly ofUser: Int8Array;
  readonly nFake: number;
  readonly nReal: number;
  /** Labelled ids that no row of the data has. */
  readonly nAbsent: number;
}

/** @throws DeepTasteError `data`: another table, a label that is not 0 or 1, a person twice, one kind of people only */
export async function readProfileLabels(file: string, users: Vocabulary): Promise<ProfileLabels> {
  return profileLabels(file, await readTable([file]), users);
}

export function profileLabels(file: string, { nRows, fields }: FieldTable, users: Vocabulary): ProfileLabels {
  const fail = (must: string, found: string, mend: string) =>
    new DeepTasteError('data', `labels ${file}: ${must}, found ${found}; ${mend}`, { file });
  if (fields.length !== 2)
    throw fail(
      'there must be two columns, the id of a person and 1 (fake) or 0 (real)',
      `${fields.length}`,
      'leave out the others',
    );
  const ofUser = new Int8Array(users.size).fill(-1);
  let nAbsent = 0;
  const seen = new Set<string>();
  for (let row = 0; row < nRows; row++) {
    const [id, label] = fields.map((field) => cell(field, row));
    if (label !== '0' && label !== '1')
      throw fail('labels must be 0 or 1', `"${label}" of "${id}"`, 'write 1 for fake people');
    if (seen.has(id)) throw fail('each person must be there once', `"${id}" twice`, 'keep one row');
    seen.add(id);
    const user = users.indexOf(id);
    if (user === undefined) nAbsent++;
    else ofUser[user] = Number(label);
  }
  const nFake = ofUser.filter((label) => label === 1).length;
  const nReal = ofUser.filter((label) => label === 0).length;
  if (nFake === 0 || nReal === 0)
    throw fail(
      'there must be fake and real people among those of the data',
      `${nFake} fake and ${nReal} real, ${nAbsent} not in the data`,
      'compare the ids of both files',
    );
  return { ofUser, nFake, nReal, nAbsent };
}

function cell(field: Field, row: number): string {
  const value = field.values[row];
  return value === null ? '' : String(value);
}
