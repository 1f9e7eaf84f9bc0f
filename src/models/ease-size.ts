/** Which matrix EASE is solved by and where, and whether there is memory for it. */
import { constants } from 'node:buffer';
import { DeepTasteError } from '../core/errors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import { missingBlasHint } from '../engine/runtime/blas.ts';
import type { Sizes } from '../scoring/scorer.ts';

/** n² float64 values must fit into WebAssembly's 4 GiB, with working memory beside them. */
const MOST_ROWS = 22_000;
/** Of one value of the matrix: in float64 while it is inverted, and in float32 as it is kept. */
const BYTES_PER_VALUE = 8 + 4;
/** The same outside WebAssembly's memory: in float32, kept where it was inverted, and what the inversion and rankings need beside it. */
const BYTES_OUTSIDE = 4.5;

/** What is inverted, and whether outside WebAssembly's memory: in float32, by the system BLAS. */
export interface Solution {
  readonly side: 'items' | 'users';
  readonly outside: boolean;
}

/** What a solution may use. */
export interface Means {
  /** Bytes of memory. */
  readonly available: number;
  readonly hasBlas: boolean;
}

/**
 * Inside WebAssembly's memory where that holds the matrix. Users × users where that is at most an eighth of the work (an inverse
 * takes n³ operations), or where only that fits; else items × items, whose scores need no training rows. Outside, the smaller one.
 * @throws DeepTasteError `memory` when neither fits, saying what would
 */
export function solutionFor(train: SparseRows, { nUsers, nItems }: Sizes, means: Means): Solution {
  const rows = Math.min(MOST_ROWS, rowsIn(means.available, BYTES_PER_VALUE));
  const side = 2 * nUsers < nItems || (nUsers < nItems && nItems > rows) ? 'users' : 'items';
  // more than fits is on the side with fewer
  const n = side === 'items' ? nItems : nUsers;
  if (n <= rows) return { side, outside: false };
  // no array takes more bytes than constants.MAX_LENGTH: 4 GiB before Node 22
  const outsideRows = rowsIn(Math.min(means.available, constants.MAX_LENGTH), BYTES_OUTSIDE);
  if (means.hasBlas && n <= outsideRows) return { side, outside: true };
  const most = means.hasBlas ? Math.max(rows, outsideRows) : rows;
  throw new DeepTasteError(
    'memory',
    `ease: the matrix to invert, items × items or users × users, must fit into memory, found ${count(nUsers, 'user')} and ` +
      `${count(nItems, 'item')}: ${insideRefusal(n, means)}; ${outsideRefusal(n, means)}; ` +
      `what would fit: ${whatFits(train, nItems, most)}; or use item-knn or ials`,
    { nUsers, nItems, rows: most },
  );
}

function rowsIn(bytes: number, bytesPerValue: number): number {
  return Math.floor(Math.sqrt(bytes / bytesPerValue));
}

function insideRefusal(n: number, { available }: Means): string {
  return n > MOST_ROWS
    ? `WebAssembly's 4 GiB hold a matrix of at most ${MOST_ROWS.toLocaleString('en')} rows`
    : `about ${gibibytes(n * n * BYTES_PER_VALUE)} of memory are needed, ${gibibytes(available)} are free`;
}

function outsideRefusal(n: number, { available, hasBlas }: Means): string {
  const bytes = n * n * BYTES_OUTSIDE;
  const needed = `outside WebAssembly's memory about ${gibibytes(bytes)} are needed, ${gibibytes(available)} are free`;
  const limit =
    bytes > constants.MAX_LENGTH && bytes <= available
      ? `, but this Node.js holds arrays of ${gibibytes(constants.MAX_LENGTH)} at most (Node.js 22 holds larger ones)`
      : '';
  return needed + limit + (hasBlas ? '' : `, and a system BLAS, found none in use (${missingBlasHint()})`);
}

/** The mildest k-core that leaves few enough items for sure: it can only leave fewer than have k users now. */
function whatFits(train: SparseRows, nItems: number, rows: number): string {
  const fewer = `at most ${count(rows, 'item')} or ${count(rows, 'user')}`;
  const nTakers = new Int32Array(nItems);
  for (const item of train.columns) nTakers[item]++;
  const falling = nTakers.sort().reverse();
  const core = falling[rows] + 1;
  const kept = falling.findIndex((n) => n < core);
  if (kept <= 0) return fewer;
  return `${fewer}, such as the at most ${count(kept, 'item')} that ${count(core, 'user')} or more took (--k-core ${core}, data.kCore)`;
}

function count(n: number, what: string): string {
  return `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
