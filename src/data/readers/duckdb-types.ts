/** Which kind of type a column has; by its parts, so that DuckDB need not be loaded to ask (see `duckdb.ts`). */
import type { DuckDBArrayType, DuckDBListType, DuckDBMapType, DuckDBStructType, DuckDBType } from '@duckdb/node-api';

export function isMapType(type: DuckDBType): type is DuckDBMapType {
  return 'keyType' in type;
}

export function isListType(type: DuckDBType): type is DuckDBListType {
  return 'valueType' in type && !('keyType' in type) && !('length' in type);
}

export function isArrayType(type: DuckDBType): type is DuckDBArrayType {
  return 'valueType' in type && 'length' in type;
}

export function isStructType(type: DuckDBType): type is DuckDBStructType {
  return 'entryNames' in type;
}
