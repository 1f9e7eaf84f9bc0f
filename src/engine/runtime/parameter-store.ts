/** Where the parameters live: dense ones in one contiguous block, tables each in rows of whole vectors, or of single numbers. */
import { DeepTasteError } from '../../core/errors.ts';
import type { Tensor } from '../expression.ts';
import type { Engine } from './engine.ts';

/**
 * Rows of tables are padded to a multiple of four elements, so that row kernels need no scalar tail; but for single numbers, of
 * which sixteen fill a line of the cache.
 */
export function paddedWidth(width: number): number {
  return width === 1 ? 1 : Math.ceil(width / 4) * 4;
}

export class ParameterStore {
  readonly engine: Engine;
  readonly parameters: readonly Tensor[];
  /** Address and length in elements of the block of all dense parameters. */
  readonly denseStart: number;
  readonly denseLength: number;
  readonly #address = new Map<Tensor, number>();
  readonly #byName = new Map<string, Tensor>();

  constructor(engine: Engine, parameters: readonly Tensor[]) {
    this.engine = engine;
    this.parameters = parameters;
    let length = 0;
    const offsets = new Map<Tensor, number>();
    for (const tensor of parameters) {
      const name = nameOf(tensor);
      if (this.#byName.has(name)) throw new DeepTasteError('config', `parameters: "${name}" is declared twice`);
      this.#byName.set(name, tensor);
      if (isTable(tensor)) this.#address.set(tensor, engine.allocate(tableBytes(tensor)));
      else {
        offsets.set(tensor, length);
        length += Math.ceil(tensor.size / 16) * 16;
      }
    }
    this.denseLength = length;
    this.denseStart = engine.allocate(Math.max(64, length * 4));
    for (const [tensor, offset] of offsets) this.#address.set(tensor, this.denseStart + offset * 4);
  }

  addressOf(tensor: Tensor): number {
    const address = this.#address.get(tensor);
    if (address === undefined)
      throw new DeepTasteError('config', `parameters: ${tensor} does not belong to this store`);
    return address;
  }

  /** Elements from row to row. */
  strideOf(tensor: Tensor): number {
    const width = tensor.shape[tensor.shape.length - 1] ?? 1;
    return isTable(tensor) ? paddedWidth(width) : width;
  }

  has(tensor: Tensor): boolean {
    return this.#address.has(tensor);
  }

  named(name: string): Tensor {
    const tensor = this.#byName.get(name);
    if (!tensor) throw new DeepTasteError('config', `parameters: there is no "${name}"`);
    return tensor;
  }

  /** A copy of a parameter's values, row-major without padding. */
  read(tensor: Tensor): Float32Array {
    return readRows(this.engine, this.addressOf(tensor), tensor);
  }

  write(tensor: Tensor, values: ArrayLike<number>): void {
    if (values.length !== tensor.size)
      throw new DeepTasteError('shape', `${tensor.label}: needs ${tensor.size} values, got ${values.length}`);
    writeRows(this.engine, this.addressOf(tensor), tensor, values);
  }

  free(): void {
    for (const tensor of this.parameters) if (isTable(tensor)) this.engine.free(this.addressOf(tensor));
    this.engine.free(this.denseStart);
  }
}

export function nameOf(parameter: Tensor): string {
  return parameter.attributes.name as string;
}

/** Whether a parameter is stored in rows. */
export const isTable = ({ op }: Tensor): boolean => op.storage === 'table';

export function tableBytes(table: Tensor): number {
  return table.shape[0] * paddedWidth(table.shape[1]) * 4;
}

/** Reads an array laid out like `tensor` (a parameter or its optimizer state) at `address`. */
export function readRows(engine: Engine, address: number, tensor: Tensor): Float32Array {
  if (!isTable(tensor)) return engine.f32(address, tensor.size).slice();
  const [rows, width] = tensor.shape;
  const stride = paddedWidth(width);
  const source = engine.f32(address, rows * stride);
  if (stride === width) return source.slice();
  const out = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) out.set(source.subarray(r * stride, r * stride + width), r * width);
  return out;
}

export function writeRows(engine: Engine, address: number, tensor: Tensor, values: ArrayLike<number>): void {
  if (!isTable(tensor)) {
    engine.f32(address, tensor.size).set(values);
    return;
  }
  const [rows, width] = tensor.shape;
  const stride = paddedWidth(width);
  const target = engine.f32(address, rows * stride);
  if (stride === width) target.set(values);
  else for (let r = 0; r < rows; r++) for (let j = 0; j < width; j++) target[r * stride + j] = values[r * width + j];
}
