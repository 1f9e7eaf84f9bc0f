/** Files of edges between users. */
import { DeepTasteError } from '../../core/errors.ts';
import { RandomStream } from '../../core/random.ts';
import { counted } from '../counted.ts';
import type { TableOptions } from '../data-options.ts';
import type { SocialGraph } from '../dataset.ts';
import { withWholeIds } from '../id-cells.ts';
import type { Database } from '../readers/database.ts';
import { importFiles } from '../readers/import.ts';
import { type ImportedColumn, type ImportedTable, sqlAsText } from '../readers/imported-table.ts';
import { normalName } from '../role-names.ts';
import { missingColumn } from '../roles.ts';
import type { Vocabulary } from '../vocabulary.ts';
import { shuffledEdges } from './shuffled-edges.ts';

const fromNames = [
  'sourceid',
  'source',
  'from',
  'fromid',
  'userid',
  'user',
  'truster',
  'trusterid',
  'follower',
  'followerid',
  'user1',
];
const toNames = [
  'targetid',
  'target',
  'to',
  'toid',
  'friendid',
  'friend',
  'trustee',
  'trusteeid',
  'followee',
  'followed',
  'user2',
];

const weightNames = ['weight', 'strength', 'trust', 'value', 'score', 'count'];

interface SocialEdges {
  readonly graph: SocialGraph;
  readonly warnings: readonly string[];
}

export interface SocialColumns {
  /** From whom an edge goes, to whom, and its weight, where the file has one. */
  readonly told?: readonly string[];
  /** Every edge counts both ways. */
  readonly bothWays: boolean;
  /** Seed of edges between anybody in place of the real ones; null = the real ones. */
  readonly shuffle: number | null;
}

/**
 * The edges between users of the interactions: no edge twice, none from a user to itself, none of a weight of 0 or less (distrust).
 * What is dropped is counted in a warning.
 * @throws DeepTasteError `data`: the columns of the two ends are not found, a weight is no number, or no edge joins two users
 */
export async function readSocialGraph(
  database: Database,
  path: string,
  users: Vocabulary,
  options: TableOptions,
  { told, bothWays, shuffle }: SocialColumns,
): Promise<SocialEdges> {
  const file = await importEdges(database, path, users, options);
  const [fromColumn, toColumn, weightColumn] = edgeColumns(file, told);
  const ends = [fromColumn, toColumn];
  const { table, notes } = options.idsAsWritten ? { table: file, notes: [] } : await withWholeIds(database, file, ends);
  const read = await edgesBetween(database, table, users, [fromColumn, toColumn, weightColumn], path);
  const { nLoops, nRepeats, nDistrust, ...edges } = cleanEdges(read, users.size, bothWays);
  const dropped = { nLoops, nRepeats, nDistrust };
  if (edges.from.length === 0) throw withoutEdges(path, table.nRows, read.nOutside, dropped);
  const columns = { from: fromColumn.name, to: toColumn.name, weight: weightColumn?.name ?? null };
  return {
    graph: {
      ...(shuffle === null ? edges : shuffledEdges(edges, users.size, new RandomStream(shuffle, 'edges'))),
      columns,
    },
    warnings: [
      ...table.warnings,
      ...notes,
      ...droppedEdges(path, read.nOutside, dropped),
      ...(shuffle === null
        ? []
        : [`${path}: edges shuffled (socialShuffle ${shuffle}): everybody has as many as before, with anybody`]),
      ...(read.nUnweighted > 0 ? [`${path}: ${counted(read.nUnweighted, 'edge')} without a weight: counted as 1`] : []),
    ],
  };
}

/** A first line of two known people is an edge, not the names of the columns. */
async function importEdges(
  database: Database,
  path: string,
  users: Vocabulary,
  options: TableOptions,
): Promise<ImportedTable> {
  const file = await importFiles(database, [path], options);
  const [first, second] = file.columns;
  const isEdge = (name: string | undefined): boolean => name !== undefined && users.indexOf(name) !== undefined;
  if (options.header !== undefined || !file.named || !isEdge(first?.name) || !isEdge(second?.name)) return file;
  return importFiles(database, [path], { ...options, header: false });
}

interface ReadEdges {
  readonly from: number[];
  readonly to: number[];
  /** Null where the file has none. */
  readonly weight: number[] | null;
  /** Edges to or from somebody without interactions. */
  readonly nOutside: number;
  /** Edges without a weight in a file that has weights: they count as 1. */
  readonly nUnweighted: number;
}

async function edgesBetween(
  database: Database,
  table: ImportedTable,
  users: Vocabulary,
  [fromColumn, toColumn, weightColumn]: readonly [ImportedColumn, ImportedColumn, ImportedColumn | undefined],
  path: string,
): Promise<ReadEdges> {
  const from: number[] = [];
  const to: number[] = [];
  const weight: number[] | null = weightColumn ? [] : null;
  const cells = [fromColumn, toColumn, ...(weightColumn ? [weightColumn] : [])].map(sqlAsText);
  const ends: (number | undefined)[] = [];
  let [nOutside, nUnweighted] = [0, 0];
  const indexOf = (value: unknown) => (value === null ? undefined : users.indexOf(String(value)));
  const isInside: boolean[] = [];
  await database.columns(`SELECT ${cells.join(', ')} FROM ${table.sql} ORDER BY rowid`, [
    (value) => ends.push(indexOf(value)),
    (value, row) => {
      const [source, target] = [ends[row], indexOf(value)];
      isInside[row] = source !== undefined && target !== undefined;
      if (source === undefined || target === undefined) nOutside++;
      else {
        from.push(source);
        to.push(target);
      }
    },
    ...(weight
      ? [
          (value: unknown, row: number) => {
            if (!isInside[row]) return;
            if (value === null) nUnweighted++;
            weight.push(weightOf(value, path, row));
          },
        ]
      : []),
  ]);
  return { from, to, weight, nOutside, nUnweighted };
}

function weightOf(value: unknown, path: string, row: number): number {
  const weight = value === null ? 1 : Number(value);
  if (Number.isFinite(weight)) return weight;
  throw new DeepTasteError(
    'data',
    `${path}, edge ${row + 1}: the weight of an edge must be a number, found "${value}"; name the columns of the two ends alone with --social-columns FROM,TO`,
    { path, row },
  );
}

interface DroppedEdges {
  readonly nLoops: number;
  readonly nRepeats: number;
  readonly nDistrust: number;
}

/** Each edge once, ordered by its ends; a repeated one with its last weight. */
function cleanEdges(
  read: ReadEdges,
  nUsers: number,
  bothWays: boolean,
): Pick<SocialGraph, 'from' | 'to' | 'weight'> & DroppedEdges {
  const { from, to, weight } = read;
  const rows = Int32Array.from(from, (_, row) => row);
  const isLoop = (row: number): boolean => from[row] === to[row];
  const isDistrust = (row: number): boolean => weight !== null && weight[row] <= 0;
  const kept = rows.filter((row) => !isLoop(row) && !isDistrust(row));
  const nLoops = rows.reduce((n, row) => n + Number(isLoop(row)), 0);
  // an edge back stands behind all that are written, so that what is written decides
  const nEdges = bothWays ? 2 * kept.length : kept.length;
  const end = (edge: number, forth: readonly number[], back: readonly number[]): number =>
    edge < kept.length ? forth[kept[edge]] : back[kept[edge - kept.length]];
  const source = Int32Array.from({ length: nEdges }, (_, edge) => end(edge, from, to));
  const target = Int32Array.from({ length: nEdges }, (_, edge) => end(edge, to, from));
  const order = stableOrder(source, nUsers, stableOrder(target, nUsers));
  const isSame = (a: number, b: number): boolean => source[a] === source[b] && target[a] === target[b];
  // of edges between the same two, the last one that is written; of edges back alone, the last of them
  const chosen: number[] = [];
  let nRepeats = 0;
  for (const edge of order) {
    const before = chosen[chosen.length - 1];
    if (before === undefined || !isSame(before, edge)) chosen.push(edge);
    else if (edge < kept.length) {
      nRepeats++;
      chosen[chosen.length - 1] = edge;
    } else if (before >= kept.length) chosen[chosen.length - 1] = edge;
  }
  return {
    from: Int32Array.from(chosen, (edge) => source[edge]),
    to: Int32Array.from(chosen, (edge) => target[edge]),
    weight: weight && Float32Array.from(chosen, (edge) => weight[kept[edge % kept.length]]),
    nLoops,
    nRepeats,
    nDistrust: rows.length - kept.length - nLoops,
  };
}

/** The edges ordered by one end; those that share it in the order of `before`. */
function stableOrder(end: Int32Array, nUsers: number, before?: Int32Array): Int32Array {
  const start = new Int32Array(nUsers + 1);
  for (const user of end) start[user + 1]++;
  for (let user = 0; user < nUsers; user++) start[user + 1] += start[user];
  const order = new Int32Array(end.length);
  for (let k = 0; k < end.length; k++) {
    const edge = before ? before[k] : k;
    order[start[end[edge]]++] = edge;
  }
  return order;
}

function droppedEdges(path: string, nOutside: number, { nLoops, nRepeats, nDistrust }: DroppedEdges): string[] {
  const lines: readonly (readonly [number, string])[] = [
    [nOutside, 'to or from users without interactions left out'],
    [nLoops, 'from a user to itself dropped'],
    [nRepeats, 'repeating another one dropped'],
    [nDistrust, 'with a weight of 0 or less dropped (distrust)'],
  ];
  return lines.filter(([n]) => n > 0).map(([n, what]) => `${path}: ${counted(n, 'edge')} ${what}`);
}

function withoutEdges(path: string, nRows: number, nOutside: number, dropped: DroppedEdges): DeepTasteError {
  const why = droppedEdges(path, nOutside, dropped).map((line) => line.slice(path.length + 2));
  return new DeepTasteError(
    'data',
    `${path}: none of its ${nRows} edges joins two users of the interactions${why.length > 0 ? ` (${why.join('; ')})` : ''}; name the columns of the two ends with --social-columns FROM,TO, or leave the file out with --no-social`,
    { path },
  );
}

/** The columns of the two ends, and that of the weights where there is one. */
function edgeColumns(
  table: ImportedTable,
  told?: readonly string[],
): readonly [ImportedColumn, ImportedColumn, ImportedColumn | undefined] {
  const { columns } = table;
  if (told) {
    const [from, to, weight] = told.map((name) => {
      const column = columns.find((each) => each.name === name);
      if (!column) throw missingColumn(table, name, 'socialColumns');
      return column;
    });
    if (from === to)
      throw new DeepTasteError(
        'config',
        `${table.source}: the two ends of an edge must be two columns, found "${from.name}" twice; say --social-columns FROM,TO`,
        { path: table.source },
      );
    return [from, to, weight];
  }
  const names = columns.map((column) => column.name);
  if (columns.length < 2)
    throw new DeepTasteError(
      'data',
      `${table.source}: an edge needs two columns of users, found one (${names.join()}); say how columns are separated with --delimiter, or leave the file out with --no-social`,
      { path: table.source, columns: names },
    );
  const find = (known: readonly string[]): ImportedColumn | undefined =>
    known.flatMap((name) => columns.filter((column) => normalName(column.name) === name))[0];
  const [from, to, weight] = [find(fromNames), find(toNames), find(weightNames)];
  if (from && to) return [from, to, weight === from || weight === to ? undefined : weight];
  // without names, what follows the two ends is a strength or a time: it is not guessed
  if (columns.length === 2 || !table.named) return [columns[0], columns[1], undefined];
  throw new DeepTasteError(
    'config',
    `${table.source}: edges need a source and a target column; name them "source" and "target", or say --social-columns FROM,TO; columns: ${names.join(', ')}`,
    { path: table.source, columns: names },
  );
}
