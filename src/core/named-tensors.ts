/** Weights and optimizer state outside the engine: plain arrays with a shape, by name. */
import { DeepTasteError } from './errors.ts';

export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A dense row-major tensor. `data` may view a SharedArrayBuffer. */
export interface NamedTensor {
  readonly shape: readonly number[]; // product of the sizes = data.length; [] is a scalar
  readonly data: TensorData;
}

/** Tensors by name, e.g. `userEmbedding` → [nUsers, dim]. */
export type NamedTensors = ReadonlyMap<string, NamedTensor>;

/** Number of values of a tensor of the given shape (1 for a scalar). */
export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The float32 values of one tensor.
 * @throws DeepTasteError `artifact` when the name is missing, the values are not float32, or the shape is another one
 */
export function float32Tensor(tensors: NamedTensors, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors.get(name);
  const wanted = `float32 [${shape.join(', ')}]`;
  const fail = (found: string) =>
    new DeepTasteError(
      'artifact',
      `weights "${name}": must be ${wanted}, found ${found}; the weights were saved by another model or configuration`,
      { name, shape },
    );
  if (tensor === undefined) throw fail(`no tensor of that name among ${[...tensors.keys()].join(', ') || 'none'}`);
  const { data } = tensor;
  if (!(data instanceof Float32Array)) throw fail(`${data.constructor.name} [${tensor.shape.join(', ')}]`);
  const same = tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis]);
  if (!same) throw fail(`float32 [${tensor.shape.join(', ')}]`);
  return data;
}
