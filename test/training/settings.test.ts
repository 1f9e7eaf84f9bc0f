import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { pairModel, pairSettings } from '../../src/examples/pairs.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { gmf } from '../../src/models/gmf.ts';
import { findModel } from '../../src/models/index.ts';
import { madeSplit, type Pair, trainSmall } from '../models/made-worlds.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

interface Field {
  readonly enum?: readonly string[];
  readonly doc?: string;
  readonly properties?: Readonly<Record<string, Field>>;
}

const schema = z.toJSONSchema(pairSettings, { io: 'input' }) as unknown as Required<Field>;
const { optimizer, ...general } = schema.properties;
const fields: [string, Field][] = [
  ...Object.entries(general),
  ...Object.entries(optimizer.properties!).map(([name, field]): [string, Field] => [`optimizer.${name}`, field]),
];

/** `{ 'optimizer.l2': 1 }` → `{ optimizer: { l2: 1 } }`. */
function nested(flat: Readonly<Record<string, unknown>>): object {
  const settings: Record<string, unknown> = {};
  const ofOptimizer: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flat))
    if (name.startsWith('optimizer.')) ofOptimizer[name.slice('optimizer.'.length)] = value;
    else settings[name] = value;
  return { ...settings, optimizer: ofOptimizer };
}

/** Items of unequal popularity; every fourth row is for validation. */
const pairs = Array.from({ length: 12 * 12 }, (_, k): Pair => [Math.floor(k / 12), k % 12]).filter(
  ([user, item]) => (user * 7 + item * item) % 12 < 12 - item,
);
const plain = madeSplit(12, 12, {
  train: pairs.filter((_, n) => n % 4 !== 3),
  validation: pairs.filter((_, n) => n % 4 === 3),
});
const trust = { name: 'trust', kind: 'numeric' as const, values: Array.from({ length: 12 }, (_, user) => user / 4) };
const userFields = { nRows: 12, fields: [trust], title: null };
const split = { ...plain, dataset: { ...plain.dataset, userFields } };

/** What training with these settings leads to: the weights and the log without its times. */
async function outcome(flat: Readonly<Record<string, unknown>>, model = 'gmf'): Promise<string> {
  const training = nested({
    epochs: 4,
    batchSize: 64,
    patience: 0,
    keepBest: false,
    'optimizer.learningRate': 0.02,
    ...flat,
  });
  const { recommender, log } = await trainSmall(engine, split, findModel(model), { training });
  recommender.close();
  const told = log.map(({ epoch, loss, validation }) => `${epoch} ${loss} ${validation}`);
  expect(log.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  return [...told, weightBytes(recommender.parts.weights)].join('\n');
}

/** Another value of each number and switch, and the settings under which it has something to act on. */
const changes: Readonly<Record<string, { readonly to: unknown; readonly under?: Readonly<Record<string, unknown>> }>> =
  {
    epochs: { to: 5 },
    batchSize: { to: 32 },
    negatives: { to: 2 },
    popularityExponent: { to: 1.5, under: { negativeSampler: 'popularity' } },
    margin: { to: 0.2, under: { loss: 'hinge' } },
    calibration: { to: 0.2, under: { loss: 'gbce' } },
    temperature: { to: 0.5, under: { loss: 'sampled-softmax' } },
    popularityCorrection: { to: false, under: { loss: 'in-batch-softmax' } },
    candidates: { to: 3, under: { negativeSampler: 'dns' } },
    hardest: { to: 2, under: { negativeSampler: 'dns' } },
    rankScale: { to: 2, under: { negativeSampler: 'aobpr' } },
    hardShare: { to: 0.5, under: { negativeSampler: 'dns' } },
    rejectTaken: { to: false },
    adversarialEpsilon: { to: 0.5 },
    adversarialWeight: { to: 2, under: { adversarialEpsilon: 0.5 } },
    trim: { to: 0.2 },
    userWeight: { to: 'trust' },
    evaluateEvery: { to: 2 },
    patience: { to: 1, under: { epochs: 12 } },
    keepBest: { to: true, under: { epochs: 12, 'optimizer.learningRate': 0.2 } },
    minGain: { to: 0.5, under: { epochs: 12, patience: 1 } },
    plateauFactor: { to: 0.1, under: { epochs: 12, 'optimizer.learningRate': 0.2 } },
    'optimizer.learningRate': { to: 0.01 },
    'optimizer.beta1': { to: 0.5 },
    'optimizer.beta2': { to: 0.9 },
    'optimizer.beta': { to: 0.2, under: { 'optimizer.name': 'ftrl' } },
    'optimizer.l1': { to: 0.01, under: { 'optimizer.name': 'ftrl' } },
    'optimizer.shrinkage': { to: 0.05, under: { 'optimizer.name': 'grda', 'optimizer.learningRate': 0.1 } },
    'optimizer.shrinkagePower': { to: 0.2, under: { 'optimizer.name': 'grda', 'optimizer.learningRate': 0.1 } },
    'optimizer.epsilon': { to: 0.01 },
    'optimizer.initialAccumulator': { to: 0.1, under: { 'optimizer.name': 'adagrad' } },
    'optimizer.l2': { to: 0.1 },
    'optimizer.clipValue': { to: 1e-4, under: { 'optimizer.name': 'sgd' } },
    'optimizer.clipNorm': { to: 1e-3, under: { 'optimizer.name': 'sgd' } },
    'optimizer.dense': { to: true },
    'optimizer.warmupSteps': { to: 5 },
  };

/** What the values of a choice need to differ. */
const choiceUnder: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  adversarialStart: { adversarialEpsilon: 0.5 },
  'optimizer.l2Scope': { 'optimizer.dense': true, 'optimizer.l2': 0.1, batchSize: 16 },
};

describe('training settings', () => {
  it('are explained', () => {
    for (const [name, { doc }] of fields) expect(doc, name).toMatch(/\w{3}/);
  });

  it.each(fields.filter(([, field]) => !field.enum).map(([name]) => name))('%s changes the outcome', async (name) => {
    const { to, under = {} } = changes[name];
    expect(await outcome({ ...under, [name]: to })).not.toBe(await outcome(under));
  });

  it.each(fields.filter(([, field]) => field.enum))(
    'every value of %s runs and differs from the others',
    async (name, field) => {
      for (const model of ['gmf', 'bpr-mf']) {
        const outcomes = new Set<string>();
        for (const value of field.enum!) outcomes.add(await outcome({ ...choiceUnder[name], [name]: value }, model));
        expect(outcomes.size).toBe(field.enum!.length);
      }
    },
  );

  it.each([
    { epochs: 0 },
    { epochs: 1.5 },
    { epoch: 3 },
    { batchSize: 0 },
    { negatives: 0 },
    { negativeSampler: 'hard' },
    { popularityExponent: -1 },
    { patience: -1 },
    { rejectTaken: 'yes' },
    { optimizer: 'adam' },
    { optimizer: null },
    { optimizer: [] },
    { optimizer: { name: 'adamw' } },
    { optimizer: { learningRate: 0 } },
    { optimizer: { learningRate: Number.NaN } },
    { optimizer: { beta1: 1 } },
    { optimizer: { lr: 0.1 } },
    { optimizer: { l2: 0.1, l2Scope: 'all' } },
  ])('refuses %j', async (training) => {
    expect(await thrownCode(() => trainSmall(engine, split, findModel('gmf'), { training }))).toBe('config');
  });

  it('lets explicit settings go before those of the model, and those before the general ones', () => {
    const defaults = { negatives: 8, rejectTaken: false, optimizer: { l2: 0.005, beta1: 0.8 } };
    const model = pairModel({ ...gmf, trainingDefaults: defaults });
    const { training } = resolveTraining(model, { negatives: 2, optimizer: { beta1: 0.5 } });
    expect(training).toMatchObject({
      negatives: 2,
      rejectTaken: false,
      epochs: 20,
      optimizer: { l2: 0.005, beta1: 0.5, beta2: 0.999, name: 'adam' },
    });
    const plain = pairModel({ ...gmf, trainingDefaults: {} });
    expect(resolveTraining(plain, {}).training).toEqual(pairSettings.parse({}));
  });

  it('hold in the stages of a pretrained model too, except for what a stage says itself', async () => {
    const pretrained = async (optimizer: object) => {
      const config = { pretrain: true, gmfEpochs: 2, mlpEpochs: 2 };
      const training = { epochs: 2, batchSize: 64, optimizer };
      const { recommender, log } = await trainSmall(engine, split, findModel('neumf'), { config, training });
      recommender.close();
      return log.map(({ model, loss }) => `${model} ${loss}`);
    };
    const plain = await pretrained({});
    const clipped = await pretrained({ clipNorm: 1e-4 });
    // the first loss of a stage is that of its start
    for (const n of [1, 3, 5]) expect(clipped[n]).not.toBe(plain[n]);
    expect(await pretrained({ learningRate: 0.5, name: 'adagrad' })).toEqual(plain);
  });
});
