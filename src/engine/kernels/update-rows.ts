/** Updates of the rows of tables: each row that a batch touched is visited once, in the order of the table. */
import * as op from './opcodes';
import { word } from './record';
import { gradientOf, isServed, linkRows, ownersOf } from './row-links';
import { beginWalk, takeMarked } from './row-marks';
import { bytesOfRow, setVisits, visitRow, visitRows } from './visit-rows';

/** Keeps the loads that bring memory into the cache. */
let touched: i32 = 0;

/** Reads a word of every cache line of rows of `bytes` bytes. */
function touchLines(base: usize, rows: usize, n: i32, bytes: usize): void {
  if (base == 0) return;
  let seen = 0;
  for (let k: usize = 0; k < <usize>n; k++) {
    const at = base + <usize>load<u32>(rows + (k << 2)) * bytes;
    for (let line: usize = 0; line < bytes; line += 64) seen ^= load<i32>(at + line);
  }
  touched = seen;
}

function touchGradients(table: usize, firsts: usize, n: i32, bytes: usize): void {
  let seen = 0;
  for (let k: usize = 0; k < <usize>n; k++) {
    const at = gradientOf(table, load<i32>(firsts + (k << 2)));
    for (let line: usize = 0; line < bytes; line += 64) seen ^= load<i32>(at + line);
  }
  touched = seen;
}

/**
 * A block is ROWS_AHEAD numbers of rows and the first position of each. Takes the next marked rows into it and reads their cache
 * lines and those of their state and first gradient: WebAssembly has no prefetch instruction, but loads that need nothing of
 * each other wait for memory at the same time, the more of them the fewer instructions lie between.
 * @returns how many rows there are
 */
function takeBlock(group: usize, block: usize): i32 {
  const n = takeMarked(block, op.ROWS_AHEAD);
  const head = word(group, op.GROUP_HEAD), firsts = block + (op.ROWS_AHEAD << 2);
  for (let k: usize = 0; k < <usize>n; k++)
    store<i32>(firsts + (k << 2), load<i32>(head + (<usize>load<u32>(block + (k << 2)) << 2)));
  let table = word(group, op.GROUP_TABLES);
  for (let t = <i32>word(group, op.GROUP_N_TABLES); t > 0; t--) {
    const bytes = bytesOfRow(table);
    touchGradients(table, firsts, n, bytes);
    touchLines(word(table, op.TABLE_WEIGHTS), block, n, bytes);
    touchLines(word(table, op.TABLE_STATE_1), block, n, bytes);
    touchLines(word(table, op.TABLE_STATE_2), block, n, bytes);
    table += op.TABLE_WORDS << 2;
  }
  return n;
}

/** Visits the rows of a block in every table of the group and forgets their positions. */
function visitBlock(group: usize, block: usize, n: i32): void {
  const head = word(group, op.GROUP_HEAD), next = word(group, op.GROUP_NEXT), firsts = block + (op.ROWS_AHEAD << 2);
  let table = word(group, op.GROUP_TABLES);
  for (let t = <i32>word(group, op.GROUP_N_TABLES); t > 0; t--) {
    visitRows(table, next, block, firsts, n);
    table += op.TABLE_WORDS << 2;
  }
  for (let k: usize = 0; k < <usize>n; k++) store<i32>(head + (<usize>load<u32>(block + (k << 2)) << 2), -1);
}

/** Visits the marked rows in ascending order; a block is brought into the cache before the one before it is visited. */
function visitMarked(group: usize, blocks: usize): void {
  let now = blocks, later = blocks + (op.BLOCK_WORDS << 2);
  for (let n = takeBlock(group, now); n > 0; ) {
    const following = takeBlock(group, later);
    visitBlock(group, now, n);
    const swap = now;
    now = later;
    later = swap;
    n = following;
  }
}

/** Visits all rows, whether touched or not. */
function visitAll(group: usize, owners: i32): void {
  const head = word(group, op.GROUP_HEAD), next = word(group, op.GROUP_NEXT), nRows = <u32>word(group, op.GROUP_N_ROWS);
  for (let row: u32 = 0; row < nRows; row++) {
    if (!isServed(owners, row)) continue;
    const first = head + (<usize>row << 2);
    let table = word(group, op.GROUP_TABLES);
    for (let t = <i32>word(group, op.GROUP_N_TABLES); t > 0; t--) {
      visitRow(table, next, row, load<i32>(first));
      table += op.TABLE_WORDS << 2;
    }
    store<i32>(first, -1);
  }
}

/**
 * Updates the rows of a group of tables that are looked up by the same indices: those that the batch touched, each once with
 * the sum of its gradients in batch order, or (dense groups) all rows, untouched ones with a zero gradient.
 * @param scratch working memory of this worker: two blocks, then a row as wide as the widest table, then four vectors
 * @param norms 0, or f64[OWNERS]: then no row changes and the squares of the gradients are added instead
 */
export function updateRows(
  group: usize, optimizer: usize, schedule: usize, factor: f32, rows: i32, scratch: usize, norms: usize,
  worker: i32, threads: i32,
): void {
  setVisits(optimizer, schedule, factor, rows, scratch + ((2 * op.BLOCK_WORDS) << 2), norms);
  const owners = ownersOf(worker, threads);
  if (word(group, op.GROUP_DENSE) && !norms) {
    linkRows(group, rows, owners, 0);
    visitAll(group, owners);
    return;
  }
  const marks = word(group, op.GROUP_MARKS) + <usize>worker * word(group, op.GROUP_MARK_BYTES);
  linkRows(group, rows, owners, marks);
  beginWalk(marks, <u32>word(group, op.GROUP_N_ROWS));
  visitMarked(group, scratch);
}
