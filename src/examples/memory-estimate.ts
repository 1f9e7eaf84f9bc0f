/** How much memory a training will take, told before it takes it: the one form in which all kinds of examples and solvers say it. */
import { DeepTasteError } from '../core/errors.ts';
import { availableMemory } from '../core/machine-memory.ts';
import type { Progress } from '../core/progress.ts';
import { type OptimizerOptions, stateArrays } from '../engine/optimizers/optimizer.ts';
import { paddedWidth } from '../engine/runtime/parameter-store.ts';
import { rankingBlock, type TableForm } from '../engine/runtime/ranking.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';
import type { Sizes } from '../scoring/scorer.ts';

/** Bytes, by what they are for, besides the data as they were read. */
export interface MemoryEstimate {
  /** Of the engine's memory. */
  readonly engine: Readonly<Record<string, number>>;
  /** Outside of it. */
  readonly outside: Readonly<Record<string, number>>;
  /** Bytes of the whole. */
  readonly total: number;
  /** What would fit, where the engine's memory, or the whole, may be no more than `limit` bytes; absent = nothing is known that would. */
  whatFits?(limit: number, part: 'engine' | 'whole'): string;
}

/** Bytes of the engine's memory. */
export function engineBytes({ engine }: Pick<MemoryEstimate, 'engine'>): number {
  return sumOf(engine);
}

/** What 32-bit WebAssembly can address. */
export const MEMORY_LIMIT = 4 * 1024 ** 3;

/** An estimate of what a solver takes. */
export function solverMemory(
  engine: MemoryEstimate['engine'],
  outside: MemoryEstimate['outside'] = {},
): MemoryEstimate {
  return { engine, outside, total: sumOf(engine) + sumOf(outside) };
}

/** What a ranking of all items for users takes beside the score's tables: what they took, and the scores that threads hold. */
export function rankingBytes(
  form: TableForm['form'],
  { nUsers, nItems }: Sizes,
  nPairs: number,
  { threads }: { readonly threads: number },
): number {
  return 4 * (nPairs + nUsers + threads * (rankingBlock(form, nItems) + 1) * nItems);
}

/** Scores that an evaluation of sequences holds at a time (evaluation/next-item/rank-events.ts). */
export function heldScores(nItems: number, lanes: number): number {
  return 4 * Math.max(nItems, Math.min(2 ** 22, lanes * nItems));
}

/** What a training by gradients takes memory for. */
export interface TrainingMemory {
  readonly declarations: readonly ParameterDeclaration[];
  readonly optimizer: OptimizerOptions['name'];
  /** What is learned from: how many there are, what each takes in the engine's memory, and what there is besides. */
  readonly examples: {
    readonly count: number;
    /** What people call them: `interactions`, `rows`. */
    readonly unit: string;
    readonly bytesEach: number;
    readonly bytes: number;
    /** Outside of the engine's memory. */
    readonly outside: number;
  };
  /** Bytes of a step besides weights and optimizer state (engine/plan/step-memory.ts). */
  readonly step: number;
  /** While a held-out part is ranked: copies of the tables, and what there is besides, of which `bytesEach` for each example. */
  readonly ranking: { readonly tables: number; readonly bytes: number; readonly bytesEach: number };
}

export function trainingMemory(request: TrainingMemory): MemoryEstimate {
  const { declarations, optimizer, examples, step, ranking } = request;
  const tables = sum(declarations, ({ table, shape: [rows, width] }) => (table ? rows * paddedWidth(width) * 4 : 0));
  const dense = sum(declarations, ({ table, shape }) =>
    table ? 0 : Math.ceil(shape.reduce((n, m) => n * m, 1) / 16) * 64,
  );
  const weights = tables + dense;
  const engine = {
    weights,
    'optimizer state': weights * stateArrays[optimizer],
    examples: examples.count * examples.bytesEach + examples.bytes,
    activations: step,
    ranking: tables * ranking.tables + ranking.bytes + examples.count * ranking.bytesEach,
  };
  // the best weights so far, and those that come out
  const outside = { 'copies of the weights': 2 * weights, batches: examples.outside };
  const total = sumOf(engine) + sumOf(outside);
  return { engine, outside, total, whatFits: (limit, part) => whatFits(request, limit, part) };
}

/**
 * An estimate that knows how many factors would fit: of a model whose whole step grows with them, such as a graph's, fewer rows of
 * tables alone do not help.
 * @param withFactors the estimate with so many factors
 */
export function withFactorAdvice(
  estimate: MemoryEstimate,
  factors: number,
  withFactors: (factors: number) => MemoryEstimate,
): MemoryEstimate {
  const whatFits = (limit: number, part: 'engine' | 'whole'): string => {
    const fits = (n: number) => {
      try {
        const smaller = withFactors(n);
        return (part === 'engine' ? engineBytes(smaller) : smaller.total) <= limit;
      } catch (error) {
        if (error instanceof DeepTasteError) return false; // a number that the model does not take
        throw error;
      }
    };
    let [most, tooMany] = [0, factors];
    while (tooMany - most > 1) {
      const middle = (most + tooMany) >> 1;
      if (fits(middle)) most = middle;
      else tooMany = middle;
    }
    if (most > 0) return `what would fit: factors=${most} instead of ${factors}`;
    return estimate.whatFits?.(limit, part) ?? 'fewer users and items must be kept (data.kCore)';
  };
  return { ...estimate, whatFits };
}

/** @throws 'memory' when the engine's share exceeds the limit, saying what would fit */
export function checkMemory(estimate: MemoryEstimate, limit = MEMORY_LIMIT): void {
  const needed = engineBytes(estimate);
  if (needed <= limit) return;
  const mend = estimate.whatFits?.(limit, 'engine') ?? 'fewer users and items must be kept (data.kCore)';
  throw new DeepTasteError(
    'memory',
    `training: about ${gibibytes(needed)} are needed (${described(estimate.engine)}), WebAssembly has ` +
      `${gibibytes(limit)}; ${mend}`,
    { ...estimate.engine, limit },
  );
}

/** Less than this is not worth a line, bytes. */
const WORTH_TELLING = 256 * 1024 ** 2;

/** Says what will be taken where it is much, and warns where the machine has less. */
export function tellMemory(estimate: MemoryEstimate, progress: Progress, available = availableMemory()): void {
  const { engine, outside, total } = estimate;
  if (total < WORTH_TELLING && total <= available) return;
  progress.log(`memory: about ${shown(total)} besides the data (${described({ ...engine, ...outside })})`);
  if (total <= available) return;
  progress.log(
    `warning: this machine has ${shown(available)} of memory left, so that training may be slow or be ended by the system; ` +
      (estimate.whatFits?.(available, 'whole') ?? 'free memory, or keep fewer users and items (data.kCore)'),
  );
}

function described(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts)
    .filter(([, bytes]) => bytes > 0)
    .map(([name, bytes]) => `${name} ${shown(bytes)}`)
    .join(', ');
}

function shown(bytes: number): string {
  return bytes < 1024 ** 3 ? `${Math.ceil(bytes / 1024 ** 2)} MiB` : gibibytes(bytes);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}

/** The largest share of the widths, and the lighter optimizer, with which the memory would do. */
function whatFits(request: TrainingMemory, limit: number, part: 'engine' | 'whole'): string {
  const needs = (changed: TrainingMemory) => {
    const { engine, total } = trainingMemory(changed);
    return part === 'engine' ? sumOf(engine) : total;
  };
  const fits = (changed: TrainingMemory) => needs(changed) <= limit;
  const { declarations, examples, ranking, optimizer } = request;
  const narrow = (width: number): TrainingMemory => ({
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
  if (stateArrays[optimizer] > 1 && fits({ ...request, optimizer: 'adagrad' }))
    ways.push('optimizer.name=adagrad, which keeps one state array instead of two');
  if (ways.length > 0) return `what would fit: ${ways.join(', or ')}`;
  const rest = needs({ ...request, examples: { ...examples, count: 0 } });
  const nFitting = Math.floor((limit - rest) / (examples.bytesEach + ranking.bytesEach));
  if (nFitting * 10 > examples.count)
    return `what would fit: ${nFitting.toLocaleString('en')} ${examples.unit} instead of ${examples.count.toLocaleString('en')} (the latest ones, or those of some users)`;
  return 'fewer users and items must be kept (data.kCore)';
}

function sumOf(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((total, bytes) => total + bytes, 0);
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
