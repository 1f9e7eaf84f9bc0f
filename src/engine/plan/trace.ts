/** Repeats one batch of a plan instruction by instruction, to find where a value that is not finite first appears. */
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import { nameOf, type ParameterStore, readRows } from '../runtime/parameter-store.ts';
import type { Instruction, WrittenProgram } from './program.ts';

/** The batch to repeat: `slot` is the number of its first example, `step` its number in the epoch, `inWindow` in the run. */
export interface TracedBatch {
  readonly epoch: number;
  readonly slot: number;
  readonly rows: number;
  readonly step?: number;
  readonly inWindow?: number;
}

/** What a trace needs to know of a finished plan. */
export interface TracedWork {
  readonly header: number;
  readonly tileRows: number;
  readonly programs: readonly WrittenProgram[];
  /** Opcode of the instructions that copy rows carried from step to step, if there are any. */
  readonly carryOpcode?: number;
}

type Visit = (instruction: Instruction, tileStart: number, rows: number) => boolean;

/** Runs the instructions of one batch one by one on this thread and calls `visit` after each, until it returns true. */
function traceBatch(engine: Engine, work: TracedWork, batch: TracedBatch, visit: Visit): void {
  const { slot, epoch, rows, step = 0, inWindow = 0 } = batch;
  const { kernels } = engine;
  const header = engine.i32(work.header, code.PLAN_WORDS);
  kernels.setExamples(slot, epoch);
  kernels.setBatch(rows, step, inWindow);
  kernels.setBases(header[code.PLAN_SCRATCH], header[code.PLAN_LANES]);
  for (const program of work.programs) {
    for (let start = 0; start < (program.rows ? rows : 1); start += work.tileRows) {
      const tile = program.rows ? Math.min(work.tileRows, rows - start) : (program.blocksOf ?? rows);
      kernels.setTile(start, tile);
      for (const [n, instruction] of program.instructions.entries()) {
        // the rows carried into the step are still there, while the step before has been written over
        if (instruction.opcode === work.carryOpcode) continue;
        kernels.runProgram(program.address + n * code.INSTRUCTION_WORDS * 4, 1);
        if (visit(instruction, start, tile)) return;
      }
    }
  }
}

/** Names the parameter or op where the first value that is not finite appears in a batch. */
export function findNotFinite(engine: Engine, store: ParameterStore, work: TracedWork, batch: TracedBatch): string {
  for (const parameter of store.parameters)
    if (!readRows(engine, store.addressOf(parameter), parameter).every(Number.isFinite))
      return `parameter "${nameOf(parameter)}"`;
  let culprit = 'an input';
  const scratch = engine.i32(work.header, code.PLAN_WORDS)[code.PLAN_SCRATCH];
  traceBatch(engine, work, batch, ({ output, label }, start, tile) => {
    if (!output) return false;
    const { place, width } = output;
    const base =
      place.mode === code.SCRATCH
        ? scratch + place.offset
        : place.offset + (place.mode === code.BATCH ? start * place.stride * 4 : 0);
    const rows = output.rows || tile;
    for (let r = 0; r < rows; r++)
      if (!engine.f32(base + r * place.stride * 4, width).every(Number.isFinite)) {
        culprit = label;
        return true;
      }
    return false;
  });
  return culprit;
}
