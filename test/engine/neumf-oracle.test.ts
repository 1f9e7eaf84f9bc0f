/** Training steps of NeuMF on the engine against plain loops in float64 that share nothing with it. */
import { afterAll, describe, expect, it } from 'vitest';
import { type NeumfWeights, neumfState, neumfStep } from '../../bench/peers/neumf-step.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { drawExamples } from './drawn-examples.ts';
import { type NeumfTraining, neumfTraining } from './neumf-training.ts';

const engines = [new Engine({ threads: 1, kernels: 'simd' }), new Engine({ threads: 2 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const wide = (values: Float32Array): Float64Array => Float64Array.from(values);
const joined = (a: Float32Array, b: Float32Array): Float64Array => Float64Array.from([...a, ...b]);

/** The model's parameters in the layout of the plain loops; the first layer is stored in two halves. */
function oracleWeights({ read, names }: NeumfTraining): NeumfWeights {
  const upper = names.flatMap((name) => (/^layer[2-9]\.W$/.test(name) ? [name.slice(0, -2)] : []));
  return {
    userGmf: wide(read('gmf.P')),
    itemGmf: wide(read('gmf.Q')),
    userMlp: wide(read('mlp.P')),
    itemMlp: wide(read('mlp.Q')),
    layers: [
      { W: joined(read('layer1.Wu'), read('layer1.Wi')), b: wide(read('layer1.b')) },
      ...upper.map((layer) => ({ W: wide(read(`${layer}.W`)), b: wide(read(`${layer}.b`)) })),
    ],
    h: joined(read('h.gmf'), read('h.mlp')),
    bias: wide(read('b')),
  };
}

const arrays = ({ userGmf, itemGmf, userMlp, itemMlp, layers, h, bias }: NeumfWeights) => [
  ...[userGmf, itemGmf, userMlp, itemMlp, h, bias],
  ...layers.flatMap(({ W, b }) => [W, b]),
];

describe.each(engines)('$threads threads, $build kernels', (engine) => {
  it.each([
    { layers: [10, 9, 7], batchSize: 50 },
    { layers: [32, 16, 8, 4], batchSize: 333 },
  ])('layers $layers, batches of $batchSize', ({ layers, batchSize }) => {
    const training = neumfTraining(engine, batchSize, { epsilon: 1e-5 }, layers);
    const expected = oracleWeights(training);
    const state = neumfState(expected, batchSize);
    const { plan, record } = training;
    for (let step = 0; step < Math.min(12, plan.stepsPerEpoch); step++) {
      const rows = Math.min(batchSize, record.rowsPointwise - step * batchSize);
      const { users, items, labels } = drawExamples(engine, record, 'pointwise', 0, step * batchSize, rows);
      const { lossSum } = plan.run(0, step, 1);
      const loss = neumfStep(expected, state, { users, items, labels }, { learningRate: 0.01, epsilon: 1e-5 });
      expect(Math.abs(lossSum / rows - loss)).toBeLessThan(1e-5);
    }
    const got = arrays(oracleWeights(training));
    arrays(expected).forEach((want, n) => {
      for (let k = 0; k < want.length; k++) expect(Math.abs(got[n][k] - want[k])).toBeLessThan(2e-4);
    });
    training.free();
  });
});
