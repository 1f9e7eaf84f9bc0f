/** The description of a data set as lines for a terminal. */
import type { ColumnDescription, DataDescription, Spread } from './describe.ts';

/** Counts, the table of columns, warnings; ends without a line break. */
export function renderDescription(description: DataDescription): string {
  const lines = [
    `${description.name}`,
    `  ${number(description.nInteractions)} interactions of ${number(description.nUsers)} users with ` +
      `${number(description.nItems)} items (density ${(description.density * 100).toPrecision(3)} %)`,
    `  per user ${spread(description.interactionsPerUser)}; per item ${spread(description.interactionsPerItem)}`,
  ];
  const { rating, time, nSessions, interactionsPerSession, nSocialEdges } = description;
  if (rating) lines.push(`  ratings ${rating.min} to ${rating.max}, mean ${rating.mean.toFixed(2)}`);
  if (time) lines.push(`  times ${time.from} to ${time.to}`);
  if (nSessions !== null) {
    const perSession = interactionsPerSession ? `; per session ${spread(interactionsPerSession)}` : '';
    lines.push(`  ${number(nSessions)} sessions${perSession}`);
  }
  if (nSocialEdges !== null) lines.push(`  ${number(nSocialEdges)} social edges`);
  lines.push(`  hash ${description.hash}`, '', ...columnTable(description.columns));
  if (description.warnings.length > 0) lines.push('', 'warnings');
  return [...lines, ...description.warnings.map((warning) => `  ! ${warning}`)].join('\n');
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function spread({ min, median, max }: Spread): string {
  return `min ${number(min)}, median ${number(median)}, max ${number(max)}`;
}

function columnTable(columns: readonly ColumnDescription[]): string[] {
  const head = ['column', 'of', 'role', 'kind', 'missing', 'distinct', 'values'];
  const rows = columns.map((column) => [
    ...[column.name, column.owner, column.guessed ? `${column.role} (guessed)` : column.role, column.kind],
    ...[column.nMissing, column.nDistinct].map((count) => (count === null ? '' : number(count))),
    column.samples.map(shortened).join(', '),
  ]);
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c].length)));
  const isCount = (c: number): boolean => c === 4 || c === 5;
  return [head, ...rows].map((row) =>
    row
      .map((cell, c) => (isCount(c) ? cell.padStart(widths[c]) : cell.padEnd(c === 6 ? 0 : widths[c])))
      .join('  ')
      .replace(/^/, '  ')
      .trimEnd(),
  );
}

function shortened(text: string): string {
  const oneLine = text.replace(/\s+/g, ' ');
  return oneLine.length > 24 ? `${oneLine.slice(0, 23)}…` : oneLine;
}
