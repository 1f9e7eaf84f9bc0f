/** Weights and optimizer state outside the engine: plain arrays with a shape, by name. */
import { DeepTasteError } from './errors.ts';

type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array;

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

const arrays = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
type ArrayOf<K extends keyof typeof arrays> = InstanceType<(typeof arrays)[K]>;

/** The values of one tensor, if it has the wanted kind and shape; an axis of size −1 may have any size. */
function typedTensor<K extends keyof typeof arrays>(
  tensors: NamedTensors,
  name: string,
  kind: K,
  shape: readonly number[],
): ArrayOf<K> {
  const tensor = tensors.get(name);
  const sizes = shape.map((size) => (size < 0 ? 'any' : size));
  const fail = (found: string) =>
    new DeepTasteError(
      'artifact',
      `weights "${name}": must be ${kind} [${sizes.join(', ')}], found ${found}; the weights were saved by another model or configuration`,
      { name, shape },
    );
  if (tensor === undefined) throw fail(`no tensor of that name among ${[...tensors.keys()].join(', ') || 'none'}`);
  const { data } = tensor;
  const found = `[${tensor.shape.join(', ')}]`;
  if (!(data instanceof arrays[kind])) throw fail(`${data.constructor.name} ${found}`);
  const fits = shape.every((size, axis) => size < 0 || tensor.shape[axis] === size);
  if (tensor.shape.length !== shape.length || !fits) throw fail(`${kind} ${found}`);
  return data as ArrayOf<K>;
}

/**
 * The float32 values of one tensor; an axis given as −1 may have any size.
 * @throws DeepTasteError `artifact` when the name is missing, the values are not float32, or the shape is another one
 */
export function float32Tensor(tensors: NamedTensors, name: string, shape: readonly number[]): Float32Array {
  return typedTensor(tensors, name, 'float32', shape);
}

/** As {@link float32Tensor}, for float64 values. */
export function float64Tensor(tensors: NamedTensors, name: string, shape: readonly number[]): Float64Array {
  return typedTensor(tensors, name, 'float64', shape);
}

/** As {@link float32Tensor}, for int32 values. */
export function int32Tensor(tensors: NamedTensors, name: string, shape: readonly number[]): Int32Array {
  return typedTensor(tensors, name, 'int32', shape);
}
