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
  close(): Promise<void>;
}

export function statement(sql: string, ...values: Value[]): Statement {
  return { sql, values };
}
