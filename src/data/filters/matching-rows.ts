/** Which rows of a table of fields a condition holds of, column by column. */
import { DeepTasteError } from '../../core/errors.ts';
import { nearest } from '../../core/nearest.ts';
import { quotedName, quotedNames } from '../../core/shown.ts';
import type { Field, FieldTable } from '../dataset.ts';
import type { Schema } from '../schema.ts';
import { type Comparison, type Condition, parseCondition, placeOf, type Word } from './condition.ts';

type Comparable = Extract<Condition, { kind: 'compare' | 'in' }>;
type NumericField = Extract<Field, { kind: 'numeric' }>;
type TextField = Exclude<Field, NumericField>;

/**
 * A cell that is missing is equal to nothing, in no list, neither less nor more than anything, and holds nothing; `!=` and `not` are the
 * contrary of that. A field with several values is equal to each of them. Texts are compared as they stand, capitals count; words that
 * are numbers have their order.
 *
 * @param text the condition
 * @param schema tells which numbers are times: these are compared with dates (`released >= 1990-05-01`)
 * @returns 1 for rows of which it holds [table.nRows]
 * @throws DeepTasteError `usage`: no condition, a field that the table does not have, a comparison that its values do not allow;
 *   `not-found`: it holds of no row
 */
export function matchingRows(table: FieldTable, schema: Schema, text: unknown): Uint8Array {
  const condition = parseCondition(text);
  if (table.fields.length === 0)
    throw new DeepTasteError(
      'usage',
      'where: needs fields that describe the items, this recommender keeps none; train with --items FILE (items: FILE) to have them',
    );
  const times = new Set(
    schema.columns.flatMap(({ name, kind, owner }) => (kind === 'time' && owner === 'item' ? [name] : [])),
  );
  const matches = new Matching(table, times).rowsOf(condition);
  if (matches.includes(1)) return matches;
  throw new DeepTasteError(
    'not-found',
    `where: must hold of an item of the training data, found none${adviceOf(table, condition)}`,
  );
}

class Matching {
  readonly #table: FieldTable;
  readonly #times: ReadonlySet<string>;

  constructor(table: FieldTable, times: ReadonlySet<string>) {
    this.#table = table;
    this.#times = times;
  }

  rowsOf(condition: Condition): Uint8Array {
    if (condition.kind === 'not') return this.rowsOf(condition.term).map((holds) => 1 - holds);
    if (condition.kind === 'missing') return missingCells(fieldOf(this.#table, condition.field));
    if (condition.kind === 'compare' || condition.kind === 'in') return this.#compared(condition);
    const [first, ...others] = condition.terms.map((term) => this.rowsOf(term));
    for (const other of others)
      for (let row = 0; row < first.length; row++)
        first[row] = condition.kind === 'and' ? first[row] & other[row] : first[row] | other[row];
    return first;
  }

  #compared(condition: Comparable): Uint8Array {
    const found = fieldOf(this.#table, condition.field);
    const field = isOrder(condition) ? (numbersOf(found) ?? found) : found;
    const holds = field.kind === 'numeric' ? this.#numberTest(field, condition) : textTest(field, condition);
    const rows = new Uint8Array(this.#table.nRows);
    for (let row = 0; row < rows.length; row++) rows[row] = holds(row) ? 1 : 0;
    return rows;
  }

  #numberTest(field: NumericField, condition: Comparable): (row: number) => boolean {
    const { values } = field;
    const numberOf = (word: Word) => this.#numberOf(field, word);
    if (condition.kind === 'in') {
      const wanted = new Set<number | null>(condition.values.map(numberOf));
      return (row) => wanted.has(values[row]);
    }
    if (condition.operator === 'contains')
      throw mismatch(field, condition.field, 'contains', 'compare them with = < >');
    const value = numberOf(condition.value);
    const compare = comparisons[condition.operator];
    return (row) => compare(values[row], value);
  }

  #numberOf({ name }: NumericField, { text, at }: Word): number {
    const isTime = this.#times.has(name);
    const number =
      isTime && /^\d{4}-\d\d-\d\d/.test(text)
        ? Date.parse(text) / 1000
        : text.trim() === ''
          ? Number.NaN
          : Number(text);
    if (Number.isFinite(number)) return number;
    const kind = isTime ? 'a date (1990-05-01) or seconds since 1970' : 'a number';
    throw new DeepTasteError(
      'usage',
      `where: ${placeOf(at)} must stand ${kind}, as in field ${quotedName(name)}, found ${quotedName(text)}`,
    );
  }
}

/** Cells without a value, empty texts and empty lists among them. */
function missingCells({ values }: Field): Uint8Array {
  const isMissing = (cell: Field['values'][number]) => cell === null || (typeof cell !== 'number' && cell.length === 0);
  return Uint8Array.from({ length: values.length }, (_, row) => (isMissing(values[row]) ? 1 : 0));
}

function isOrder(condition: Comparable): boolean {
  return condition.kind === 'compare' && ['<', '<=', '>', '>='].includes(condition.operator);
}

/** Nearly all cells must be numbers for words to be ordered as such: the others then count as missing. */
const MOSTLY = 0.9;

/** A field of words that are numbers, such as years in a file that calls them tokens; null where they are none. */
function numbersOf(field: Field): NumericField | null {
  if (field.kind !== 'categorical') return null;
  const values = field.values.map((cell) => (cell === null || cell.trim() === '' ? null : Number(cell)));
  const nCells = values.filter((value) => value !== null).length;
  const numbers = values.map((value) => (Number.isFinite(value) ? value : null));
  const nNumbers = numbers.filter((value) => value !== null).length;
  return nNumbers > 0 && nNumbers >= MOSTLY * nCells ? { name: field.name, kind: 'numeric', values: numbers } : null;
}

const comparisons: Readonly<Record<Exclude<Comparison, 'contains'>, (cell: number | null, value: number) => boolean>> =
  {
    '=': (cell, value) => cell === value,
    '!=': (cell, value) => cell !== value,
    '<': (cell, value) => cell !== null && cell < value,
    '<=': (cell, value) => cell !== null && cell <= value,
    '>': (cell, value) => cell !== null && cell > value,
    '>=': (cell, value) => cell !== null && cell >= value,
  };

function textTest(field: TextField, condition: Comparable): (row: number) => boolean {
  if (condition.kind === 'in') return hasOneOf(field, new Set(condition.values.map(({ text }) => text)));
  const { operator, value } = condition;
  if (operator === '=') return hasOneOf(field, new Set([value.text]));
  if (operator === '!=') {
    const has = hasOneOf(field, new Set([value.text]));
    return (row) => !has(row);
  }
  if (operator !== 'contains') throw mismatch(field, condition.field, operator, 'compare them with =, in or contains');
  if (field.kind === 'multi') return hasOneOf(field, new Set([value.text]));
  return (row) => field.values[row]?.includes(value.text) ?? false;
}

function hasOneOf(field: TextField, wanted: ReadonlySet<string>): (row: number) => boolean {
  if (field.kind === 'multi') return (row) => field.values[row]?.some((value) => wanted.has(value)) ?? false;
  return (row) => {
    const cell = field.values[row];
    return cell !== null && wanted.has(cell);
  };
}

function fieldOf({ fields }: FieldTable, { text, at }: Word): Field {
  const field = fields.find(({ name }) => name === text);
  if (field) return field;
  const names = fields.map(({ name }) => name);
  const near = nearest(text, names);
  const meant = near === undefined ? '' : `; did you mean ${quotedName(near)}?`;
  throw new DeepTasteError(
    'usage',
    `where: ${placeOf(at)} must stand a field of the items, found ${quotedName(text)}${meant}; there are ${quotedNames(names, 30)}`,
    { field: text, fields: names },
  );
}

const kinds = { numeric: 'numbers', categorical: 'words', text: 'texts', multi: 'lists of words' } as const;

function mismatch({ name, kind }: Field, { at }: Word, operator: string, advice: string): DeepTasteError {
  return new DeepTasteError(
    'usage',
    `where: ${placeOf(at)}: field ${quotedName(name)} must allow "${operator}", found ${kinds[kind]}; ${advice}`,
    { field: name },
  );
}

/** Of the first value of a text field that no row has: the nearest one, or some that there are. */
function adviceOf(table: FieldTable, condition: Condition): string {
  if (condition.kind === 'missing') return '';
  if (condition.kind === 'not') return adviceOf(table, condition.term);
  if (condition.kind !== 'compare' && condition.kind !== 'in')
    return condition.terms.map((term) => adviceOf(table, term)).find((advice) => advice !== '') ?? '';
  const field = fieldOf(table, condition.field);
  if (field.kind !== 'categorical' && field.kind !== 'multi') return '';
  const known = new Set<string>();
  for (const cell of field.values)
    for (const value of typeof cell === 'string' ? [cell] : (cell ?? [])) known.add(value);
  const asked = condition.kind === 'in' ? condition.values : [condition.value];
  const unknown = asked.find(({ text }) => !known.has(text));
  if (unknown === undefined) return '';
  const near = nearest(unknown.text, [...known].slice(0, 10_000));
  const advice = near === undefined ? `it has ${quotedNames([...known])}` : `did you mean ${quotedName(near)}?`;
  return `; no item has ${quotedName(unknown.text)} in ${quotedName(field.name)}: ${advice}`;
}
