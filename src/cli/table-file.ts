/**
 * Tables written as files, row by row, in the format that the name ends in. The path holds the former file, or none, until the new one
 * is complete.
 */
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { checkFilePlace } from '../artifact/output-place.ts';
import { makeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { Interruption } from './failure.ts';
import { writeParquetRows } from './parquet-rows.ts';
import type { OutputColumn, RowSink, WriteRows } from './table-rows.ts';
import { writeTextRows } from './text-rows.ts';

const formats: Readonly<Record<string, WriteRows>> = {
  '.csv': writeTextRows('csv'),
  '.jsonl': writeTextRows('jsonl'),
  '.parquet': writeParquetRows,
};

/** Whether the table can be written there, found before the work that makes it. @throws 'usage' */
export async function checkTableFile(path: string): Promise<void> {
  formatOf(path);
  await checkFilePlace(path);
  const found = await stat(path).catch(() => null);
  if (found !== null && !found.isFile())
    throw new DeepTasteError(
      'usage',
      `saving ${path}: the path must be free or a file, found a device or a pipe; choose another path`,
    );
}

/** Whether lists and numbers keep their kind; in CSV files all is text. */
export function keepsKinds(path: string): boolean {
  return extname(path).toLowerCase() !== '.csv';
}

/**
 * Makes a file of the rows that `work` gives. Ctrl-C and a request to end leave the path as it was.
 * @throws 'usage' for a name that ends in no format; 'io'; what `work` throws
 */
export async function writeTable<T>(
  path: string,
  columns: readonly OutputColumn[],
  work: (sink: RowSink) => Promise<T>,
): Promise<T> {
  const write = formatOf(path);
  let isStopped = false;
  const stop = () => {
    isStopped = true;
  };
  const throwIfStopped = () => {
    if (isStopped) throw new Interruption(`stopped; ${path} is as it was`);
  };
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await makeFileAtomic(path, async (temporary) => {
      const result = await write(temporary, path, columns, (sink) =>
        work({
          add(cells) {
            throwIfStopped();
            return sink.add(cells);
          },
        }),
      );
      throwIfStopped();
      return result;
    });
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, stop);
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

function formatOf(path: string): WriteRows {
  const format = formats[extname(path).toLowerCase()];
  if (format) return format;
  throw new DeepTasteError(
    'usage',
    `saving ${path}: the name must end in ${Object.keys(formats).join(', ')}, which says how to write it, found ` +
      `"${extname(path)}"; choose another name`,
  );
}
