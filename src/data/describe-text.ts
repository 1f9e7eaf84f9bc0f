/** The description of a data set as lines for a terminal. */
import type { ColumnDescription, DataDescription } from './describe.ts';
import type { FieldDescription } from './describe-features.ts';
import type { SocialDescription } from './social/statistics.ts';
import type { Spread } from './spread.ts';

/** Counts, the table of columns, warnings; ends without a line break. */
export function renderDescription(description: DataDescription): string {
  const lines = [`${description.name}`, ...sizes(description)];
  const { label, rating, time, nSessions, interactionsPerSession, social } = description;
  if (label) lines.push(`  ${percent(label.share)} of the rows are labelled 1 (${label.column} = ${label.positive})`);
  if (rating) lines.push(`  ratings ${rating.min} to ${rating.max}, mean ${rating.mean.toFixed(2)}`);
  if (time) lines.push(`  times ${time.from} to ${time.to}`);
  if (nSessions !== null) {
    const perSession = interactionsPerSession ? `; per session ${spread(interactionsPerSession)}` : '';
    lines.push(`  ${number(nSessions)} sessions${perSession}`);
  }
  if (social) lines.push(...socialLines(social));
  lines.push(`  hash ${description.hash}`, '', ...columnTable(description.columns));
  lines.push(...fieldTable(description.fields));
  if (description.warnings.length > 0) lines.push('', 'warnings');
  return [...lines, ...description.warnings.map((warning) => `  ! ${warning}`)].join('\n');
}

function socialLines({ nEdges, columns, mutual, homophily, ...graph }: SocialDescription): string[] {
  const weight = columns?.weight ? `, weight ${columns.weight}` : '';
  const ends = columns ? ` (${columns.from} → ${columns.to}${weight})` : '';
  const lines = [
    `  ${number(nEdges)} social edges${ends}, ${percent(mutual)} of them go back too`,
    `  ${percent(graph.withFriends)} of the users have friends: ${spread(graph.friendsPerUser)}; the largest group that edges join ` +
      `holds ${percent(graph.largestGroup)}`,
  ];
  if (homophily) lines.push(likeness(homophily));
  return lines;
}

function likeness({ friends, strangers, nEdges }: NonNullable<SocialDescription['homophily']>): string {
  const times = strangers > 0 ? `, ${(friends / strangers).toFixed(1)} times as alike` : '';
  return `  items in common (cosine), over ${number(nEdges)} edges: friends ${friends.toFixed(4)}, strangers ${strangers.toFixed(4)}${times}`;
}

function sizes({ nInteractions, nUsers, nItems, density, ...spreads }: DataDescription): string[] {
  const { interactionsPerUser: perUser, interactionsPerItem: perItem } = spreads;
  const named = [nUsers > 0 && `${number(nUsers)} users`, nItems > 0 && `${number(nItems)} items`].filter((x) => x);
  if (density === null)
    return [
      `  ${number(nInteractions)} rows${named.length > 0 ? ` of ${named[0]}` : ''}; they do not name users and items both`,
    ];
  return [
    `  ${number(nInteractions)} interactions of ${number(nUsers)} users with ` +
      `${number(nItems)} items (density ${(density * 100).toPrecision(3)} %)`,
    `  per user ${perUser && spread(perUser)}; per item ${perItem && spread(perItem)}`,
  ];
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function spread({ min, median, max }: Spread): string {
  return `min ${number(min)}, median ${number(median)}, max ${number(max)}`;
}

const countText = (count: number | null): string => (count === null ? '' : number(count));

function columnTable(columns: readonly ColumnDescription[]): string[] {
  const head = ['column', 'of', 'role', 'kind', 'missing', 'distinct', 'values'];
  const rows = columns.map((column) => [
    column.name,
    column.owner,
    column.guessed ? `${column.role} (guessed)` : column.role,
    column.kind,
    countText(column.nMissing),
    countText(column.nDistinct),
    column.samples.map((text) => shortened(hasBlanks(column) ? text : text.trim())).join(', '),
  ]);
  return aligned([head, ...rows], [4, 5]);
}

/** What columns become in feature models; nothing where there are ids only. */
function fieldTable(fields: readonly FieldDescription[]): string[] {
  if (fields.length <= 2) return [];
  const rows = fields.map(({ name, column, owner, becomes, nRows, encode }) => [
    name === column ? name : `${name} (${column})`,
    owner,
    encode === null ? '' : number(nRows),
    becomes,
  ]);
  return ['', ...aligned([['field', 'of', 'rows', 'becomes'], ...rows], [2])];
}

/** Rows of cells as lines with columns of one width. @param counts columns that are set to the right */
function aligned(rows: readonly (readonly string[])[], counts: readonly number[]): string[] {
  const last = rows[0].length - 1;
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => row[c].length)));
  return rows.map((row) =>
    row
      .map((cell, c) => (counts.includes(c) ? cell.padStart(widths[c]) : cell.padEnd(c === last ? 0 : widths[c])))
      .join('  ')
      .replace(/^/, '  ')
      .trimEnd(),
  );
}

/** Ids keep the blanks around them, which matter; the cells of other columns are read without. */
function hasBlanks({ role }: ColumnDescription): boolean {
  return role === 'user' || role === 'item';
}

function shortened(text: string): string {
  const oneLine = text.replace(/\s+/g, ' ');
  return oneLine.length > 24 ? `${oneLine.slice(0, 23)}…` : oneLine;
}
