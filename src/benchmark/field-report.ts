/** The bench of fields as sections of rows. */
import type { FieldSpeed, ReadingSpeed } from './field-speed.ts';
import type { ReportSection } from './report.ts';

const count = (value: number) => Math.round(value).toLocaleString('en');
const mebibytes = (bytes: number) => count(bytes / 1024 ** 2);

export function fieldSections({ reading, prediction, latency, experiment }: FieldSpeed): ReportSection[] {
  return [
    readingSection(reading),
    {
      title: 'Prediction of a file',
      header: ['model', 'threads', 'rows', 'from CSV to logits, rows/s', 'from encoded rows, rows/s'],
      rows: [
        [
          ...[prediction.model, `${prediction.threads}`, count(prediction.rows), count(prediction.rowsPerSecond)],
          count(prediction.encodedRowsPerSecond),
        ],
      ],
      notes: [`The columns as above; 10 factors, 400-400-400 units.`],
    },
    {
      title: 'One row against many items',
      header: ['model', 'items', 'threads', 'p50, ms', 'p99, ms'],
      rows: latency.map(({ model, items, threads, p50Ms, p99Ms }) => [
        ...[model, count(items), `${threads}`, p50Ms.toFixed(2), p99Ms.toFixed(2)],
      ]),
      notes: [
        'In process, from the names of a row to the ten best items: user, device, hour; item, category, brand, price.',
      ],
    },
    experimentSection(experiment),
  ];
}

function readingSection(reading: ReadingSpeed): ReportSection {
  const { rows, fields, fileBytes, readSeconds, encodeSeconds, rowsPerSecond, tableRows } = reading;
  return {
    title: 'From a CSV file to encoded rows',
    header: ['', ''],
    rows: [
      ['rows × fields', `${count(rows)} × ${fields}`],
      ['file, MiB', mebibytes(fileBytes)],
      ['reading, s', readSeconds.toFixed(1)],
      ['fitting and encoding, s', encodeSeconds.toFixed(1)],
      ['rows/s', count(rowsPerSecond)],
      ['rows of the embedding table', count(tableRows)],
      ['encoded rows, MiB', mebibytes(reading.encodedBytes)],
      ['peak resident memory, MiB', mebibytes(reading.peakResidentBytes)],
    ],
    notes: ['13 columns of numbers, 27 of codes; guessed roles and default settings, all rows for fitting.'],
  };
}

function experimentSection(experiment: FieldSpeed['experiment']): ReportSection {
  const title = 'DeepFM on Frappe';
  if ('skipped' in experiment) return { title, header: ['', ''], rows: [['not run', experiment.skipped]], notes: [] };
  return {
    title,
    header: ['experiment', 'epochs', 'training of an epoch, s', 'with validation, s', 'end to end, s'],
    rows: [
      [
        ...[experiment.experiment, `${experiment.epochs}`, experiment.trainingSeconds.toFixed(2)],
        ...[experiment.epochSeconds.toFixed(2), experiment.totalSeconds.toFixed(1)],
      ],
    ],
    notes: ['End to end: reading the files, training until it stops early, predicting the test part.'],
  };
}
