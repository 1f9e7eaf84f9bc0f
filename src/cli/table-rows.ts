/** The rows and columns of tables that are written as files. */

export type OutputCell = string | number | boolean | null | readonly string[];

export interface OutputColumn {
  readonly name: string;
  /** `float`: a number of 32 bits; `texts`: a list of texts. */
  readonly type: 'boolean' | 'integer' | 'number' | 'float' | 'text' | 'texts';
}

/** Takes the rows of a table. */
export interface RowSink {
  /** @param cells one for each column */
  add(cells: readonly OutputCell[]): Promise<void>;
}

/**
 * Writes rows to a path.
 * @param temporary where to write
 * @param path for messages
 */
export type WriteRows = <T>(
  temporary: string,
  path: string,
  columns: readonly OutputColumn[],
  work: (sink: RowSink) => Promise<T>,
) => Promise<T>;
