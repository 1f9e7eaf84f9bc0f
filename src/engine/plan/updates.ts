/** Optimizer state, and the records by which the update kernels find weights, gradients and state. */
import type { RowGradient, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { hasOneRate, type OptimizerOptions, optimizerCode, stateArrays } from '../optimizers/optimizer.ts';
import type { Engine } from '../runtime/engine.ts';
import {
  isTable,
  nameOf,
  type ParameterStore,
  paddedWidth,
  readRows,
  tableBytes,
  writeRows,
} from '../runtime/parameter-store.ts';
import type { Placement } from './placement.ts';

/** The state arrays of an optimizer: as many as it needs, each laid out like the weights. */
export class OptimizerState {
  readonly #engine: Engine;
  readonly #store: ParameterStore;
  readonly #tables = new Map<Tensor, number[]>();
  readonly #counts = new Map<Tensor, number>();
  readonly #optimizers: ReadonlyMap<Tensor, OptimizerOptions>;
  #isReady = false;
  /** Addresses of the dense state blocks: as many as the neediest optimizer keeps. */
  readonly dense: readonly number[];

  constructor(
    engine: Engine,
    store: ParameterStore,
    placement: Placement,
    optimizers: ReadonlyMap<Tensor, OptimizerOptions>,
  ) {
    this.#engine = engine;
    this.#store = store;
    this.#optimizers = optimizers;
    for (const [tensor, { name }] of optimizers) this.#counts.set(tensor, stateArrays[name]);
    const dense = [...this.#counts].filter(([tensor]) => !isTable(tensor));
    const nDense = Math.max(0, ...dense.map(([, count]) => count));
    this.dense = Array.from({ length: nDense }, () => placement.allocate(Math.max(64, store.denseLength * 4)));
    for (const [tensor, options] of optimizers) {
      const count = stateArrays[options.name];
      if (isTable(tensor))
        this.#tables.set(
          tensor,
          Array.from({ length: count }, () => placement.allocate(tableBytes(tensor))),
        );
      // Adagrad and FTRL keep the sum of squared gradients in their first array
      const accumulates = options.name.startsWith('adagrad') || options.name === 'ftrl';
      if (accumulates && options.initialAccumulator !== 0) {
        const floats = isTable(tensor) ? tableBytes(tensor) / 4 : tensor.size;
        engine.f32(this.#address(tensor, 0) as number, floats).fill(options.initialAccumulator);
      }
    }
  }

  /** Addresses of a table's state arrays. */
  ofTable(table: Tensor): readonly number[] {
    return this.#tables.get(table) ?? [];
  }

  /** Address of state array n of a parameter, in the layout of the parameter itself. */
  #address(parameter: Tensor, n: number): number | undefined {
    if (isTable(parameter)) return this.#tables.get(parameter)?.[n];
    return this.dense[n] + this.#store.addressOf(parameter) - this.#store.denseStart;
  }

  /** Every state array by name, `<parameter>/state<n>`. */
  *entries(): Generator<{ name: string; parameter: Tensor; address: number }> {
    for (const parameter of this.#store.parameters)
      for (let n = 0; n < (this.#counts.get(parameter) ?? 0); n++) {
        const address = this.#address(parameter, n);
        if (address !== undefined) yield { name: `${nameOf(parameter)}/state${n + 1}`, parameter, address };
      }
  }

  read(): { name: string; shape: readonly number[]; data: Float32Array }[] {
    return [...this.entries()].map(({ name, parameter, address }) => ({
      name,
      shape: parameter.shape,
      data: readRows(this.#engine, address, parameter),
    }));
  }

  /** Before the first step: FTRL's z and GRDA's v, of which weights are a function, are set to what gives the weights as they stand. */
  prepare(): void {
    if (this.#isReady) return;
    this.#isReady = true;
    for (const [tensor, options] of this.#optimizers) {
      if (!hasOneRate(options)) continue;
      const weights = readRows(this.#engine, this.#store.addressOf(tensor), tensor);
      if (options.name === 'grda') writeRows(this.#engine, this.#address(tensor, 0) as number, tensor, weights);
      if (options.name !== 'ftrl') continue;
      const { learningRate, beta, initialAccumulator, l1, l2 } = options;
      const perWeight = (beta + Math.sqrt(initialAccumulator)) / learningRate + l2;
      const z = weights.map((w) => -(w * perWeight + Math.sign(w) * l1));
      writeRows(this.#engine, this.#address(tensor, 1) as number, tensor, z);
    }
  }

  write(values: ReadonlyMap<string, Float32Array>): void {
    this.#isReady = true;
    for (const { name, parameter, address } of this.entries()) {
      const data = values.get(name);
      if (data) writeRows(this.#engine, address, parameter, data);
    }
  }
}

export function writeOptimizerRecord(engine: Engine, placement: Placement, options: OptimizerOptions): number {
  const address = placement.allocate(code.OPTIMIZER_WORDS * 4);
  const real = engine.f32(address, code.OPTIMIZER_WORDS);
  const integer = engine.i32(address, code.OPTIMIZER_WORDS);
  integer[code.OPTIMIZER_KIND] = optimizerCode[options.name];
  real[code.OPTIMIZER_BETA_1] = options.name === 'ftrl' ? options.beta : options.beta1;
  real[code.OPTIMIZER_L1] = options.l1;
  real[code.OPTIMIZER_BETA_2] = options.beta2;
  real[code.OPTIMIZER_EPSILON] = options.epsilon;
  real[code.OPTIMIZER_L2] = options.l2;
  real[code.OPTIMIZER_CLIP_VALUE] = options.clipValue;
  integer[code.OPTIMIZER_L2_TOUCHED] = options.l2Scope === 'touched' ? 1 : 0;
  return address;
}

export function writeDenseRecord(
  engine: Engine,
  store: ParameterStore,
  placement: Placement,
  state: OptimizerState,
  gradientBlock: number,
  { start, length }: DenseRun,
): number {
  const address = placement.allocate(code.DENSE_WORDS * 4);
  const words = engine.i32(address, code.DENSE_WORDS);
  const offset = start - store.denseStart;
  words[code.DENSE_WEIGHTS] = start;
  words[code.DENSE_GRADIENT] = gradientBlock + offset;
  words[code.DENSE_STATE_1] = state.dense.length > 0 ? state.dense[0] + offset : 0;
  words[code.DENSE_STATE_2] = state.dense.length > 1 ? state.dense[1] + offset : 0;
  words[code.DENSE_LENGTH] = length;
  return address;
}

/** Dense parameters that lie one after the other and share an optimizer: `length` elements from address `start`. */
export interface DenseRun {
  readonly start: number;
  readonly length: number;
  readonly optimizer: OptimizerOptions;
}

/** Cuts the block of dense parameters into runs of equal optimizers; parameters without one lie in no run. */
export function denseRuns(store: ParameterStore, optimizers: ReadonlyMap<Tensor, OptimizerOptions>): DenseRun[] {
  const runs: DenseRun[] = [];
  for (const parameter of store.parameters) {
    const optimizer = optimizers.get(parameter);
    if (isTable(parameter) || !optimizer) continue;
    const start = store.addressOf(parameter);
    const length = Math.ceil(parameter.size / 16) * 16;
    const last = runs[runs.length - 1];
    if (last && last.start + last.length * 4 === start && last.optimizer === optimizer)
      runs[runs.length - 1] = { ...last, length: last.length + length };
    else runs.push({ start, length, optimizer });
  }
  return runs;
}

/** What an update reads after the step: the gradients of rows, and the row numbers that the step itself has chosen. */
export function rowsKept(rows: readonly RowGradient[]): Tensor[] {
  const chosen = rows.flatMap(({ index }) => (index.op.chooses ? [index] : []));
  return [...rows.map(({ values }) => values), ...new Set(chosen)];
}

interface RowGroup {
  readonly indices: readonly Tensor[];
  readonly tables: Map<Tensor, readonly Tensor[]>;
  readonly optimizer: OptimizerOptions;
}

/** Tables that are looked up by the same indices in the same order, and share an optimizer, share one linking of rows. */
function groupByIndices(
  rows: readonly RowGradient[],
  optimizers: ReadonlyMap<Tensor, OptimizerOptions>,
): readonly RowGroup[] {
  const numbers = [...new Set(optimizers.values())];
  const byTable = new Map<Tensor, RowGradient[]>();
  for (const row of rows) byTable.set(row.table, [...(byTable.get(row.table) ?? []), row]);
  const groups = new Map<string, RowGroup>();
  for (const [table, gradients] of byTable) {
    const indices = gradients.map(({ index }) => index);
    const optimizer = optimizers.get(table) as OptimizerOptions;
    const key = `${numbers.indexOf(optimizer)}:${table.shape[0]}:${indices.map((index) => index.id).join()}`;
    const group = groups.get(key) ?? { indices, tables: new Map<Tensor, readonly Tensor[]>(), optimizer };
    group.tables.set(
      table,
      gradients.map(({ values }) => values),
    );
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A list has a fixed number of entries, an index so many for each row of the batch. */
const isList = (index: Tensor): boolean => index.rows === 'shared';

export function writeRowGroups(
  engine: Engine,
  store: ParameterStore,
  placement: Placement,
  state: OptimizerState,
  rows: readonly RowGradient[],
  batchSize: number,
  optimizers: ReadonlyMap<Tensor, OptimizerOptions>,
): { groups: { address: number; optimizer: OptimizerOptions }[]; widest: number } {
  let widest = 4;
  const groups = groupByIndices(rows, optimizers).map(({ indices, tables, optimizer }) => {
    const starts = [0];
    for (const index of indices)
      starts.push(starts[starts.length - 1] + (isList(index) ? index.size : batchSize * index.size));
    const nRows = [...tables.keys()][0].shape[0];
    const tableRecords = placement.allocate(tables.size * code.TABLE_WORDS * 4);
    [...tables].forEach(([table, gradients], t) => {
      const pointers = placement.allocate((gradients.length + 1) * code.GRADIENT_WORDS * 4);
      const places = gradients.flatMap((values, n) => {
        const { offset, stride } = placement.read(values);
        if (isList(indices[n])) return [offset, table.shape[1], starts[n], 1];
        return [offset, stride, starts[n], indices[n].size];
      });
      engine.i32(pointers, places.length + code.GRADIENT_WORDS).set([...places, 0, 0, 0x7fffffff, 1]);
      const words = engine.i32(tableRecords + t * code.TABLE_WORDS * 4, code.TABLE_WORDS);
      const [state1, state2] = state.ofTable(table);
      words[code.TABLE_WEIGHTS] = store.addressOf(table);
      words[code.TABLE_STATE_1] = state1 ?? 0;
      words[code.TABLE_STATE_2] = state2 ?? 0;
      words[code.TABLE_WIDTH] = table.shape[1];
      words[code.TABLE_GRADIENTS] = pointers;
      widest = Math.max(widest, paddedWidth(table.shape[1]));
    });
    const lists = placement.allocate(indices.length * code.LIST_WORDS * 4);
    engine
      .i32(lists, indices.length * code.LIST_WORDS)
      .set(
        indices.flatMap((index, n) => [
          placement.read(index).offset,
          isList(index) ? 0 : index.size,
          isList(index) ? index.size : 0,
          starts[n],
        ]),
      );
    const head = placement.allocate(nRows * 4);
    engine.i32(head, nRows).fill(-1);
    const address = placement.allocate(code.GROUP_WORDS * 4);
    const words = engine.i32(address, code.GROUP_WORDS);
    words[code.GROUP_N_ROWS] = nRows;
    words[code.GROUP_HEAD] = head;
    words[code.GROUP_NEXT] = placement.allocate(starts[starts.length - 1] * 4);
    words[code.GROUP_N_LISTS] = indices.length;
    words[code.GROUP_N_TABLES] = tables.size;
    words[code.GROUP_LISTS] = lists;
    words[code.GROUP_TABLES] = tableRecords;
    const markBytes = Math.ceil(((nRows + 4095) >>> 12) / 8) * 64 + Math.ceil(nRows / 512) * 64;
    words[code.GROUP_MARKS] = placement.allocate(markBytes * engine.threads);
    words[code.GROUP_MARK_BYTES] = markBytes;
    words[code.GROUP_DENSE] = optimizer.dense ? 1 : 0;
    return { address, optimizer };
  });
  return { groups, widest };
}
