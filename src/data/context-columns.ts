/** From the gathered cells of context columns to typed arrays. */
import { type ContextPlan, unitSeparator } from './context-plan.ts';
import { gatheredRows } from './interaction-rows.ts';
import type { Cell, Database } from './readers/database.ts';
import { compactNumbers, type MultiColumn, numbering, type ValueColumn } from './value-columns.ts';

/** A context column that all parts have; `c` is its place in the gathered table. */
export type PresentContext = ContextPlan & { readonly c: number };

/**
 * All columns in one pass over the gathered rows, which DuckDB keeps in the order in which they were gathered.
 * @param n rows of the gathered table
 */
export async function readContext(
  database: Database,
  present: readonly PresentContext[],
  n: number,
): Promise<ValueColumn[]> {
  const readers: ColumnReader[] = [];
  for (const plan of present) {
    if (plan.kind === 'multi') readers.push(listReader(plan));
    else if (plan.kind === 'categorical') readers.push(await categoryReader(database, plan, n));
    else readers.push(numberReader(plan, plan.kind, n));
  }
  await database.columns(
    `SELECT ${readers.map(({ sql }) => sql).join(', ')} FROM ${gatheredRows}`,
    readers.map(({ visit }) => visit),
  );
  return readers.map(({ finish }) => finish());
}

interface ColumnReader {
  readonly sql: string;
  readonly visit: (cell: Cell, row: number) => void;
  readonly finish: () => ValueColumn;
}

/** An enumeration makes DuckDB give each row the number of its text, so that no text is read twice. */
async function categoryReader(database: Database, { name, c }: PresentContext, n: number): Promise<ColumnReader> {
  const distinct = `SELECT x${c} AS v FROM ${gatheredRows} WHERE x${c} IS NOT NULL GROUP BY x${c} ORDER BY min(rowid)`;
  const type = `values_of_x${c}`;
  await database.run(`CREATE TYPE ${type} AS ENUM (${distinct})`);
  const values = (await database.texts(`SELECT unnest(enum_range(NULL::${type})) AS v`)) as string[];
  const index = new Int32Array(n).fill(-1);
  return {
    sql: `enum_code(CAST(x${c} AS ${type}))`,
    visit: (cell, row) => {
      if (cell !== null) index[row] = Number(cell);
    },
    finish: () => ({ name, kind: 'categorical', values, index }),
  };
}

function numberReader({ name, c }: PresentContext, kind: 'numeric' | 'time', n: number): ColumnReader {
  const value = new Float64Array(n).fill(Number.NaN);
  return {
    sql: `x${c}`,
    visit: (cell, row) => {
      if (cell !== null) value[row] = cell as number;
    },
    finish: () => ({ name, kind, value: compactNumbers(value) }),
  };
}

/** A text that occurs in many rows is split once. */
function listReader({ name, c, separator, weighted }: PresentContext): ColumnReader {
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
  const finish = (): MultiColumn => ({
    ...{ name, kind: 'multi', values, rowStart: Int32Array.from(rowStart), index: Int32Array.from(index) },
    weight: weight.every((w) => w === 1) ? null : Float32Array.from(weight),
  });
  return { sql: `x${c}`, visit, finish };
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
