/** The rows that this thread computes now: set before a program runs, read by its instructions. */

export let scratchBase: usize = 0;
export let laneBase: usize = 0;
export let userBase: usize = 0;
export let itemBase: usize = 0;
export let tileStart: i32 = 0;
export let tileRows: i32 = 0;
export let firstSlot: u32 = 0;
export let epochNumber: u32 = 0;
export let batchRows: i32 = 0;
export let stepNumber: u32 = 0;
export let windowStep: i32 = 0;

export function setBases(scratch: usize, lane: usize): void {
  scratchBase = scratch;
  laneBase = lane;
}

export function setPair(user: usize, items: usize): void {
  userBase = user;
  itemBase = items;
}

export function setTile(start: i32, rows: i32): void {
  tileStart = start;
  tileRows = rows;
}

/** @param slot number of the batch's first example within the epoch */
export function setExamples(slot: u32, epoch: u32): void {
  firstSlot = slot;
  epochNumber = epoch;
}

/**
 * @param rows of the whole batch
 * @param step number of the step within the epoch
 * @param inWindow number of the step within the run
 */
export function setBatch(rows: i32, step: u32, inWindow: i32): void {
  batchRows = rows;
  stepNumber = step;
  windowStep = inWindow;
}
