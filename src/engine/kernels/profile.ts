/** Events of a profile: what ran from when to when, written into a buffer of each thread until it is full. */
import * as op from './opcodes';

// @ts-ignore: decorator
@external("env", "now")
declare function now(): f64;

let cursor: usize = 0, end: usize = 0;

/** Begins a profile in a zeroed buffer of this thread; 0 bytes = none. */
export function setProfile(buffer: usize, bytes: usize): void {
  cursor = buffer;
  end = buffer + bytes;
}

/** The time in ms, or 0 when nothing is being recorded. */
// @ts-ignore: decorator
@inline
export function eventStart(): f64 {
  return cursor < end ? now() : 0;
}

/** @param what address of the instruction or stage; 0 = waiting at a barrier */
// @ts-ignore: decorator
@inline
export function eventEnd(what: usize, start: f64): void {
  if (cursor >= end || start == 0) return;
  store<f64>(cursor, start);
  store<f64>(cursor, now(), 8);
  store<u32>(cursor, <u32>what, 16);
  cursor += op.EVENT_BYTES;
}
