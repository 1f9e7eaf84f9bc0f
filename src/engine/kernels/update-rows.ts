/** Updates of the rows of tables: which rows a batch touched, the sum of their gradients, and one visit to each. */
import * as op from './opcodes';
import { copyVector } from './elementwise';
import { adagradRow, adamRow, applyUpdate, isPlain } from './optimizers';
import { real, word } from './record';
import { beginWalk, mark, takeMarked } from './row-marks';
import { squares } from './update-dense';

/**
 * Sixteen neighbouring rows have one owner, the next sixteen another: no two workers write to one line of the cache, neither in
 * the tables nor in what is kept for every row. A worker serves every `threads`-th owner.
 */
// @ts-ignore: decorator
@inline
function ownerOf(row: u32): i32 {
  return <i32>((row >>> 4) & (op.OWNERS - 1));
}

/** The owners a worker serves, one bit each. */
function ownersOf(worker: i32, threads: i32): i32 {
  let owners = 0;
  for (let owner = worker; owner < op.OWNERS; owner += threads) owners |= 1 << owner;
  return owners;
}

// @ts-ignore: decorator
@inline
function isServed(owners: i32, row: u32): bool {
  return ((owners >>> ownerOf(row)) & 1) != 0;
}

/** Entries of a lookup list in a batch of `rows` rows. */
// @ts-ignore: decorator
@inline
function lengthOf(list: usize, rows: i32): i32 {
  const fixed = <i32>word(list, op.LIST_FIXED);
  return fixed ? fixed : rows * <i32>word(list, op.LIST_PER_ROW);
}

/**
 * Links the positions of every row this worker serves, in ascending order: head[row] → next[position] → … → −1, and marks the
 * rows in the bits of `marks` unless that is 0.
 */
function linkRows(group: usize, rows: i32, owners: i32, marks: usize): void {
  const nRows = <u32>word(group, op.GROUP_N_ROWS);
  const head = word(group, op.GROUP_HEAD), next = word(group, op.GROUP_NEXT);
  for (let list = <i32>word(group, op.GROUP_N_LISTS) - 1; list >= 0; list--) {
    const record = word(group, op.GROUP_LISTS) + (<usize>(list * op.LIST_WORDS) << 2);
    const index = word(record, op.LIST_INDEX), from = <i32>word(record, op.LIST_FIRST);
    for (let r = lengthOf(record, rows) - 1; r >= 0; r--) {
      const row = load<u32>(index + (<usize>r << 2));
      if (row >= nRows || !isServed(owners, row)) continue;
      const position = from + r;
      const later = load<i32>(head + (<usize>row << 2));
      store<i32>(next + (<usize>position << 2), later);
      store<i32>(head + (<usize>row << 2), position);
      if (marks && later < 0) mark(marks, nRows, row);
    }
  }
}

/** The gradient row of one position of a table: position = first of the list + row × slots of the list + slot. */
// @ts-ignore: decorator
@inline
function gradientOf(table: usize, position: i32): usize {
  let record = word(table, op.TABLE_GRADIENTS);
  while (position >= <i32>word(record, op.GRADIENT_WORDS + op.GRADIENT_FIRST)) record += op.GRADIENT_WORDS << 2;
  const base = word(record, op.GRADIENT_ADDRESS), stride = word(record, op.GRADIENT_STRIDE);
  const slots = <i32>word(record, op.GRADIENT_PER_ROW);
  const at = position - <i32>word(record, op.GRADIENT_FIRST);
  if (slots == 1) return base + ((<usize>at * stride) << 2);
  const row = at / slots;
  return base + ((<usize>row * stride + <usize>(at - row * slots) * word(table, op.TABLE_WIDTH)) << 2);
}

/** out = a + b, `width` elements. */
// @ts-ignore: decorator
@inline
function addVectors(a: usize, b: usize, out: usize, width: i32): void {
  let n = 0;
  for (; n + 4 <= width; n += 4)
    v128.store(out + (n << 2), f32x4.add(v128.load(a + (n << 2)), v128.load(b + (n << 2))));
  for (; n < width; n++) store<f32>(out + (n << 2), load<f32>(a + (n << 2)) + load<f32>(b + (n << 2)));
}

/** Sums a row's gradients into `sum`, or returns the only one in place. */
function sumRow(table: usize, next: usize, first: i32, sum: usize): usize {
  const width = <i32>word(table, op.TABLE_WIDTH);
  let position = load<i32>(next + (<usize>first << 2));
  const only = gradientOf(table, first);
  if (position < 0 && (width & 3) == 0) return only;
  for (let i = width; i & 3; i++) store<f32>(sum + (<usize>i << 2), 0);
  if (position < 0) {
    copyVector(sum, only, width);
    return sum;
  }
  // the first two are added into the working memory, the others to what stands there
  let soFar = only;
  for (; position >= 0; position = load<i32>(next + (<usize>position << 2))) {
    addVectors(soFar, gradientOf(table, position), sum, width);
    soFar = sum;
  }
  return sum;
}

function countUses(next: usize, position: i32): i32 {
  let uses = 0;
  for (; position >= 0; position = load<i32>(next + (<usize>position << 2))) uses++;
  return uses;
}

/** What one visit to a row needs besides the row; set once per stage. */
let visitOptimizer: usize = 0, visitSchedule: usize = 0, visitSum: usize = 0, visitNorms: usize = 0;
let visitFactor: f32 = 1, visitInverseRows: f32 = 1;
/** The optimizer's kind where it is a plain one, see `isPlain`; −1 where rows go through `visitRow`. */
let visitPlain: i32 = -1;

/** Updates the row of one table, or (with norms) adds its squares. first = −1: a row nothing touched. */
function visitRow(table: usize, next: usize, row: u32, first: i32): void {
  const width = <i32>word(table, op.TABLE_WIDTH);
  const padded = (width + 3) & ~3;
  let gradient = visitSum;
  if (first < 0) memory.fill(visitSum, 0, <usize>padded << 2);
  else gradient = sumRow(table, next, first, visitSum);
  if (visitNorms) {
    const sum = visitNorms + (<usize>ownerOf(row) << 3);
    store<f64>(sum, load<f64>(sum) + squares(gradient, width));
    return;
  }
  let l2 = real(visitOptimizer, op.OPTIMIZER_L2);
  if (l2 != 0 && load<i32>(visitOptimizer, op.OPTIMIZER_L2_TOUCHED << 2))
    l2 *= first < 0 ? <f32>0 : <f32>countUses(next, first) * visitInverseRows;
  const at = <usize>row * bytesOfRow(table);
  const w = word(table, op.TABLE_WEIGHTS) + at, s1 = word(table, op.TABLE_STATE_1), s2 = word(table, op.TABLE_STATE_2);
  if (width > 1) {
    updateVector(w, gradient, s1 + at, s2 + at, padded, l2);
    return;
  }
  const lanes = visitSum + 16;
  takeNumber(0, gradient, w, s1 ? s1 + at : 0, s2 ? s2 + at : 0);
  updateVector(lanes + 16, lanes, lanes + 32, lanes + 48, 4, l2);
  putNumber(0, w, s1 ? s1 + at : 0, s2 ? s2 + at : 0);
}

// @ts-ignore: decorator
@inline
function updateVector(w: usize, gradient: usize, s1: usize, s2: usize, n: i32, l2: f32): void {
  applyUpdate(
    visitOptimizer, w, gradient, s1, s2, n, load<f32>(visitSchedule), load<f32>(visitSchedule, 4), load<f32>(visitSchedule, 8),
    visitFactor, l2,
  );
}

/** Puts a row of a single number into lane j of four vectors behind `visitSum`: gradient, weight and state. */
// @ts-ignore: decorator
@inline
function takeNumber(j: usize, gradient: usize, w: usize, s1: usize, s2: usize): void {
  const lane = visitSum + 16 + (j << 2);
  store<f32>(lane, load<f32>(gradient));
  store<f32>(lane, load<f32>(w), 16);
  if (s1) store<f32>(lane, load<f32>(s1), 32);
  if (s2) store<f32>(lane, load<f32>(s2), 48);
}

/** Brings lane j back to its row. */
// @ts-ignore: decorator
@inline
function putNumber(j: usize, w: usize, s1: usize, s2: usize): void {
  const lane = visitSum + 16 + (j << 2);
  store<f32>(w, load<f32>(lane, 16));
  if (s1) store<f32>(s1, load<f32>(lane, 32));
  if (s2) store<f32>(s2, load<f32>(lane, 48));
}

/** Updates rows of single numbers by a plain rule, four of them at a time. */
function numbersBlock(table: usize, next: usize, block: usize, firsts: usize, n: i32): void {
  const weights = word(table, op.TABLE_WEIGHTS), s1 = word(table, op.TABLE_STATE_1), s2 = word(table, op.TABLE_STATE_2);
  const lanes = visitSum + 16;
  for (let k: usize = 0; k < <usize>n; k += 4) {
    const count = min<usize>(4, <usize>n - k);
    for (let j: usize = 0; j < count; j++) {
      const gradient = sumRow(table, next, load<i32>(firsts + ((k + j) << 2)), visitSum);
      const at = <usize>load<u32>(block + ((k + j) << 2)) << 2;
      takeNumber(j, gradient, weights + at, s1 ? s1 + at : 0, s2 ? s2 + at : 0);
    }
    updateVector(lanes + 16, lanes, lanes + 32, lanes + 48, 4, 0);
    for (let j: usize = 0; j < count; j++) {
      const at = <usize>load<u32>(block + ((k + j) << 2)) << 2;
      putNumber(j, weights + at, s1 ? s1 + at : 0, s2 ? s2 + at : 0);
    }
  }
}

/** Rows are padded to whole vectors, but for single numbers. */
// @ts-ignore: decorator
@inline
function bytesOfRow(table: usize): usize {
  const width = word(table, op.TABLE_WIDTH);
  return width == 1 ? 4 : ((width + 3) & ~3) << 2;
}

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

/** Adam on the rows of a block that were touched, with what is the same for all of them set once. */
function adamBlock(table: usize, next: usize, block: usize, firsts: usize, n: i32): void {
  const beta1 = real(visitOptimizer, op.OPTIMIZER_BETA_1), beta2 = real(visitOptimizer, op.OPTIMIZER_BETA_2);
  const b1 = f32x4.splat(beta1), b2 = f32x4.splat(beta2), d1 = f32x4.splat(1 - beta1), d2 = f32x4.splat(1 - beta2);
  const epsilon = f32x4.splat(real(visitOptimizer, op.OPTIMIZER_EPSILON));
  const c1 = f32x4.splat(load<f32>(visitSchedule) * load<f32>(visitSchedule, 4)), c2 = f32x4.splat(load<f32>(visitSchedule, 8));
  const weights = word(table, op.TABLE_WEIGHTS), s1 = word(table, op.TABLE_STATE_1), s2 = word(table, op.TABLE_STATE_2);
  const bytes = bytesOfRow(table), sum = visitSum;
  for (let k: usize = 0; k < <usize>n; k++) {
    const gradient = sumRow(table, next, load<i32>(firsts + (k << 2)), sum), at = <usize>load<u32>(block + (k << 2)) * bytes;
    adamRow(weights + at, gradient, s1 + at, s2 + at, bytes, b1, b2, d1, d2, epsilon, c1, c2);
  }
}

/** Adagrad in the same way. */
function adagradBlock(table: usize, next: usize, block: usize, firsts: usize, n: i32): void {
  const epsilon = f32x4.splat(real(visitOptimizer, op.OPTIMIZER_EPSILON)), step = f32x4.splat(load<f32>(visitSchedule));
  const weights = word(table, op.TABLE_WEIGHTS), s1 = word(table, op.TABLE_STATE_1), bytes = bytesOfRow(table), sum = visitSum;
  for (let k: usize = 0; k < <usize>n; k++) {
    const gradient = sumRow(table, next, load<i32>(firsts + (k << 2)), sum), at = <usize>load<u32>(block + (k << 2)) * bytes;
    adagradRow(weights + at, gradient, s1 + at, bytes, epsilon, step);
  }
}

/** Visits the rows of a block in every table of the group and forgets their positions. */
function visitBlock(group: usize, block: usize, n: i32): void {
  const head = word(group, op.GROUP_HEAD), next = word(group, op.GROUP_NEXT), firsts = block + (op.ROWS_AHEAD << 2);
  let table = word(group, op.GROUP_TABLES);
  for (let t = <i32>word(group, op.GROUP_N_TABLES); t > 0; t--) {
    if (visitPlain >= 0 && word(table, op.TABLE_WIDTH) == 1) numbersBlock(table, next, block, firsts, n);
    else if (visitPlain == op.ADAM) adamBlock(table, next, block, firsts, n);
    else if (visitPlain == op.ADAGRAD) adagradBlock(table, next, block, firsts, n);
    else
      for (let k: usize = 0; k < <usize>n; k++)
        visitRow(table, next, load<u32>(block + (k << 2)), load<i32>(firsts + (k << 2)));
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
  visitOptimizer = optimizer;
  visitSchedule = schedule;
  visitSum = scratch + ((2 * op.BLOCK_WORDS) << 2);
  visitNorms = norms;
  visitFactor = factor;
  visitInverseRows = <f32>1 / <f32>rows;
  visitPlain = !norms && isPlain(optimizer, factor) ? <i32>word(optimizer, op.OPTIMIZER_KIND) : -1;
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
