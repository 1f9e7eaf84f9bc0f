/**
 * The limit of a workload: no step can be shorter than its arithmetic at the machine's peak, nor than its least traffic at the
 * machine's bandwidth (the roofline of Williams, Waterman and Patterson, CACM 2009).
 */
import type { MachineLimits } from './machine-limits.ts';

/** What a step of a workload must do at least. A workload that states it gets its share of the limit in every report. */
export interface StepCost {
  /** Arithmetic of its products, FLOP; a multiply-add counts as two. */
  readonly flops: number;
  /** Bytes of tables, weights and their optimizer state that it must read and write. */
  readonly bytes: number;
}

export interface StepLimit extends StepCost {
  readonly arithmeticMs: number;
  readonly memoryMs: number;
  /** The larger of the two. */
  readonly limitMs: number;
}

/** @param blas whether products go to the system BLAS, whose peak is measured apart */
export function stepLimit({ flops, bytes }: StepCost, machine: MachineLimits, blas: boolean): StepLimit {
  const peak = blas ? (machine.blasFlopPerSecond ?? machine.flopPerSecond) : machine.flopPerSecond;
  const arithmeticMs = (1000 * flops) / peak;
  const memoryMs = (1000 * bytes) / Math.max(machine.copyBytesPerSecond, machine.gatherBytesPerSecond);
  return { flops, bytes, arithmeticMs, memoryMs, limitMs: Math.max(arithmeticMs, memoryMs) };
}

/** The limits measured on so many threads. */
export function limitsOf(machine: readonly MachineLimits[], threads: number): MachineLimits {
  const found = machine.find((each) => each.threads === threads);
  if (!found) throw new Error(`internal: the machine was not measured on ${threads} threads`);
  return found;
}

/** Expected number of different rows among `draws` draws, row n being drawn with probability p_n: Σ 1 − (1 − p_n)^draws. */
export function expectedDistinct(probabilities: Iterable<number>, draws: number): number {
  let rows = 0;
  for (const p of probabilities) rows += -Math.expm1(draws * Math.log1p(-Math.min(p, 1)));
  return rows;
}

/** Bytes of an update: weights and state arrays are read and written, once each. */
export function updateBytes(floats: number, stateArrays: number): number {
  return 4 * floats * 2 * (1 + stateArrays);
}
