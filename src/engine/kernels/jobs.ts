/** What the threads of the pool do: wait for a job, run it together, report. */
import * as op from './opcodes';
import { barrier, claim, enterJob, nextPiece } from './control';
import { runFactors } from './factor-ranks';
import { gemm } from './gemm';
import { gemm64 } from './gemm64';
import { runMeasurement } from './machine';
import { setProfile } from './profile';
import { runRanking } from './ranking';
import { runRetrieval } from './retrieval';
import { runGram, runRidge } from './ridge';
import { runSteps } from './steps';

/** A large matrix product, cut into blocks of rows. Arguments as in gemm(), one word each. */
function runGemm(record: usize): void {
  const m = load<i32>(record, 32),
    rowsOfBlock = 48;
  const blocks = (m + rowsOfBlock - 1) / rowsOfBlock;
  for (let b = claim(); b < blocks; b = claim()) {
    const from = b * rowsOfBlock;
    const aRow = load<i32>(record, 4),
      cRow = load<i32>(record, 28);
    gemm(
      <usize>load<u32>(record) + ((<usize>from * aRow) << 2),
      aRow,
      load<i32>(record, 8),
      load<u32>(record, 12),
      load<i32>(record, 16),
      load<i32>(record, 20),
      <usize>load<u32>(record, 24) + ((<usize>from * cRow) << 2),
      cRow,
      min(rowsOfBlock, m - from),
      load<i32>(record, 36),
      load<i32>(record, 40),
      load<i32>(record, 44),
      load<u32>(record, 48),
    );
  }
  nextPiece(blocks);
}

/** Columns of a block of scores: its panels, 100 wide, stay in the second-level cache while all rows pass over them. */
const SCORES_BLOCK: i32 = 512;

/** Scores of a few rows against many columns. */
function runScores(record: usize): void {
  const columns = load<i32>(record, op.SCORES_COLUMNS << 2), width = load<i32>(record, op.SCORES_WIDTH << 2);
  const blocks = (columns + SCORES_BLOCK - 1) / SCORES_BLOCK;
  for (let b = claim(); b < blocks; b = claim()) {
    const from = b * SCORES_BLOCK;
    gemm(
      load<u32>(record, op.SCORES_ROWS << 2), load<i32>(record, op.SCORES_ROW_STRIDE << 2), 1,
      <usize>load<u32>(record, op.SCORES_PANELS << 2) + ((<usize>from * width) << 2), 8, 8 * width,
      <usize>load<u32>(record, op.SCORES_OUT << 2) + (<usize>from << 2), load<i32>(record, op.SCORES_OUT_STRIDE << 2),
      load<i32>(record, op.SCORES_N_ROWS << 2), min(SCORES_BLOCK, columns - from), width, 0, 0,
    );
  }
  nextPiece(blocks);
}

/** A large float64 product, cut into blocks of rows. Arguments as in gemm64(), one word each. */
function runGemm64(record: usize): void {
  const m = load<i32>(record, 32),
    rowsOfBlock = 48;
  const blocks = (m + rowsOfBlock - 1) / rowsOfBlock;
  for (let b = claim(); b < blocks; b = claim()) {
    const from = b * rowsOfBlock;
    const aRow = load<i32>(record, 4),
      cRow = load<i32>(record, 28);
    gemm64(
      <usize>load<u32>(record) + ((<usize>from * aRow) << 3),
      aRow,
      load<i32>(record, 8),
      load<u32>(record, 12),
      load<i32>(record, 16),
      load<i32>(record, 20),
      <usize>load<u32>(record, 24) + ((<usize>from * cRow) << 3),
      cRow,
      min(rowsOfBlock, m - from),
      load<i32>(record, 36),
      load<i32>(record, 40),
      load<i32>(record, 44),
      from,
    );
  }
  nextPiece(blocks);
}

/** Runs the current job as thread number `worker` (0 = the thread that posted it). */
export function runJob(control: usize, worker: i32): void {
  enterJob(control);
  const argument = <usize>load<u32>(control, op.CONTROL_ARGUMENT << 2);
  switch (load<i32>(control, op.CONTROL_JOB << 2)) {
    case op.JOB_STEPS:
      runSteps(argument, worker);
      break;
    case op.JOB_RANK:
      runRanking(argument, worker);
      break;
    case op.JOB_RETRIEVE:
      runRetrieval(argument, worker);
      break;
    case op.JOB_SCORES:
      runScores(argument);
      break;
    case op.JOB_GEMM:
      runGemm(argument);
      break;
    case op.JOB_GEMM_64:
      runGemm64(argument);
      break;
    case op.JOB_GRAM:
      runGram(argument, worker);
      break;
    case op.JOB_MEASURE:
      runMeasurement(argument, worker);
      break;
    case op.JOB_PROFILE:
      setProfile(<usize>load<u32>(argument) + <usize>worker * load<u32>(argument, 4), load<u32>(argument, 4));
      break;
    case op.JOB_FACTORS:
      runFactors(argument, worker);
      break;
    case op.JOB_RIDGE:
      runRidge(argument, worker);
      break;
    default:
      break;
  }
  barrier();
}
