/** Models and their metrics as a table for terminals, and the same for comparisons. */
import { DeepTasteError } from '../core/errors.ts';
import { suggestion } from '../core/nearest.ts';
import type { Comparison, ComparisonRow } from './comparison.ts';
import { isLowerBetter, parseMetric } from './metric-name.ts';
import { fitText, type TextColumn, tableWidth, textTable } from './text-table.ts';
import type { Unit } from './unit-values.ts';

export interface LeaderboardValue {
  readonly mean: number;
  readonly low?: number | null;
  readonly high?: number | null;
}

export interface LeaderboardRow {
  readonly model: string;
  /** Metric → value, e.g. the `metrics` of an EvaluationResult. A metric that is absent is shown as –. */
  readonly metrics: Readonly<Record<string, LeaderboardValue>>;
  readonly seconds?: number;
  /** Not a contender (the best possible score): shown last, under a rule. */
  readonly isReference?: boolean;
}

export interface LeaderboardOptions {
  /** Columns, in order; rows are sorted by the first. All metrics of the first row when absent. */
  readonly metrics?: readonly string[];
  /** Terminal columns to keep to; no limit when absent. */
  readonly width?: number;
  /** Share of resampled means in the intervals, for the caption; 0.95 by default. */
  readonly level?: number;
  /** What the intervals are over, for the caption; users by default. */
  readonly over?: Unit;
  /** Best row bold, references dim (ANSI codes); off by default. */
  readonly color?: boolean;
}

const minNameWidth = 12;

/**
 * The leaderboard as lines joined by \n, without a final one: model, mean ± half of the interval a metric, seconds. When it is
 * wider than `width`, names are shortened first, then the last metrics left out; the caption names those.
 */
export function renderLeaderboard(rows: readonly LeaderboardRow[], options: LeaderboardOptions = {}): string {
  const { width = Number.POSITIVE_INFINITY, level = 0.95, color = false, over = 'users' } = options;
  if (rows.length === 0)
    throw new DeepTasteError('config', 'leaderboard: at least one row is needed, found none; evaluate a model first');
  const metrics = shownMetrics(rows, options.metrics);
  const sorted = sortRows(rows, metrics[0]);
  const nContenders = sorted.filter((row) => row.isReference !== true).length;
  const { columns, omitted } = fitColumns(leaderboardColumns(sorted, metrics), width);
  const table = textTable(columns);
  const style = (line: string, code: number) => (color ? `\u001b[${code}m${line}\u001b[0m` : line);
  const body = table.rows.map((line, i) => (i >= nContenders ? style(line, 2) : i === 0 ? style(line, 1) : line));
  const references = nContenders < rows.length ? [table.rule, ...body.slice(nContenders)] : [];
  const lines = [table.header, table.rule, ...body.slice(0, nContenders), ...references];
  return [...lines, ...caption(rows, metrics, omitted, `${percent(level)} interval over ${over}`)].join('\n');
}

function shownMetrics(rows: readonly LeaderboardRow[], asked: readonly string[] | undefined): string[] {
  const known = [...new Set(rows.flatMap((row) => Object.keys(row.metrics)))];
  const metrics = (asked ?? Object.keys(rows[0].metrics)).map((name) => parseMetric(name).name);
  const unknown = metrics.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new DeepTasteError('not-found', `leaderboard: no row has ${unknown}${suggestion(unknown, known)}`, {
      metric: unknown,
    });
  if (metrics.length === 0)
    throw new DeepTasteError(
      'config',
      'leaderboard: at least one metric is needed, found none; name one, e.g. "ndcg@10"',
    );
  return metrics;
}

/** Contenders by the metric, best first, undefined last; then the references in the order given. */
function sortRows(rows: readonly LeaderboardRow[], metric: string): LeaderboardRow[] {
  const sign = isLowerBetter(parseMetric(metric)) ? 1 : -1;
  const loss = (row: LeaderboardRow) => {
    const mean = row.metrics[metric]?.mean ?? Number.NaN;
    return Number.isNaN(mean) ? Number.POSITIVE_INFINITY : sign * mean;
  };
  const contenders = rows.filter((row) => row.isReference !== true);
  contenders.sort((a, b) => (loss(a) === loss(b) ? 0 : loss(a) < loss(b) ? -1 : 1));
  return [...contenders, ...rows.filter((row) => row.isReference === true)];
}

function leaderboardColumns(rows: readonly LeaderboardRow[], metrics: readonly string[]): TextColumn[] {
  const columns: TextColumn[] = [
    { header: 'model', align: 'left', cells: rows.map((row) => fitText(row.model, Number.POSITIVE_INFINITY)) },
    ...metrics.map((metric) =>
      metricColumn(
        metric,
        rows.map((row) => row.metrics[metric]),
      ),
    ),
  ];
  if (rows.every((row) => row.seconds === undefined)) return columns;
  return [...columns, { header: 'seconds', align: 'right', cells: rows.map((row) => formatSeconds(row.seconds)) }];
}

/** `0.4310 ± 0.0102`; means stand under each other whether or not a half-width follows. */
function metricColumn(metric: string, values: readonly (LeaderboardValue | undefined)[]): TextColumn {
  const halves = values.map((value) => {
    const half = ((value?.high ?? Number.NaN) - (value?.low ?? Number.NaN)) / 2;
    return Number.isNaN(half) ? '' : ` ± ${half.toFixed(4)}`;
  });
  const halfWidth = Math.max(...halves.map((half) => half.length));
  const cells = values.map((value, i) => formatMean(value?.mean) + halves[i].padEnd(halfWidth));
  return { header: halfWidth > 0 ? `${metric} ±` : metric, align: 'right', cells };
}

function formatMean(mean: number | undefined): string {
  return mean === undefined || Number.isNaN(mean) ? '–' : mean.toFixed(4);
}

function formatSeconds(seconds: number | undefined): string {
  return seconds === undefined ? '–' : seconds.toFixed(seconds < 9.95 ? 2 : 1);
}

/** Shortens names, then drops metrics from the last to the second, until the table fits. */
function fitColumns(columns: readonly TextColumn[], width: number): { columns: TextColumn[]; omitted: number } {
  const [names, first, ...others] = columns;
  const tail = others.filter((column) => column.header === 'seconds');
  const metrics = others.filter((column) => column.header !== 'seconds');
  for (let kept = metrics.length; ; kept--) {
    const rest = [first, ...metrics.slice(0, kept), ...tail];
    const room = Math.max(minNameWidth, width - tableWidth(rest) - 2);
    const fitted = [{ ...names, cells: names.cells.map((name) => fitText(name, room)) }, ...rest];
    if (kept === 0 || tableWidth(fitted) <= width) return { columns: fitted, omitted: metrics.length - kept };
  }
}

function caption(
  rows: readonly LeaderboardRow[],
  metrics: readonly string[],
  omitted: number,
  interval: string,
): string[] {
  const hasInterval = rows.some((row) => metrics.some((metric) => typeof row.metrics[metric]?.low === 'number'));
  const lines = hasInterval ? [`± half of the ${interval}`] : [];
  if (omitted > 0) lines.push(`not shown in this width: ${metrics.slice(metrics.length - omitted).join(', ')}`);
  return lines;
}

/** A comparison as a table: mean, difference to the baseline with its interval, Holm's p-value and * where significant. */
export function renderComparison(
  comparison: Comparison,
  { width = Number.POSITIVE_INFINITY }: Pick<LeaderboardOptions, 'width'> = {},
): string {
  const { rows, metric, baseline, test, alpha, notes, unit } = comparison;
  const right = (header: string, cell: (row: ComparisonRow) => string): TextColumn => ({
    header,
    align: 'right',
    cells: rows.map(cell),
  });
  const columns = [
    metricColumn(metric, rows),
    right('difference', ({ difference }) => (difference === null ? '' : signed(difference.mean))),
    right('interval', ({ difference: d }) => (d === null ? '' : `[${signed(d.low)}, ${signed(d.high)}]`)),
    right('p (Holm)', ({ difference }) => (difference === null ? '' : formatP(difference))),
  ];
  const room = Math.max(minNameWidth, width - tableWidth(columns) - 2);
  const names = rows.map((row) => fitText(row.name, room));
  const table = textTable([{ header: 'run', align: 'left', cells: names }, ...columns]);
  const about = `difference to ${baseline}, ${percent(1 - alpha)} interval; * p < ${alpha}, paired ${test} test over ${unit}`;
  return [table.header, table.rule, ...table.rows, about, ...notes.map((note) => `note: ${note}`)].join('\n');
}

export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
}

export function signed(value: number): string {
  return Number.isNaN(value) ? '–' : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;
}

export function formatP({ adjustedP, significant }: { adjustedP: number; significant: boolean }): string {
  return `${adjustedP < 0.001 ? '<0.001' : adjustedP.toFixed(3)} ${significant ? '*' : ' '}`;
}
