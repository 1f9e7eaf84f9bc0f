/** `deeptaste predict`: the rows of a file with what a model over fields, or one of ratings, predicts of them, a block at a time. */
import { resolve } from 'node:path';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { shortNumber, shortTime } from '../core/short-text.ts';
import { type FieldCell, type TableInBlocks, type TableRow, withTableInBlocks } from '../data/read-row-blocks.ts';
import { fitText, textTable } from '../evaluation/text-table.ts';
import { idKey } from '../recommender/named-rows.ts';
import { idColumn } from '../recommender/predict-ratings.ts';
import { Recommender } from '../recommender/recommender.ts';
import { checkTableFile, keepsKinds, writeTable } from './table-file.ts';
import type { OutputCell, OutputColumn, RowSink } from './table-rows.ts';
import type { Terminal } from './terminal.ts';

const PREDICTION = 'prediction';
/** Rows that are shown where no file is written. */
const SHOWN = 10;

/** @throws 'usage' for a model that predicts no rows, a place or a file that cannot be used; 'data'; 'artifact'; 'io' */
export async function predictFile(terminal: Terminal, path: string, data: string, out: string | null): Promise<void> {
  if (out !== null) {
    if (resolve(out) === resolve(data))
      throw new DeepTasteError(
        'usage',
        `--out ${out}: must be another file than --data, found the same; name another one`,
      );
    await checkTableFile(out);
  }
  const recommender = await Recommender.load(path, { blas: 'off' });
  try {
    recommender.predict([]); // says which models can
    await withTableInBlocks(data, idColumns(recommender), async (table) => {
      checkColumns(table, recommender);
      if (out === null) await showFirst(terminal, path, recommender, table);
      else await predictInto(terminal, path, recommender, table, out);
    });
  } finally {
    recommender.close();
  }
}

function idColumns({ parts }: Recommender): string[] {
  const { fields } = parts;
  const owners = ['user', 'item'] as const;
  if (!fields) return owners.map((owner) => idColumn(parts, owner));
  return owners.flatMap((owner) => idKey({ ...parts, fields }, owner) ?? []);
}

function taskOf({ parts }: Recommender): string {
  return parts.fields ? parts.fields.task : 'rating';
}

/** @throws 'usage' when no column is known to the model, a model of ratings finds no users or no items, or one has the name of what is added */
function checkColumns({ source, columns }: TableInBlocks, recommender: Recommender): void {
  const { parts, model } = recommender;
  const names = columns.map(({ name }) => name);
  if (names.some((name) => name.toLowerCase() === PREDICTION))
    throw new DeepTasteError('usage', `${source}: must have no column "${PREDICTION}", which is added; rename it`);
  const missing = parts.fields ? undefined : idColumns(recommender).find((column) => !names.includes(column));
  if (missing !== undefined)
    throw new DeepTasteError(
      'usage',
      `${source}: must have the columns ${idColumns(recommender).join(' and ')}, as the data of the training, found ${names.join(', ')}`,
    );
  const known = parts.fields?.encoder.fitted.fields.map(({ key }) => key) ?? [];
  if (!parts.fields || known.some((key) => names.includes(key))) return;
  throw new DeepTasteError(
    'usage',
    `${source}: must have some of the columns that ${model.title} was trained on (${known.join(', ')}), found ${names.join(', ')}`,
  );
}

interface PredictedRow extends TableRow {
  readonly prediction: number;
  /** Whether a user or an item is not known to the model. */
  readonly isUnknown: boolean;
}

async function* predicted(
  recommender: Recommender,
  { columns, rows }: TableInBlocks,
  most?: number,
): AsyncGenerator<readonly PredictedRow[]> {
  const names = columns.map(({ name }) => name);
  const isUnknown = unknownIds(recommender, names);
  for await (const block of rows(most)) {
    const predictions = recommender.predict(block.map(({ cells }) => recordOf(names, cells)));
    yield block.map((row, n) => {
      const { value, notes } = predictions[n];
      return { ...row, prediction: value, isUnknown: isUnknown?.(row.cells) ?? notes.length > 0 };
    });
  }
}

/** Whether a row names a user or an item that a model over fields did not have, by whose ids it goes; null for models of ratings. */
function unknownIds(
  { parts }: Recommender,
  names: readonly string[],
): ((cells: readonly FieldCell[]) => boolean) | null {
  const { fields, users, items } = parts;
  if (!fields) return null;
  const ids = fields.encoder.fitted.fields.filter(({ source }) => source === 'id');
  const known = ids.map(({ key, owner }) => ({ c: names.indexOf(key), vocabulary: owner === 'user' ? users : items }));
  return (cells) =>
    known.some(
      ({ c, vocabulary }) => c >= 0 && cells[c] !== null && vocabulary.indexOf(String(cells[c])) === undefined,
    );
}

function recordOf(names: readonly string[], cells: readonly FieldCell[]): Record<string, FieldCell> {
  const record: Record<string, FieldCell> = {};
  names.forEach((name, c) => {
    if (cells[c] !== null) record[name] = cells[c];
  });
  return record;
}

async function predictInto(
  terminal: Terminal,
  path: string,
  recommender: Recommender,
  table: TableInBlocks,
  out: string,
): Promise<void> {
  const started = performance.now();
  const progress = await terminal.progress();
  const columns = outputColumns(table, out);
  const summary = await writeTable(out, columns, (sink) => writeRows(recommender, table, columns, sink, progress));
  const seconds = (performance.now() - started) / 1000;
  const { rows, mean, unknown } = summary;
  const speed = `${shortNumber(rows / seconds)} rows/s`;
  terminal.print(
    `${out}: ${rows.toLocaleString('en-US')} rows, mean prediction ${mean.toPrecision(4)}, ${shortTime(seconds)}, ${speed}`,
  );
  for (const note of unknownNotes(unknown, rows)) terminal.print(note);
  const about = { run: path, model: recommender.model.name, task: taskOf(recommender) };
  terminal.document({
    ...about,
    data: table.source,
    path: out,
    rows,
    meanPrediction: mean,
    rowsOfUnknown: unknown,
    seconds,
    rowsPerSecond: rows / seconds,
  });
}

async function writeRows(
  recommender: Recommender,
  table: TableInBlocks,
  columns: readonly OutputColumn[],
  sink: RowSink,
  progress: Progress,
): Promise<{ rows: number; mean: number; unknown: number }> {
  const task = progress.start('predicting', table.nRows, 'rows');
  let [rows, sum, unknown] = [0, 0, 0];
  try {
    for await (const block of predicted(recommender, table)) {
      for (const row of block) {
        await sink.add(outputCells(row, columns));
        sum += row.prediction;
        if (row.isUnknown) unknown++;
      }
      rows += block.length;
      task.update(rows, `${rows.toLocaleString('en-US')} rows`);
    }
  } finally {
    task.end(`${rows.toLocaleString('en-US')} rows`);
  }
  return { rows, mean: sum / rows, unknown };
}

function unknownNotes(unknown: number, rows: number): string[] {
  if (unknown === 0) return [];
  const count = (n: number) => n.toLocaleString('en-US');
  return [
    `${count(unknown)} of ${count(rows)} rows have a user or an item that training did not have: predicted without their terms`,
  ];
}

/** The columns of the file, of their kinds where the format has kinds; times stay as they are written. */
function outputColumns({ columns }: TableInBlocks, out: string): OutputColumn[] {
  const types = { numeric: 'number', multi: 'texts', categorical: 'text', text: 'text' } as const;
  const kept = columns.map(
    ({ name, kind, isTime }): OutputColumn => ({
      name,
      type: keepsKinds(out) && !isTime ? types[kind] : 'text',
    }),
  );
  return [...kept, { name: PREDICTION, type: 'number' }];
}

function outputCells({ cells, texts, prediction }: PredictedRow, columns: readonly OutputColumn[]): OutputCell[] {
  return [...texts.map((text, c) => (columns[c].type === 'text' ? text : cells[c])), prediction];
}

/** The first rows, for people and for scripts. */
async function showFirst(
  terminal: Terminal,
  path: string,
  recommender: Recommender,
  table: TableInBlocks,
): Promise<void> {
  const rows: PredictedRow[] = [];
  for await (const block of predicted(recommender, table, SHOWN)) rows.push(...block);
  const names = table.columns.map(({ name }) => name);
  const left = names.map((header, c) => ({
    header,
    align: 'left' as const,
    cells: rows.map(({ texts }) => fitText(texts[c] ?? '', 24)),
  }));
  const predictions = rows.map(({ prediction }) => prediction.toPrecision(4));
  const text = textTable([...left, { header: PREDICTION, align: 'right', cells: predictions }]);
  const rest = table.nRows - rows.length;
  const note = rest > 0 ? ['', `${rest.toLocaleString('en-US')} rows more; --out FILE.csv writes them all`] : [];
  const unknown = rows.filter(({ isUnknown }) => isUnknown).length;
  terminal.print([text.header, text.rule, ...text.rows, ...unknownNotes(unknown, rows.length), ...note].join('\n'));
  const about = { run: path, model: recommender.model.name, task: taskOf(recommender) };
  const shown = rows.map(({ cells, prediction }) => ({ ...recordOf(names, cells), [PREDICTION]: prediction }));
  terminal.document({ ...about, data: table.source, nRows: table.nRows, rows: shown });
}
