/** How the cells of a label column become 0 and 1. Cells are compared trimmed and without a full stop at the end. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import { counted } from './counted.ts';
import { type Database, sqlText } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from './readers/imported-table.ts';
import { normalName } from './role-names.ts';
import { done, knownPairs, shown, ticks } from './yes-words.ts';

export interface LabelRule {
  readonly column: string;
  /** The cell that is 1. */
  readonly positive: string;
  /** The cell that is 0; null = every other cell is. */
  readonly negative: string | null;
  /** True when the column holds nothing but the positive cell, so that all others, the empty ones, are 0. */
  readonly isMark?: boolean;
  /** True when nothing but its being rarer (or later in the alphabet) speaks for the positive cell: other rows may show another. */
  readonly isRarer?: boolean;
}

interface LabelCount {
  readonly value: string;
  readonly n: number;
}

/**
 * The rule for a label column. With `positive` given, that cell is 1 and every other one 0. Else there must be two
 * different cells: 0 and 1, −1 and 1, or words such as no and yes are taken by their meaning; of other pairs the rarer
 * one is 1 (of equally frequent ones the later in the alphabet). Where the only cell says yes, the empty ones are 0.
 * @throws DeepTasteError `data`: the cells do not show which of them is 1
 */
export async function labelRule(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  told: string | undefined,
): Promise<LabelRule> {
  const counts = await labelCounts(database, table, column);
  const values = counts.map(({ value }) => value);
  const where = `${table.source}: label "${column.name}"`;
  const isMark = values.length === 1 && (await hasEmptyCells(database, table, column));
  if (told !== undefined) {
    const positive = told.trim().replace(/\.$/, '');
    if (values.includes(positive)) return { column: column.name, positive, negative: null, ...(isMark && { isMark }) };
    throw new DeepTasteError('data', `${where}: no cell is "${told}"${suggestion(told, values)}`, { values });
  }
  if (isMark && saysYes(values[0], column.name))
    return { column: column.name, positive: values[0], negative: null, isMark };
  const known = knownPair(values);
  const pair = known ?? rarerPair(counts);
  if (pair)
    return { column: column.name, positive: pair[1], negative: pair[0], ...(known === null && { isRarer: true }) };
  throw new DeepTasteError(
    'data',
    `${where}: must hold two different values, found ${foundValues(values)}; say --positive VALUE ` +
      `to set the one that is 1, or --rating ${column.name} for ratings`,
    { column: column.name, values },
  );
}

function knownPair(values: readonly string[]): readonly [string, string] | null {
  if (values.length === 0 || values.length > 2) return null;
  const words = values.map((value) =>
    value
      .normalize('NFC')
      .toLowerCase()
      .replace(/[_-]+(?=.*\p{L})/gu, ' '),
  );
  const pair =
    knownPairs.find((known) => words.every((value) => known.includes(value))) ?? negatedPair(words) ?? eventPair(words);
  if (!pair) return null;
  const asWritten = (word: string): string => values[words.indexOf(word)] ?? word;
  return [asWritten(pair[0]), asWritten(pair[1])];
}

/** `not clicked` and `clicked`, `no click` and `click`. */
function negatedPair(words: readonly string[]): readonly [string, string] | null {
  if (words.length !== 2) return null;
  const negates = (word: string, positive: string): boolean =>
    /^(not|no|non|un) ?/.test(word) && word.replace(/^(not|no|non|un) ?/, '') === positive;
  if (negates(words[0], words[1])) return [words[0], words[1]];
  return negates(words[1], words[0]) ? [words[1], words[0]] : null;
}

/** `view` and `buy`. */
function eventPair(words: readonly string[]): readonly [string, string] | null {
  const [first, second] = [words.find((word) => shown.includes(word)), words.find((word) => done.includes(word))];
  return words.length === 2 && first !== undefined && second !== undefined ? [first, second] : null;
}

/** True for words of what people did with something that they were shown. */
export function isDoneWord(value: string): boolean {
  return done.includes(value.toLowerCase());
}

/** True when a cell says yes by itself: a word for it, 1, a tick, or what its column is called (`clicked` or `click` under "clicked"). */
function saysYes(value: string, name: string): boolean {
  const word = value.toLowerCase();
  if (ticks.includes(word) || stem(word) === stem(name)) return true;
  return knownPairs.some(([negative, positive]) => word === positive && word !== negative);
}

/** `clicked`, `clicks` and `click` are one. */
function stem(word: string): string {
  return normalName(word)
    .replace(/^(is|was|has)(?=.{3})/, '')
    .replace(/(e?d|e?s)$/, '')
    .replace(/e$/, '');
}

function rarerPair(counts: readonly LabelCount[]): readonly [string, string] | null {
  if (counts.length !== 2) return null;
  const [often, rare] = [...counts].sort((a, b) => b.n - a.n || (a.value < b.value ? -1 : 1));
  return [often.value, rare.value];
}

function foundValues(values: readonly string[]): string {
  if (values.length === 0) return 'no cell with a value';
  const some = values.slice(0, 3).map((value) => JSON.stringify(value));
  if (values.length === 1) return `only ${some[0]}`;
  return `${values.length >= manyLabels ? 'many' : values.length}: ${some.join(', ')}${values.length > 3 ? ' …' : ''}`;
}

/** So many different cells are looked at. */
const manyLabels = 100;

/** Rows that are looked at before all are: most columns show there that they hold no labels. */
const nSampledRows = 10_000;

async function labelCounts(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  nRows?: number,
): Promise<LabelCount[]> {
  const from = nRows === undefined ? table.sql : `(SELECT * FROM ${table.sql} LIMIT ${nRows})`;
  return database.rows<LabelCount>(
    `SELECT value, n FROM (SELECT ${sqlAsLabelText(column)} AS value, count(*) AS n FROM ${from} GROUP BY 1)
     WHERE value IS NOT NULL ORDER BY value LIMIT ${manyLabels}`,
  );
}

async function hasEmptyCells(database: Database, table: ImportedTable, column: ImportedColumn): Promise<boolean> {
  const empty = await database.texts(`SELECT '' FROM ${table.sql} WHERE ${sqlAsLabelText(column)} IS NULL LIMIT 1`);
  return empty.length > 0;
}

/** True when a column holds exactly two different cells, as labels do. */
export async function holdsTwoValues(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
): Promise<boolean> {
  if ((await labelCounts(database, table, column, nSampledRows)).length > 2) return false;
  return (await labelCounts(database, table, column)).length === 2;
}

/** What the cells of a column show of labels. */
export interface LabelEvidence {
  /** Up to a hundred different cells. */
  readonly values: readonly string[];
  /** Its negative and its positive cell, when both stand for no and yes by their meaning, in words or numbers. */
  readonly pair: readonly [string, string] | null;
  /** Every cell says no. */
  readonly onlyNegative: boolean;
  /** There is one kind of cell only, beside empty ones. */
  readonly isMark: boolean;
  /** It says yes. */
  readonly isYes: boolean;
}

/** @param nRows look at so many rows only; absent = all, unless the first ones hold more than two different cells */
export async function labelEvidence(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  nRows?: number,
): Promise<LabelEvidence> {
  const first = await labelCounts(database, table, column, nRows ?? nSampledRows);
  const isSeen = nRows !== undefined || first.length > 2;
  const counts = isSeen ? first : await labelCounts(database, table, column);
  const values = counts.map(({ value }) => value);
  const pair = knownPair(values);
  const onlyNegative = values.length === 1 && pair !== null && pair[0] === values[0] && pair[1] !== values[0];
  const isMark = values.length === 1 && (await hasEmptyCells(database, table, column));
  const isYes = isMark && saysYes(values[0], column.name);
  return { values, pair: values.length === 2 ? pair : null, onlyNegative, isMark, isYes };
}

/** True when a column holds the numbers 0 and 1, or −1 and 1, and nothing else. */
export async function holdsBinaryNumbers(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
): Promise<boolean> {
  const values = (await labelCounts(database, table, column)).map(({ value }) => value);
  return values.length === 2 && values.every((value) => /^(-1|0|\+?1)$/.test(value)) && knownPair(values) !== null;
}

/** SQL for the cells as they are compared: whole numbers without their decimals, texts without a final full stop. */
function sqlAsLabelText(column: ImportedColumn): string {
  const text = `trim(${sqlAsText(column)}, E' \\t\\r')`;
  const whole = `TRY_CAST(${text} AS DOUBLE) IN (-1, 0, 1)`;
  const asInteger = `CAST(CAST(TRY_CAST(${text} AS DOUBLE) AS INTEGER) AS VARCHAR)`;
  return `CASE WHEN ${whole} THEN ${asInteger} ELSE nullif(regexp_replace(${text}, '\\.$', ''), '') END`;
}

/** SQL for a label column as 0 and 1; NULL where a cell is neither. */
export function sqlAsLabel(column: ImportedColumn, { positive, negative, isMark }: LabelRule): string {
  const text = sqlAsLabelText(column);
  const other = isMark ? 'TRUE' : negative === null ? `${text} IS NOT NULL` : `${text} = ${sqlText(negative)}`;
  return `CASE WHEN ${text} = ${sqlText(positive)} THEN 1.0 WHEN ${other} THEN 0.0 END`;
}

/** Notes for people on a rule that was guessed. */
export function labelNote(
  table: ImportedTable,
  { column, positive, negative, isMark }: LabelRule,
  told: string | undefined,
): string[] {
  if (isMark)
    return [
      `${table.source}: label "${column}": "${positive}" is 1 and empty cells are 0; --no-label takes every row as taken`,
    ];
  if (told !== undefined || negative === null || (positive === '1' && negative === '0')) return [];
  const meaning = knownPair([negative, positive])?.[1] === positive ? '' : ' (the rarer one is 1)';
  return [
    `${table.source}: label "${column}": "${positive}" is 1 and "${negative}" is 0${meaning}; --positive sets another`,
  ];
}

/** The complaint about a label that is the same in every row. */
export function constantLabel(value: number, nRows: number): string {
  return `every label is ${value} (${counted(nRows, 'row')}): there is nothing to tell apart`;
}
