/** DuckDB, loaded when data or the tables of an artifact are read or written for the first time: its binary may not be installed. */
import { DeepTasteError } from '../core/errors.ts';

export type Duckdb = typeof import('@duckdb/node-api');

/** @throws DeepTasteError `io` where the package or its binary for this system is missing */
export async function loadDuckdb(): Promise<Duckdb> {
  try {
    return await import('@duckdb/node-api');
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0];
    const system = `${process.platform}-${process.arch}`;
    throw new DeepTasteError(
      'io',
      `reading data: DuckDB must be installed with its binary for ${system}, found that it cannot be loaded (${reason}); ` +
        `install without --omit=optional, or add @duckdb/node-bindings-${system}`,
      { system },
      { cause },
    );
  }
}
