/**
 * Training examples of one tile, drawn where they are needed: example `slot` of an epoch is a pure function of (seed, epoch,
 * slot), so that all threads draw their own rows, negatives are new in every epoch, and a run can be resumed anywhere.
 */
import * as op from './opcodes';
import { permute, permuteRange, philoxBlock, philoxFour, philoxValue, readBlock, turnValues } from './random';
import { batchRows, firstSlot } from './tile';

const ATTEMPTS = 64;

/** True when `item` is among the ascending columns[from … to). The search has no branch that depends on the values. */
function contains(columns: usize, from: i32, to: i32, item: i32): bool {
  let n = to - from;
  if (n <= 0) return false;
  let at = columns + (<usize>from << 2);
  // invariant: the item can only stand in [at, at + n)
  while (n > 1) {
    const half = n >>> 1;
    const middle = at + (<usize>half << 2);
    at = select<usize>(middle, at, load<i32>(middle) <= item);
    n -= half;
  }
  return load<i32>(at) == item;
}

/**
 * True when the user took the item in training: one bit where the table of bits fits, so that a draw waits for memory once,
 * else a search in the user's row.
 */
// @ts-ignore: decorator
@inline
export function isTaken(sampler: usize, user: i32, item: i32): bool {
  const bits = <usize>word(sampler, op.SAMPLER_TAKEN);
  if (bits) {
    const row = bits + <usize>user * word(sampler, op.SAMPLER_TAKEN_ROW);
    return ((load<u8>(row + (item >>> 3)) >>> (item & 7)) & 1) != 0;
  }
  const rowStart = <usize>word(sampler, op.SAMPLER_ROW_START) + (<usize>user << 2);
  return contains(<usize>word(sampler, op.SAMPLER_COLUMNS), load<i32>(rowStart), load<i32>(rowStart, 4), item);
}

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

/**
 * Makes the first block of draws of example number r of a list the one that `philoxValue` reads; every fourth call makes those of
 * four. The list has room for three elements more.
 */
// @ts-ignore: decorator
@inline
export function firstDraws(sampler: usize, examples: usize, r: i32, epoch: u32, stream: u32 = op.DRAWS_NEGATIVE): void {
  if ((r & 3) == 0) {
    philoxFour(
      v128.load(examples + (<usize>r << 2)), i32x4.splat(0), i32x4.splat(epoch), i32x4.splat(stream),
      word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1), 10,
    );
    turnValues();
  }
  readBlock(r & 3);
}

/**
 * One negative item for a user: uniform, or ∝ weights by the alias method, or of other rows of the step. With rejection, up to 64
 * draws look for an item the user did not take in training; a user who took nearly everything gets the last draw. Comes after the
 * example's `firstDraws`.
 * @param slot of the row within the epoch
 */
export function drawNegative(
  sampler: usize, user: i32, example: u32, epoch: u32, slot: u32, stream: u32 = op.DRAWS_NEGATIVE,
): i32 {
  if (word(sampler, op.SAMPLER_IN_BATCH)) return drawInBatch(sampler, user, example, epoch, slot, stream);
  const nItems = <u32>word(sampler, op.SAMPLER_N_ITEMS);
  const thresholds = <usize>word(sampler, op.SAMPLER_THRESHOLDS);
  const reject = word(sampler, op.SAMPLER_REJECT) != 0;
  // a block gives four values: four uniform attempts, or two with the alias method
  const perBlock = thresholds == 0 ? 4 : 2;
  let item = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const inBlock = attempt & (perBlock - 1);
    if (attempt >= perBlock && inBlock == 0) {
      philoxBlock(
        example, <u32>(attempt / perBlock), epoch, stream, word(sampler, op.SAMPLER_KEY_0),
        word(sampler, op.SAMPLER_KEY_1),
      );
    }
    if (thresholds == 0) item = <i32>((<u64>philoxValue(inBlock) * nItems) >> 32);
    else {
      item = <i32>((<u64>philoxValue(inBlock << 1) * nItems) >> 32);
      if (philoxValue((inBlock << 1) + 1) > load<u32>(thresholds + (<usize>item << 2)))
        item = load<i32>(<usize>word(sampler, op.SAMPLER_ALIASES) + (<usize>item << 2));
    }
    if (!reject || !isTaken(sampler, user, item)) return item;
  }
  return item;
}

/** The positive that the row at a slot of the epoch is about. */
function positiveAt(sampler: usize, slot: u32, epoch: u32): u32 {
  const group = <u32>word(sampler, op.SAMPLER_GROUP);
  const total = <u32>word(sampler, op.SAMPLER_N_POSITIVES) * group;
  return permute(slot, total, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1), epoch) / group;
}

/** The taken item of another row of the step, all as likely; a row of the same positive is none. */
function drawInBatch(sampler: usize, user: i32, example: u32, epoch: u32, slot: u32, stream: u32): i32 {
  const reject = word(sampler, op.SAMPLER_REJECT) != 0;
  const own = positiveAt(sampler, slot, epoch);
  let item = 0;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    philoxBlock(
      example, <u32>attempt, epoch, stream, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1),
    );
    const positive = positiveAt(sampler, firstSlot + <u32>drawnPlace(0, <u32>batchRows), epoch);
    item = positiveItem(sampler, positive, epoch, positiveUser(sampler, positive, epoch));
    if (positive != own && !(reject && isTaken(sampler, user, item))) return item;
  }
  return item;
}

/** User of a positive pair: number n of the sampler's pairs, or where it draws by user, of draw n of the epoch. */
// @ts-ignore: decorator
@inline
function positiveUser(sampler: usize, n: u32, epoch: u32): i32 {
  const users = <usize>word(sampler, op.SAMPLER_DRAWN_USERS);
  if (!users) return load<i32>(<usize>word(sampler, op.SAMPLER_USERS) + (<usize>n << 2));
  philoxBlock(n, 0, epoch, op.DRAWS_POSITIVE, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1));
  return load<i32>(users + (<usize>drawnPlace(0, <u32>word(sampler, op.SAMPLER_N_DRAWN_USERS)) << 2));
}

/** Its item: where the sampler draws by user, one of this user's, all as likely. */
// @ts-ignore: decorator
@inline
function positiveItem(sampler: usize, n: u32, epoch: u32, user: i32): i32 {
  if (!word(sampler, op.SAMPLER_DRAWN_USERS))
    return load<i32>(<usize>word(sampler, op.SAMPLER_ITEMS) + (<usize>n << 2));
  philoxBlock(n, 0, epoch, op.DRAWS_POSITIVE, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1));
  const row = <usize>word(sampler, op.SAMPLER_ROW_START) + (<usize>user << 2);
  const from = load<i32>(row);
  const place = from + drawnPlace(1, <u32>(load<i32>(row, 4) - from));
  return load<i32>(<usize>word(sampler, op.SAMPLER_COLUMNS) + (<usize>place << 2));
}

/** A number below n from a value of the last block. */
// @ts-ignore: decorator
@inline
function drawnPlace(value: i32, n: u32): i32 {
  return <i32>((<u64>philoxValue(value) * <u64>n) >> 32);
}

/** Rows (user, item, label): every positive once (or as many drawn ones), each with n negatives, in an order shuffled anew in every epoch. */
export function drawPointwise(
  sampler: usize, first: u32, epoch: u32, users: usize, items: usize, labels: usize, rows: i32,
): void {
  const group = <u32>word(sampler, op.SAMPLER_N_NEGATIVES) + 1;
  const total = <u32>word(sampler, op.SAMPLER_N_POSITIVES) * group;
  // example numbers stand where the items go, the permutation's working memory where the users go
  permuteRange(
    first, rows, total, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1), epoch, items, users,
  );
  // users of all rows first: loads all over the memory that do not wait for each other
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    const example = load<u32>(items + at);
    const positive = example / group;
    store<i32>(users + at, positiveUser(sampler, positive, epoch));
    store<f32>(labels + at, positive * group == example ? 1 : 0);
  }
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    firstDraws(sampler, items, r, epoch);
    const example = load<u32>(items + at);
    const user = load<i32>(users + at);
    const item = load<f32>(labels + at) == 1
      ? positiveItem(sampler, example / group, epoch, user)
      : drawNegative(sampler, user, example, epoch, first + r);
    store<i32>(items + at, item);
  }
}

/** Rows (user, positive item, negative item): every positive n times, each time with its own negative. */
export function drawPairwise(
  sampler: usize, first: u32, epoch: u32, users: usize, positives: usize, negatives: usize, rows: i32,
): void {
  const group = <u32>word(sampler, op.SAMPLER_N_NEGATIVES);
  const total = <u32>word(sampler, op.SAMPLER_N_POSITIVES) * group;
  permuteRange(
    first, rows, total, word(sampler, op.SAMPLER_KEY_0), word(sampler, op.SAMPLER_KEY_1), epoch, negatives, users,
  );
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    const example = load<u32>(negatives + at);
    const user = positiveUser(sampler, example / group, epoch);
    store<i32>(users + at, user);
    store<i32>(positives + at, positiveItem(sampler, example / group, epoch, user));
    firstDraws(sampler, negatives, r, epoch);
    store<i32>(negatives + at, drawNegative(sampler, user, example, epoch, first + r));
  }
}
