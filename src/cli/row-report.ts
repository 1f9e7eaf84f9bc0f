/** What is said about predicted rows: tables for people. */
import type { RowResult } from '../evaluation/result.ts';
import { textTable } from '../evaluation/text-table.ts';
import { shortTime } from './terminal-progress.ts';

/** Metrics, and how they were obtained. */
export function rowMetricTable(title: string, result: RowResult, seconds?: number): string {
  return [rowTable([{ name: title, result, seconds }]), ...rowNotes(result)].join('\n');
}

export interface NamedRowResult {
  readonly name: string;
  readonly result: Pick<RowResult, 'metrics'>;
  readonly seconds?: number;
}

export function rowTable(rows: readonly NamedRowResult[]): string {
  const names = Object.keys(rows[0].result.metrics);
  const right = (header: string, cells: string[]) => ({ header, align: 'right' as const, cells });
  const {
    header,
    rule,
    rows: lines,
  } = textTable([
    { header: 'model', align: 'left', cells: rows.map(({ name }) => name) },
    ...names.map((name) =>
      right(
        name,
        rows.map(({ result }) => result.metrics[name]?.toFixed(4) ?? '–'),
      ),
    ),
    ...(rows.some(({ seconds }) => seconds !== undefined)
      ? [
          right(
            'time',
            rows.map(({ seconds }) => (seconds === undefined ? '' : shortTime(seconds))),
          ),
        ]
      : []),
  ]);
  return [header, rule, ...lines].join('\n');
}

function rowNotes(result: RowResult): string[] {
  const { calibration, lowerIsBetter } = result;
  const lower = lowerIsBetter.length > 0 ? [`less is better of ${lowerIsBetter.join(', ')}`] : [];
  const calibrated = calibration
    ? [
        `calibration: error ${calibration.expectedError.toFixed(4)}` +
          (calibration.ratio === null ? '' : `, promised ${calibration.ratio.toFixed(3)} of the clicks that came`),
      ]
    : [];
  const notes = (result.notes ?? []).map((note) => `note: ${note}`);
  const intervals = Object.entries(result.intervals ?? {}).map(
    ([name, { low, high }]) => `${name} [${low.toFixed(4)}, ${high.toFixed(4)}]`,
  );
  const within = intervals.length > 0 ? [`95 % intervals: ${intervals.join(', ')}`] : [];
  return [...lower, ...within, ...calibrated, describeRows(result), ...notes];
}

/** One line: `adult: 16,281 test rows, 23.6 % labelled 1, split given`. */
export function describeRows({ protocol, meanLabel, task }: RowResult): string {
  const { data, nRows, part, split, clipped } = protocol;
  const labels =
    task === 'click'
      ? `${(100 * meanLabel).toFixed(1)} % labelled 1`
      : `mean rating ${meanLabel.toFixed(3)}, predictions ${clipped ? 'clipped to the training range' : 'not clipped'}`;
  const by = typeof split.by === 'string' ? ` by ${split.by}` : '';
  return `${data.name}: ${nRows.toLocaleString('en-US')} ${part} rows, ${labels}, split ${split.method}${by}`;
}
