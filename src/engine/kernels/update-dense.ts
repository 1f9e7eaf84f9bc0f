/** Sums of the lanes, and updates of contiguous weights; every worker has its share of them. */
import * as op from './opcodes';
import { applyUpdate } from './optimizers';
import { real, word } from './record';

/** Sum of squares of n gradients, in float64. */
export function squares(gradient: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const g = <f64>load<f32>(gradient + (<usize>i << 2));
    sum += g * g;
  }
  return sum;
}

/** Start of share `s` of `shares` shares of n elements, a multiple of 16. */
function shareStart(n: i32, s: i32, shares: i32): i32 {
  return s >= shares ? n : <i32>(((<i64>n * s) / shares) & ~15);
}

/** gradient[i] = Σ_lane accumulators[lane][i] over this worker's share; lanes are added in their order. */
export function reduceLanes(lanes: usize, laneBytes: i32, used: i32, out: usize, n: i32, worker: i32, threads: i32): void {
  const end = shareStart(n, worker + 1, threads);
  for (let i = shareStart(n, worker, threads); i < end; i += 4) {
    const at = <usize>i << 2;
    let sum = v128.load(lanes + at);
    for (let lane = 1; lane < used; lane++) sum = f32x4.add(sum, v128.load(lanes + <usize>lane * laneBytes + at));
    v128.store(out + at, sum);
  }
}

export function updateDense(dense: usize, optimizer: usize, schedule: usize, factor: f32, worker: i32, threads: i32): void {
  const n = <i32>word(dense, op.DENSE_LENGTH);
  const from = shareStart(n, worker, threads), end = shareStart(n, worker + 1, threads);
  const at = <usize>from << 2;
  applyUpdate(
    optimizer, word(dense, op.DENSE_WEIGHTS) + at, word(dense, op.DENSE_GRADIENT) + at,
    word(dense, op.DENSE_STATE_1) + at, word(dense, op.DENSE_STATE_2) + at, end - from,
    load<f32>(schedule), load<f32>(schedule, 4), load<f32>(schedule, 8), factor, real(optimizer, op.OPTIMIZER_L2),
  );
}

/** Adds the squares of the dense gradients, owner by owner, to the partial sums. */
export function normDense(dense: usize, norms: usize, worker: i32, threads: i32): void {
  const n = <i32>word(dense, op.DENSE_LENGTH);
  for (let owner = worker; owner < op.OWNERS; owner += threads) {
    const from = shareStart(n, owner, op.OWNERS);
    const at = norms + (<usize>owner << 3);
    store<f64>(at, load<f64>(at) + squares(word(dense, op.DENSE_GRADIENT) + (<usize>from << 2), shareStart(n, owner + 1, op.OWNERS) - from));
  }
}
