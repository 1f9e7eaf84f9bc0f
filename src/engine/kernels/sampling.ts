/**
 * Training examples of one tile, drawn where they are needed: example `slot` of an epoch is a pure function of (seed, epoch,
 * slot), so that all threads draw their own rows, negatives are new in every epoch, and a run can be resumed anywhere.
 */
import * as op from './opcodes';
import { beginPermutation, permuteNext, philoxBlock, philoxValue } from './random';

const ATTEMPTS = 64;

/** True when `item` is among the ascending columns[from … to). */
function contains(columns: usize, from: i32, to: i32, item: i32): bool {
  while (from < to) {
    const middle = (from + to) >>> 1;
    const value = load<i32>(columns + (<usize>middle << 2));
    if (value == item) return true;
    if (value < item) from = middle + 1;
    else to = middle;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

/**
 * One negative item for a user: uniform, or ∝ popularity^α by the alias method. With rejection, up to 64 draws look for an item
 * the user did not take in training; a user who took nearly everything gets the last draw.
 */
function drawNegative(sampler: usize, user: i32, example: u32, epoch: u32): i32 {
  const nItems = <u32>word(sampler, op.SAMPLER_N_ITEMS);
  const thresholds = <usize>word(sampler, op.SAMPLER_THRESHOLDS);
  const columns = <usize>word(sampler, op.SAMPLER_COLUMNS);
  const rowStart = <usize>word(sampler, op.SAMPLER_ROW_START) + (<usize>user << 2);
  const from = load<i32>(rowStart), to = load<i32>(rowStart, 4);
  const reject = word(sampler, op.SAMPLER_REJECT) != 0;
  let item = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    // a block gives four values: four uniform attempts, or two with the alias method
    const perBlock = thresholds == 0 ? 4 : 2;
    const inBlock = attempt % perBlock;
    if (inBlock == 0) {
      philoxBlock(
        example, <u32>(attempt / perBlock), epoch, 1, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1),
      );
    }
    if (thresholds == 0) item = <i32>((<u64>philoxValue(inBlock) * nItems) >> 32);
    else {
      item = <i32>((<u64>philoxValue(inBlock * 2) * nItems) >> 32);
      if (philoxValue(inBlock * 2 + 1) > load<u32>(thresholds + (<usize>item << 2)))
        item = load<i32>(<usize>word(sampler, op.SAMPLER_ALIASES) + (<usize>item << 2));
    }
    if (!reject || !contains(columns, from, to, item)) return item;
  }
  return item;
}

/** Rows (user, item, label): every positive once, each with n negatives, in an order shuffled anew in every epoch. */
export function drawPointwise(
  sampler: usize, firstSlot: u32, epoch: u32, users: usize, items: usize, labels: usize, rows: i32,
): void {
  const group = <u32>word(sampler, op.SAMPLER_N_NEGATIVES) + 1;
  const total = <u32>word(sampler, op.SAMPLER_N_POSITIVES) * group;
  const key0 = word(sampler, op.SAMPLER_KEY_0), key1 = word(sampler, op.SAMPLER_KEY_1);
  beginPermutation(total, key0, key1, epoch);
  for (let r = 0; r < rows; r++) {
    const example = permuteNext(firstSlot + r);
    const positive = example / group;
    const user = load<i32>(<usize>word(sampler, op.SAMPLER_USERS) + (<usize>positive << 2));
    const isPositive = positive * group == example;
    const item = isPositive
      ? load<i32>(<usize>word(sampler, op.SAMPLER_ITEMS) + (<usize>positive << 2))
      : drawNegative(sampler, user, example, epoch);
    const at = <usize>r << 2;
    store<i32>(users + at, user);
    store<i32>(items + at, item);
    store<f32>(labels + at, isPositive ? 1 : 0);
  }
}

/** Rows (user, positive item, negative item): every positive n times, each time with its own negative. */
export function drawPairwise(
  sampler: usize, firstSlot: u32, epoch: u32, users: usize, positives: usize, negatives: usize, rows: i32,
): void {
  const group = <u32>word(sampler, op.SAMPLER_N_NEGATIVES);
  const total = <u32>word(sampler, op.SAMPLER_N_POSITIVES) * group;
  const key0 = word(sampler, op.SAMPLER_KEY_0), key1 = word(sampler, op.SAMPLER_KEY_1);
  beginPermutation(total, key0, key1, epoch);
  for (let r = 0; r < rows; r++) {
    const example = permuteNext(firstSlot + r);
    const positive = <usize>(example / group) << 2;
    const user = load<i32>(<usize>word(sampler, op.SAMPLER_USERS) + positive);
    const at = <usize>r << 2;
    store<i32>(users + at, user);
    store<i32>(positives + at, load<i32>(<usize>word(sampler, op.SAMPLER_ITEMS) + positive));
    store<i32>(negatives + at, drawNegative(sampler, user, example, epoch));
  }
}
