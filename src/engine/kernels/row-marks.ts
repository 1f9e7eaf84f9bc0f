/**
 * Marks of touched rows: a bit for each row, and before them a bit for each 64 rows that hold a mark, so that the marked rows
 * are found in ascending order without looking at all. A table's rows are then visited as they lie in the memory. All bits are
 * 0 between two visits.
 */
// @ts-ignore: decorator
@inline
export function mark(marks: usize, nRows: u32, row: u32): void {
  const word = row >>> 6;
  const bits = marks + summaryBytes(nRows) + (<usize>word << 3);
  const before = load<u64>(bits);
  store<u64>(bits, before | (<u64>1 << (row & 63)));
  if (before != 0) return;
  const summary = marks + (<usize>(word >>> 6) << 3);
  store<u64>(summary, load<u64>(summary) | (<u64>1 << (word & 63)));
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

export function beginWalk(marks: usize, nRows: u32): void {
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
export function takeMarked(rows: usize, limit: i32): i32 {
  for (let n = 0; n < limit; n++) {
    if (walkBits == 0 && !nextMarkedWord()) return n;
    store<u32>(rows + (<usize>n << 2), (walkWord << 6) + <u32>ctz(walkBits));
    walkBits &= walkBits - 1;
  }
  return limit;
}
