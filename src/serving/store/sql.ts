/** What both databases offer to the queries of the store: statements with `?` for values, several of them all or none. */

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

export interface Statement {
  readonly sql: string;
  readonly values: readonly Value[];
}

export interface Database {
  readonly kind: 'sqlite' | 'postgres';
  /** Runs the statements in one transaction. @returns the rows that each gives */
  run(statements: readonly Statement[]): Promise<Row[][]>;
  /**
   * Reads what indices find: few rows, in no time, hence in the calling thread where the database allows it. Each statement sees all
   * that was written before.
   */
  lookUp(statements: readonly Statement[]): Promise<Row[][]>;
  close(): Promise<void>;
}

export function statement(sql: string, ...values: Value[]): Statement {
  return { sql, values };
}

/** Of one statement. */
export async function rowsOf(database: Database, sql: string, ...values: Value[]): Promise<Row[]> {
  const [rows] = await database.run([statement(sql, ...values)]);
  return rows;
}

/** Rows that an index finds. */
export async function found(database: Database, sql: string, ...values: Value[]): Promise<Row[]> {
  const [rows] = await database.lookUp([statement(sql, ...values)]);
  return rows;
}
