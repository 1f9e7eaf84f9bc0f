/**
 * Ranks items for many users: scores a user's candidates, counts how many stand above each relevant item, keeps the best k.
 * Threads take blocks of users; nothing of size users × items is ever kept unless the caller asks for all scores.
 */
import * as op from './opcodes';
import { allowBlas } from './blas';
import { claim, nextPiece } from './control';
import { dot } from './elementwise';
import { gemm } from './gemm';
import { runProgram } from './program';
import { setBases, setPair, setTile } from './tile';

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

// @ts-ignore: decorator
@inline
function element(array: usize, index: i32): i32 {
  return load<i32>(array + (<usize>index << 2));
}

let job: usize = 0;
let scores: usize = 0;
let gathered: usize = 0;
let userRows: usize = 0;
/** A number for each user of the training, where scores go over them. */
let reached: usize = 0;

/** Working memory of a worker: program scratch, [block × nItems] scores, gathered item rows, [block × width] user rows. */
function layOutWork(worker: i32): void {
  let at = pointer(job, op.RANK_WORK) + <usize>worker * pointer(job, op.RANK_WORK_BYTES);
  residues = at + pointer(job, op.RANK_WORK_BYTES) - op.RANK_BOUND_BYTES;
  reached = residues - ((<usize>word(job, op.RANK_N_ROWS) + 15 >> 4) << 6);
  setBases(at, 0);
  at += pointer(job, op.RANK_SCRATCH_BYTES);
  scores = at;
  at += (<usize>word(job, op.RANK_BLOCK) * max(word(job, op.RANK_N_ITEMS), word(job, op.RANK_MAX_CANDIDATES)) + 16) << 2;
  gathered = at;
  at += (<usize>word(job, op.RANK_MAX_CANDIDATES) * word(job, op.RANK_ITEM_STRIDE) + 16) << 2;
  userRows = at;
}

/** Room for scores of all items of one user, behind the rows that the forms put in front. */
// @ts-ignore: decorator
@inline
function oneRow(): usize {
  return userRows + ((<usize>word(job, op.RANK_BLOCK) * word(job, op.RANK_WIDTH)) << 2);
}

// @ts-ignore: decorator
@inline
function userRow(user: i32): usize {
  return pointer(job, op.RANK_USER_TABLE) + ((<usize>user * word(job, op.RANK_USER_STRIDE)) << 2);
}

// @ts-ignore: decorator
@inline
function itemRow(item: i32): usize {
  return pointer(job, op.RANK_ITEM_TABLE) + ((<usize>item * word(job, op.RANK_ITEM_STRIDE)) << 2);
}

/** Runs the pair program over n item rows for one user; scores go to `out`. */
function scorePairs(user: i32, items: usize, n: i32, out: usize, scratch: usize): void {
  const tile = word(job, op.RANK_TILE), program = pointer(job, op.RANK_PROGRAM), length = word(job, op.RANK_PROGRAM_LENGTH);
  setPair(userRow(user), items);
  for (let start = 0; start < n; start += tile) {
    setBases(scratch, out + (<usize>start << 2));
    setTile(start, min(tile, n - start));
    runProgram(program, length);
  }
}

/** out[i] = Σ over the items j of the user's history of weight[j, i] */
function scoreHistory(user: i32, out: usize): void {
  const nItems = word(job, op.RANK_N_ITEMS);
  const columns = pointer(job, op.RANK_HISTORY_COLUMNS), start = pointer(job, op.RANK_HISTORY_START);
  const weights = pointer(job, op.RANK_WEIGHTS);
  memory.fill(out, 0, <usize>nItems << 2);
  for (let k = element(start, user); k < element(start, user + 1); k++) {
    const j = element(columns, k);
    if (word(job, op.RANK_FORM) == op.FORM_HISTORY_DENSE) {
      const row = weights + ((<usize>j * nItems) << 2);
      let i = 0;
      for (; i + 4 <= nItems; i += 4)
        v128.store(out + (i << 2), f32x4.add(v128.load(out + (i << 2)), v128.load(row + (i << 2))));
      for (; i < nItems; i++) store<f32>(out + (i << 2), load<f32>(out + (i << 2)) + load<f32>(row + (i << 2)));
    } else {
      const from = element(pointer(job, op.RANK_WEIGHT_START), j), to = element(pointer(job, op.RANK_WEIGHT_START), j + 1);
      for (let w = from; w < to; w++) {
        const at = out + (<usize>element(pointer(job, op.RANK_WEIGHT_COLUMNS), w) << 2);
        store<f32>(at, load<f32>(at) + load<f32>(weights + (<usize>w << 2)));
      }
    }
  }
}

/**
 * For the rows r of up to four users, put into userRows with four lanes a number:
 *   out[i] = h_i + scale_i · (Σ over the users v who took item i of r_v − h_i),  h_i = 1 for the items of the user's history, else 0
 */
function scoreTakers(from: i32, to: i32, out: usize): void {
  const nItems = word(job, op.RANK_N_ITEMS), users = pointer(job, op.RANK_USERS), width = word(job, op.RANK_WIDTH);
  const rowBytes = <usize>nItems << 2, nUsers = to - from;
  const history = pointer(job, op.RANK_HISTORY_START), columns = pointer(job, op.RANK_HISTORY_COLUMNS);
  memory.fill(userRows, 0, <usize>width << 4);
  memory.fill(out, 0, rowBytes * nUsers);
  for (let n = 0; n < nUsers; n++) {
    const user = element(users, from + n), row = userRow(user), lane = userRows + (<usize>n << 2);
    for (let v: usize = 0; v < <usize>width; v++) store<f32>(lane + (v << 4), load<f32>(row + (v << 2)));
    const own = out + rowBytes * n;
    for (let k = element(history, user); k < element(history, user + 1); k++)
      store<f32>(own + (<usize>element(columns, k) << 2), 1);
  }
  const takers = pointer(job, op.RANK_WEIGHT_COLUMNS), start = pointer(job, op.RANK_WEIGHT_START);
  for (let i = 0; i < nItems; i++) {
    let low = f64x2.splat(0), high = f64x2.splat(0);
    for (let k = element(start, i), end = element(start, i + 1); k < end; k++) {
      const values = v128.load(userRows + (<usize>element(takers, k) << 4));
      low = f64x2.add(low, f64x2.promote_low_f32x4(values));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(values, values, 1, 0)));
    }
    const scale = <f64>load<f32>(pointer(job, op.RANK_WEIGHTS) + (<usize>i << 2));
    const at = out + (<usize>i << 2);
    storeAboveOwn(at, f64x2.extract_lane(low, 0), scale);
    if (nUsers > 1) storeAboveOwn(at + rowBytes, f64x2.extract_lane(low, 1), scale);
    if (nUsers > 2) storeAboveOwn(at + 2 * rowBytes, f64x2.extract_lane(high, 0), scale);
    if (nUsers > 3) storeAboveOwn(at + 3 * rowBytes, f64x2.extract_lane(high, 1), scale);
  }
}

// @ts-ignore: decorator
@inline
function storeAboveOwn(at: usize, sum: f64, scale: f64): void {
  const own = <f64>load<f32>(at);
  store<f32>(at, <f32>(own + scale * (sum - own)));
}

/**
 * Two steps in the graph of users and items, from a user's items to the users who took them and on to their items:
 *   out[i] = b_i Σ over the users v who took item i of a_v Σ over the items j that both took of b_j
 */
function scoreTwoSteps(user: i32, out: usize): void {
  const history = pointer(job, op.RANK_HISTORY_START), items = pointer(job, op.RANK_HISTORY_COLUMNS);
  const takerStart = pointer(job, op.RANK_WEIGHT_START), takers = pointer(job, op.RANK_WEIGHT_COLUMNS);
  const rowStart = pointer(job, op.RANK_ROW_START), columns = pointer(job, op.RANK_ROW_COLUMNS);
  const itemScale = pointer(job, op.RANK_WEIGHTS), rowScale = pointer(job, op.RANK_ROW_SCALE);
  const nRows = word(job, op.RANK_N_ROWS);
  memory.fill(out, 0, <usize>word(job, op.RANK_N_ITEMS) << 2);
  memory.fill(reached, 0, <usize>nRows << 2);
  for (let k = element(history, user), end = element(history, user + 1); k < end; k++) {
    const j = element(items, k), x = load<f32>(itemScale + (<usize>j << 2));
    for (let t = element(takerStart, j), last = element(takerStart, j + 1); t < last; t++) {
      const at = reached + (<usize>element(takers, t) << 2);
      store<f32>(at, load<f32>(at) + x);
    }
  }
  for (let v = 0; v < nRows; v++) {
    const sum = load<f32>(reached + (<usize>v << 2));
    if (sum == 0) continue;
    const x = sum * load<f32>(rowScale + (<usize>v << 2));
    for (let k = element(rowStart, v), end = element(rowStart, v + 1); k < end; k++) {
      const i = <usize>element(columns, k) << 2;
      store<f32>(out + i, load<f32>(out + i) + x * load<f32>(itemScale + i));
    }
  }
}

/** Scores of all items for the users at positions [from, to), one row of nItems each. */
function scoreAll(from: i32, to: i32, scratch: usize): void {
  const nItems = word(job, op.RANK_N_ITEMS), users = pointer(job, op.RANK_USERS);
  const form = word(job, op.RANK_FORM);
  if (form == op.FORM_DOT || form == op.FORM_TWO_STEPS) {
    const width = word(job, op.RANK_WIDTH);
    for (let n = from; n < to; n++)
      memory.copy(userRows + ((<usize>(n - from) * width) << 2), userRow(element(users, n)), <usize>width << 2);
    gemm(userRows, width, 1, pointer(job, op.RANK_PANELS), 8, 8 * width, scores, nItems, to - from, nItems, width, 0, 0);
    if (form == op.FORM_DOT) return;
    const steps = oneRow();
    for (let n = from; n < to; n++) {
      const out = scores + ((<usize>(n - from) * nItems) << 2);
      scoreTwoSteps(element(users, n), steps);
      for (let i: usize = 0; i < <usize>nItems << 2; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(steps + i));
    }
    return;
  }
  if (form == op.FORM_TAKERS) {
    scoreTakers(from, to, scores);
    return;
  }
  for (let n = from; n < to; n++) {
    const out = scores + ((<usize>(n - from) * nItems) << 2);
    if (form == op.FORM_PAIR)
      scorePairs(element(users, n), pointer(job, op.RANK_ITEM_TABLE), nItems, out, scratch);
    else scoreHistory(element(users, n), out);
  }
}

/** NaN → −∞: a score that is not a number stands below every number, and NaN is free to mark "no candidate". */
function replaceNaN(array: usize, n: i32): void {
  const lowest = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(array + (i << 2));
    v128.store(array + (i << 2), v128.bitselect(v, lowest, f32x4.eq(v, v)));
  }
  for (; i < n; i++) {
    const v = load<f32>(array + (i << 2));
    if (v != v) store<f32>(array + (i << 2), -Infinity);
  }
}

/** Items that rank last get −∞, in a row of all items. */
function placeLast(array: usize): void {
  const last = pointer(job, op.RANK_LAST);
  for (let k = 0; k < word(job, op.RANK_N_LAST); k++) store<f32>(array + (<usize>element(last, k) << 2), -Infinity);
}

/** The same among the listed items names[0 … n). */
function placeListedLast(array: usize, names: usize, n: i32): void {
  const isLast = pointer(job, op.RANK_IS_LAST);
  if (!isLast) return;
  for (let i = 0; i < n; i++)
    if (load<u8>(isLast + <usize>element(names, i))) store<f32>(array + (<usize>i << 2), -Infinity);
}

/** Marks the user's excluded items with NaN; relevant items (positions n) keep their scores. Returns how many are left. */
function exclude(array: usize, user: i32, n: i32): i32 {
  const nItems = word(job, op.RANK_N_ITEMS);
  const start = pointer(job, op.RANK_EXCLUDED_START), columns = pointer(job, op.RANK_EXCLUDED_COLUMNS);
  if (!start) return nItems;
  const relevantStart = pointer(job, op.RANK_RELEVANT_START), relevant = pointer(job, op.RANK_RELEVANT_COLUMNS);
  const from = relevantStart ? element(relevantStart, n) : 0, to = relevantStart ? element(relevantStart, n + 1) : 0;
  let left = nItems;
  for (let k = element(start, user); k < element(start, user + 1); k++) {
    const item = element(columns, k);
    let kept = false;
    for (let r = from; r < to; r++) if (element(relevant, r) == item) kept = true;
    const at = array + (<usize>item << 2);
    const value = load<f32>(at);
    if (kept || value != value) continue;
    store<f32>(at, NaN);
    left--;
  }
  return left;
}

let above: i32 = 0;
let same: i32 = 0;

/** Counts scores above and equal to `score` among n (the item itself counts as equal). */
function count(array: usize, n: i32, score: f32): void {
  const s = f32x4.splat(score);
  let greater = i32x4.splat(0), equal = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(array + (i << 2));
    greater = i32x4.sub(greater, f32x4.gt(v, s));
    equal = i32x4.sub(equal, f32x4.eq(v, s));
  }
  above = i32x4.extract_lane(greater, 0) + i32x4.extract_lane(greater, 1) + i32x4.extract_lane(greater, 2) + i32x4.extract_lane(greater, 3);
  same = i32x4.extract_lane(equal, 0) + i32x4.extract_lane(equal, 1) + i32x4.extract_lane(equal, 2) + i32x4.extract_lane(equal, 3);
  for (; i < n; i++) {
    const v = load<f32>(array + (i << 2));
    if (v > score) above++;
    if (v == score) same++;
  }
}

function storeCounts(at: i32): void {
  store<i32>(pointer(job, op.RANK_GREATER) + (<usize>at << 2), above);
  store<i32>(pointer(job, op.RANK_EQUAL) + (<usize>at << 2), same - 1);
}

/** Inserts `item` into a list of k sorted by falling score; equal scores keep the order in which they came. */
function insert(items: usize, values: usize, k: i32, item: i32, score: f32): void {
  let n = k - 1;
  for (; n > 0 && load<f32>(values + ((n - 1) << 2)) < score; n--) {
    store<f32>(values + (n << 2), load<f32>(values + ((n - 1) << 2)));
    store<i32>(items + (n << 2), element(items, n - 1));
  }
  store<f32>(values + (n << 2), score);
  store<i32>(items + (n << 2), item);
}

/** Lists up to this length begin with a bound from the maxima of the residues modulo 64. */
const MOST_BOUNDED: i32 = 32;
/** Working memory of a bound: 64 maxima, then the best of them. */
let residues: usize = 0;

/**
 * A score that at least k of n candidates reach, −∞ when none is known: the k-th best of the maxima of 64 residue classes of
 * positions. Without it the list would take in k ln(n / k) scores that later ones drive out.
 */
function lowerBound(array: usize, n: i32, k: i32): f32 {
  const best = residues + 256;
  if (k > MOST_BOUNDED || n < 128) return -Infinity;
  let a = f32x4.splat(-Infinity), b = a, c = a, d = a;
  for (let quarter: usize = 0; quarter < 256; quarter += 64) {
    a = f32x4.splat(-Infinity); b = a; c = a; d = a;
    // pmax(x, NaN) is x: what is no candidate counts for nothing
    for (let i: usize = quarter; i + 64 <= <usize>n << 2; i += 256) {
      a = f32x4.pmax(a, v128.load(array + i)); b = f32x4.pmax(b, v128.load(array + i, 16));
      c = f32x4.pmax(c, v128.load(array + i, 32)); d = f32x4.pmax(d, v128.load(array + i, 48));
    }
    v128.store(residues + quarter, a); v128.store(residues + quarter, b, 16);
    v128.store(residues + quarter, c, 32); v128.store(residues + quarter, d, 48);
  }
  const last = best + (<usize>(k - 1) << 2);
  for (let i = 0; i < k; i++) store<f32>(best + (<usize>i << 2), -Infinity);
  for (let i = 0; i < 64; i++) {
    const value = load<f32>(residues + (<usize>i << 2));
    if (!(value > load<f32>(last))) continue;
    let at = last;
    for (; at > best && load<f32>(at - 4) < value; at -= 4) store<f32>(at, load<f32>(at - 4));
    store<f32>(at, value);
  }
  return load<f32>(last);
}

/** The best k of n scores; `names` maps positions to items (0 = the position is the item). */
function top(array: usize, n: i32, names: usize, position: i32): void {
  const k = word(job, op.RANK_TOP_K);
  const items = pointer(job, op.RANK_TOP_ITEMS) + ((<usize>position * k) << 2);
  const values = pointer(job, op.RANK_TOP_SCORES) + ((<usize>position * k) << 2);
  for (let i = 0; i < k; i++) {
    store<i32>(items + (i << 2), -1);
    store<f32>(values + (i << 2), -Infinity);
  }
  const last = values + (<usize>(k - 1) << 2), bound = lowerBound(array, n, k);
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const at = array + (<usize>i << 2), lowest = load<f32>(last);
    const limit = f32x4.splat(bound > lowest ? bound : lowest);
    const low = v128.or(f32x4.ge(v128.load(at), limit), f32x4.ge(v128.load(at, 16), limit));
    const high = v128.or(f32x4.ge(v128.load(at, 32), limit), f32x4.ge(v128.load(at, 48), limit));
    if (v128.any_true(v128.or(low, high))) takeIn(array, i, i + 16, bound, items, values, k, names);
  }
  takeIn(array, i, n, bound, items, values, k, names);
}

/** Takes scores that reach the bound and stand above the last of the list into the list. */
function takeIn(array: usize, from: i32, to: i32, bound: f32, items: usize, values: usize, k: i32, names: usize): void {
  for (let j = from; j < to; j++) {
    const score = load<f32>(array + (<usize>j << 2));
    if (score >= bound && score > load<f32>(values + ((k - 1) << 2)))
      insert(items, values, k, names ? element(names, j) : j, score);
  }
}

/** Ranks all items for the users at positions [from, to). */
function rankAll(from: i32, to: i32, scratch: usize): void {
  const nItems = word(job, op.RANK_N_ITEMS), users = pointer(job, op.RANK_USERS);
  scoreAll(from, to, scratch);
  for (let n = from; n < to; n++) {
    const row = scores + ((<usize>(n - from) * nItems) << 2);
    const kept = pointer(job, op.RANK_ALL_SCORES);
    if (kept) memory.copy(kept + ((<usize>n * nItems) << 2), row, <usize>nItems << 2);
    replaceNaN(row, nItems);
    placeLast(row);
    const left = exclude(row, element(users, n), n);
    const start = pointer(job, op.RANK_RELEVANT_START);
    if (start) {
      store<i32>(pointer(job, op.RANK_N_CANDIDATES) + (<usize>n << 2), left);
      for (let r = element(start, n); r < element(start, n + 1); r++) {
        count(row, nItems, load<f32>(row + (<usize>element(pointer(job, op.RANK_RELEVANT_COLUMNS), r) << 2)));
        storeCounts(r);
      }
    }
    if (word(job, op.RANK_TOP_K)) top(row, nItems, 0, n);
  }
}

/** Scores the listed items (names[0 … n)) of the user at a position into `scores`. */
function scoreListed(position: i32, user: i32, names: usize, n: i32, scratch: usize): void {
  const form = word(job, op.RANK_FORM);
  if (form == op.FORM_DOT) {
    for (let i = 0; i < n; i++)
      store<f32>(scores + (<usize>i << 2), dot(userRow(user), itemRow(element(names, i)), word(job, op.RANK_WIDTH)));
  } else if (form == op.FORM_PAIR) {
    const bytes = <usize>word(job, op.RANK_ITEM_STRIDE) << 2;
    for (let i = 0; i < n; i++) memory.copy(gathered + <usize>i * bytes, itemRow(element(names, i)), bytes);
    scorePairs(user, gathered, n, scores, scratch);
  } else {
    const all = oneRow();
    if (form == op.FORM_TAKERS) scoreTakers(position, position + 1, all);
    else if (form == op.FORM_TWO_STEPS) {
      scoreAll(position, position + 1, scratch);
      memory.copy(all, scores, <usize>word(job, op.RANK_N_ITEMS) << 2);
    } else scoreHistory(user, all);
    for (let i = 0; i < n; i++)
      store<f32>(scores + (<usize>i << 2), load<f32>(all + (<usize>element(names, i) << 2)));
  }
}

/** Ranks listed candidates: the relevant items of position n first, then the user's list. */
function rankListed(n: i32, names: usize, scratch: usize): void {
  const user = element(pointer(job, op.RANK_USERS), n);
  const relevantStart = pointer(job, op.RANK_RELEVANT_START), relevant = pointer(job, op.RANK_RELEVANT_COLUMNS);
  const from = element(relevantStart, n), nRelevant = element(relevantStart, n + 1) - from;
  for (let r = 0; r < nRelevant; r++) store<i32>(names + (<usize>r << 2), element(relevant, from + r));
  const start = pointer(job, op.RANK_CANDIDATE_START), columns = pointer(job, op.RANK_CANDIDATE_COLUMNS);
  const listed = element(start, user + 1) - element(start, user), total = nRelevant + listed;
  memory.copy(names + (<usize>nRelevant << 2), columns + (<usize>element(start, user) << 2), <usize>listed << 2);
  scoreListed(n, user, names, total, scratch);
  replaceNaN(scores, total);
  placeListedLast(scores, names, total);
  store<i32>(pointer(job, op.RANK_N_CANDIDATES) + (<usize>n << 2), total);
  for (let r = 0; r < nRelevant; r++) {
    count(scores, total, load<f32>(scores + (<usize>r << 2)));
    storeCounts(from + r);
  }
  if (word(job, op.RANK_TOP_K)) top(scores, total, names, n);
}

/** Runs a ranking job; all threads run this function side by side. */
export function runRanking(record: usize, worker: i32): void {
  job = record;
  // equal items score equally, whatever their place
  allowBlas(0);
  layOutWork(worker);
  const scratch = pointer(job, op.RANK_WORK) + <usize>worker * pointer(job, op.RANK_WORK_BYTES);
  const block = word(job, op.RANK_BLOCK), first = word(job, op.RANK_FIRST), end = word(job, op.RANK_END);
  const nBlocks = (end - first + block - 1) / block;
  const names = userRows + ((<usize>(block * word(job, op.RANK_WIDTH)) + <usize>word(job, op.RANK_N_ITEMS) + 16) << 2);
  for (let b = claim(); b < nBlocks; b = claim()) {
    const from = first + b * block, to = min(end, from + block);
    if (pointer(job, op.RANK_CANDIDATE_START)) for (let n = from; n < to; n++) rankListed(n, names, scratch);
    else rankAll(from, to, scratch);
  }
  nextPiece(nBlocks);
}
