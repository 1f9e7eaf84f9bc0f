/**
 * Negatives that are chosen by what the model thinks of them now: the best of several candidates, or an item by its rank along a
 * factor of the user. Like all draws, a pure function of (key, epoch, slot) and the weights.
 */
import * as op from './opcodes';
import { philoxBlock, philoxFour, philoxValue, readBlock, turnValues } from './random';
import { drawNegative, firstDraws, isTaken } from './sampling';

const ATTEMPTS = 64;

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

/** An item by one value of the row's block; where the user took it, by values of blocks of its own. */
// @ts-ignore: decorator
@inline
function uniformNegative(sampler: usize, user: i32, value: u32, nItems: u64, slot: u32, epoch: u32, stream: u32): i32 {
  let item = <i32>((<u64>value * nItems) >> 32);
  if (!word(sampler, op.SAMPLER_REJECT)) return item;
  for (let attempt = 1; attempt < ATTEMPTS && isTaken(sampler, user, item); attempt++) {
    const inBlock = (attempt - 1) & 3;
    if (inBlock == 0)
      philoxBlock(
        slot, 1 + <u32>(attempt - 1) / 4, epoch, stream, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1),
      );
    item = <i32>((<u64>philoxValue(inBlock) * nItems) >> 32);
  }
  return item;
}

/** Up to four more negatives for the user of each row: one block of draws serves all of them where they are uniform. */
export function drawMore(
  record: usize, first: u32, epoch: u32, users: usize, out0: usize, out1: usize, out2: usize, out3: usize, rows: i32,
): void {
  const sampler = <usize>word(record, op.MORE_SAMPLER), stream = <u32>word(record, op.MORE_STREAM);
  const count = word(record, op.MORE_COUNT), nItems = <u64>word(sampler, op.SAMPLER_N_ITEMS);
  const isUniform = !word(sampler, op.SAMPLER_THRESHOLDS) && !word(sampler, op.SAMPLER_IN_BATCH);
  const k0 = word(sampler, op.SAMPLER_KEY_0), k1 = word(sampler, op.SAMPLER_KEY_1);
  for (let r = 0; r < rows; r++) store<u32>(out0 + (<usize>r << 2), first + r);
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2, slot = first + r;
    const user = load<i32>(users + at);
    if (isUniform) firstDraws(sampler, out0, r, epoch, stream);
    for (let k = 0; k < count; k++) {
      let item: i32;
      if (isUniform) {
        if (k > 0) readBlock(r & 3);
        item = uniformNegative(sampler, user, philoxValue(k), nItems, slot, epoch, stream + k);
      } else {
        philoxBlock(slot, 0, epoch, stream + k, k0, k1);
        item = drawNegative(sampler, user, slot, epoch, slot, stream + k);
      }
      store<i32>((k == 0 ? out0 : k == 1 ? out1 : k == 2 ? out2 : out3) + at, item);
    }
  }
}

/** out[r] = which of the best candidates the row takes, all as likely; −1: its first one, or its own item. */
export function drawChoice(record: usize, first: u32, epoch: u32, labels: usize, out: usize, rows: i32): void {
  const sampler = <usize>word(record, op.CHOICE_SAMPLER);
  const best = <u64>word(record, op.CHOICE_BEST), limit = <u32>word(record, op.CHOICE_LIMIT);
  for (let r = 0; r < rows; r++) {
    if ((r & 3) == 0) {
      philoxFour(
        i32x4.add(i32x4.splat(first + r), i32x4(0, 1, 2, 3)), i32x4.splat(0), i32x4.splat(epoch),
        i32x4.splat(op.DRAWS_CHOICE), word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1), 10,
      );
      turnValues();
    }
    readBlock(r & 3);
    const at = <usize>r << 2;
    const isOwn = labels && load<f32>(labels + at) == 1;
    const takes = !isOwn && philoxValue(0) <= limit;
    store<i32>(out + at, takes ? <i32>((<u64>philoxValue(1) * best) >> 32) : -1);
  }
}

/**
 * The best candidates of each row so far, (score, item) each, highest first; equal scores stay in the order of the draws, and a
 * score that is NaN comes last.
 * @param before f32[rows × 2 best], 0 = the candidate is the first
 */
export function keepBest(
  items: usize, scores: usize, scoreRow: i32, before: usize, beforeRow: i32, out: usize, outRow: i32, rows: i32, best: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const score = load<f32>(scores), item = load<i32>(items);
    const value: f32 = score == score ? score : -Infinity;
    let n = 0;
    if (before)
      for (; n < best; n++) {
        const kept = load<f32>(before + (<usize>n << 3));
        if (load<i32>(before + (<usize>n << 3), 4) < 0 || value > kept) break;
        store<u64>(out + (<usize>n << 3), load<u64>(before + (<usize>n << 3)));
      }
    if (n < best) {
      store<f32>(out + (<usize>n << 3), value);
      store<i32>(out + (<usize>n << 3), item, 4);
      for (let k = n + 1; k < best; k++) {
        if (before) store<u64>(out + (<usize>k << 3), load<u64>(before + (<usize>(k - 1) << 3)));
        else {
          store<f32>(out + (<usize>k << 3), -Infinity);
          store<i32>(out + (<usize>k << 3), -1, 4);
        }
      }
    }
    items += 4;
    scores += <usize>scoreRow << 2;
    if (before) before += <usize>beforeRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r] = the item of the best candidates that `choice` says, or `first` where it says −1. */
export function takeCandidate(
  kept: usize, keptRow: i32, choice: usize, first: usize, out: usize, rows: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    const n = load<i32>(choice + at);
    store<i32>(out + at, n < 0 ? load<i32>(first + at) : load<i32>(kept + (<usize>n << 3), 4));
    kept += <usize>keptRow << 2;
  }
}

/** The factor of a user, drawn ∝ |value| · spread; where all are 0, all as likely. */
function drawnFactor(vector: usize, spread: usize, width: i32, total: f32, draw: u32): i32 {
  const share = <f32>draw / <f32>4294967296.0;
  if (!(total > 0)) return min(width - 1, <i32>(share * <f32>width));
  let left = share * total;
  let last = 0;
  for (let f = 0; f < width; f++) {
    const weight = abs(load<f32>(vector + (<usize>f << 2))) * load<f32>(spread + (<usize>f << 2));
    if (weight == 0) continue;
    last = f;
    left -= weight;
    if (left < 0) return f;
  }
  return last;
}

/**
 * out[r] = an item by its rank along a factor of the user: rank n with probability ∝ e^(−n/λ), from the end where high values are
 * that the user's own sign prefers. `first` where `choice` says −1.
 */
export function drawByFactor(
  record: usize, slot: u32, epoch: u32, vectors: usize, vectorRow: i32, users: usize, choice: usize, first: usize, out: usize,
  rows: i32,
): void {
  const sampler = <usize>word(record, op.FACTORS_SAMPLER), n = word(record, op.FACTORS_N_ITEMS);
  const width = word(record, op.FACTORS_WIDTH), order = <usize>word(record, op.FACTORS_ORDER);
  const spread = <usize>word(record, op.FACTORS_SPREAD);
  const scale = <f64>load<f32>(record, op.FACTORS_SCALE << 2), reach = <f64>load<f32>(record, op.FACTORS_REACH << 2);
  const k0 = word(sampler, op.SAMPLER_KEY_0), k1 = word(sampler, op.SAMPLER_KEY_1);
  const reject = word(sampler, op.SAMPLER_REJECT) != 0;
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2, user = load<i32>(users + at);
    let item = load<i32>(first + at);
    if (load<i32>(choice + at) >= 0) {
      let total: f32 = 0;
      for (let f = 0; f < width; f++)
        total += abs(load<f32>(vectors + (<usize>f << 2))) * load<f32>(spread + (<usize>f << 2));
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        // a block gives two attempts
        if ((attempt & 1) == 0) philoxBlock(slot + r, attempt >> 1, epoch, op.DRAWS_FACTOR, k0, k1);
        const half = (attempt & 1) << 1;
        const factor = drawnFactor(vectors, spread, width, total, philoxValue(half));
        const u = <f64>philoxValue(half + 1) / 4294967296.0;
        const rank = min(n - 1, <i32>(-scale * Math.log(1 - u * reach)));
        const place = load<f32>(vectors + (<usize>factor << 2)) >= 0 ? rank : n - 1 - rank;
        item = load<i32>(order + (<usize>(factor * n + place) << 2));
        if (!reject || !isTaken(sampler, user, item)) break;
      }
    }
    store<i32>(out + at, item);
    vectors += <usize>vectorRow << 2;
  }
}
