/** A player's turn in an epoch: its steps, each of which learns from rows that are written before it. */
import type { RandomStream } from '../core/random.ts';
import { rowNumbers, rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import type { OptimizerOptions } from '../engine/optimizers/optimizer.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { epochOrders } from './open-examples.ts';
import type { PairStep } from './players.ts';

export interface Turn {
  readonly name: string;
  readonly plan: StepPlan;
  /** Rows whose losses are reported, and how many of them an epoch has; 0 = this turn's loss says nothing to people. */
  readonly reportedRows: number;
  /** What steps leave behind besides weights and optimizer state, for checkpoints. */
  readonly carried?: Float32Array;
  /** Writes what a step learns from. */
  feed(epoch: number, step: number): void;
}

export interface PairTurnOptions {
  readonly name: string;
  readonly engine: Engine;
  readonly store: ParameterStore;
  readonly step: PairStep;
  readonly positives: SparseRows;
  readonly passes: number;
  /** Taken pairs a step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerOptions;
  readonly epochs: number;
  readonly random: RandomStream;
  readonly isReported: boolean;
  /** For each taken pair, what was drawn against it in a pass. */
  readonly drawn: (epoch: number, pass: number) => Int32Array;
}

/** A turn over all taken pairs, in passes, each in an order of its own and against other draws. */
export function pairTurn(options: PairTurnOptions): Turn {
  const { name, engine, store, step, positives, passes, optimizer, epochs, isReported, drawn } = options;
  const { user, target, other, label, rowsOfPair } = step;
  const users = rowNumbers(positives);
  const nPairs = users.length;
  const total = passes * nPairs;
  const batchSize = Math.min(options.batchSize, total);
  const leaves = [user, target, other, label].filter((leaf): leaf is Tensor => leaf !== null);
  const plan = new StepPlan({
    engine,
    store,
    loss: step.loss,
    fedByCaller: leaves,
    batchSize: batchSize * rowsOfPair,
    totalRows: total * rowsOfPair,
    optimizer,
    totalSteps: epochs * Math.ceil(total / batchSize),
  });
  const orderOf = epochOrders(nPairs, options.random);
  const [own, targets, others] = [0, 1, 2].map(() => new Int32Array(batchSize));
  /** Pairs of one step, which may reach from one pass into the next ones. */
  const collect = (epoch: number, first: number, n: number): void => {
    for (let k = 0; k < n; ) {
      const pass = Math.floor((first + k) / nPairs);
      const order = orderOf(epoch * passes + pass);
      const against = drawn(epoch, pass);
      const start = first + k - pass * nPairs;
      const end = Math.min(nPairs, start + n - k);
      for (let at = start; at < end; at++, k++) {
        const pair = order[at];
        own[k] = users[pair];
        targets[k] = positives.columns[pair];
        others[k] = against[pair];
      }
    }
  };
  const twice = new Int32Array(2 * batchSize);
  /** A row of the taken target, a row of the drawn one. */
  const interleaved = (a: Int32Array, b: Int32Array, n: number): Int32Array => {
    for (let k = 0; k < n; k++) {
      twice[2 * k] = a[k];
      twice[2 * k + 1] = b[k];
    }
    return twice.subarray(0, 2 * n);
  };
  const labels = Float32Array.from({ length: 2 * batchSize }, (_, r) => 1 - (r % 2));
  const feed = (epoch: number, s: number): void => {
    const first = s * batchSize;
    const n = Math.min(total, first + batchSize) - first;
    collect(epoch, first, n);
    if (other) {
      plan.write(user, own.subarray(0, n));
      plan.write(target, targets.subarray(0, n));
      plan.write(other, others.subarray(0, n));
      return;
    }
    plan.write(user, interleaved(own, own, n));
    plan.write(target, interleaved(targets, others, n));
    plan.write(label as Tensor, labels.subarray(0, 2 * n));
  };
  return { name, plan, reportedRows: isReported ? total * rowsOfPair : 0, feed };
}

/** Draws in a row that hit what was taken before one of them is kept all the same. */
const TRIES = 64;

/** A target, evenly drawn of those that are not in an ascending list, where a few tries find one. */
export function evenDraw(random: RandomStream, nTargets: number, rejected: Int32Array): number {
  for (let tries = 1; ; tries++) {
    const target = random.below(nTargets);
    if (tries === TRIES || !includes(rejected, target)) return target;
  }
}

/** Whether an ascending list holds a number. */
export function includes(list: Int32Array, value: number): boolean {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low < list.length && list[low] === value;
}

/** Even draws of what was not taken, against each taken pair. */
export function evenDraws(
  positives: SparseRows,
  taken: SparseRows,
  nTargets: number,
  random: RandomStream,
): Int32Array {
  const drawn = new Int32Array(positives.columns.length);
  for (let row = 0; row < positives.nRows; row++)
    for (let k = positives.rowStart[row]; k < positives.rowStart[row + 1]; k++)
      drawn[k] = evenDraw(random, nTargets, rowOf(taken, row));
  return drawn;
}

/** What is made of an epoch's pass, kept for the two passes that a step may reach into. */
export function byPass<T>(make: (epoch: number, pass: number) => T): (epoch: number, pass: number) => T {
  const kept: { readonly epoch: number; readonly pass: number; readonly value: T }[] = [];
  return (epoch, pass) => {
    const found = kept.find((each) => each.epoch === epoch && each.pass === pass);
    if (found) return found.value;
    const value = make(epoch, pass);
    kept.unshift({ epoch, pass, value });
    kept.length = Math.min(2, kept.length);
    return value;
  };
}

/** The rows that hold something. */
export function peopleOf({ nRows, rowStart }: SparseRows): Int32Array {
  return Int32Array.from({ length: nRows }, (_, row) => row).filter((row) => rowStart[row + 1] > rowStart[row]);
}
