/** Optimizer updates: one pass over the weights of a dense block, or over the touched rows of tables. */
import * as op from './opcodes';
import { madd } from './simd';

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function real(record: usize, index: i32): f32 {
  return load<f32>(record + (<usize>index << 2));
}

/** What all updates of a stage share, set once by `beginUpdates`. */
let kind: i32 = 0;
let plain: bool = true;
let clip: f32 = 0;
let factor: f32 = 1;
let beta1: v128 = f32x4.splat(0), beta2: v128 = f32x4.splat(0), rest1: v128 = f32x4.splat(0), rest2: v128 = f32x4.splat(0);
let epsilon: v128 = f32x4.splat(0), step: v128 = f32x4.splat(0), step1: v128 = f32x4.splat(0), correct2: v128 = f32x4.splat(0);

/** @param schedule f32 learning rate, Adam's c₁ and c₂ of the step @param scale of all gradients (norm clipping) */
function beginUpdates(optimizer: usize, schedule: usize, scale: f32): void {
  kind = <i32>word(optimizer, op.OPTIMIZER_KIND);
  clip = real(optimizer, op.OPTIMIZER_CLIP_VALUE);
  factor = scale;
  plain = scale == 1 && clip == 0;
  const rate = load<f32>(schedule);
  beta1 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1));
  beta2 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_2));
  rest1 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_1));
  rest2 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_2));
  epsilon = f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON));
  step = f32x4.splat(rate);
  step1 = f32x4.splat(rate * load<f32>(schedule, 4));
  correct2 = f32x4.splat(load<f32>(schedule, 8));
}

/** gradient ← clip(factor · gradient + l2 · w), in place. */
function finishGradient(w: usize, gradient: usize, n: i32, l2: f32): void {
  const scale = f32x4.splat(factor), decay = f32x4.splat(l2);
  const high = f32x4.splat(clip), low = f32x4.splat(-clip);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    let g = f32x4.add(f32x4.mul(v128.load(gradient + at), scale), f32x4.mul(decay, v128.load(w + at)));
    if (clip > 0) g = f32x4.pmax(f32x4.pmin(g, high), low);
    v128.store(gradient + at, g);
  }
}

function adam(w: usize, gradient: usize, s1: usize, s2: usize, n: i32): void {
  const b1 = beta1, b2 = beta2, d1 = rest1, d2 = rest2, e = epsilon, c1 = step1, c2 = correct2;
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 16) {
    const g = v128.load(gradient + at);
    const m = madd(d1, g, f32x4.mul(b1, v128.load(s1 + at)));
    const v = madd(d2, f32x4.mul(g, g), f32x4.mul(b2, v128.load(s2 + at)));
    v128.store(s1 + at, m);
    v128.store(s2 + at, v);
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(c2, v)), e);
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.div(f32x4.mul(c1, m), root)));
  }
}

function adagrad(w: usize, gradient: usize, s1: usize, n: i32): void {
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 16) {
    const g = v128.load(gradient + at);
    const a = f32x4.add(v128.load(s1 + at), f32x4.mul(g, g));
    v128.store(s1 + at, a);
    const root = f32x4.sqrt(f32x4.add(a, epsilon));
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.div(f32x4.mul(step, g), root)));
  }
}

function rmsprop(w: usize, gradient: usize, s1: usize, n: i32): void {
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 16) {
    const g = v128.load(gradient + at);
    const a = f32x4.add(f32x4.mul(beta2, v128.load(s1 + at)), f32x4.mul(rest2, f32x4.mul(g, g)));
    v128.store(s1 + at, a);
    const root = f32x4.add(f32x4.sqrt(a), epsilon);
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.div(f32x4.mul(step, g), root)));
  }
}

function momentum(w: usize, gradient: usize, s1: usize, n: i32): void {
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 16) {
    const v = f32x4.add(f32x4.mul(beta1, v128.load(s1 + at)), v128.load(gradient + at));
    v128.store(s1 + at, v);
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(step, v)));
  }
}

function sgd(w: usize, gradient: usize, n: i32): void {
  for (let at: usize = 0, end = <usize>n << 2; at < end; at += 16)
    v128.store(w + at, f32x4.sub(v128.load(w + at), f32x4.mul(step, v128.load(gradient + at))));
}

/**
 * Updates n contiguous weights (a multiple of four; rows are padded) from their gradient, which may be overwritten:
 * g = clip(factor · gradient + l2 · w), then
 *   SGD       w −= η g
 *   momentum  v = β₁ v + g;  w −= η v
 *   Adagrad   a += g²;  w −= η g / √(a + ε)
 *   RMSprop   a = β₂ a + (1 − β₂) g²;  w −= η g / (√a + ε)
 *   Adam      m = β₁ m + (1 − β₁) g;  v = β₂ v + (1 − β₂) g²;  w −= η c₁ m / (√(c₂ v) + ε)
 */
function applyUpdate(w: usize, gradient: usize, s1: usize, s2: usize, n: i32, l2: f32): void {
  if (!plain || l2 != 0) finishGradient(w, gradient, n, l2);
  switch (kind) {
    case op.ADAM: adam(w, gradient, s1, s2, n); break;
    case op.ADAGRAD: adagrad(w, gradient, s1, n); break;
    case op.RMSPROP: rmsprop(w, gradient, s1, n); break;
    case op.MOMENTUM: momentum(w, gradient, s1, n); break;
    default: sgd(w, gradient, n);
  }
}

/** Sum of squares of n gradients, in float64. */
function squares(gradient: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const g = <f64>load<f32>(gradient + (<usize>i << 2));
    sum += g * g;
  }
  return sum;
}

/** Start of share `s` of `shares` shares of n elements, a multiple of 16. */
function shareStart(n: i32, s: i32, shares: i32): i32 {
  return s >= shares ? n : <i32>(((<i64>n * s) / shares) & ~15);
}

/** gradient[i] = Σ_lane accumulators[lane][i] over this worker's share; lanes are added in their order. */
export function reduceLanes(lanes: usize, laneBytes: i32, used: i32, out: usize, n: i32, worker: i32, threads: i32): void {
  const end = shareStart(n, worker + 1, threads);
  for (let i = shareStart(n, worker, threads); i < end; i += 4) {
    const at = <usize>i << 2;
    let sum = v128.load(lanes + at);
    for (let lane = 1; lane < used; lane++) sum = f32x4.add(sum, v128.load(lanes + <usize>lane * laneBytes + at));
    v128.store(out + at, sum);
  }
}

export function updateDense(dense: usize, optimizer: usize, schedule: usize, scale: f32, worker: i32, threads: i32): void {
  const n = <i32>word(dense, op.DENSE_LENGTH);
  const from = shareStart(n, worker, threads), end = shareStart(n, worker + 1, threads);
  const at = <usize>from << 2;
  beginUpdates(optimizer, schedule, scale);
  applyUpdate(
    word(dense, op.DENSE_WEIGHTS) + at, word(dense, op.DENSE_GRADIENT) + at,
    word(dense, op.DENSE_STATE_1) + at, word(dense, op.DENSE_STATE_2) + at, end - from, real(optimizer, op.OPTIMIZER_L2),
  );
}

/** Adds the squares of the dense gradients, owner by owner, to the partial sums. */
export function normDense(dense: usize, norms: usize, worker: i32, threads: i32): void {
  const n = <i32>word(dense, op.DENSE_LENGTH);
  for (let owner = worker; owner < op.OWNERS; owner += threads) {
    const from = shareStart(n, owner, op.OWNERS);
    const at = norms + (<usize>owner << 3);
    store<f64>(at, load<f64>(at) + squares(word(dense, op.DENSE_GRADIENT) + (<usize>from << 2), shareStart(n, owner + 1, op.OWNERS) - from));
  }
}

/** Rows belong to one of sixteen owners by a multiplicative hash; a worker serves every `threads`-th owner. */
// @ts-ignore: decorator
@inline
function ownerOf(row: u32): i32 {
  return <i32>((row * 0x9e3779b1) >>> 28);
}

/** Links the positions of every row this worker serves, in ascending order: head[row] → next[position] → … → −1. */
function linkRows(group: usize, rows: i32, batch: i32, worker: i32, threads: i32): void {
  const nRows = <u32>word(group, op.GROUP_N_ROWS);
  const head = word(group, op.GROUP_HEAD), next = word(group, op.GROUP_NEXT);
  for (let list = <i32>word(group, op.GROUP_N_LISTS) - 1; list >= 0; list--) {
    const index = word(word(group, op.GROUP_LISTS), list);
    for (let r = rows - 1; r >= 0; r--) {
      const row = load<u32>(index + (<usize>r << 2));
      if (row >= nRows || ownerOf(row) % threads != worker) continue;
      const position = list * batch + r;
      store<i32>(next + (<usize>position << 2), load<i32>(head + (<usize>row << 2)));
      store<i32>(head + (<usize>row << 2), position);
    }
  }
}

/** The gradient row of one position of a table. */
// @ts-ignore: decorator
@inline
function gradientOf(table: usize, position: i32, batch: i32): usize {
  const list = position / batch;
  const record = word(table, op.TABLE_GRADIENTS) + (<usize>list << 3);
  return word(record, 0) + ((<usize>(position - list * batch) * word(record, 1)) << 2);
}

/** Sums a row's gradients into `sum`, or returns the only one in place. */
function sumRow(table: usize, next: usize, first: i32, batch: i32, sum: usize): usize {
  const width = <i32>word(table, op.TABLE_WIDTH);
  let position = load<i32>(next + (<usize>first << 2));
  let total = gradientOf(table, first, batch);
  if (position < 0 && (width & 3) == 0) return total;
  if (position < 0) copyRow(sum, total, width);
  while (position >= 0) {
    addRows(sum, total, gradientOf(table, position, batch), width);
    total = sum;
    position = load<i32>(next + (<usize>position << 2));
  }
  for (let i = width; i & 3; i++) store<f32>(sum + (<usize>i << 2), 0);
  return sum;
}

function copyRow(to: usize, from: usize, width: i32): void {
  for (let n = 0; n < width; n++) store<f32>(to + (n << 2), load<f32>(from + (n << 2)));
}

function addRows(sum: usize, a: usize, b: usize, width: i32): void {
  let n = 0;
  for (; n + 4 <= width; n += 4)
    v128.store(sum + (n << 2), f32x4.add(v128.load(a + (n << 2)), v128.load(b + (n << 2))));
  for (; n < width; n++) store<f32>(sum + (n << 2), load<f32>(a + (n << 2)) + load<f32>(b + (n << 2)));
}

function countUses(next: usize, position: i32): i32 {
  let uses = 0;
  for (; position >= 0; position = load<i32>(next + (<usize>position << 2))) uses++;
  return uses;
}

/** What one visit to a row needs besides the row; set once per stage. */
let visitOptimizer: usize = 0, visitSum: usize = 0, visitNorms: usize = 0;
let visitInverseRows: f32 = 1;
let visitBatch: i32 = 0;

/** Updates the row in every table of the group, or (with norms) adds its squares. first = −1: a row nothing touched. */
function visitRow(group: usize, row: u32, first: i32): void {
  const next = word(group, op.GROUP_NEXT);
  let table = word(group, op.GROUP_TABLES);
  const nTables = <i32>word(group, op.GROUP_N_TABLES);
  let l2 = visitNorms ? <f32>0 : real(visitOptimizer, op.OPTIMIZER_L2);
  if (l2 != 0 && load<i32>(visitOptimizer, op.OPTIMIZER_L2_TOUCHED << 2))
    l2 *= first < 0 ? <f32>0 : <f32>countUses(next, first) * visitInverseRows;
  for (let t = 0; t < nTables; t++) {
    const width = <i32>word(table, op.TABLE_WIDTH);
    const padded = (width + 3) & ~3;
    let gradient = visitSum;
    if (first < 0) memory.fill(visitSum, 0, <usize>padded << 2);
    else gradient = sumRow(table, next, first, visitBatch, visitSum);
    if (visitNorms) {
      const at = visitNorms + (<usize>ownerOf(row) << 3);
      store<f64>(at, load<f64>(at) + squares(gradient, width));
    } else {
      const at = (<usize>row * padded) << 2;
      applyUpdate(
        word(table, op.TABLE_WEIGHTS) + at, gradient, word(table, op.TABLE_STATE_1) + at,
        word(table, op.TABLE_STATE_2) + at, padded, l2,
      );
    }
    table += op.TABLE_WORDS << 2;
  }
}

/** How many positions ahead rows are brought into the cache. */
const AHEAD: i32 = 3;
/** Keeps the loads of `touchRow` alive. */
let touched: i32 = 0;

/**
 * Reads one word of every cache line of a row and its state, so that their misses overlap with the work on earlier rows.
 * WebAssembly has no prefetch instruction.
 */
function touchRow(group: usize, row: u32): void {
  let table = word(group, op.GROUP_TABLES);
  const nTables = <i32>word(group, op.GROUP_N_TABLES);
  let seen = 0;
  for (let t = 0; t < nTables; t++) {
    const bytes = ((<usize>word(table, op.TABLE_WIDTH) + 3) & ~3) << 2;
    const at = <usize>row * bytes;
    const w = word(table, op.TABLE_WEIGHTS) + at;
    const s1 = word(table, op.TABLE_STATE_1), s2 = word(table, op.TABLE_STATE_2);
    for (let n: usize = 0; n < bytes; n += 64) {
      seen ^= load<i32>(w + n);
      if (s1) seen ^= load<i32>(s1 + at + n);
      if (s2) seen ^= load<i32>(s2 + at + n);
    }
    table += op.TABLE_WORDS << 2;
  }
  touched = seen;
}

/**
 * Updates the rows of a group of tables that are looked up by the same indices: those that the batch touched, each once with
 * the sum of its gradients in batch order, or (dense groups) all rows, untouched ones with a zero gradient.
 * @param sum working memory of this worker, as wide as the widest table
 * @param norms 0, or f64[OWNERS]: then no row changes and the squares of the gradients are added instead
 */
export function updateRows(
  group: usize, optimizer: usize, schedule: usize, scale: f32, rows: i32, batch: i32, sum: usize, norms: usize,
  worker: i32, threads: i32,
): void {
  if (!norms) beginUpdates(optimizer, schedule, scale);
  visitOptimizer = optimizer;
  visitSum = sum;
  visitNorms = norms;
  visitInverseRows = <f32>1 / <f32>rows;
  visitBatch = batch;
  linkRows(group, rows, batch, worker, threads);
  const nRows = <u32>word(group, op.GROUP_N_ROWS);
  const head = word(group, op.GROUP_HEAD);
  if (word(group, op.GROUP_DENSE) && !norms) {
    for (let row: u32 = 0; row < nRows; row++) {
      if (ownerOf(row) % threads != worker) continue;
      visitRow(group, row, load<i32>(head + (<usize>row << 2)));
      store<i32>(head + (<usize>row << 2), -1);
    }
    return;
  }
  const nLists = <i32>word(group, op.GROUP_N_LISTS);
  for (let list = 0; list < nLists; list++) {
    const index = word(word(group, op.GROUP_LISTS), list);
    for (let r = 0; r < rows; r++) {
      if (r + AHEAD < rows) {
        const later = load<u32>(index + (<usize>(r + AHEAD) << 2));
        if (later < nRows && ownerOf(later) % threads == worker) touchRow(group, later);
      }
      const row = load<u32>(index + (<usize>r << 2));
      const position = list * batch + r;
      if (row >= nRows || ownerOf(row) % threads != worker || load<i32>(head + (<usize>row << 2)) != position) continue;
      visitRow(group, row, position);
      store<i32>(head + (<usize>row << 2), -1);
    }
  }
}
