/** Which matrix EASE is solved by, and whether there is memory for it. */
import { DeepTasteError } from '../core/errors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { Sizes } from './model.ts';

/** n² float64 values must fit into WebAssembly's 4 GiB, with working memory beside them. */
const MOST_ROWS = 22_000;
/** Of one value of the matrix: in float64 while it is inverted, and in float32 as it is kept. */
const BYTES_PER_VALUE = 8 + 4;

/**
 * Users × users where that is at most an eighth of the work (an inverse takes n³ operations), or where only that fits; else
 * items × items, whose scores need no training rows.
 * @param available bytes of memory
 * @throws DeepTasteError `memory` when neither fits, saying what would
 */
export function solvedSide(train: SparseRows, { nUsers, nItems }: Sizes, available: number): 'items' | 'users' {
  const rows = Math.min(MOST_ROWS, Math.floor(Math.sqrt(available / BYTES_PER_VALUE)));
  const side = 2 * nUsers < nItems || (nUsers < nItems && nItems > rows) ? 'users' : 'items';
  const n = side === 'items' ? nItems : nUsers;
  if (n <= rows) return side;
  const found = `found ${count(nUsers, 'user')} and ${count(nItems, 'item')}`;
  const why =
    rows < MOST_ROWS
      ? `about ${gibibytes(n * n * BYTES_PER_VALUE)} of memory are needed, ${gibibytes(available)} are free`
      : `WebAssembly's 4 GiB hold a matrix of at most ${MOST_ROWS.toLocaleString('en')} rows`;
  throw new DeepTasteError(
    'memory',
    `ease: the matrix to invert, items × items or users × users, must fit into memory, ${found}: ${why}; ` +
      `what would fit: ${whatFits(train, nItems, rows)}; or use item-knn or ials`,
    { nUsers, nItems, rows },
  );
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
