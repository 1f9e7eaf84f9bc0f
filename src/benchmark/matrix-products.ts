/** Speed of the matrix-product kernel, in the three orientations of a layer's training, on one thread. */
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Effort } from './effort.ts';
import { burstRate, callsFor, interleave, median } from './timing.ts';

/** Rows of the batch, inputs and outputs of the layer. */
export type LayerShape = readonly [rows: number, inputs: number, outputs: number];

export const layerShapes: readonly LayerShape[] = [
  [2048, 128, 64],
  [4096, 400, 400],
  [256, 64, 32],
];

export type Orientation = 'forward' | 'input gradient' | 'weight gradient';

export interface ProductSpeed {
  readonly shape: LayerShape;
  /** forward x W, input gradient dz Wᵀ, weight gradient xᵀ dz. */
  readonly orientation: Orientation;
  /** Median of the bursts. */
  readonly flopPerSecond: number;
}

export function measureProducts(
  engine: Engine,
  shapes: readonly LayerShape[],
  effort: Effort,
  random: RandomStream,
): ProductSpeed[] {
  const layers = shapes.map((shape) => new Layer(engine, shape, random));
  const tasks: Record<string, () => number> = {};
  layers.forEach((layer, n) => {
    for (const [orientation, product] of Object.entries(layer.products())) {
      const [rows, inputs, outputs] = layer.shape;
      const calls = callsFor(effort.burstMs, product);
      tasks[`${orientation} ${n}`] = () => burstRate(calls, 2 * rows * inputs * outputs, product);
    }
  });
  const rates = interleave(effort.bursts, tasks);
  for (const layer of layers) layer.free();
  const orientations: readonly Orientation[] = ['forward', 'input gradient', 'weight gradient'];
  return shapes.flatMap((shape, n) =>
    orientations.map((orientation) => ({
      shape,
      orientation,
      flopPerSecond: median(rates[`${orientation} ${n}`]),
    })),
  );
}

/** A layer's arrays in the engine's memory. */
class Layer {
  readonly shape: LayerShape;
  readonly #engine: Engine;
  readonly #random: RandomStream;
  readonly #addresses: number[] = [];

  constructor(engine: Engine, shape: LayerShape, random: RandomStream) {
    this.shape = shape;
    this.#engine = engine;
    this.#random = random;
  }

  #matrix(rows: number, columns: number): number {
    const address = this.#engine.allocate(rows * columns * 4 + 64);
    this.#addresses.push(address);
    const values = this.#engine.f32(address, rows * columns);
    for (let k = 0; k < values.length; k++) values[k] = this.#random.uint32() / 2 ** 32 - 0.5;
    return address;
  }

  /** The weights are packed beforehand, as training packs them once for all tiles of a step. */
  products(): Record<Orientation, () => void> {
    const { gemm, packPanels } = this.#engine.kernels;
    const [rows, n, m] = this.shape;
    const x = this.#matrix(rows, n);
    const w = this.#matrix(n, m);
    const dz = this.#matrix(rows, m);
    const z = this.#matrix(rows, m);
    const dx = this.#matrix(rows, n);
    const dw = this.#matrix(n, m);
    const packed = this.#matrix(n, Math.ceil(m / 8) * 8);
    const packedTransposed = this.#matrix(m, Math.ceil(n / 8) * 8);
    packPanels(w, m, 1, packed, n, m);
    packPanels(w, 1, m, packedTransposed, m, n);
    return {
      forward: () => gemm(x, n, 1, packed, 8, 8 * n, z, m, rows, m, n, 0, 0),
      'input gradient': () => gemm(dz, m, 1, packedTransposed, 8, 8 * m, dx, n, rows, n, m, 0, 0),
      'weight gradient': () => gemm(x, 1, n, dz, m, 8, dw, m, n, m, rows, 0, 0),
    };
  }

  free(): void {
    for (const address of this.#addresses.splice(0)) this.#engine.free(address);
  }
}
