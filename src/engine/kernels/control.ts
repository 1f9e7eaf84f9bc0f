/** The control block that all threads share: the barrier and the claiming of work. */
import * as op from './opcodes';

let control: usize = 0;
let threads: i32 = 1;
let rounds: i32 = 0;

/** Spins before a waiting thread lets the processor go, at most, some 0.3 ms: to wake it takes 50 µs, as long as a small step's stage. */
const SPINS: i32 = 150000;
/** As many at least, some 4 µs. */
const FEWEST: i32 = 2000;
/** One wait in so many spins as long as it may, to find out whether that is worth while again. */
const PROBE: i32 = 32;

/**
 * Spins that this thread takes for worth while now. Where others are late because something else has their processor, spinning
 * only takes processor time away from them: each wait in vain halves it, and a wait that a long spin ended brings it back.
 */
let spins: i32 = SPINS;
let waits: i32 = 0;

/** Spins until the word is no longer `seen`. False when that takes longer than spinning is worth. */
function spinWhile(word: usize, seen: i32): bool {
  const isProbe = ++waits % PROBE == 0, most = isProbe ? SPINS : spins;
  for (let n = 0; n < most; n++)
    if (atomic.load<i32>(word) != seen) {
      if (n > spins >> 1) spins = min(SPINS, 2 * n);
      return true;
    }
  if (!isProbe) spins = max(FEWEST, spins >> 1);
  return false;
}
/** Between two jobs the posting thread has work of its own, so that spinning is in vain more often. */
const JOB_SPINS: i32 = 20000;
const ONE_SECOND: i64 = 1000000000;

/** Called at the start of every job, by every thread. */
export function enterJob(pointer: usize): void {
  control = pointer;
  threads = load<i32>(control, op.CONTROL_THREADS << 2);
  rounds = 0;
}

export function threadCount(): i32 {
  return threads;
}

/** Waits until all threads have come here. False when a thread has failed and the job must be left. */
export function barrier(): bool {
  if (threads == 1) return true;
  const sense = control + (op.CONTROL_SENSE << 2);
  const arrived = control + (op.CONTROL_ARRIVED << 2);
  const sleeping = control + (op.CONTROL_SLEEPING << 2);
  const before = atomic.load<i32>(sense);
  if (atomic.add<i32>(arrived, 1) == threads - 1) {
    atomic.store<i32>(arrived, 0);
    atomic.store<i32>(sense, before + 1);
    // a thread that counts itself as asleep after this finds the sense changed, and does not sleep
    if (atomic.load<i32>(sleeping) != 0) atomic.notify(sense, threads);
    return true;
  }
  if (spinWhile(sense, before)) return true;
  atomic.add<i32>(sleeping, 1);
  let aborted = false;
  while (!aborted && atomic.load<i32>(sense) == before) {
    aborted = atomic.load<i32>(control + (op.CONTROL_ABORT << 2)) != 0;
    if (!aborted) atomic.wait<i32>(sense, before, ONE_SECOND);
  }
  atomic.sub<i32>(sleeping, 1);
  return !aborted;
}

/**
 * Claims the next of `count` shares of the current piece of work, −1 when all are taken. Each piece takes exactly
 * count + threads claims, so the counter needs no reset between pieces: call `nextPiece` after the −1.
 */
export function claim(): i32 {
  return atomic.add<i32>(control + (op.CONTROL_CLAIM << 2), 1) - rounds;
}

export function nextPiece(count: i32): void {
  rounds += count + threads;
}

/** Waits for the next job after generation `seen` and returns the new generation. */
export function waitForJob(control: usize, seen: i32): i32 {
  const generation = control + (op.CONTROL_GENERATION << 2);
  for (let n = 0; n < min(spins, JOB_SPINS); n++) if (atomic.load<i32>(generation) != seen) return atomic.load<i32>(generation);
  while (atomic.load<i32>(generation) == seen) atomic.wait<i32>(generation, seen, -1);
  return atomic.load<i32>(generation);
}
