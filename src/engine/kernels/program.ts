/** The interpreter of plans: runs a list of instructions on one tile of rows. Formats in `opcodes.ts`. */
import { runAttentionInstruction } from './attention-instructions';
import { runDropoutInstruction } from './dropout-instructions';
import { runExampleInstruction } from './example-instructions';
import { runFieldInstruction } from './field-instructions';
import { runGraphInstruction } from './graph-instructions';
import { runGruInstruction } from './gru-instructions';
import { runListLossInstruction } from './list-loss-instructions';
import * as op from './opcodes';
import { runProductInstruction } from './product-instructions';
import { eventEnd, eventStart } from './profile';
import { runRowInstruction } from './row-instructions';
import { runSoftmaxInstruction } from './softmax-instructions';
import { runStepInstruction } from './step-instructions';
import { runSumInstruction } from './sum-instructions';
import { tileRows } from './tile';

/** Runs `count` instructions from `at` on the current tile. */
export function runProgram(at: usize, count: i32): void {
  for (let n = 0; n < count; n++) {
    const start = eventStart();
    runInstruction(at);
    eventEnd(at, start);
    at += op.INSTRUCTION_WORDS << 2;
  }
}

function runInstruction(at: usize): void {
  const fixedRows = load<i32>(at, 4);
  const rows = fixedRows ? fixedRows : tileRows;
  switch (load<i32>(at) >> 4) {
    case op.OPCODES_PRODUCTS: runProductInstruction(at, rows); break;
    case op.OPCODES_ROWS: runRowInstruction(at, rows); break;
    case op.OPCODES_SUMS: runSumInstruction(at, rows); break;
    case op.OPCODES_FIELDS: runFieldInstruction(at, rows); break;
    case op.OPCODES_DROPOUTS: runDropoutInstruction(at, rows); break;
    case op.OPCODES_EXAMPLES: runExampleInstruction(at, rows); break;
    case op.OPCODES_LIST_LOSSES: runListLossInstruction(at, rows); break;
    case op.OPCODES_SOFTMAX: runSoftmaxInstruction(at, rows); break;
    case op.OPCODES_GRU: runGruInstruction(at, rows); break;
    case op.OPCODES_STEPS: runStepInstruction(at, rows); break;
    case op.OPCODES_ATTENTIONS: runAttentionInstruction(at, rows); break;
    case op.OPCODES_GRAPHS: runGraphInstruction(at, rows); break;
    default: unreachable();
  }
}
