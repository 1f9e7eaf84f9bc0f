import type { Dataset, Interactions } from '../../../src/data/dataset.ts';
import type { ValueColumn } from '../../../src/data/value-columns.ts';
import { Vocabulary } from '../../../src/data/vocabulary.ts';

/** Rows user, item and context columns; users have `age` and `job`, items `genres` and `price`. */
export function madeFeatures(
  rows: readonly (readonly [user: number, item: number])[],
  context: readonly ValueColumn[] = [],
): Dataset {
  const users = new Vocabulary(['ann', 'bob', 'cy', 'dee']);
  const items = new Vocabulary(['heat', 'alien', 'big']);
  const interactions: Interactions = {
    length: rows.length,
    userIndex: Int32Array.from(rows, ([user]) => user),
    itemIndex: Int32Array.from(rows, ([, item]) => item),
    rating: null,
    time: null,
    session: null,
    context,
  };
  return {
    name: 'made',
    users,
    items,
    interactions,
    social: null,
    hash: 'made',
    warnings: [],
    schema: {
      columns: [
        { name: 'user_id', role: 'user', kind: 'id', owner: 'interaction', guessed: false },
        { name: 'item_id', role: 'item', kind: 'id', owner: 'interaction', guessed: false },
      ],
    },
    userFields: {
      nRows: 4,
      title: null,
      fields: [
        { name: 'age', kind: 'numeric', values: [20.5, 30, null, 40] },
        { name: 'job', kind: 'categorical', values: ['cook', 'clerk', 'cook', null] },
      ],
    },
    itemFields: {
      nRows: 3,
      title: 'name',
      fields: [
        { name: 'name', kind: 'text', values: ['Heat', 'Alien', 'Big'] },
        { name: 'genres', kind: 'multi', values: [['crime', 'drama'], ['horror'], null] },
        { name: 'price', kind: 'numeric', values: [9.5, 5, 7.25] },
      ],
    },
  };
}

export function numbers(name: string, value: readonly number[], kind: 'numeric' | 'time' = 'numeric'): ValueColumn {
  return { name, kind, value: Float64Array.from(value) };
}

export function texts(name: string, cells: readonly (string | null)[]): ValueColumn {
  const values = [...new Set(cells.filter((cell) => cell !== null))];
  return {
    name,
    kind: 'categorical',
    values,
    index: Int32Array.from(cells, (c) => (c === null ? -1 : values.indexOf(c))),
  };
}

export function lists(name: string, cells: readonly (readonly string[])[]): ValueColumn {
  const values = [...new Set(cells.flat())];
  const rowStart = [0];
  for (const cell of cells) rowStart.push(rowStart[rowStart.length - 1] + cell.length);
  const index = Int32Array.from(cells.flat(), (cell) => values.indexOf(cell));
  return { name, kind: 'multi', values, rowStart: Int32Array.from(rowStart), index, weight: null };
}
