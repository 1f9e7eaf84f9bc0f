/** From the gathered cells of context columns to typed arrays. */
import { type ContextPlan, unitSeparator } from './context-plan.ts';
import { gatheredRows } from './interaction-rows.ts';
import type { Cell, Database } from './readers/database.ts';
import { compactNumbers, type MultiColumn, numbering, type ValueColumn } from './value-columns.ts';

/** A context column that all parts have; `c` is its place in the gathered table. */
export type PresentContext = ContextPlan & { readonly c: number };

/** @param n rows of the gathered table */
export async function readContext(
  database: Database,
  present: readonly PresentContext[],
  n: number,
): Promise<ValueColumn[]> {
  const columns: ValueColumn[] = [];
  for (const plan of present) {
    if (plan.kind === 'multi') columns.push(await readMulti(database, plan));
    else if (plan.kind === 'categorical') columns.push(await readCategorical(database, plan, n));
    else columns.push(await readNumbers(database, plan, plan.kind, n));
  }
  return columns;
}

/** An enumeration makes DuckDB give each row the number of its text, so that no text is read twice. */
async function readCategorical(database: Database, { name, c }: PresentContext, n: number): Promise<ValueColumn> {
  const values = (await database.texts(
    `SELECT x${c} FROM ${gatheredRows} WHERE x${c} IS NOT NULL GROUP BY x${c} ORDER BY min(rowid)`,
  )) as string[];
  const index = new Int32Array(n).fill(-1);
  if (values.length === 0) return { name, kind: 'categorical', values, index };
  const type = `values_of_x${c}`;
  await database.run(
    `CREATE TYPE ${type} AS ENUM (SELECT v FROM (SELECT x${c} AS v, min(rowid) AS first FROM ${gatheredRows}
       WHERE x${c} IS NOT NULL GROUP BY x${c}) ORDER BY first)`,
  );
  await database.columns(`SELECT enum_code(CAST(x${c} AS ${type})) FROM ${gatheredRows} ORDER BY rowid`, [
    (value: Cell, row: number) => {
      if (value !== null) index[row] = Number(value);
    },
  ]);
  return { name, kind: 'categorical', values, index };
}

async function readNumbers(
  database: Database,
  { name, c }: PresentContext,
  kind: 'numeric' | 'time',
  n: number,
): Promise<ValueColumn> {
  const value = new Float64Array(n);
  await database.columns(`SELECT x${c} FROM ${gatheredRows} ORDER BY rowid`, [
    (cell: Cell, row: number) => {
      value[row] = cell === null ? Number.NaN : (cell as number);
    },
  ]);
  return { name, kind, value: compactNumbers(value) };
}

/** A text that occurs in many rows is split once. */
async function readMulti(database: Database, { name, c, separator, weighted }: PresentContext): Promise<MultiColumn> {
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
  await database.columns(`SELECT x${c} FROM ${gatheredRows} ORDER BY rowid`, [
    (cell: Cell) => {
      for (const entry of cell === null ? [] : entriesOf(cell as string)) {
        index.push(entry.value);
        weight.push(entry.weight);
      }
      rowStart.push(index.length);
    },
  ]);
  return {
    ...{ name, kind: 'multi', values, rowStart: Int32Array.from(rowStart), index: Int32Array.from(index) },
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
