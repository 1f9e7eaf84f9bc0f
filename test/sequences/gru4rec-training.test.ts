/** Whole epochs of training against the float64 oracle, for every value of every option. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { OpenSessions, sessionSettings } from '../../src/examples/sessions.ts';
import { gru4rec } from '../../src/models/gru4rec.ts';
import { type OracleOptions, trainOracle } from './gru4rec-oracle.ts';
import { sequencesOf, sessions } from './made-sessions.ts';

const engines = [new Engine({ threads: 1, kernels: 'simd' }), new Engine({ threads: 2 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const nItems = 9;
type Settings = Partial<Omit<OracleOptions, 'nItems' | 'keys'>>;
/** Every item three times: drawing by popularity is then drawing uniformly, while the correction is not 0. */
const evenSessions = [
  [0, 1, 2, 3, 4],
  [5, 6, 7, 8],
  [8, 7, 6, 5, 4, 3],
  [2, 1, 0],
  [0, 3, 6],
  [1, 4, 7],
  [2, 5, 8],
];

const plain: Omit<OracleOptions, 'keys'> = {
  nItems,
  sessions,
  batchSize: 3,
  samples: 4,
  units: [4],
  cell: 'framework',
  embedding: 'shared',
  loss: 'cross-entropy',
  regularization: 1,
  activation: 'linear',
  eluP: 0.5,
  logQ: 1,
  alpha: 0,
  embeddingDropout: 0,
  hiddenDropout: 0,
  learningRate: 0.1,
  momentum: 0,
};

const cases: [string, Settings][] = [
  ['the defaults', {}],
  ['the original cell', { cell: 'original' }],
  ['one-hot input', { embedding: 'none' }],
  ['one-hot input, original cell', { embedding: 'none', cell: 'original' }],
  ['an embedding of its own, of another length', { embedding: 'separate' }],
  ['two layers', { units: [5, 3] }],
  ['three layers of the original cell', { units: [3, 4, 2], cell: 'original' }],
  ['dropout of the input', { embeddingDropout: 0.4 }],
  ['dropout of the states, which is carried', { hiddenDropout: 0.3 }],
  ['both dropouts, of unequal rates, in two layers', { embeddingDropout: 0.2, hiddenDropout: 0.5, units: [6, 4] }],
  ['momentum', { momentum: 0.6 }],
  ['another learning rate', { learningRate: 0.03 }],
  ['no correction', { logQ: 0 }],
  ['half a correction', { logQ: 0.5 }],
  ['bpr-max', { loss: 'bpr-max', logQ: 0, regularization: 0.5 }],
  ['bpr-max with elu and momentum', { loss: 'bpr-max', logQ: 0, activation: 'elu', eluP: 1, momentum: 0.4 }],
  ['top1-max with tanh', { loss: 'top1-max', logQ: 0, activation: 'tanh' }],
  ['bpr', { loss: 'bpr', logQ: 0 }],
  ['top1 with relu', { loss: 'top1', logQ: 0, activation: 'relu' }],
  ['no extra negatives', { samples: 0 }],
  ['a batch of one', { batchSize: 1 }],
  ['a batch of two', { batchSize: 2, samples: 7 }],
  ['a batch larger than the sessions', { batchSize: 12 }],
  ['a width that fills no vector', { units: [7] }],
  ['samples by popularity, where all items are equally popular', { alpha: 0.75, sessions: evenSessions }],
];

/** The same training in the engine; weights, losses of each step, and states after the last one. */
function trainEngine(engine: Engine, o: Omit<OracleOptions, 'keys'>, epochs: number) {
  const random = new RandomStream(11, 'gru4rec');
  const config = gru4rec.options.parse({
    hidden: [...o.units],
    cell: o.cell,
    embedding: o.embedding,
    factors: 3,
    loss: o.loss,
    regularization: o.regularization,
    activation: o.activation,
    eluP: o.eluP,
    sharedNegatives: o.samples,
    popularityExponent: o.alpha,
    logQ: o.loss === 'cross-entropy' ? o.logQ : null,
    embeddingDropout: o.embeddingDropout,
    hiddenDropout: o.hiddenDropout,
  });
  const { batchSize, learningRate, momentum } = o;
  const optimizer = { learningRate, ...(momentum > 0 && { name: 'adagrad-momentum', beta1: momentum }) };
  const training = sessionSettings.parse({ batchSize, optimizer, epochs });
  const sequences = sequencesOf(o.sessions, o.nItems);
  const step = new OpenSessions({ engine, model: gru4rec, config, training, sequences, random });
  const read = () => new Map(step.declared.list.map((t) => [t.attributes.name as string, [...step.store.read(t)]]));
  const start = read();
  const losses: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let s = 0; s < step.batches.stepsPerEpoch; s++) losses.push(step.run(epoch, s, 1).lossSum);
    step.skipTo(0);
  }
  const result = { start, weights: read(), losses };
  step.free();
  const dropout = random.child('dropout');
  const keys = {
    samples: random.child('samples').key,
    embedding: dropout.child('embedding').key,
    hidden: o.units.map((_, l) => dropout.child(`hidden${l + 1}`).key),
  };
  return { ...result, keys };
}

describe.each(engines)('$build, $threads threads', (engine) => {
  it.each(cases)('%s', (_, settings) => {
    const options = { ...plain, ...settings };
    const epochs = 2;
    const { start, weights, losses, keys } = trainEngine(engine, options, epochs);
    const oracle = trainOracle({ ...options, keys }, start, epochs);
    expect(losses).toHaveLength(oracle.losses.length);
    losses.forEach((loss, s) => {
      expect(Math.abs(loss - oracle.losses[s])).toBeLessThan(2e-4 * Math.max(1, oracle.losses[s]));
    });
    expect([...weights.keys()]).toEqual([...oracle.weights.keys()]);
    for (const [name, values] of weights) {
      const want = oracle.weights.get(name) as number[];
      const apart = Math.max(...values.map((v, k) => Math.abs(v - want[k])));
      expect(`${name} ${apart < 1e-3 ? 'agrees' : `is ${apart} off`}`).toBe(`${name} agrees`);
    }
  });
});
