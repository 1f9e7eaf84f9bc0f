/** A comparison in slices as a table for terminals. */
import type { Comparison } from './comparison.ts';
import { formatP, percent, signed } from './leaderboard.ts';
import { type ComparedSlice, LEAST_TESTED, type SlicedComparison, type SliceRun } from './slice-comparison.ts';
import { fitText, type TextColumn, tableWidth, textTable } from './text-table.ts';

const minNameWidth = 12;

/** Every slice with the metric of every run, the difference to the baseline with its interval, and p adjusted over all slices and runs. */
export function renderSlices(
  { metric, baseline, test, alpha, unit }: Comparison,
  { slices, nTests }: SlicedComparison,
  { width = Number.POSITIVE_INFINITY }: { readonly width?: number } = {},
): string {
  const lines = slices.flatMap((slice) => slice.runs.map((run, n) => ({ slice, run, isFirst: n === 0 })));
  const column = (
    header: string,
    align: TextColumn['align'],
    cell: (line: { slice: ComparedSlice; run: SliceRun; isFirst: boolean }) => string,
  ): TextColumn => ({ header, align, cells: lines.map(cell) });
  const hasRows = slices.some(({ nRows }) => nRows !== undefined) && unit !== 'rows';
  const count = (n: number | undefined) => (n === undefined ? '' : n.toLocaleString('en-US'));
  const columns = [
    column('slice', 'left', ({ slice, isFirst }) => (isFirst ? slice.name : '')),
    column(unit, 'right', ({ slice, isFirst }) => (isFirst ? count(slice.nUnits) : '')),
    ...(hasRows ? [column('rows', 'right', ({ slice, isFirst }) => (isFirst ? count(slice.nRows) : ''))] : []),
    column('run', 'left', ({ run }) => run.name),
    column(metric, 'right', ({ run }) => (Number.isNaN(run.mean) ? '–' : run.mean.toFixed(4))),
    column('difference', 'right', ({ run: { difference: d } }) => (d ? signed(d.mean) : '')),
    column('interval', 'right', ({ run: { difference: d } }) => (d ? `[${signed(d.low)}, ${signed(d.high)}]` : '')),
    column('p (Holm)', 'right', ({ run: { difference: d } }) => (d ? formatP(d) : '')),
  ];
  const runColumn = columns.findIndex(({ header }) => header === 'run');
  const others = tableWidth(columns.filter((_, c) => c !== runColumn));
  const room = Math.max(minNameWidth, width - others - 2);
  const fitted = columns.map((each, c) =>
    c === runColumn ? { ...each, cells: each.cells.map((name) => fitText(name, room)) } : each,
  );
  const table = textTable(fitted);
  return [table.header, table.rule, ...table.rows, ...captions({ baseline, test, alpha, unit }, slices, nTests)].join(
    '\n',
  );
}

function captions(
  { baseline, test, alpha, unit }: Pick<Comparison, 'baseline' | 'test' | 'alpha' | 'unit'>,
  slices: readonly ComparedSlice[],
  nTests: number,
): string[] {
  const tested = `difference to ${baseline}, ${percent(1 - alpha)} interval; * p < ${alpha}, paired ${test} test over ${unit}, adjusted for all ${nTests} differences of the table`;
  const few = slices.some(({ isTested }) => !isTested);
  const isCut = slices.some(({ trait }) => trait !== 'friends');
  const measured = slices.some(({ nRows }) => nRows !== undefined) ? 'rows' : unit;
  return [
    ...(nTests > 0 ? [tested] : []),
    ...(isCut ? [`training rows: none apart, the other ${measured} in quarters`] : []),
    ...(few ? [`slices of fewer than ${LEAST_TESTED} ${unit} are not tested`] : []),
  ];
}
