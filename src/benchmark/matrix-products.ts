/** Speed of the matrix-product kernel, in the three orientations of a layer's training, on one thread. */
import type { RandomStream } from '../core/random.ts';
import { FLAG_ACCUMULATE } from '../engine/kernels/opcodes.ts';
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
  readonly #addresses: number[];

  constructor(engine: Engine, shape: LayerShape, random: RandomStream) {
    this.shape = shape;
    this.#engine = engine;
    const [rows, inputs, outputs] = shape;
    const panels = Math.max(Math.ceil(outputs / 8) * 8 * inputs, Math.ceil(inputs / 8) * 8 * outputs);
    // x, W, dz, packed weights, product
    this.#addresses = [rows * inputs, inputs * outputs, rows * outputs, panels, rows * Math.max(inputs, outputs)].map(
      (length) => engine.allocate(length * 4 + 64),
    );
    [rows * inputs, inputs * outputs, rows * outputs].forEach((length, n) => {
      const values = engine.f32(this.#addresses[n], length);
      for (let k = 0; k < length; k++) values[k] = random.uint32() / 2 ** 32 - 0.5;
    });
  }

  products(): Record<Orientation, () => void> {
    const { gemm, packPanels } = this.#engine.kernels;
    const [x, w, dz, packed, out] = this.#addresses;
    const [rows, n, m] = this.shape;
    const forward = packPanels.bind(null, w, m, 1, packed, n, m);
    const transposed = packPanels.bind(null, w, 1, m, packed, m, n);
    const weights = this.#engine.allocate(n * m * 4 + 64);
    this.#addresses.push(weights);
    // weights are packed once a step in training; here once a call, which is part of the product's cost
    return {
      forward: () => {
        forward();
        gemm(x, n, 1, packed, 8, 8 * n, out, m, rows, m, n, 0, 0);
      },
      'input gradient': () => {
        transposed();
        gemm(dz, m, 1, packed, 8, 8 * m, out, n, rows, n, m, 0, 0);
      },
      'weight gradient': () => gemm(x, 1, n, dz, m, 8, weights, m, n, m, rows, FLAG_ACCUMULATE, 0),
    };
  }

  free(): void {
    for (const address of this.#addresses.splice(0)) this.#engine.free(address);
  }
}
