/** Objects in cells (JSON objects, Parquet structs) as columns of their own: `user.id`, `user.country`. */
import type { DuckDBListType, DuckDBStructType, DuckDBType } from '@duckdb/node-api';
import { sqlName, sqlText } from './database.ts';
import { isListType, isMapType, isStructType } from './duckdb-types.ts';

/** A column that holds no objects any more. */
export interface FlatColumn {
  readonly name: string;
  /** SQL for its cells. */
  readonly sql: string;
  readonly type: DuckDBType;
  /** The column of objects that it is a part of; columns that are lists and have the same one are lists of the same things. */
  readonly parent?: string;
}

/** Objects deeper than this stay text. */
export const deepestObjects = 8;

/** The columns of a relation, with those of objects taken apart. @param row SQL of the struct that the columns stand in, if one does */
export function flatColumns(columns: readonly { name: string; type: DuckDBType }[], row?: string): FlatColumn[] {
  return columns.flatMap(({ name, type }) =>
    flatten({ name, sql: row === undefined ? sqlName(name) : member(row, name), type }, 0),
  );
}

function member(struct: string, name: string): string {
  return `struct_extract(${struct}, ${sqlText(name)})`;
}

function flatten(column: FlatColumn, depth: number): FlatColumn[] {
  const { name, sql, type } = column;
  if (depth >= deepestObjects) return [column];
  if (isStructType(type)) return partsOf(column, type, depth);
  if (!(isListType(type) && isStructType(type.valueType))) return [column];
  // a list of objects is a list for each of their parts; the class comes with the type, as DuckDB is loaded only when needed
  const ListType = type.constructor as typeof DuckDBListType;
  return partsOf({ name, sql: 'each', type: type.valueType }, type.valueType, depth).map((part) => ({
    name: part.name,
    sql: `list_transform(${sql}, lambda each: CAST(${part.sql} AS VARCHAR))`,
    type: new ListType(part.type),
    parent: name,
  }));
}

function partsOf({ name, sql }: FlatColumn, type: DuckDBStructType, depth: number): FlatColumn[] {
  const { entryNames, entryTypes } = type;
  // {"$oid": "…"}, as MongoDB writes its ids, is one value
  const isWrapped = entryNames.length === 1 && entryNames[0].startsWith('$');
  return entryNames.flatMap((entry, e) =>
    flatten({ name: isWrapped ? name : `${name}.${entry}`, sql: member(sql, entry), type: entryTypes[e] }, depth + 1),
  );
}

/** The type with text in place of every scalar: for reading JSON, whose numbers then keep all their digits. */
export function asTextType(type: DuckDBType): string {
  if (isStructType(type))
    return `STRUCT(${type.entryNames.map((name, e) => `${sqlName(name)} ${asTextType(type.entryTypes[e])}`).join(', ')})`;
  return isListType(type) ? `${asTextType(type.valueType)}[]` : 'VARCHAR';
}

/** True for cells that may hold objects still: maps, and JSON of several shapes. */
export function mayHoldObjects(type: DuckDBType): boolean {
  return isMapType(type) || isStructType(type) || String(type) === 'JSON' || type.alias === 'JSON';
}
