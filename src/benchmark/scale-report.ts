/** The growth curves as sections of rows, for terminals and for the results page. */
import type { ReportSection } from './report.ts';
import { count, gibibytes, type ScaleReport } from './scale.ts';
import type { ScalePhase, ScaleResult } from './scale-point.ts';

const header = [
  ...['kept pairs', 'users', 'items', 'reading', 'training', 'ranking', 'saving', 'examples/s', 'µs an example'],
  ...['peak memory', 'of it engine', 'bytes a pair', 'recall@20'],
];

export function scaleSections(report: ScaleReport): ReportSection[] {
  return [
    {
      title: 'More interactions',
      header: ['interactions', ...header],
      rows: report.interactions.map((result) => [count(result.nInteractions), ...cells(result)]),
      notes: interactionNotes(report.interactions),
    },
    {
      title: 'More items',
      header: ['items drawn from', ...header],
      rows: report.items.map((result) => [count(result.nItems), ...cells(result)]),
      notes: itemNotes(report.items),
    },
    {
      title: 'Models',
      header: ['model', ...header],
      rows: report.models.map((result) => [result.model, ...cells(result)]),
      notes: [],
    },
    {
      title: 'Graphs',
      header: ['interactions', ...header],
      rows: report.graphs.map((result) => [count(result.nInteractions), ...cells(result)]),
      notes: graphNotes(report.graphs),
    },
    {
      title: 'What fits into the 4 GiB of WebAssembly',
      header: ['interactions', 'items', 'factors', 'optimizer', 'estimate', 'verdict'],
      rows: report.fits.map(({ nInteractions, nItems, factors, optimizer, bytes, advice }) => [
        ...[count(nInteractions), count(nItems), `${factors}`, optimizer, gibibytes(bytes)],
        advice === null ? 'fits' : `refused; ${advice}`,
      ]),
      notes: ['BPR-MF, a million users. A run beyond the limit is refused before its first step, with these words.'],
    },
  ];
}

function cells(result: ScaleResult): string[] {
  const seconds = (name: ScalePhase['name']) => `${phaseOf(result, name).seconds.toFixed(1)} s`;
  return [
    ...[count(result.nKept), count(result.nUsersFound), count(result.nItemsFound)],
    ...[seconds('reading'), seconds('training'), seconds('ranking'), seconds('saving')],
    ...[count(result.examplesPerSecond), (1e6 / result.examplesPerSecond).toFixed(2)],
    ...[gibibytes(peakOf(result)), gibibytes(result.engineBytes)],
    `${count((peakOf(result) - result.startBytes) / result.nKept)}`,
    result.recall20.toFixed(4),
  ];
}

function phaseOf({ phases }: ScaleResult, name: ScalePhase['name']): ScalePhase {
  return phases.find((phase) => phase.name === name) as ScalePhase;
}

export function peakOf({ phases }: ScaleResult): number {
  return Math.max(...phases.map(({ peakBytes }) => peakBytes));
}

function interactionNotes(results: readonly ScaleResult[]): string[] {
  const last = results[results.length - 1];
  const before = results[results.length - 2];
  const notes = [
    `One epoch of BPR-MF, one negative each, ${last.factors} factors, batches of 8,192, ${last.threads} threads; all items are ranked ` +
      `for ${count(last.evalUsers)} users. Bytes a pair: peak of the process, less what it holds before it begins, by kept pairs.`,
  ];
  if (!before) return notes;
  const slope = (peakOf(last) - peakOf(before)) / (last.nKept - before.nKept);
  const reading =
    (phaseOf(last, 'reading').peakBytes - phaseOf(before, 'reading').peakBytes) / (last.nKept - before.nKept);
  return [
    ...notes,
    `From ${count(before.nInteractions)} to ${count(last.nInteractions)} interactions the peak grows by ${slope.toFixed(1)} bytes a ` +
      `kept pair; the peak of reading alone by ${reading.toFixed(1)}. Training takes ` +
      `${(before.examplesPerSecond / last.examplesPerSecond).toFixed(2)} × the time an example.`,
    ...phasesNote(last),
  ];
}

function phasesNote(result: ScaleResult): string[] {
  const parts = result.phases.map(
    ({ name, peakBytes, residentBytes }) => `${name} ${gibibytes(peakBytes)} (${gibibytes(residentBytes)} at its end)`,
  );
  return [`Peaks so far, after each phase of the largest run: ${parts.join(', ')}.`];
}

function itemNotes(results: readonly ScaleResult[]): string[] {
  const last = results[results.length - 1];
  const perUser = results.map(
    (each) => `${count(each.nItems)}: ${((1000 * phaseOf(each, 'ranking').seconds) / each.evalUsers).toFixed(1)} ms`,
  );
  return [
    `${count(last.nInteractions)} interactions, ${last.factors} factors, Adam on touched rows. Ranking all items for one user takes ${perUser.join(', ')}.`,
    ...phasesNote(last),
  ];
}

function graphNotes(results: readonly ScaleResult[]): string[] {
  const last = results[results.length - 1];
  return [
    `One epoch of LightGCN, three layers, ${last.factors} factors, batches of ${count(last.batchSize)}, ${last.threads} threads: every kept ` +
      'training pair is an edge, and every step propagates the whole normalised graph forward and back.',
    ...phasesNote(last),
  ];
}

/** The results page. */
export function scaleMarkdown(report: ScaleReport, command: string, text: string): string {
  const { versions, computer, quick } = report;
  const where =
    `deeptaste ${versions.deeptaste}, Node ${versions.node}, ${computer.cpu} (${computer.processors} processors, ` +
    `${gibibytes(computer.memoryBytes)})${quick ? '; quick run, small sizes' : ''}.`;
  const sections = scaleSections(report).map(({ title, header: columns, rows, notes }) =>
    [
      `## ${title}`,
      [columns, columns.map((_, n) => (n === 0 ? '---' : '---:')), ...rows]
        .map((row) => `| ${row.join(' | ')} |`)
        .join('\n'),
      ...notes,
    ].join('\n\n'),
  );
  return `${['# Scale', `\`${command}\``, where, text, ...sections].join('\n\n')}\n`;
}

/** What the curves mean; the numbers follow from the tables beside it. */
export const scaleText = `The logs are simulated (\`src/data/simulated/interaction-log.ts\`): power-law popularity, fifty clusters of taste,
written to Parquet without being held in memory. Every point runs in a process of its own; its peak is what the system counts
(\`maxRSS\`), DuckDB's memory, the JavaScript heap and the engine's shared memory included.

Memory is bounded by a formula, not by the file (\`docs/decisions/003-columns-in-memory.md\`). Reading holds 16 bytes a row — user 4, item
4, time 8 — 9 more while repeated pairs are looked for, and at most \`--read-memory\` GiB for DuckDB, which spills to disk beyond. After
splitting the time goes; the pairs stay with 8 bytes, the training items of each user take 4, and the engine's shared memory 8
(user and item, which also serve the rejection of negatives). Ids take their characters and 4 to 15 bytes. Tables, optimizer state and scores
depend on users, items and factors only.

The time of an example grows while tables and pairs outgrow the caches: examples are drawn in random order from all over the epoch. The
share of pairs that repeat is part of the simulation; they are dropped before training, as by default.`;
