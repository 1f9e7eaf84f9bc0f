/** Optimizer state, and the records by which the update kernels find weights, gradients and state. */
import type { Tensor } from '../expression.ts';
import type { RowGradient } from '../gradient.ts';
import * as code from '../kernels/opcodes.ts';
import type { OptimizerOptions } from '../optimizers/optimizer.ts';
import type { Engine } from '../runtime/engine.ts';
import {
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
  /** Addresses of the dense state blocks. */
  readonly dense: readonly number[];

  constructor(
    engine: Engine,
    store: ParameterStore,
    placement: Placement,
    trainable: ReadonlySet<Tensor>,
    count: 0 | 1 | 2,
    options: OptimizerOptions,
  ) {
    this.#engine = engine;
    this.#store = store;
    // the squared gradients are the first state array
    const start = options.name.startsWith('adagrad') ? options.initialAccumulator : 0;
    const filled = (bytes: number, n: number): number => {
      const address = placement.allocate(bytes);
      if (start !== 0 && n === 0) engine.f32(address, bytes / 4).fill(start);
      return address;
    };
    this.dense = Array.from({ length: count }, (_, n) => filled(Math.max(64, store.denseLength * 4), n));
    for (const tensor of store.parameters)
      if (tensor.op === 'table' && trainable.has(tensor))
        this.#tables.set(
          tensor,
          Array.from({ length: count }, (_, n) => filled(tableBytes(tensor), n)),
        );
  }

  /** Addresses of a table's state arrays. */
  ofTable(table: Tensor): readonly number[] {
    return this.#tables.get(table) ?? [];
  }

  /** Address of state array n of a parameter, in the layout of the parameter itself. */
  #address(parameter: Tensor, n: number): number | undefined {
    if (parameter.op === 'table') return this.#tables.get(parameter)?.[n];
    return this.dense[n] + this.#store.addressOf(parameter) - this.#store.denseStart;
  }

  /** Every state array by name, `<parameter>/state<n>`. */
  *entries(): Generator<{ name: string; parameter: Tensor; address: number }> {
    for (const parameter of this.#store.parameters)
      for (let n = 0; n < this.dense.length; n++) {
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

  write(values: ReadonlyMap<string, Float32Array>): void {
    for (const { name, parameter, address } of this.entries()) {
      const data = values.get(name);
      if (data) writeRows(this.#engine, address, parameter, data);
    }
  }
}

export function writeOptimizerRecord(
  engine: Engine,
  placement: Placement,
  options: OptimizerOptions,
  kind: number,
): number {
  const address = placement.allocate(code.OPTIMIZER_WORDS * 4);
  const real = engine.f32(address, code.OPTIMIZER_WORDS);
  const integer = engine.i32(address, code.OPTIMIZER_WORDS);
  integer[code.OPTIMIZER_KIND] = kind;
  real[code.OPTIMIZER_BETA_1] = options.beta1;
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
): number {
  const address = placement.allocate(code.DENSE_WORDS * 4);
  const words = engine.i32(address, code.DENSE_WORDS);
  words[code.DENSE_WEIGHTS] = store.denseStart;
  words[code.DENSE_GRADIENT] = gradientBlock;
  words[code.DENSE_STATE_1] = state.dense[0] ?? 0;
  words[code.DENSE_STATE_2] = state.dense[1] ?? 0;
  words[code.DENSE_LENGTH] = store.denseLength;
  return address;
}

/** Tables that are looked up by the same indices in the same order share one linking of rows. */
function groupByIndices(rows: readonly RowGradient[]): { indices: Tensor[]; tables: Map<Tensor, Tensor[]> }[] {
  const byTable = new Map<Tensor, RowGradient[]>();
  for (const row of rows) byTable.set(row.table, [...(byTable.get(row.table) ?? []), row]);
  const groups = new Map<string, { indices: Tensor[]; tables: Map<Tensor, Tensor[]> }>();
  for (const [table, gradients] of byTable) {
    const indices = gradients.map(({ index }) => index);
    const key = `${table.shape[0]}:${indices.map((index) => index.id).join()}`;
    const group = groups.get(key) ?? { indices, tables: new Map() };
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
  dense: boolean,
): { addresses: number[]; widest: number } {
  let widest = 4;
  const addresses = groupByIndices(rows).map(({ indices, tables }) => {
    const starts = [0];
    for (const index of indices)
      starts.push(starts[starts.length - 1] + (isList(index) ? index.size : batchSize * index.size));
    const nRows = [...tables.keys()][0].shape[0];
    const tableRecords = placement.allocate(tables.size * code.TABLE_WORDS * 4);
    [...tables].forEach(([table, gradients], t) => {
      // pointer, stride and first position of each list, and a last position that no list has
      const pointers = placement.allocate((gradients.length + 1) * 12);
      const places = gradients.flatMap((values, n) => {
        const { offset, stride } = placement.read(values);
        return [offset, values.rows === 'shared' ? table.shape[1] : stride, starts[n]];
      });
      engine.i32(pointers, places.length + 3).set([...places, 0, 0, 0x7fffffff]);
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
    words[code.GROUP_DENSE] = dense ? 1 : 0;
    return address;
  });
  return { addresses, widest };
}
