/** One visit to a touched row: the sum of its gradients and the optimizer's rule, a row at a time or for a block of rows. */
import * as op from './opcodes';
import { adagradRow, adamRow, applyUpdate, isPlain } from './optimizers';
import { real, word } from './record';
import { countUses, ownerOf, sumRow } from './row-links';
import { squares } from './update-dense';

/** What one visit to a row needs besides the row; set once per stage. */
let visitOptimizer: usize = 0, visitSchedule: usize = 0, visitSum: usize = 0, visitNorms: usize = 0;
let visitFactor: f32 = 1, visitInverseRows: f32 = 1;
/** The optimizer's kind where it is a plain one, see `isPlain`; −1 where rows go one by one. */
let visitPlain: i32 = -1;

/**
 * What the visits of a stage have in common.
 * @param sum working memory: a row as wide as the widest table, then four vectors
 * @param norms 0, or f64[OWNERS]: then no row changes and the squares of the gradients are added instead
 */
export function setVisits(optimizer: usize, schedule: usize, factor: f32, rows: i32, sum: usize, norms: usize): void {
  visitOptimizer = optimizer;
  visitSchedule = schedule;
  visitSum = sum;
  visitNorms = norms;
  visitFactor = factor;
  visitInverseRows = <f32>1 / <f32>rows;
  visitPlain = !norms && isPlain(optimizer, factor) ? <i32>word(optimizer, op.OPTIMIZER_KIND) : -1;
}

/** Updates the row of one table, or (with norms) adds its squares. first = −1: a row nothing touched. */
export function visitRow(table: usize, next: usize, row: u32, first: i32): void {
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
export function bytesOfRow(table: usize): usize {
  const width = word(table, op.TABLE_WIDTH);
  return width == 1 ? 4 : ((width + 3) & ~3) << 2;
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

/** Visits n rows of a block in one table. @param firsts the first position of each */
export function visitRows(table: usize, next: usize, block: usize, firsts: usize, n: i32): void {
  if (visitPlain >= 0 && word(table, op.TABLE_WIDTH) == 1) numbersBlock(table, next, block, firsts, n);
  else if (visitPlain == op.ADAM) adamBlock(table, next, block, firsts, n);
  else if (visitPlain == op.ADAGRAD) adagradBlock(table, next, block, firsts, n);
  else
    for (let k: usize = 0; k < <usize>n; k++)
      visitRow(table, next, load<u32>(block + (k << 2)), load<i32>(firsts + (k << 2)));
}
