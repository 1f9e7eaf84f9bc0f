/** How much of the engine's memory a training run will take, told before it takes it. */
import { DeepTasteError } from '../core/errors.ts';
import { type Tensor, topologicalOrder } from '../engine/expression.ts';
import { type OptimizerOptions, stateArrays } from '../engine/optimizers/optimizer.ts';
import { paddedWidth } from '../engine/runtime/parameter-store.ts';
import { rankingBlock } from '../engine/runtime/ranking.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';

/** Bytes, by what they are for. */
export interface MemoryEstimate {
  readonly weights: number;
  readonly optimizerState: number;
  /** Interactions and what the sampler needs of them. */
  readonly examples: number;
  /** Values and gradients of a batch, of all threads. */
  readonly activations: number;
  /** While a validation or test part is ranked: vectors of all users and items, taken pairs, scores. */
  readonly ranking: number;
  readonly total: number;
}

export interface EstimateRequest {
  readonly declarations: readonly ParameterDeclaration[];
  readonly training: {
    readonly batchSize: number;
    readonly optimizer: OptimizerOptions;
    readonly rejectTaken: boolean;
  };
  readonly nUsers: number;
  readonly nItems: number;
  readonly nInteractions: number;
  readonly threads: number;
  /** What rows share and a step computes by blocks; null or absent: nothing, sums over the batch are made in lanes. */
  readonly sharedWork?: SharedWork | null;
}

/** Bytes of what a step computes for all its rows. */
export interface SharedWork {
  /** Computed matrices, and as many gradients of them. */
  readonly computed: number;
  /** Matrices that are part of the plan. */
  readonly constants: number;
}

/** What the rows of a loss share. */
export function sharedWorkOf(loss: Tensor): SharedWork {
  const shared = topologicalOrder([loss]).filter(({ rows, op }) => rows === 'shared' && !op.storage && !op.view);
  const bytesOf = (tensor: Tensor): number => {
    const constant = tensor.op.constant?.(tensor);
    if (!constant) return tensor.size * 4;
    return [constant].flat().reduce((sum, { byteLength }) => sum + byteLength, 0);
  };
  const sum = (tensors: readonly Tensor[]) => tensors.reduce((bytes, tensor) => bytes + bytesOf(tensor), 0);
  return {
    computed: 2 * sum(shared.filter(({ op }) => !op.constant)),
    constants: sum(shared.filter(({ op }) => op.constant)),
  };
}

/** What 32-bit WebAssembly can address. */
export const MEMORY_LIMIT = 4 * 1024 ** 3;
/** As in the sampler: up to here, taken pairs are kept as bits too. */
const MAX_TAKEN_BYTES = 32 * 1024 ** 2;
/** Scratch of one thread: tiles are cut so that theirs fits a second-level cache. */
const SCRATCH_BYTES = 1024 ** 2;
const LANES = 8;
/** The user and the item of each interaction; the items serve for the rejection of negatives too. */
const BYTES_PER_EXAMPLE = 8;
/** The items that are no candidates in a full ranking for all users. */
const BYTES_PER_TAKEN_PAIR = 4;

export function estimateMemory(request: EstimateRequest): MemoryEstimate {
  const { declarations, training, nUsers, nItems, nInteractions, threads, sharedWork } = request;
  const state = stateArrays[training.optimizer.name];
  const tables = declarations.filter(({ table }) => table !== undefined);
  const tableBytes = tables.reduce((sum, { shape: [rows, width] }) => sum + rows * paddedWidth(width) * 4, 0);
  const dense = declarations
    .filter(({ table }) => table === undefined)
    .reduce((sum, { shape }) => sum + Math.ceil(shape.reduce((n, m) => n * m, 1) / 16) * 64, 0);
  const weights = tableBytes + dense;
  const taken = training.rejectTaken ? nUsers * Math.ceil(nItems / 32) * 4 : 0;
  const examples = nInteractions * BYTES_PER_EXAMPLE + nUsers * 4 + (taken <= MAX_TAKEN_BYTES ? taken : 0);
  const rowHeads = tables.reduce((sum, { shape: [rows] }) => sum + rows * 4, 0);
  const widths = tables.reduce((sum, { shape: [, width] }) => sum + paddedWidth(width), 0);
  const batch = training.batchSize * (widths + 2 * tables.length + 3) * 4;
  const sums = sharedWork ? dense + sharedWork.computed + sharedWork.constants : dense * (LANES + 1);
  const activations = batch + rowHeads + sums + threads * SCRATCH_BYTES;
  const scores = threads * (rankingBlock('dot', nItems) + 1) * nItems * 4;
  // vectors of users and items are computed beside the shared matrices that they are rows of
  const vectors = sharedWork ? 2 * dense + sharedWork.computed / 2 + sharedWork.constants : tableBytes;
  const ranking = vectors + nInteractions * BYTES_PER_TAKEN_PAIR + nUsers * 4 + scores;
  const optimizerState = weights * state;
  return {
    weights,
    optimizerState,
    examples,
    activations,
    ranking,
    total: weights + optimizerState + examples + activations + ranking,
  };
}

/** @throws 'memory' when the estimate exceeds the limit, saying what would fit */
export function checkMemory(request: EstimateRequest, estimate = estimateMemory(request), limit = MEMORY_LIMIT): void {
  if (estimate.total <= limit) return;
  throw new DeepTasteError(
    'memory',
    `training: about ${gibibytes(estimate.total)} are needed (${describeMemory(estimate)}), WebAssembly has ` +
      `${gibibytes(limit)}; ${whatFits(request, limit)}`,
    { ...estimate, limit },
  );
}

export function describeMemory({ weights, optimizerState, examples, activations, ranking }: MemoryEstimate): string {
  const parts = { weights, 'optimizer state': optimizerState, examples, activations, ranking };
  return Object.entries(parts)
    .map(([name, bytes]) => `${name} ${bytes < 1024 ** 3 ? `${Math.ceil(bytes / 1024 ** 2)} MiB` : gibibytes(bytes)}`)
    .join(', ');
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** The largest share of the widths, and the lighter optimizer, with which the run would fit. */
function whatFits(request: EstimateRequest, limit: number): string {
  const fits = (changed: EstimateRequest) => estimateMemory(changed).total <= limit;
  const { declarations, training } = request;
  const narrow = (width: number): EstimateRequest => ({
    ...request,
    declarations: declarations.map((each) =>
      each.table === undefined ? each : { ...each, shape: [each.shape[0], Math.min(each.shape[1], width)] },
    ),
  });
  const widest = Math.max(0, ...declarations.filter(({ table }) => table).map(({ shape }) => shape[1]));
  const ways: string[] = [];
  for (let width = widest - 1; width >= 1; width--)
    if (fits(narrow(width))) {
      ways.push(`rows of ${width} numbers instead of ${widest}`);
      break;
    }
  const light = { ...training.optimizer, name: 'adagrad' as const };
  if (stateArrays[training.optimizer.name] > 1 && fits({ ...request, training: { ...training, optimizer: light } }))
    ways.push('optimizer.name=adagrad, which keeps one state array instead of two');
  if (ways.length > 0) return `what would fit: ${ways.join(', or ')}`;
  const rest = estimateMemory({ ...request, nInteractions: 0 }).total;
  const perInteraction = BYTES_PER_EXAMPLE + BYTES_PER_TAKEN_PAIR;
  const nFitting = Math.floor((limit - rest) / perInteraction);
  if (nFitting * 10 > request.nInteractions)
    return `what would fit: ${nFitting.toLocaleString('en')} interactions instead of ${request.nInteractions.toLocaleString('en')} (the latest ones, or those of some users)`;
  return 'fewer users and items must be kept (data.kCore)';
}
