/**
 * Fitted fields for a training that goes on with new rows: categories that are new get rows of their own, everything else stays as it was
 * fitted (boundaries, means, the most values of a cell, combinations of crosses), so that what was learned keeps its meaning.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { parseOptions } from '../../core/options.ts';
import { quotedName } from '../../core/shown.ts';
import { counted } from '../counted.ts';
import type { Dataset, Interactions } from '../dataset.ts';
import { countValues } from './category-encoding.ts';
import { encodingRows, textsOf } from './encodings.ts';
import { contextColumn, entityColumn, featureColumns } from './feature-columns.ts';
import { FeatureEncoder } from './feature-encoder.ts';
import { type FeatureOptions, featureOptions, type ResolvedFeatureOptions } from './feature-options.ts';
import type { FieldLayout } from './field-rows.ts';
import type { FittedFeatures, FittedField } from './fitted-features.ts';
import { unreadCells } from './unread-cells.ts';

export interface ExtendedFeatures {
  readonly encoder: FeatureEncoder;
  /** One line each, for people: what is new, what is no field. */
  readonly notes: readonly string[];
}

/**
 * @param train rows with which training goes on
 * @throws 'data' when the rows lack the column of a context field, or hold words where training had numbers
 */
export function extendFeatures(
  { fitted }: FeatureEncoder,
  dataset: Dataset,
  train: Interactions,
  options: FeatureOptions = {},
): ExtendedFeatures {
  const resolved = parseOptions(featureOptions, options, 'features');
  const weight = {
    user: rowsOf(train.userIndex, dataset.users.size),
    item: rowsOf(train.itemIndex, dataset.items.size),
  };
  const hashed = new Set(fitted.crosses.flatMap(({ fields, nBuckets }) => (nBuckets === null ? [] : fields)));
  const notes: string[] = [];
  const fields = fitted.fields.map((field): FittedField => {
    const { encoding, owner, source, column: name } = field;
    const ref = { owner, source, name };
    const column = owner === 'context' ? contextColumn(ref, train) : entityColumn(ref, dataset);
    if (!column && owner === 'context')
      throw new DeepTasteError(
        'data',
        `from: the rows must have the column ${quotedName(name)}, of which the saved run has a field, found none; add it, or train anew`,
        { column: name },
      );
    if (column) notes.push(...unreadCells(field, column));
    // the rows of a hashed cross follow from the numbers of its parts
    if (!column || !('values' in encoding) || hashed.has(field.name)) return field;
    const texts = textsOf(column, encoding.encode);
    const { count } = countValues(texts, owner === 'context' ? null : weight[owner]);
    const known = new Set(encoding.values);
    const least = source === 'id' ? 1 : minCountOf(field, resolved);
    const added = texts.values.filter((value, v) => count[v] >= least && !known.has(value));
    return added.length === 0 ? field : { ...field, encoding: { ...encoding, values: [...encoding.values, ...added] } };
  });
  const moved = new Map(fields.map((field, f) => [field.name, formerRows(fitted.fields[f], field)]));
  const crosses = fitted.crosses.map((cross) => {
    if (cross.combinations === null) return cross;
    const nowOf = cross.fields.map((name) => presentRows(moved.get(name) as Int32Array));
    const combinations = cross.combinations.map((row, k) => nowOf[k % nowOf.length].get(row) as number);
    return { ...cross, combinations };
  });
  const encoder = new FeatureEncoder({ ...fitted, fields, crosses });
  return { encoder, notes: [...grownNotes(fitted.fields, fields), ...notes, ...unusedNotes(fitted, dataset)] };
}

/** For every row of the tables of fields and of crosses the row that it was before, −1 = new. */
export function formerTableRows(
  former: FeatureEncoder,
  present: FeatureEncoder,
): { readonly field: Int32Array; readonly cross: Int32Array } {
  const field = new Int32Array(present.layout.nRows).fill(-1);
  for (const { name, firstRow } of present.layout.fields) {
    const before = placed(former.layout.fields, name);
    if (before === undefined) continue;
    const own = formerRows(fieldNamed(former.fitted, name), fieldNamed(present.fitted, name));
    own.forEach((row, n) => {
      if (row >= 0) field[firstRow + n] = before.firstRow + row;
    });
  }
  return { field, cross: Int32Array.from({ length: present.layout.nCrossRows }, (_, row) => row) };
}

function placed(fields: FieldLayout['fields'], name: string): FieldLayout['fields'][number] | undefined {
  return fields.find((field) => field.name === name);
}

function fieldNamed({ fields }: FittedFeatures, name: string): FittedField {
  return fields.find((field) => field.name === name) as FittedField;
}

/** For every row of a field the row that it was before, −1 = new: rows of rare and of missing values stand behind the values. */
function formerRows({ encoding: before }: FittedField, { encoding: now }: FittedField): Int32Array {
  const rows = Int32Array.from({ length: encodingRows(now) }, (_, row) => row);
  if (!('values' in before) || !('values' in now)) return rows;
  const [nBefore, nNow] = [before.values.length, now.values.length];
  return rows.map((row) => (row < nBefore ? row : row < nNow ? -1 : row - nNow + nBefore));
}

function presentRows(former: Int32Array): ReadonlyMap<number, number> {
  return new Map(Array.from(former, (row, now): [number, number] => [row, now]));
}

/** Training rows that a category needs for a row of its own. */
function minCountOf({ name, key }: FittedField, { fields, minCount }: ResolvedFeatureOptions): number {
  const own = fields[name] ?? fields[key];
  return own && 'minCount' in own && own.minCount !== undefined ? own.minCount : minCount;
}

function rowsOf(index: Int32Array, size: number): Int32Array {
  const rows = new Int32Array(size);
  for (const entity of index) rows[entity]++;
  return rows;
}

function grownNotes(before: readonly FittedField[], now: readonly FittedField[]): string[] {
  const grown = now.flatMap(({ name, encoding }, f) => {
    const n = encodingRows(encoding) - encodingRows(before[f].encoding);
    return n > 0 ? [`${name} ${n.toLocaleString('en-US')}`] : [];
  });
  return grown.length > 0 ? [`fields with new categories: ${grown.join(', ')}`] : [];
}

function unusedNotes({ fields, otherColumns }: FittedFeatures, dataset: Dataset): string[] {
  const known = new Set([...fields.flatMap(({ key, column }) => [key, column]), ...otherColumns]);
  const others = featureColumns(dataset).filter(({ key, name }) => !known.has(key) && !known.has(name));
  if (others.length === 0) return [];
  const names = others.map(({ key }) => key).join(', ');
  return [`${counted(others.length, 'column')} of which the saved run has no field: ${names}; left out`];
}
