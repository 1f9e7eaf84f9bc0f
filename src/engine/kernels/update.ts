/** Optimizer updates: one pass over the weights of a dense block, or over the touched rows of tables. */
import * as op from './opcodes';

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

/**
 * Updates n contiguous weights from their gradient: g = clip(factor · gradient + l2 · w), then
 *   SGD       w −= η g
 *   momentum  v = β₁ v + g;  w −= η v
 *   Adagrad   a += g²;  w −= η g / √(a + ε)
 *   Adagrad with momentum  a += g²;  v = β₁ v − η g / √(a + ε);  w += v
 *   RMSprop   a = β₂ a + (1 − β₂) g²;  w −= η g / (√a + ε)
 *   Adam      m = β₁ m + (1 − β₁) g;  v = β₂ v + (1 − β₂) g²;  w −= η c₁ m / (√(c₂ v) + ε)
 *   FTRL      see applyFtrl
 */
function applyUpdate(
  optimizer: usize, w: usize, gradient: usize, s1: usize, s2: usize, n: i32,
  rate: f32, correction1: f32, correction2: f32, factor: f32, l2: f32,
): void {
  const kind = <i32>word(optimizer, op.OPTIMIZER_KIND);
  const clip = real(optimizer, op.OPTIMIZER_CLIP_VALUE);
  if (kind == op.ADAM && clip <= 0 && factor == 1 && l2 == 0) {
    applyAdam(optimizer, w, gradient, s1, s2, n, rate * correction1, correction2);
    return;
  }
  if (kind == op.FTRL) {
    applyFtrl(optimizer, w, gradient, s1, s2, n, rate, factor, clip);
    return;
  }
  if (kind == op.ADAGRAD && clip <= 0 && factor == 1 && l2 == 0) {
    applyAdagrad(optimizer, w, gradient, s1, n, rate);
    return;
  }
  const b1 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1)), b2 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_2));
  const d1 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_1)), d2 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_2));
  const epsilon = f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON));
  const step = f32x4.splat(rate), c1 = f32x4.splat(rate * correction1), c2 = f32x4.splat(correction2);
  const scale = f32x4.splat(factor), decay = f32x4.splat(l2);
  const high = f32x4.splat(clip), low = f32x4.splat(-clip);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    // a row is padded to a multiple of four elements, so the last load and store stay inside it
    let weight = v128.load(w + at);
    let g = f32x4.add(f32x4.mul(v128.load(gradient + at), scale), f32x4.mul(decay, weight));
    if (clip > 0) g = f32x4.pmax(f32x4.pmin(g, high), low);
    if (kind == op.ADAM) {
      const m = f32x4.add(f32x4.mul(b1, v128.load(s1 + at)), f32x4.mul(d1, g));
      const v = f32x4.add(f32x4.mul(b2, v128.load(s2 + at)), f32x4.mul(d2, f32x4.mul(g, g)));
      v128.store(s1 + at, m);
      v128.store(s2 + at, v);
      weight = f32x4.sub(weight, f32x4.div(f32x4.mul(c1, m), f32x4.add(f32x4.sqrt(f32x4.mul(c2, v)), epsilon)));
    } else if (kind == op.ADAGRAD) {
      const a = f32x4.add(v128.load(s1 + at), f32x4.mul(g, g));
      v128.store(s1 + at, a);
      weight = f32x4.sub(weight, f32x4.div(f32x4.mul(step, g), f32x4.sqrt(f32x4.add(a, epsilon))));
    } else if (kind == op.ADAGRAD_MOMENTUM) {
      const a = f32x4.add(v128.load(s1 + at), f32x4.mul(g, g));
      v128.store(s1 + at, a);
      const change = f32x4.div(f32x4.mul(step, g), f32x4.sqrt(f32x4.add(a, epsilon)));
      const v = f32x4.sub(f32x4.mul(b1, v128.load(s2 + at)), change);
      v128.store(s2 + at, v);
      weight = f32x4.add(weight, v);
    } else if (kind == op.RMSPROP) {
      const a = f32x4.add(f32x4.mul(b2, v128.load(s1 + at)), f32x4.mul(d2, f32x4.mul(g, g)));
      v128.store(s1 + at, a);
      weight = f32x4.sub(weight, f32x4.div(f32x4.mul(step, g), f32x4.add(f32x4.sqrt(a), epsilon)));
    } else if (kind == op.MOMENTUM) {
      const v = f32x4.add(f32x4.mul(b1, v128.load(s1 + at)), g);
      v128.store(s1 + at, v);
      weight = f32x4.sub(weight, f32x4.mul(step, v));
    } else weight = f32x4.sub(weight, f32x4.mul(step, g));
    v128.store(w + at, weight);
  }
}

/**
 * FTRL-proximal (McMahan et al., KDD 2013, algorithm 1) with s1 = n, the sum of squared gradients, and s2 = z:
 *   σ = (√(n + g²) − √n) / α;  z += g − σ w;  n += g²
 *   w = 0 where |z| ≤ λ₁, else −(z − sgn(z) λ₁) / ((β + √n) / α + λ₂)
 */
function applyFtrl(
  optimizer: usize, w: usize, gradient: usize, s1: usize, s2: usize, n: i32, rate: f32, factor: f32, clip: f32,
): void {
  const zero = f32x4.splat(0), scale = f32x4.splat(factor), perRate = f32x4.splat(1 / rate);
  const l1 = f32x4.splat(real(optimizer, op.OPTIMIZER_L1)), l2 = f32x4.splat(real(optimizer, op.OPTIMIZER_L2));
  const beta = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1));
  const high = f32x4.splat(clip), low = f32x4.splat(-clip), sign = f32x4.splat(-0.0);
  for (let i = 0; i < n; i += 4) {
    const at = <usize>i << 2;
    let g = f32x4.mul(v128.load(gradient + at), scale);
    if (clip > 0) g = f32x4.pmax(f32x4.pmin(g, high), low);
    const before = v128.load(s1 + at);
    const squares = f32x4.add(before, f32x4.mul(g, g));
    const root = f32x4.sqrt(squares);
    const sigma = f32x4.mul(f32x4.sub(root, f32x4.sqrt(before)), perRate);
    const old = v128.load(w + at);
    const z = f32x4.sub(f32x4.add(v128.load(s2 + at), g), f32x4.mul(sigma, old));
    v128.store(s1 + at, squares);
    v128.store(s2 + at, z);
    const excess = f32x4.sub(z, v128.or(l1, v128.and(sign, z)));
    const weight = f32x4.neg(f32x4.div(excess, f32x4.add(f32x4.mul(f32x4.add(beta, root), perRate), l2)));
    // NaN in z must stay NaN, so the zeros are chosen by |z| ≤ λ₁; without a gradient nothing moves, not even by rounding
    const next = v128.bitselect(zero, weight, f32x4.le(f32x4.abs(z), l1));
    v128.store(w + at, v128.bitselect(old, next, f32x4.eq(g, zero)));
  }
}

/** Adam on the gradient as it is: the most frequent update, without the choices of `applyUpdate`. */
function applyAdam(
  optimizer: usize, w: usize, gradient: usize, s1: usize, s2: usize, n: i32, rate: f32, correction2: f32,
): void {
  const b1 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_1)), b2 = f32x4.splat(real(optimizer, op.OPTIMIZER_BETA_2));
  const d1 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_1)), d2 = f32x4.splat(1 - real(optimizer, op.OPTIMIZER_BETA_2));
  const epsilon = f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON)), c1 = f32x4.splat(rate), c2 = f32x4.splat(correction2);
  for (let i = 0; i < n; i += 4) {
    const g = v128.load(gradient);
    const m = f32x4.add(f32x4.mul(b1, v128.load(s1)), f32x4.mul(d1, g));
    const v = f32x4.add(f32x4.mul(b2, v128.load(s2)), f32x4.mul(d2, f32x4.mul(g, g)));
    v128.store(s1, m);
    v128.store(s2, v);
    const change = f32x4.div(f32x4.mul(c1, m), f32x4.add(f32x4.sqrt(f32x4.mul(c2, v)), epsilon));
    v128.store(w, f32x4.sub(v128.load(w), change));
    gradient += 16;
    s1 += 16;
    s2 += 16;
    w += 16;
  }
}

/** Adagrad on the gradient as it is. */
function applyAdagrad(optimizer: usize, w: usize, gradient: usize, s1: usize, n: i32, rate: f32): void {
  const epsilon = f32x4.splat(real(optimizer, op.OPTIMIZER_EPSILON)), step = f32x4.splat(rate);
  for (let i = 0; i < n; i += 4) {
    const g = v128.load(gradient);
    const a = f32x4.add(v128.load(s1), f32x4.mul(g, g));
    v128.store(s1, a);
    const change = f32x4.div(f32x4.mul(step, g), f32x4.sqrt(f32x4.add(a, epsilon)));
    v128.store(w, f32x4.sub(v128.load(w), change));
    gradient += 16;
    s1 += 16;
    w += 16;
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

export function updateDense(dense: usize, optimizer: usize, schedule: usize, factor: f32, worker: i32, threads: i32): void {
  const n = <i32>word(dense, op.DENSE_LENGTH);
  const from = shareStart(n, worker, threads), end = shareStart(n, worker + 1, threads);
  const at = <usize>from << 2;
  applyUpdate(
    optimizer, word(dense, op.DENSE_WEIGHTS) + at, word(dense, op.DENSE_GRADIENT) + at,
    word(dense, op.DENSE_STATE_1) + at, word(dense, op.DENSE_STATE_2) + at, end - from,
    load<f32>(schedule), load<f32>(schedule, 4), load<f32>(schedule, 8), factor, real(optimizer, op.OPTIMIZER_L2),
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
 * Marks of touched rows: a bit for each row, and before them a bit for each 64 rows that hold a mark, so that the marked rows
 * are found in ascending order without looking at all. A table's rows are then visited as they lie in the memory. All bits are
 * 0 between two visits.
 */
// @ts-ignore: decorator
@inline
function mark(marks: usize, nRows: u32, row: u32): void {
  const word = row >>> 6;
  const summary = marks + (<usize>(word >>> 6) << 3);
  const bits = marks + summaryBytes(nRows) + (<usize>word << 3);
  store<u64>(summary, load<u64>(summary) | (<u64>1 << (word & 63)));
  store<u64>(bits, load<u64>(bits) | (<u64>1 << (row & 63)));
}

/** Bytes of the bits that stand for 64 rows each. */
// @ts-ignore: decorator
@inline
function summaryBytes(nRows: u32): usize {
  return <usize>((nRows + 4095) >>> 12) << 3;
}

/** Where a walk over marks stands: summary words done, the word of bits at hand, and what is left of both. */
let walkMarks: usize = 0;
let walkSummaries: u32 = 0, walkDone: u32 = 0, walkWord: u32 = 0;
let walkWords: u64 = 0, walkBits: u64 = 0;

function beginWalk(marks: usize, nRows: u32): void {
  walkMarks = marks;
  walkSummaries = (nRows + 4095) >>> 12;
  walkDone = 0;
  walkWords = 0;
  walkBits = 0;
}

/** Goes on to the next word of bits that holds a mark, and clears it; false when there is none. */
function nextMarkedWord(): bool {
  while (walkWords == 0) {
    if (walkDone == walkSummaries) return false;
    const summary = walkMarks + (<usize>walkDone << 3);
    walkWords = load<u64>(summary);
    store<u64>(summary, 0);
    walkDone++;
  }
  walkWord = ((walkDone - 1) << 6) + <u32>ctz(walkWords);
  walkWords &= walkWords - 1;
  const bits = walkMarks + (<usize>walkSummaries << 3) + (<usize>walkWord << 3);
  walkBits = load<u64>(bits);
  store<u64>(bits, 0);
  return true;
}

/** Writes the next marked rows into `rows`, at most `limit`; how many there are. */
function takeMarked(rows: usize, limit: i32): i32 {
  for (let n = 0; n < limit; n++) {
    if (walkBits == 0 && !nextMarkedWord()) return n;
    store<u32>(rows + (<usize>n << 2), (walkWord << 6) + <u32>ctz(walkBits));
    walkBits &= walkBits - 1;
  }
  return limit;
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
    memory.copy(sum, only, <usize>width << 2);
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
    else gradient = sumRow(table, next, first, visitSum);
    if (visitNorms) {
      const at = visitNorms + (<usize>ownerOf(row) << 3);
      store<f64>(at, load<f64>(at) + squares(gradient, width));
    } else {
      const at = (<usize>row * padded) << 2;
      applyUpdate(
        visitOptimizer, word(table, op.TABLE_WEIGHTS) + at, gradient, word(table, op.TABLE_STATE_1) + at,
        word(table, op.TABLE_STATE_2) + at, padded, load<f32>(visitSchedule), load<f32>(visitSchedule, 4),
        load<f32>(visitSchedule, 8), visitFactor, l2,
      );
    }
    table += op.TABLE_WORDS << 2;
  }
}

/** Keeps the loads of `touchRow` alive. */
let touched: i32 = 0;

/**
 * Reads one word of every cache line of a row, its state and its first gradient, so that their misses overlap with each other:
 * WebAssembly has no prefetch instruction.
 */
function touchRow(group: usize, row: u32): void {
  const position = load<i32>(word(group, op.GROUP_HEAD) + (<usize>row << 2));
  let table = word(group, op.GROUP_TABLES);
  let seen = 0;
  for (let t = <i32>word(group, op.GROUP_N_TABLES); t > 0; t--) {
    const bytes = ((word(table, op.TABLE_WIDTH) + 3) & ~3) << 2;
    const at = <usize>row * bytes;
    const w = word(table, op.TABLE_WEIGHTS) + at, gradient = gradientOf(table, position);
    const s1 = word(table, op.TABLE_STATE_1), s2 = word(table, op.TABLE_STATE_2);
    for (let n: usize = 0; n < <usize>bytes; n += 64) {
      seen ^= load<i32>(w + n) ^ load<i32>(gradient + n);
      if (s1) seen ^= load<i32>(s1 + at + n);
      if (s2) seen ^= load<i32>(s2 + at + n);
    }
    table += op.TABLE_WORDS << 2;
  }
  touched = seen;
}

/** Takes the next marked rows into `rows` and brings them into the cache; how many there are. */
function takeTouched(group: usize, rows: usize): i32 {
  const n = takeMarked(rows, op.ROWS_AHEAD);
  for (let k = 0; k < n; k++) touchRow(group, load<u32>(rows + (<usize>k << 2)));
  return n;
}

/** Visits the marked rows in ascending order; the next few are brought into the cache before some are visited. */
function visitMarked(group: usize, ahead: usize): void {
  const head = word(group, op.GROUP_HEAD);
  let now = ahead, later = ahead + (op.ROWS_AHEAD << 2);
  for (let n = takeTouched(group, now); n > 0; ) {
    const following = takeTouched(group, later);
    for (let k = 0; k < n; k++) {
      const row = load<u32>(now + (<usize>k << 2));
      visitRow(group, row, load<i32>(head + (<usize>row << 2)));
      store<i32>(head + (<usize>row << 2), -1);
    }
    const swap = now;
    now = later;
    later = swap;
    n = following;
  }
}

/**
 * Updates the rows of a group of tables that are looked up by the same indices: those that the batch touched, each once with
 * the sum of its gradients in batch order, or (dense groups) all rows, untouched ones with a zero gradient.
 * @param scratch working memory of this worker: 2 · ROWS_AHEAD numbers of rows, then a row as wide as the widest table
 * @param norms 0, or f64[OWNERS]: then no row changes and the squares of the gradients are added instead
 */
export function updateRows(
  group: usize, optimizer: usize, schedule: usize, factor: f32, rows: i32, scratch: usize, norms: usize,
  worker: i32, threads: i32,
): void {
  visitOptimizer = optimizer;
  visitSchedule = schedule;
  visitSum = scratch + ((2 * op.ROWS_AHEAD) << 2);
  visitNorms = norms;
  visitFactor = factor;
  visitInverseRows = <f32>1 / <f32>rows;
  const owners = ownersOf(worker, threads);
  const nRows = <u32>word(group, op.GROUP_N_ROWS);
  const head = word(group, op.GROUP_HEAD);
  if (word(group, op.GROUP_DENSE) && !norms) {
    linkRows(group, rows, owners, 0);
    for (let row: u32 = 0; row < nRows; row++) {
      if (!isServed(owners, row)) continue;
      visitRow(group, row, load<i32>(head + (<usize>row << 2)));
      store<i32>(head + (<usize>row << 2), -1);
    }
    return;
  }
  const marks = word(group, op.GROUP_MARKS) + <usize>worker * word(group, op.GROUP_MARK_BYTES);
  linkRows(group, rows, owners, marks);
  beginWalk(marks, nRows);
  visitMarked(group, scratch);
}
