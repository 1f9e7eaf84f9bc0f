/** The interpreter of plans: runs a list of instructions on one tile of rows. Formats in `opcodes.ts`. */
import * as op from './opcodes';
import { attention, attentionGradient, openAttention } from './attention';
import { linearByBlas, outerByBlas, usesBlas } from './blas';
import { candidateLoss, candidateLossGradient, candidateOffsets } from './candidates';
import {
  affine, binary, copyRows, fillRows, gather, gatherList, mulColumn, repeatColumn, rowDot, rowSum, sumLoss, sumRows, transpose, unary,
} from './elementwise';
import { drawRows, fetchSlots } from './draw-rows';
import { dropout, dropoutCoarse } from './dropout';
import { bilinear, bilinearGradient, gatherSlots, poolSlots, repeatFields, spreadSlots, sumFields } from './fields';
import * as gru from './gru';
import { elu, eluGradient, laneDropout } from './row-noise';
import { carryRows, drawCandidates, feedSessions } from './sessions';
import { gemm } from './gemm';
import { combine, sumProducts } from './normalise';
import { packPanels } from './pack';
import { eventEnd, eventStart } from './profile';
import { standardise, standardiseGradient } from './standardise';
import { drawPairwise, drawPointwise } from './sampling';
import { targetCrossEntropy, targetCrossEntropyGradient } from './target-loss';

let scratchBase: usize = 0;
let laneBase: usize = 0;
let userBase: usize = 0;
let itemBase: usize = 0;
let tileStart: i32 = 0;
let tileRows: i32 = 0;
let firstSlot: u32 = 0;
let epochNumber: u32 = 0;
let batchRows: i32 = 0;
let stepNumber: u32 = 0;
let windowStep: i32 = 0;

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

// @ts-ignore: decorator
@inline
function parameter(at: usize, n: i32): i32 {
  return load<i32>(at + ((op.FIRST_PARAMETER + n) << 2));
}

// @ts-ignore: decorator
@inline
function address(at: usize, n: i32): usize {
  const p = at + ((op.FIRST_OPERAND + 3 * n) << 2);
  const offset = <usize>load<u32>(p);
  switch (load<i32>(p, 4)) {
    case op.ABSOLUTE: return offset;
    case op.SCRATCH: return scratchBase + offset;
    case op.BATCH: return offset + ((<usize>tileStart * load<u32>(p, 8)) << 2);
    case op.LANE: return laneBase + offset;
    case op.USER: return userBase + offset;
    default: return itemBase + offset + ((<usize>tileStart * load<u32>(p, 8)) << 2);
  }
}

// @ts-ignore: decorator
@inline
function stride(at: usize, n: i32): i32 {
  const p = at + ((op.FIRST_OPERAND + 3 * n) << 2);
  return load<i32>(p, 4) == op.USER ? 0 : load<i32>(p, 8);
}

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
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0);
  switch (load<i32>(at)) {
    case op.GEMM:
      // p0 columns, p1 depth, flags, k stride and panel stride of B, Wᵀ is stored; operands x, packed, out, bias, weights
      if (usesBlas(p0, p1)) {
        linearByBlas(
          a, aRow, address(at, 4), stride(at, 4), parameter(at, 5), address(at, 2), stride(at, 2), rows, p0, p1,
          parameter(at, 2), address(at, 3),
        );
        break;
      }
      gemm(
        a, aRow, 1, address(at, 1), parameter(at, 3), parameter(at, 4), address(at, 2), stride(at, 2),
        rows, p0, p1, parameter(at, 2), address(at, 3),
      );
      break;
    case op.OUTER_SUM:
      // out[p1 × p0] += xᵀ·y; operands x, y, out
      if (usesBlas(p0, p1) && aRow >= p1 && stride(at, 1) >= p0) {
        outerByBlas(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), p1, p0, rows, 1);
        break;
      }
      gemm(
        a, 1, aRow, address(at, 1), stride(at, 1), 8, address(at, 2), stride(at, 2),
        p1, p0, rows, op.FLAG_ACCUMULATE, 0,
      );
      break;
    case op.UNARY: unary(p1, a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.BINARY:
      binary(p1, a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.AFFINE:
      affine(a, aRow, address(at, 1), stride(at, 1), rows, p0, reinterpret<f32>(p1), reinterpret<f32>(parameter(at, 2)));
      break;
    case op.MUL_COLUMN:
      mulColumn(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.ROW_DOT:
      rowDot(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.ROW_SUM: rowSum(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.COPY: copyRows(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.GATHER:
      gather(a, aRow, p1, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0);
      break;
    case op.SUM_ROWS: sumRows(a, aRow, address(at, 1), rows, p0); break;
    case op.SUM_LOSS: sumLoss(a, aRow, address(at, 1), rows); break;
    case op.PACK:
      if (!usesBlas(p0, p1)) packPanels(a, parameter(at, 2), parameter(at, 3), address(at, 1), p1, p0);
      break;
    case op.FILL: fillRows(load<f32>(a), address(at, 1), stride(at, 1), rows, p0); break;
    case op.TRANSPOSE: transpose(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.DRAW_POINTWISE:
      drawPointwise(a, firstSlot + tileStart, epochNumber, address(at, 1), address(at, 2), address(at, 3), rows);
      break;
    case op.DRAW_PAIRWISE:
      drawPairwise(a, firstSlot + tileStart, epochNumber, address(at, 1), address(at, 2), address(at, 3), rows);
      break;
    case op.REPEAT_COLUMN: repeatColumn(a, aRow, address(at, 1), stride(at, 1), rows, p0); break;
    case op.JOIN:
      copyRows(a, aRow, address(at, 2), stride(at, 2), rows, p0);
      copyRows(address(at, 1), stride(at, 1), address(at, 2) + (<usize>p0 << 2), stride(at, 2), rows, p1);
      break;
    case op.PLACE:
      fillRows(0, address(at, 1), stride(at, 1), rows, p0);
      copyRows(a, aRow, address(at, 1) + (<usize>parameter(at, 2) << 2), stride(at, 1), rows, p1);
      break;
    default:
      if (load<i32>(at) < op.GRU_RESET) runFieldInstruction(at, rows);
      else runSequenceInstruction(at, rows, p0, p1, a, aRow);
  }
}

/** Instructions of models over feature fields. */
function runFieldInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  const a = address(at, 0), aRow = stride(at, 0), b = address(at, 1), bRow = stride(at, 1);
  const c = address(at, 2), cRow = stride(at, 2);
  switch (load<i32>(at)) {
    case op.GATHER_SLOTS:
      // p0 width, p1 rows of the table, slots; operands table, index, value, field of slot, out
      gatherSlots(a, aRow, p1, b, bRow, c, cRow, address(at, 3), address(at, 4), stride(at, 4), rows, p0, parameter(at, 2));
      break;
    case op.SPREAD_SLOTS: spreadSlots(a, aRow, b, bRow, c, address(at, 3), stride(at, 3), rows, p0, p1); break;
    case op.POOL_SLOTS: poolSlots(a, aRow, b, bRow, c, address(at, 3), stride(at, 3), rows, p0, p1); break;
    case op.BILINEAR: bilinear(a, aRow, b, bRow, rows, p0, p1); break;
    case op.BILINEAR_GRADIENT: bilinearGradient(a, aRow, b, bRow, c, cRow, rows, p0, p1); break;
    case op.SUM_FIELDS: sumFields(a, aRow, b, bRow, rows, p0, p1); break;
    case op.REPEAT_FIELDS: repeatFields(a, aRow, b, bRow, rows, p0, p1); break;
    case op.COMBINE:
      // operands a, p, b, q, m, c, out
      combine(
        a, aRow, b, c, cRow, address(at, 3), address(at, 4), address(at, 5), address(at, 6), stride(at, 6), rows, p0,
      );
      break;
    case op.SUM_PRODUCTS: sumProducts(a, aRow, b, bRow, address(at, 3), c, rows, p0); break;
    case op.DROPOUT:
      // p0 width, p1 bits of the scale, threshold, key
      dropout(
        a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1), <u32>parameter(at, 2), firstSlot + tileStart, epochNumber,
        <u32>parameter(at, 3), <u32>parameter(at, 4),
      );
      break;
    case op.DRAW_ROWS:
      drawRows(a, firstSlot + tileStart, epochNumber, b, c, address(at, 3), address(at, 4), rows);
      break;
    case op.FETCH_SLOTS: fetchSlots(a, b, c, address(at, 3), rows); break;
    default: unreachable();
  }
}
/** Instructions of sequences and candidate lists. */
function runSequenceInstruction(at: usize, rows: i32, p0: i32, p1: i32, a: usize, aRow: i32): void {
  const b = address(at, 1), bRow = stride(at, 1), c = address(at, 2), cRow = stride(at, 2), d = address(at, 3), dRow = stride(at, 3);
  switch (load<i32>(at)) {
    case op.GATHER_LIST: gatherList(a, aRow, p1, b, c, cRow, rows, p0); break;
    case op.BLOCK_PACK:
      if (!usesBlas(parameter(at, 3), p0)) packPanels(a, p1, parameter(at, 2), b, p0, rows);
      break;
    case op.BATCH_PRODUCT:
      if (usesBlas(p0, parameter(at, 1))) outerByBlas(a, bRow, c, cRow, d, dRow, rows, p0, batchRows, 0);
      else gemm(a, 1, bRow, c, cRow, 8, d, dRow, rows, p0, batchRows, 0, 0);
      break;
    case op.BATCH_SUM:
      memory.fill(c, 0, <usize>rows << 2);
      sumRows(a, bRow, c, batchRows, rows);
      break;
    case op.CANDIDATE_OFFSETS:
      candidateOffsets(
        a, parameter(at, 4) ? b : 0, c, rows, tileStart, p0, p1, reinterpret<f32>(parameter(at, 2)),
        reinterpret<f32>(parameter(at, 3)),
      );
      break;
    case op.CANDIDATE_LOSS:
      candidateLoss(p1, a, aRow, b, c, d, dRow, rows, tileStart, p0, parameter(at, 2), reinterpret<f32>(parameter(at, 3)));
      break;
    case op.CANDIDATE_LOSS_GRADIENT:
      candidateLossGradient(
        p1, a, aRow, b, c, d, dRow, address(at, 4), stride(at, 4), rows, tileStart, p0, parameter(at, 2),
        reinterpret<f32>(parameter(at, 3)),
      );
      break;
    case op.ELU: elu(a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.ELU_GRADIENT: eluGradient(a, aRow, b, bRow, c, cRow, rows, p0, reinterpret<f32>(p1)); break;
    case op.LANE_DROPOUT:
      laneDropout(
        a, aRow, b, bRow, rows, p0, p1, reinterpret<f32>(parameter(at, 2)), parameter(at, 3), parameter(at, 4), tileStart,
        stepNumber, epochNumber,
      );
      break;
    case op.GRU_RESET: gru.gruReset(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.GRU_RESET_GRADIENT:
      gru.gruResetGradient(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_ORIGINAL:
      gru.gruOriginal(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_ORIGINAL_GRADIENT:
      gru.gruOriginalGradient(
        a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), address(at, 5), stride(at, 5), rows, p0,
      );
      break;
    case op.GRU_CELL: gru.gruCell(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.GRU_CELL_GRADIENT:
      gru.gruCellGradient(a, aRow, b, bRow, c, cRow, d, dRow, address(at, 4), stride(at, 4), rows, p0);
      break;
    case op.GRU_STATE_GRADIENT: gru.gruStateGradient(a, aRow, b, bRow, c, cRow, d, dRow, rows, p0); break;
    case op.FEED_SESSIONS: feedSessions(a, windowStep, b, c, batchRows); break;
    case op.DRAW_CANDIDATES: drawCandidates(a, b, tileStart, rows, stepNumber, epochNumber); break;
    case op.CARRY: carryRows(a, windowStep, b, bRow, c, cRow, batchRows, p0); break;
    default: runAttentionInstruction(at, rows, p0, p1, a, aRow, b, bRow, c, cRow, d, dRow);
  }
}

/** Instructions of self-attention. */
function runAttentionInstruction(
  at: usize, rows: i32, p0: i32, p1: i32, a: usize, aRow: i32, b: usize, bRow: i32, c: usize, cRow: i32, d: usize, dRow: i32,
): void {
  const kind = load<i32>(at);
  if (kind == op.STANDARDISE) standardise(a, aRow, b, bRow, rows, p0, reinterpret<f32>(p1));
  else if (kind == op.STANDARDISE_GRADIENT) standardiseGradient(a, aRow, b, bRow, c, cRow, rows, p0, reinterpret<f32>(p1));
  else if (kind == op.DROPOUT_COARSE)
    // p0 width, p1 limit, key
    dropoutCoarse(
      a, aRow, b, bRow, rows, p0, p1, firstSlot + tileStart, epochNumber, <u32>parameter(at, 2), <u32>parameter(at, 3),
    );
  else if (kind == op.TARGET_LOSS)
    targetCrossEntropy(a, aRow, b, bRow, c, d, address(at, 4), address(at, 5), stride(at, 5), rows, p0);
  else if (kind == op.TARGET_LOSS_GRADIENT)
    targetCrossEntropyGradient(
      a, aRow, b, bRow, c, d, address(at, 4), address(at, 5), stride(at, 5), address(at, 6), stride(at, 6), rows, p0,
    );
  else {
    // p0 width, p1 heads, window, limit of the draws, key; operands qkv, back, [dy,] out, workspace
    openAttention(
      p0, p1, parameter(at, 3), firstSlot + tileStart, epochNumber, <u32>parameter(at, 4), <u32>parameter(at, 5),
    );
    const window = parameter(at, 2);
    if (kind == op.ATTENTION) attention(a, aRow, b, c, cRow, rows, window, d);
    else if (kind == op.ATTENTION_GRADIENT) attentionGradient(a, aRow, b, c, cRow, d, dRow, rows, window, address(at, 4));
    else unreachable();
  }
}
