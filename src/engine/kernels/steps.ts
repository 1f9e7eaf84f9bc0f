/** Runs the stages of a step plan, step after step, on all threads together. Formats in `opcodes.ts`. */
import * as op from './opcodes';
import { allowBlas } from './blas';
import { barrier, claim, nextPiece, threadCount } from './control';
import { eventEnd, eventStart } from './profile';
import { runProgram } from './program';
import { setBases, setBatch, setExamples, setTile } from './tile';
import { normDense, reduceLanes, updateDense } from './update-dense';
import { updateRows } from './update-rows';

// @ts-ignore: decorator
@inline
function word(record: usize, index: i32): i32 {
  return load<i32>(record + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function pointer(record: usize, index: i32): usize {
  return <usize>load<u32>(record + (<usize>index << 2));
}

/** Sum of the lanes' losses, in the order of the lanes; every lane begins with its f64 loss. */
function sumOfLosses(plan: usize, used: i32): f64 {
  let sum: f64 = 0;
  for (let lane = 0; lane < used; lane++)
    sum += load<f64>(pointer(plan, op.PLAN_LANES) + <usize>lane * pointer(plan, op.PLAN_LANE_BYTES));
  return sum;
}

/** The factor that brings the global gradient norm down to the limit; 1 when it is below or no limit is set. */
function clipFactor(plan: usize): f32 {
  const limit = load<f32>(plan, op.PLAN_CLIP_NORM << 2);
  if (limit <= 0) return 1;
  let sum: f64 = 0;
  for (let owner = 0; owner < op.OWNERS; owner++) sum += load<f64>(pointer(plan, op.PLAN_NORMS) + (<usize>owner << 3));
  const norm = Math.sqrt(sum);
  return norm > <f64>limit ? <f32>(<f64>limit / norm) : <f32>1;
}

/** Tiles of one lane: lane, lane + LANES, … of a batch of `rows` rows. */
function runLanes(plan: usize, stage: usize, rows: i32, worker: i32): void {
  const tile = word(plan, op.PLAN_TILE);
  const nTiles = (rows + tile - 1) / tile;
  const program = pointer(stage, 1), count = word(stage, 2), zeroFrom = pointer(stage, 3), zeroBytes = pointer(stage, 4);
  const scratch = pointer(plan, op.PLAN_SCRATCH) + <usize>worker * pointer(plan, op.PLAN_SCRATCH_BYTES);
  for (let lane = claim(); lane < op.LANES; lane = claim()) {
    if (lane >= nTiles) continue;
    const base = pointer(plan, op.PLAN_LANES) + <usize>lane * pointer(plan, op.PLAN_LANE_BYTES);
    memory.fill(base + zeroFrom, 0, zeroBytes);
    setBases(scratch, base);
    for (let t = lane; t < nTiles; t += op.LANES) {
      setTile(t * tile, min(tile, rows - t * tile));
      runProgram(program, count);
    }
  }
  nextPiece(op.LANES);
}

/** Shared work by blocks of rows: any thread takes any block, every row is computed by one thread alone. */
function runBlocks(plan: usize, stage: usize, worker: i32): void {
  const nJobs = word(stage, 2), nBlocks = word(stage, 3);
  setBases(
    pointer(plan, op.PLAN_SCRATCH) + <usize>worker * pointer(plan, op.PLAN_SCRATCH_BYTES), pointer(plan, op.PLAN_LANES),
  );
  for (let b = claim(); b < nBlocks; b = claim()) {
    let job = pointer(stage, 1);
    for (let n = 1; n < nJobs && b >= word(job + (op.BLOCK_JOB_WORDS << 2), 4); n++) job += op.BLOCK_JOB_WORDS << 2;
    const blockRows = word(job, 3), start = (b - word(job, 4)) * blockRows;
    setTile(start, min(blockRows, word(job, 2) - start));
    runProgram(pointer(job, 0), word(job, 1));
  }
  nextPiece(nBlocks);
}

/**
 * Runs the steps [first, first + n) of the epoch. All threads run this function side by side; barriers stand between stages.
 * Stops before any update when a loss is not finite.
 */
export function runSteps(plan: usize, worker: i32): void {
  const batch = word(plan, op.PLAN_BATCH), total = <u32>word(plan, op.PLAN_TOTAL_ROWS);
  allowBlas(word(plan, op.PLAN_OWN_PRODUCTS) ? 0 : 1);
  const first = word(plan, op.PLAN_FIRST_STEP), nSteps = word(plan, op.PLAN_N_STEPS);
  for (let s = 0; s < nSteps; s++) {
    const start = <u32>(first + s) * <u32>batch;
    const listed = pointer(plan, op.PLAN_STEP_ROWS);
    const rows = listed ? load<i32>(listed + (<usize>s << 2)) : <i32>min(<u32>batch, total - start);
    setExamples(start, word(plan, op.PLAN_EPOCH));
    setBatch(rows, first + s, s);
    if (!runStep(plan, rows, pointer(plan, op.PLAN_SCHEDULE) + (<usize>s << 4), worker)) return;
    if (worker == 0) store<i32>(plan + (op.PLAN_STEPS_DONE << 2), s + 1);
  }
}

function runStep(plan: usize, rows: i32, schedule: usize, worker: i32): bool {
  const threads = threadCount(), batch = word(plan, op.PLAN_BATCH), tile = word(plan, op.PLAN_TILE);
  const used = min(op.LANES, (rows + tile - 1) / tile);
  const lanes = pointer(plan, op.PLAN_LANES), laneBytes = word(plan, op.PLAN_LANE_BYTES);
  const scratch = pointer(plan, op.PLAN_SCRATCH) + <usize>worker * pointer(plan, op.PLAN_SCRATCH_BYTES);
  const norms = pointer(plan, op.PLAN_NORMS);
  let stage = pointer(plan, op.PLAN_STAGES);
  for (let n = word(plan, op.PLAN_N_STAGES); n > 0; n--) {
    const p = pointer(stage, 1), kind = word(stage, 0);
    const start = eventStart();
    switch (kind) {
      case op.STAGE_SERIAL:
        if (worker == 0) {
          const divisor = word(plan, op.PLAN_NOMINAL_MEAN) ? batch : rows;
          store<f32>(plan + (op.PLAN_INVERSE_ROWS << 2), <f32>1 / <f32>divisor);
          memory.fill(norms, 0, op.OWNERS << 3);
          setBases(scratch, lanes);
          setTile(0, rows);
          runProgram(p, word(stage, 2));
        }
        break;
      case op.STAGE_BLOCKS: runBlocks(plan, stage, worker); break;
      case op.STAGE_ROWS: runLanes(plan, stage, rows, worker); break;
      case op.STAGE_REDUCE: reduceLanes(lanes + p, laneBytes, used, pointer(stage, 3), word(stage, 2), worker, threads); break;
      case op.STAGE_CHECK_LOSS: {
        const loss = sumOfLosses(plan, used);
        const finite = isFinite(loss);
        if (worker == 0) {
          if (finite) store<f64>(plan + (op.PLAN_LOSS << 2), load<f64>(plan + (op.PLAN_LOSS << 2)) + loss);
          else store<i32>(plan + (op.PLAN_NOT_FINITE << 2), 1);
        }
        if (!finite) return false;
        break;
      }
      case op.STAGE_ASSIGN:
        if (worker == 0) {
          setBases(scratch, lanes);
          runProgram(p, word(stage, 2));
        }
        break;
      case op.STAGE_NORM_DENSE: normDense(p, norms, worker, threads); break;
      case op.STAGE_NORM_ROWS:
        updateRows(p, 0, schedule, 1, rows, scratch, norms, worker, threads);
        break;
      case op.STAGE_UPDATE_DENSE:
        // word 3: where this optimizer's learning rates lie among those of all optimizers
        updateDense(p, pointer(stage, 2), schedule + pointer(stage, 3), clipFactor(plan), worker, threads);
        break;
      case op.STAGE_UPDATE_ROWS:
        updateRows(p, pointer(stage, 2), schedule + pointer(stage, 3), clipFactor(plan), rows, scratch, 0, worker, threads);
        break;
      default: unreachable();
    }
    // word 7: whether the next stage needs what all threads did here
    // of stages that run instructions, the instructions are the events
    const isProgram = kind == op.STAGE_SERIAL || kind == op.STAGE_ROWS || kind == op.STAGE_BLOCKS || kind == op.STAGE_ASSIGN;
    if (!isProgram) eventEnd(stage, start);
    if (word(stage, 7)) {
      const waiting = eventStart();
      if (!barrier()) return false;
      eventEnd(0, waiting);
    }
    stage += op.STAGE_WORDS << 2;
  }
  return true;
}
