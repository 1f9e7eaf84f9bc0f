/** Bi-LSTM with attention over several sequences an example, the core of DSCF, on invented sequences. */
import type { RandomStream } from '../core/random.ts';
import { indexInput, input, linear, lookupFields, sequenceLengths, square, subtract } from '../engine/ops/index.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { attentionParameters, attentionPooling } from '../layers/attention-pooling.ts';
import { glorotUniform, normal, zeros } from '../layers/initializer.ts';
import { lstmLayer, lstmParameters } from '../layers/lstm.ts';
import { type ExampleSteps, exampleTraining } from './example-training.ts';
import { expectedDistinct, type StepCost, updateBytes } from './step-limit.ts';

export interface LstmSize {
  readonly rows: number;
  readonly sequences: number;
  readonly steps: number;
  /** Width of an embedding, and units of a direction, of the attention and of the layer before the output. */
  readonly dims: number;
  readonly batchSize: number;
  /** Examples of an epoch. */
  readonly examples: number;
}

export const lstmSize: LstmSize = { rows: 20_000, sequences: 5, steps: 10, dims: 32, batchSize: 128, examples: 12_800 };

export function lstmTraining(engine: Engine, size: LstmSize, random: RandomStream): ExampleSteps {
  const { rows, sequences, steps, dims: d, batchSize, examples } = size;
  const slots = sequences * steps;
  const index = Int32Array.from({ length: examples * slots }, () => Math.floor(rows * random.uniform() ** 2));
  const labels = Float32Array.from({ length: examples }, () => 1 + 4 * random.uniform());
  return exampleTraining({
    engine,
    labels,
    batchSize,
    random,
    cost: lstmCost(size),
    parameters: [
      { name: 'E', shape: [rows, d], initializer: normal(0.1), table: 'item' },
      ...lstmParameters('lstm', d, d, 2),
      ...attentionParameters('attention', { width: 2 * d, units: d }),
      { name: 'hidden.W', shape: [sequences * 2 * d, d], initializer: glorotUniform(sequences * 2 * d, d) },
      { name: 'hidden.b', shape: [d], initializer: zeros },
      { name: 'out.W', shape: [d, 1], initializer: glorotUniform(d, 1) },
      { name: 'out.b', shape: [1], initializer: zeros },
    ],
    build: (p) => {
      const leaf = indexInput('sequences', slots);
      const label = input('label', [1]);
      const lengths = sequenceLengths(leaf, steps);
      const x = lookupFields(p.E, leaf, Array<number>(slots).fill(1));
      const h = lstmLayer(p, 'lstm', 2, x, lengths, { steps });
      const pooled = attentionPooling(p, 'attention', h, lengths);
      const hidden = linear(pooled, p['hidden.W'], { bias: p['hidden.b'], relu: true });
      const y = linear(hidden, p['out.W'], { bias: p['out.b'] });
      return { loss: square(subtract(y, label)), label, slots: [{ leaf, index }] };
    },
  });
}

/** Products of a step, forward and both gradients; and the touched rows of the table with their two moments. */
export function lstmCost({ rows, sequences, steps, dims: d, batchSize }: LstmSize): StepCost {
  const tokens = batchSize * sequences * steps;
  const perToken = 2 * (2 * 2 * d * 4 * d) + 2 * (2 * d * d + d);
  const perExample = 2 * (sequences * 2 * d * d + d);
  const probabilities = Array.from({ length: rows }, (_, n) => Math.sqrt((n + 1) / rows) - Math.sqrt(n / rows));
  return {
    flops: 3 * (tokens * perToken + batchSize * perExample),
    bytes: updateBytes(expectedDistinct(probabilities, tokens) * d, 2),
  };
}
