/** What a step of session-parallel training is fed: rows of one window of steps, extra negatives, carried rows. */
import * as op from './opcodes';
import { philoxFour, philoxValue, readBlock, turnValues } from './random';

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

/** Where the rows of the window's step `step` begin in one of the record's arrays. */
// @ts-ignore: decorator
@inline
function rowsOf(record: usize, array: i32, step: i32): usize {
  return <usize>load<u32>(record + (<usize>array << 2)) + ((<usize>step * word(record, op.SESSION_BATCH)) << 2);
}

/** The input items of the step, and its targets as the first candidates; lanes that are gone are no candidates (−1). */
export function feedSessions(record: usize, step: i32, items: usize, candidates: usize, rows: i32): void {
  const batch = word(record, op.SESSION_BATCH);
  memory.copy(items, rowsOf(record, op.SESSION_ITEMS, step), <usize>rows << 2);
  memory.copy(candidates, rowsOf(record, op.SESSION_TARGETS, step), <usize>rows << 2);
  for (let r = rows; r < batch; r++) store<i32>(candidates + (<usize>r << 2), -1);
}

/**
 * Candidates first … first + rows − 1 beyond the targets, drawn by the alias method (or uniformly). Number n of step s of
 * epoch t is a pure function of (key, n, s, t).
 */
export function drawCandidates(record: usize, out: usize, first: i32, rows: i32, step: u32, epoch: u32): void {
  const batch = word(record, op.SESSION_BATCH), nItems = <u64><u32>word(record, op.SESSION_N_ITEMS);
  const thresholds = <usize>word(record, op.SESSION_THRESHOLDS), aliases = <usize>word(record, op.SESSION_ALIASES);
  const k0 = word(record, op.SESSION_KEY_0), k1 = word(record, op.SESSION_KEY_1);
  for (let k = max(0, batch - first); k < rows; ) {
    // four blocks give eight draws, each of two values
    const n = first + k - batch, block = n >> 1;
    const blocks = i32x4.add(i32x4.splat(block), i32x4(0, 1, 2, 3));
    philoxFour(blocks, i32x4.splat(step), i32x4.splat(epoch), i32x4.splat(2), k0, k1, 10);
    turnValues();
    for (let d = n & 1; d < 8 && k < rows; d++, k++) {
      const pair = (d & 1) << 1;
      readBlock(d >> 1);
      let item = <i32>((<u64>philoxValue(pair) * nItems) >> 32);
      if (thresholds && philoxValue(pair + 1) > load<u32>(thresholds + (<usize>item << 2)))
        item = load<i32>(aliases + (<usize>item << 2));
      store<i32>(out + (<usize>k << 2), item);
    }
  }
}

/** out[r] = what the row's lane left in the step before, zeros where its session begins. */
export function carryRows(
  record: usize, step: i32, from: usize, fromRow: i32, out: usize, outRow: i32, rows: i32, width: i32,
): void {
  const sources = rowsOf(record, op.SESSION_SOURCES, step);
  for (let r = 0; r < rows; r++) {
    const source = load<i32>(sources + (<usize>r << 2));
    if (source < 0) memory.fill(out, 0, <usize>width << 2);
    else memory.copy(out, from + ((<usize>source * fromRow) << 2), <usize>width << 2);
    out += <usize>outRow << 2;
  }
}
