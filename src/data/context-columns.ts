/** From the gathered cells of context columns to typed arrays. */
import { type ContextPlan, unitSeparator } from './context-plan.ts';
import { gatheredRows } from './interaction-rows.ts';
import type { Cell, Database, NumberChunk } from './readers/database.ts';
import {
  type CategoricalColumn,
  type MultiColumn,
  type NumericColumn,
  numbering,
  type ValueColumn,
} from './value-columns.ts';

/** A context column that all parts have; `c` is its place in the gathered table. */
export type PresentContext = ContextPlan & { readonly c: number };

/**
 * The columns in the order of the gathered rows, each by a query of its own: dictionaries of many columns at once would push
 * each other out of the processor's caches.
 * @param n rows of the gathered table
 */
export async function readContext(
  database: Database,
  present: readonly PresentContext[],
  n: number,
): Promise<ValueColumn[]> {
  const columns: ValueColumn[] = [];
  for (const plan of present) {
    if (plan.kind === 'multi') columns.push(await readLists(database, plan));
    else if (plan.kind === 'categorical') columns.push(await readCategories(database, plan, n));
    else columns.push(await readNumbers(database, plan, plan.kind, n));
  }
  return columns;
}

/** Texts are numbered in the order of their first appearance, by DuckDB, so that none of them is read twice. */
async function readCategories(database: Database, { name, c }: PresentContext, n: number): Promise<CategoricalColumn> {
  const values = `values_of_x${c}`;
  await database.run(
    `CREATE TABLE ${values} AS SELECT x${c} AS v, CAST(row_number() OVER (ORDER BY min(rowid)) - 1 AS INTEGER) AS idx
     FROM ${gatheredRows} WHERE x${c} IS NOT NULL GROUP BY x${c}`,
  );
  const index = new Int32Array(n);
  let rows: NumberChunk = new Int32Array(0);
  await database.numbers(
    `SELECT CAST(g.rowid AS INTEGER), coalesce(idx, -1) FROM ${gatheredRows} g LEFT JOIN ${values} ON g.x${c} = v`,
    [
      (chunk) => {
        rows = chunk;
      },
      (chunk) => {
        for (let k = 0; k < chunk.length; k++) index[rows[k]] = chunk[k];
      },
    ],
  );
  const texts = await database.texts(`SELECT v FROM ${values} ORDER BY idx`);
  await database.run(`DROP TABLE ${values}`);
  return { name, kind: 'categorical', values: texts as string[], index };
}

/** As float32 until a number would lose a digit by it. */
async function readNumbers(
  database: Database,
  { name, c }: PresentContext,
  kind: 'numeric' | 'time',
  n: number,
): Promise<NumericColumn> {
  let value: Float32Array | Float64Array = new Float32Array(n);
  await database.numbers(`SELECT coalesce(x${c}, CAST('nan' AS DOUBLE)) FROM ${gatheredRows}`, [
    (chunk, start) => {
      if (value instanceof Float32Array && !isFloat32(chunk)) value = Float64Array.from(value);
      value.set(chunk, start);
    },
  ]);
  return { name, kind, value };
}

function isFloat32(chunk: NumberChunk): boolean {
  for (let k = 0; k < chunk.length; k++)
    if (Math.fround(chunk[k]) !== chunk[k] && !Number.isNaN(chunk[k])) return false;
  return true;
}

/** A text that occurs in many rows is split once. */
async function readLists(database: Database, { name, c, separator, weighted }: PresentContext): Promise<MultiColumn> {
  const values: string[] = [];
  const numberOf = numbering(values);
  const marks = `${unitSeparator}${separator ?? '|'}`;
  const lists = new Map<string, Entry[]>();
  const entriesOf = (text: string): Entry[] => {
    const known = lists.get(text);
    if (known) return known;
    const entries = splitList(text, marks).map((part) => entryOf(part, weighted === true, numberOf));
    lists.set(text, entries);
    return entries;
  };
  const rowStart = [0];
  const index: number[] = [];
  const weight: number[] = [];
  const visit = (cell: Cell): void => {
    for (const entry of cell === null ? [] : entriesOf(cell as string)) {
      index.push(entry.value);
      weight.push(entry.weight);
    }
    rowStart.push(index.length);
  };
  await database.columns(`SELECT x${c} FROM ${gatheredRows}`, [visit]);
  return {
    name,
    kind: 'multi',
    values,
    rowStart: Int32Array.from(rowStart),
    index: Int32Array.from(index),
    weight: weight.every((w) => w === 1) ? null : Float32Array.from(weight),
  };
}

interface Entry {
  readonly value: number;
  readonly weight: number;
}

function entryOf(part: string, weighted: boolean, numberOf: (text: string) => number): Entry {
  const colon = weighted ? part.lastIndexOf(':') : -1;
  if (colon < 0) return { value: numberOf(part), weight: 1 };
  return { value: numberOf(part.slice(0, colon)), weight: Number(part.slice(colon + 1)) };
}

/** The parts of a cell without blanks around them. @param marks any one of its characters separates */
export function splitList(text: string, marks: string): string[] {
  const parts = [...marks].reduce((list, mark) => list.flatMap((each) => each.split(mark)), [text]);
  return parts.map((each) => each.trim()).filter((each) => each !== '');
}
