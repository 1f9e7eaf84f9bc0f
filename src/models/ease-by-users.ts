/**
 * EASE from a users × users matrix, for more items than an items × items matrix can have. With X [users × items],
 * K = (XXᵀ + λI)⁻¹ and the hat matrix H = XXᵀK = I − λK of the ridge regression of X on itself:
 *
 *   P = (XᵀX + λI)⁻¹ = (I − XᵀKX) / λ       λ P_ii = 1 − x_iᵀK x_i       B_ji = x_jᵀK x_i / (λ P_ii)  (j ≠ i)
 *   h B = h + (ŷ − h) / (λ P_ii)            ŷ = h Xᵀ K X = g X           g = K X hᵀ,  for user u of the training row u of H
 *
 * x_i: column i of X, who took item i. h: the items of a person, 0 or 1. Only H, the 1 / λP_ii and X are kept, X as it is: sparse.
 */
import { float32Tensor, int32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import { visitCoOccurrences } from '../data/co-occurrence.ts';
import { rowOf, type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import { checkRows } from '../scoring/item-lists.ts';
import type { Sizes, SolvedScore } from '../scoring/scorer.ts';
import { type EaseMatrix, placeOfWeights } from './ease-matrix.ts';

/** What is kept of a fit. */
interface UserSolution {
  /** H [users × users] */
  readonly hat: Float32Array;
  /** 1 − H_vv = λK_vv, which H_vv itself does not say to all digits. */
  readonly residual: Float32Array;
  /** 1 / λP_ii */
  readonly scale: Float32Array;
  /** The users who took each item, ascending. */
  readonly takers: SparseRows;
}

/**
 * @param matrix zeros, users × users, which may become the hat matrix
 * @param onProgress called with the number of users eliminated so far
 */
export async function fitByUsers(
  matrix: EaseMatrix,
  train: SparseRows,
  { nUsers, nItems }: Sizes,
  regularization: number,
  onProgress: (users: number) => void,
): Promise<NamedTensors> {
  const takers = transposeRows(train, nItems);
  const { values, stride } = matrix;
  visitCoOccurrences(takers, nUsers, null, (user, counts) => {
    for (let v = user; v < nUsers; v++) values[user * stride + v] = counts[v];
    values[user * stride + user] += regularization;
  });
  await matrix.invert(onProgress);
  const residual = Float32Array.from({ length: nUsers }, (_, v) => regularization * values[v * stride + v]);
  const scale = scales(matrix, takers);
  return new Map([
    ['hat', { shape: [nUsers, nUsers], data: hatMatrix(matrix, regularization) }],
    ['residual', { shape: [nUsers], data: residual }],
    ['scale', { shape: [nItems], data: scale }],
    ['rowStart', { shape: [nItems + 1], data: takers.rowStart }],
    ['columns', { shape: [takers.columns.length], data: takers.columns }],
  ]);
}

/** I − λK, both triangles. */
function hatMatrix(matrix: EaseMatrix, regularization: number): Float32Array {
  const { values, stride, n } = matrix;
  const hat = placeOfWeights(matrix);
  for (let u = 0; u < n; u++) {
    hat[u * n + u] = 1 - regularization * values[u * stride + u];
    for (let v = u + 1; v < n; v++) {
      const value = -regularization * values[u * stride + v];
      hat[u * n + v] = value;
      hat[v * n + u] = value;
    }
  }
  return hat;
}

/** 1 / (1 − x_iᵀK x_i) */
function scales({ values, stride }: EaseMatrix, takers: SparseRows): Float32Array {
  return Float32Array.from({ length: takers.nRows }, (_, item) => {
    const users = rowOf(takers, item);
    let sum = 0;
    for (let k = 0; k < users.length; k++) {
      const row = users[k] * stride;
      let beside = 0;
      for (let l = k + 1; l < users.length; l++) beside += values[row + users[l]];
      sum += values[row + users[k]] + 2 * beside;
    }
    return 1 / (1 - sum);
  });
}

/** @throws DeepTasteError `artifact` when the tensors do not fit together */
function solutionOf(weights: NamedTensors, { nUsers, nItems }: Sizes): UserSolution {
  const rowStart = int32Tensor(weights, 'rowStart', [nItems + 1]);
  const columns = int32Tensor(weights, 'columns', [-1]);
  checkRows(rowStart, columns, nUsers, 'ease');
  return {
    hat: float32Tensor(weights, 'hat', [nUsers, nUsers]),
    residual: float32Tensor(weights, 'residual', [nUsers]),
    scale: float32Tensor(weights, 'scale', [nItems]),
    takers: { nRows: nItems, rowStart, columns },
  };
}

export function scoreByUsers(weights: NamedTensors, sizes: Sizes, regularization: number): SolvedScore {
  const solution = solutionOf(weights, sizes);
  const { hat, scale, takers } = solution;
  return {
    form: 'takers',
    users: hat,
    width: sizes.nUsers,
    takers,
    scale,
    weightsTo: (item) => {
      const ofTakers = new Float64Array(sizes.nUsers);
      for (const v of rowOf(takers, item)) ofTakers[v] = 1;
      const solved = timesInverse(solution, ofTakers, regularization);
      return (from) => rowOf(takers, from).reduce((sum, v) => sum + solved[v], 0) * scale[item];
    },
  };
}

/** g = K X hᵀ: what a row of H is for a user of the training. */
export function foldInByUsers(
  weights: NamedTensors,
  sizes: Sizes,
  regularization: number,
  history: Int32Array,
): Float32Array {
  const solution = solutionOf(weights, sizes);
  const common = new Float64Array(sizes.nUsers);
  for (const item of history) for (const v of rowOf(solution.takers, item)) common[v]++;
  return Float32Array.from(timesInverse(solution, common, regularization));
}

/** K c = (c − H c) / λ for a vector with a number for each user. */
function timesInverse({ hat, residual }: UserSolution, c: Float64Array, regularization: number): Float64Array {
  const n = c.length;
  const solved = new Float64Array(n);
  for (let v = 0; v < n; v++) {
    const x = c[v];
    if (x === 0) continue;
    const row = v * n;
    for (let w = 0; w < v; w++) solved[w] -= x * hat[row + w];
    solved[v] += x * residual[v];
    for (let w = v + 1; w < n; w++) solved[w] -= x * hat[row + w];
  }
  for (let v = 0; v < n; v++) solved[v] /= regularization;
  return solved;
}
