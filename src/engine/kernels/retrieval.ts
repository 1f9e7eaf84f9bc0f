/**
 * The best k items of one query by dot product: scoring and choosing in one pass over the items, no score is kept. Threads take
 * blocks of items; each keeps a heap of its own best, the lowest on top, and the caller joins the heaps.
 *
 * Items lie in panels of eight, [⌈n/8⌉][width][8]. A score is summed in the order of the matrix product of gemm.ts, so it has the
 * same bytes as in a ranking.
 */
import * as op from './opcodes';
import { claim, nextPiece } from './control';
import { madd } from './simd';

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function pointer(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

let job: usize = 0;
let width: i32 = 0;
let nItems: i32 = 0;
let k: i32 = 0;
/** This thread's heap, the number of items in it, and the score that a further one must exceed. */
let heapItems: usize = 0;
let heapScores: usize = 0;
let count: i32 = 0;
let threshold: f32 = 0;
/** Scores of up to four panels. */
let group: usize = 0;

/** As in gemm.ts: depth of one pass, whose sums are added to those of the pass before. */
const K_BLOCK: i32 = 384;

// @ts-ignore: decorator
@inline
function scoreAt(n: i32): f32 {
  return load<f32>(heapScores + (<usize>n << 2));
}

// @ts-ignore: decorator
@inline
function itemAt(n: i32): i32 {
  return load<i32>(heapItems + (<usize>n << 2));
}

// @ts-ignore: decorator
@inline
function place(n: i32, item: i32, score: f32): void {
  store<i32>(heapItems + (<usize>n << 2), item);
  store<f32>(heapScores + (<usize>n << 2), score);
}

/** Whether the first stands below the second: a lower score, of equal ones the later item. */
// @ts-ignore: decorator
@inline
function isBelow(item: i32, score: f32, otherItem: i32, otherScore: f32): bool {
  return score < otherScore || (score == otherScore && item > otherItem);
}

/** Puts an item in the place of the lowest one. */
function sink(item: i32, score: f32): void {
  let n = 0;
  for (;;) {
    let child = 2 * n + 1;
    if (child >= count) break;
    if (child + 1 < count && isBelow(itemAt(child + 1), scoreAt(child + 1), itemAt(child), scoreAt(child))) child++;
    if (!isBelow(itemAt(child), scoreAt(child), item, score)) break;
    place(n, itemAt(child), scoreAt(child));
    n = child;
  }
  place(n, item, score);
}

function rise(item: i32, score: f32): void {
  let n = count++;
  while (n > 0) {
    const parent = (n - 1) >> 1;
    if (!isBelow(item, score, itemAt(parent), scoreAt(parent))) break;
    place(n, itemAt(parent), scoreAt(parent));
    n = parent;
  }
  place(n, item, score);
}

function isExcluded(item: i32): bool {
  const list = pointer(job, op.RETRIEVE_EXCLUDED);
  let low = 0, high = word(job, op.RETRIEVE_N_EXCLUDED);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (load<i32>(list + (<usize>middle << 2)) < item) low = middle + 1;
    else high = middle;
  }
  return low < word(job, op.RETRIEVE_N_EXCLUDED) && load<i32>(list + (<usize>low << 2)) == item;
}

/** Takes in what exceeds the threshold of the first n scores of the group, whose first item is `first`. */
function takeIn(first: i32, n: i32): void {
  for (let i = 0; i < n; i++) {
    const score = load<f32>(group + (<usize>i << 2));
    // later items of equal score stand below, and items come in their order
    if (!(score > threshold) || isExcluded(first + i)) continue;
    if (count < k) rise(first + i, score);
    else sink(first + i, score);
    if (count == k) threshold = scoreAt(0);
  }
}

/** Adds to what an earlier pass left there, or stores. */
// @ts-ignore: decorator
@inline
function keep(at: usize, sum: v128, isFirst: bool): v128 {
  if (!isFirst) sum = f32x4.add(sum, v128.load(at));
  v128.store(at, sum);
  return sum;
}

/** One pass over the depth of four panels, `bytes` apart; says which of the sums exceed the threshold so far. */
function addPanels(a: usize, bytes: usize, q: usize, depth: i32, isFirst: bool): v128 {
  let b = a + bytes, c = b + bytes, d = c + bytes;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  for (let n = depth; n > 0; n--) {
    const x = v128.load32_splat(q);
    s0 = madd(x, v128.load(a), s0); s1 = madd(x, v128.load(a, 16), s1);
    s2 = madd(x, v128.load(b), s2); s3 = madd(x, v128.load(b, 16), s3);
    s4 = madd(x, v128.load(c), s4); s5 = madd(x, v128.load(c, 16), s5);
    s6 = madd(x, v128.load(d), s6); s7 = madd(x, v128.load(d, 16), s7);
    q += 4; a += 32; b += 32; c += 32; d += 32;
  }
  const limit = f32x4.splat(threshold), to = group;
  let above = f32x4.gt(keep(to, s0, isFirst), limit);
  above = v128.or(above, f32x4.gt(keep(to + 16, s1, isFirst), limit));
  above = v128.or(above, f32x4.gt(keep(to + 32, s2, isFirst), limit));
  above = v128.or(above, f32x4.gt(keep(to + 48, s3, isFirst), limit));
  above = v128.or(above, f32x4.gt(keep(to + 64, s4, isFirst), limit));
  above = v128.or(above, f32x4.gt(keep(to + 80, s5, isFirst), limit));
  above = v128.or(above, f32x4.gt(keep(to + 96, s6, isFirst), limit));
  return v128.or(above, f32x4.gt(keep(to + 112, s7, isFirst), limit));
}

/** Scores of 32 items in four panels; whether any exceeds the threshold. */
function scoreGroup(panels: usize, query: usize): bool {
  const bytes = <usize>width << 5;
  let above = addPanels(panels, bytes, query, min(K_BLOCK, width), true);
  for (let done = K_BLOCK; done < width; done += K_BLOCK)
    above = addPanels(panels + (<usize>done << 5), bytes, query + (<usize>done << 2), min(K_BLOCK, width - done), false);
  return v128.any_true(above);
}

/** The items [from, to); the panels after the last one are part of the memory, so that four at a time can be read. */
function searchBlock(from: i32, to: i32): void {
  const query = pointer(job, op.RETRIEVE_QUERY);
  const panels = pointer(job, op.RETRIEVE_PANELS);
  for (let first = from; first < to; first += 32)
    if (scoreGroup(panels + ((<usize>first * width) << 2), query)) takeIn(first, min(32, to - first));
}

function open(record: usize, worker: i32): void {
  job = record;
  width = word(job, op.RETRIEVE_WIDTH);
  nItems = word(job, op.RETRIEVE_N_ITEMS);
  k = word(job, op.RETRIEVE_K);
  const heap = pointer(job, op.RETRIEVE_HEAPS) + <usize>worker * pointer(job, op.RETRIEVE_HEAP_BYTES);
  group = heap + 64;
  heapScores = group + 128;
  heapItems = heapScores + (<usize>k << 2);
  count = 0;
  threshold = -Infinity;
}

/** Leaves the number of items found in the first word of the heap's memory. */
function close(): void {
  store<i32>(group - 64, count);
}

/** All threads run this function side by side. */
export function runRetrieval(record: usize, worker: i32): void {
  open(record, worker);
  const nBlocks = (nItems + op.RETRIEVE_BLOCK - 1) / op.RETRIEVE_BLOCK;
  for (let b = claim(); b < nBlocks; b = claim())
    searchBlock(b * op.RETRIEVE_BLOCK, min(nItems, (b + 1) * op.RETRIEVE_BLOCK));
  nextPiece(nBlocks);
  close();
}

/** The same by the calling thread alone, as worker 0: for tables that are read sooner than other threads wake up. */
export function retrieveAlone(record: usize): void {
  open(record, 0);
  searchBlock(0, nItems);
  close();
}
