/**
 * Training examples over feature fields: which example stands in which row of a batch, and the features of its user, its item
 * and its context. Like the examples of sampling.ts, row `slot` of an epoch is a pure function of (key, epoch, slot).
 */
import * as op from './opcodes';
import { permuteRange } from './random';
import { drawNegative, firstDraws } from './sampling';

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function element(array: usize, index: u32): i32 {
  return load<i32>(array + (<usize>index << 2));
}

/**
 * Rows (user, item, example, label) in an order shuffled anew in every epoch. With n negatives every example comes once with its
 * own item and label 1, and n times with a drawn item and label 0, its user and context unchanged.
 */
export function drawRows(
  record: usize, firstSlot: u32, epoch: u32, users: usize, items: usize, examples: usize, labels: usize, rows: i32,
): void {
  const group = <u32>word(record, op.EXAMPLES_N_NEGATIVES) + 1;
  const total = <u32>word(record, op.EXAMPLES_N_ROWS) * group;
  // numbers of the draws stand where the examples go, the permutation's working memory where the users go
  permuteRange(
    firstSlot, rows, total, word(record, op.EXAMPLES_KEY_0), word(record, op.EXAMPLES_KEY_1), epoch, examples, users,
  );
  const ownUsers = <usize>word(record, op.EXAMPLES_USERS), ownItems = <usize>word(record, op.EXAMPLES_ITEMS);
  const ownLabels = <usize>word(record, op.EXAMPLES_LABELS), sampler = <usize>word(record, op.EXAMPLES_SAMPLER);
  for (let r = 0; r < rows; r++) {
    const at = <usize>r << 2;
    if (sampler) firstDraws(sampler, examples, r, epoch);
    const draw = load<u32>(examples + at);
    const example = draw / group;
    const isOwn = example * group == draw;
    const user = ownUsers ? element(ownUsers, example) : 0;
    store<i32>(users + at, user);
    store<i32>(items + at, isOwn ? (ownItems ? element(ownItems, example) : 0) : drawNegative(sampler, user, draw, epoch, firstSlot + r));
    store<i32>(examples + at, <i32>example);
    if (ownLabels) store<i32>(labels + at, element(ownLabels, example));
    else store<f32>(labels + at, isOwn ? 1 : 0);
  }
}

/** index[r] and value[r] = the slots of row rowNumbers[r] of a table of slots. */
export function fetchSlots(record: usize, rowNumbers: usize, index: usize, value: usize, rows: i32): void {
  const bytes = <usize>word(record, op.SLOTS_WIDTH) << 2;
  const from = <usize>word(record, op.SLOTS_INDEX), values = <usize>word(record, op.SLOTS_VALUE);
  for (let r = 0; r < rows; r++) {
    const at = <usize>element(rowNumbers, r) * bytes;
    memory.copy(index, from + at, bytes);
    index += bytes;
    if (values) {
      memory.copy(value, values + at, bytes);
      value += bytes;
    }
  }
}
