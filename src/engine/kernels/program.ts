/** The interpreter of plans: runs a list of instructions on one tile of rows. Formats in `opcodes.ts`. */
import * as op from './opcodes';
import { attention, attentionGradient, openAttention } from './attention';
import { linearByBlas, outerByBlas, usesBlas } from './blas';
import { candidateOffsets, candidateSlopes } from './candidates';
import {
  affine, binary, copyRows, fillRows, gather, gatherList, mulColumn, repeatColumn, rowDot, rowSum, sumLoss, sumRows, transpose, unary,
} from './elementwise';
import { drawRows, fetchSlots } from './draw-rows';
import { dropout, dropoutCoarse } from './dropout';
import { bilinear, bilinearGradient, gatherSlots, poolSlots, repeatFields, spreadSlots, sumFields } from './fields';
import * as softmax from './full-softmax';
import * as gru from './gru';
import * as lstm from './lstm';
import * as steps from './steps-of-row';
import { elu, eluGradient, laneDropout } from './row-noise';
import { carryRows, drawCandidates, feedSessions } from './sessions';
import { gemm } from './gemm';
import { combine, sumProducts } from './normalise';
import { packPanels } from './pack';
import { eventEnd, eventStart } from './profile';
import { standardise, standardiseGradient } from './standardise';
import { drawPairwise, drawPointwise } from './sampling';
import { scatterRows, sparseProduct } from './sparse';
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
      // p0 columns, p1 depth, flags, k stride and panel stride of B, Wᵀ is stored, groups; operands x, packed, out, bias, weights
      if (parameter(at, 6) > 1) {
        groupedLinear(at, rows, p0, p1, parameter(at, 6));
        break;
      }
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
      // out[p1 × p0] += xᵀ·y; p2 groups; operands x, y, out
      if (parameter(at, 2) > 1) {
        groupedOuterSum(a, aRow, address(at, 1), stride(at, 1), address(at, 2), stride(at, 2), rows, p0, p1, parameter(at, 2));
        break;
      }
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
    case op.SUM_ROWS: groupedSum(a, aRow, address(at, 1), rows, p0, p1); break;
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
      else if (load<i32>(at) < op.LSTM) runSequenceInstruction(at, rows, p0, p1, a, aRow);
      else if (load<i32>(at) < op.FULL_SOFTMAX_PARTS) {
        const isSum = load<i32>(at) == op.LSTM_WEIGHT_GRADIENT && parameter(at, 4) != 0;
        // p4: the sum over the whole batch at once, not tile by tile
        if (isSum) memory.fill(address(at, 3), 0, <usize>(4 * parameter(at, 2) * (parameter(at, 3) + parameter(at, 2) + 1)) << 2);
        runStepsInstruction(at, isSum ? batchRows : rows);
      } else if (load<i32>(at) <= op.FULL_SOFTMAX_INPUT) runSoftmaxInstruction(at, rows);
      else if (load<i32>(at) < op.SPARSE_PRODUCT) runSequenceInstruction(at, rows, p0, p1, a, aRow);
      else runGraphInstruction(at, rows);
  }
}

/** A product of every group of a row with the same weights: one product where groups follow one another without gaps. */
function groupedLinear(at: usize, rows: i32, n: i32, k: i32, groups: i32): void {
  let x = address(at, 0), out = address(at, 2);
  const xRow = stride(at, 0), outRow = stride(at, 2), flags = parameter(at, 2), bias = address(at, 3);
  const isWhole = xRow == groups * k && outRow == groups * n;
  const pieces = isWhole ? 1 : rows, groupsOfPiece = isWhole ? rows * groups : groups;
  for (let r = 0; r < pieces; r++) {
    if (usesBlas(n, k))
      linearByBlas(x, k, address(at, 4), stride(at, 4), parameter(at, 5), out, n, groupsOfPiece, n, k, flags, bias);
    else gemm(x, k, 1, address(at, 1), parameter(at, 3), parameter(at, 4), out, n, groupsOfPiece, n, k, flags, bias);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[m × n] += Σ over rows and groups of xᵀ y; `width` = columns of a group of x, of which m are taken. */
function groupedOuterSum(
  x: usize, xRow: i32, y: usize, yRow: i32, out: usize, outRow: i32, rows: i32, n: i32, m: i32, groups: i32, width: i32 = m,
): void {
  const isWhole = xRow == groups * width && yRow == groups * n;
  const pieces = isWhole ? 1 : rows, groupsOfPiece = isWhole ? rows * groups : groups;
  for (let r = 0; r < pieces; r++) {
    if (usesBlas(n, width)) outerByBlas(x, width, y, n, out, outRow, m, n, groupsOfPiece, 1);
    else gemm(x, 1, width, y, n, 8, out, outRow, m, n, groupsOfPiece, op.FLAG_ACCUMULATE, 0);
    x += <usize>xRow << 2;
    y += <usize>yRow << 2;
  }
}

/** out += Σ over rows and groups of x */
function groupedSum(x: usize, xRow: i32, out: usize, rows: i32, width: i32, groups: i32): void {
  for (let g = 0; g < groups; g++) sumRows(x + (<usize>(g * width) << 2), xRow, out, rows, width);
}

/** Whether operand n of an instruction has rows of `width` elements without gaps. */
// @ts-ignore: decorator
@inline
function isDense(at: usize, n: i32, width: i32): bool {
  return width == 0 || stride(at, n) == width;
}

/** Instructions of steps inside rows: within a row every operand is dense; all rows go at once where rows have no gaps either. */
function runStepsInstruction(at: usize, rows: i32): void {
  // p0 sequences of a row, p1 steps, p2 units or width, p3 inputs, p4 from the end
  const tokens = parameter(at, 0) * parameter(at, 1), units = parameter(at, 2), inputs = parameter(at, 3);
  const sequences = parameter(at, 0), records = tokens * units * op.LSTM_FIELDS;
  const gradients = tokens * units * op.LSTM_GRADIENT_FIELDS;
  // widths of the batch operands, which come first
  let w0 = tokens, w1 = tokens, w2 = tokens, w3 = 0;
  switch (load<i32>(at)) {
    case op.LSTM: w0 = tokens * inputs; w1 = sequences; w2 = records; break;
    case op.LSTM_HIDDEN: w0 = records; w1 = inputs ? records : 0; w2 = tokens * (units << inputs); break;
    case op.LSTM_GRADIENT: w0 = records; w1 = sequences; w2 = tokens * parameter(at, 5); w3 = gradients; break;
    case op.LSTM_INPUT_GRADIENT: w0 = gradients; w1 = tokens * inputs; w2 = 0; break;
    case op.LSTM_WEIGHT_GRADIENT: w0 = tokens * inputs; w1 = records; w2 = gradients; break;
    case op.SEQUENCE_LENGTHS: w1 = sequences; w2 = 0; break;
    case op.MASKED_SOFTMAX: w1 = sequences; break;
    case op.POOL_STEPS: w1 = tokens * units; w2 = sequences * units; break;
    case op.DOT_STEPS: w0 = sequences * units; w1 = tokens * units; break;
    case op.SCALE_STEPS: w1 = sequences * units; w2 = tokens * units; break;
    default: break;
  }
  const isWhole = isDense(at, 0, w0) && isDense(at, 1, w1) && isDense(at, 2, w2) && isDense(at, 3, w3);
  const pieces = isWhole ? 1 : rows, count = isWhole ? rows * sequences : sequences;
  const s0 = w0 ? stride(at, 0) : 0, s1 = w1 ? stride(at, 1) : 0, s2 = w2 ? stride(at, 2) : 0, s3 = w3 ? stride(at, 3) : 0;
  for (let r = 0; r < pieces; r++)
    runSteps(
      at, count, address(at, 0) + (<usize>(r * s0) << 2), address(at, 1) + (<usize>(r * s1) << 2),
      address(at, 2) + (<usize>(r * s2) << 2), address(at, 3) + (<usize>(r * s3) << 2),
    );
}

/** One instruction of steps on `count` sequences that follow one another without gaps. */
function runSteps(at: usize, count: i32, a: usize, b: usize, c: usize, d: usize): void {
  const t = parameter(at, 1), units = parameter(at, 2), inputs = parameter(at, 3), reverse = parameter(at, 4) != 0;
  switch (load<i32>(at)) {
    case op.LSTM:
      // p5 bits of the addend of the forget gate; operands x, lengths, out, weights, panels
      lstm.lstm(a, d, address(at, 4), b, c, count, t, inputs, units, reinterpret<f32>(parameter(at, 5)), reverse);
      break;
    case op.LSTM_HIDDEN:
      // p3 there is a second direction; operands forward, backward, out
      lstm.lstmHidden(a, c, units << inputs, count * t, units);
      if (inputs) lstm.lstmHidden(b, c + (<usize>units << 2), 2 * units, count * t, units);
      break;
    case op.LSTM_GRADIENT:
      // p5 width of a step of dy, p6 the first column there; operands records, lengths, dy, out, weights, panels of Uᵀ
      lstm.lstmGradient(
        a, address(at, 4), address(at, 5), b, c + (<usize>parameter(at, 6) << 2), parameter(at, 5), d, count, t, inputs, units,
        reverse,
      );
      break;
    case op.LSTM_INPUT_GRADIENT: lstm.lstmInputGradient(a, c, d, b, count * t, inputs, units); break;
    case op.LSTM_WEIGHT_GRADIENT: lstm.lstmWeightGradient(a, b, c, d, count * t, inputs, units); break;
    case op.SEQUENCE_LENGTHS: steps.sequenceLengths(a, b, count, t); break;
    case op.MASKED_SOFTMAX: steps.maskedSoftmax(a, b, c, count, t); break;
    case op.MASKED_SOFTMAX_GRADIENT: steps.maskedSoftmaxGradient(a, b, c, count, t); break;
    case op.POOL_STEPS: steps.poolSteps(a, b, c, count, t, units); break;
    case op.DOT_STEPS: steps.dotSteps(a, b, c, count, t, units); break;
    case op.SCALE_STEPS: steps.scaleSteps(a, b, c, count, t, units); break;
    default: unreachable();
  }
}

/** Instructions of graphs. */
function runGraphInstruction(at: usize, rows: i32): void {
  const p0 = parameter(at, 0), p1 = parameter(at, 1);
  if (load<i32>(at) == op.SPARSE_PRODUCT) {
    // p0 width, p1 bits of the scale, whether something is added; operands matrix, x, added, out; rows are blocks
    sparseProduct(
      address(at, 0), tileStart, rows, address(at, 1), stride(at, 1), parameter(at, 2) ? address(at, 2) : 0, stride(at, 2),
      address(at, 3), stride(at, 3), p0, reinterpret<f32>(p1),
    );
    return;
  }
  // p0 width, p1 rows of the matrix, then first row and number of rows of each part; operands y and index of each part, out last
  const isBlock = load<i32>(at) == op.SCATTER_BLOCK;
  const from = isBlock ? tileStart : 0, n = isBlock ? rows : p1, nRows = isBlock ? batchRows : rows;
  const out = address(at, 6), outRow = stride(at, 6);
  if (isBlock) memory.fill(out, 0, (<usize>n * outRow) << 2);
  for (let part = 0; part < 3; part++) {
    const first = parameter(at, 2 + 2 * part), count = parameter(at, 3 + 2 * part);
    if (count)
      scatterRows(
        address(at, 2 * part), stride(at, 2 * part), address(at, 2 * part + 1), nRows, first, count, from, n, out, outRow, p0,
      );
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
/** Instructions of the softmax over all rows of a matrix. */
function runSoftmaxInstruction(at: usize, rows: i32): void {
  // p0 rows of the matrix, p1 width, p2 rows that a batch can have, p3 elements of a share of the sums, p4 exponentials are kept
  const n = parameter(at, 0), width = parameter(at, 1), capacity = parameter(at, 2);
  const shareWords = parameter(at, 3), keep = parameter(at, 4) != 0;
  const x = address(at, 0), xRow = stride(at, 0), w = address(at, 1), wRow = stride(at, 1);
  switch (load<i32>(at)) {
    case op.FULL_SOFTMAX_PARTS:
      // operands x, w, out; the rows are shares
      softmax.parts(
        x, xRow, w, wRow, address(at, 2), shareWords, keep, batchRows, n, width, capacity, tileStart, rows, scratchBase,
      );
      break;
    case op.FULL_SOFTMAX_LOSS:
      // operands x, w, target, parts, out
      softmax.loss(
        x, xRow, w, wRow, address(at, 2), stride(at, 2), address(at, 3), shareWords, address(at, 4), stride(at, 4), rows, tileStart, n,
        width, capacity,
      );
      break;
    case op.FULL_SOFTMAX_GRADIENT:
      // operands x, w, target, parts, dy, out; the rows are shares
      softmax.gradient(
        x, xRow, w, wRow, address(at, 2), stride(at, 2), address(at, 3), shareWords, keep, address(at, 4), stride(at, 4), address(at, 5),
        batchRows, n, width, capacity, tileStart, rows, scratchBase,
      );
      break;
    case op.FULL_SOFTMAX_INPUT:
      // operands sums of the shares, out
      softmax.sumShares(x, w, wRow, rows, tileStart, n, width, capacity);
      break;
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
      // p2 groups
      if (parameter(at, 2) > 1) {
        memory.fill(d, 0, <usize>(rows * p0) << 2);
        groupedOuterSum(a, bRow, c, cRow, d, dRow, batchRows, p0, rows, parameter(at, 2), p1);
      } else if (usesBlas(p0, p1)) outerByBlas(a, bRow, c, cRow, d, dRow, rows, p0, batchRows, 0);
      else gemm(a, 1, bRow, c, cRow, 8, d, dRow, rows, p0, batchRows, 0, 0);
      break;
    case op.BATCH_SUM:
      memory.fill(c, 0, <usize>rows << 2);
      for (let g = 0; g < p1; g++) sumRows(a + (<usize>(g * p0) << 2), bRow, c, batchRows, rows);
      break;
    case op.CANDIDATE_OFFSETS:
      candidateOffsets(
        a, parameter(at, 4) ? b : 0, c, rows, tileStart, p0, p1, reinterpret<f32>(parameter(at, 2)),
        reinterpret<f32>(parameter(at, 3)),
      );
      break;
    case op.CANDIDATE_SLOPES:
      // operands scores, list, offsets, out, workspace
      candidateSlopes(
        p1, a, aRow, b, c, d, dRow, rows, tileStart, p0, parameter(at, 2), reinterpret<f32>(parameter(at, 3)), address(at, 4),
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
