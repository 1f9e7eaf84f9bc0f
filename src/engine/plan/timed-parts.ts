/** Names for the addresses that the events of a profile carry. */
import * as code from '../kernels/opcodes.ts';
import { type Cost, noCost, type WrittenProgram } from './program.ts';
import type { Stages } from './stages.ts';

/** Something whose time a profile tells. */
export interface TimedPart {
  readonly label: string;
  readonly kind: 'op' | 'sampling' | 'update';
  readonly cost: Cost;
  /** Rows of a call. */
  readonly rows: number;
}

/** What every thread does once a step. */
export const LOSS_CHECK = 'check of the loss';

/** Stages that are not lists of instructions. */
const stageLabels: Readonly<Record<number, string>> = {
  [code.STAGE_REDUCE]: 'sum of the lanes',
  [code.STAGE_CHECK_LOSS]: LOSS_CHECK,
  [code.STAGE_NORM_DENSE]: 'gradient norm, dense',
  [code.STAGE_NORM_ROWS]: 'gradient norm, rows',
  [code.STAGE_UPDATE_DENSE]: 'update, dense',
  [code.STAGE_UPDATE_ROWS]: 'update, table rows',
};

/**
 * What lies at the addresses that a profile's events name.
 * @param assignments programs that set parameters
 */
export function timedPartsOf(
  programs: readonly WrittenProgram[],
  assignments: readonly WrittenProgram[],
  stages: Stages,
  tileRows: number,
): Map<number, TimedPart> {
  const parts = new Map<number, TimedPart>();
  for (const { address, instructions, rows, blockRows = 1 } of programs)
    instructions.forEach(({ label, kind, cost }, n) => {
      parts.set(addressIn(address, n), { label, kind, cost, rows: rows ? tileRows : blockRows });
    });
  for (const { address, instructions } of assignments)
    instructions.forEach(({ label, cost }, n) => {
      parts.set(addressIn(address, n), { label: `assignment of ${label}`, kind: 'update', cost, rows: 1 });
    });
  for (const { kind, address } of stages.written) {
    const label = stageLabels[kind];
    if (label) parts.set(address, { label, kind: 'update', cost: noCost, rows: 1 });
  }
  return parts;
}

const addressIn = (program: number, n: number): number => program + n * code.INSTRUCTION_WORDS * 4;
