import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import type { FieldLayout } from '../../src/data/features/field-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { LabelledRows } from '../../src/examples/forms.ts';
import { optimizerOf, rowSettings } from '../../src/examples/row-settings.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { findModelOf, modelsOf } from '../../src/models/index.ts';
import { wideDeep } from '../../src/models/wide-deep.ts';
import type { RowPredictor } from '../../src/scoring/row-scorer.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { type TrainRequest, trainModel } from '../../src/training/train.ts';
import { crossedLayout, layout, makeWorld, smallConfigs } from '../models/field-world.ts';
import { thrownCode } from '../models/thrown-code.ts';

const engines = [new Engine({ threads: 1 }), new Engine({ threads: 2 }), new Engine({ threads: 3 })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const train = makeWorld(400, 1);
const held = makeWorld(150, 2);

/** Share of the held-out clicks and others that stand in the right order; in rows of the users and items of training. */
function auc(logits: Float32Array, labels: Float32Array): number {
  let right = 0;
  let pairs = 0;
  labels.forEach((y, a) => {
    labels.forEach((z, b) => {
      if (y <= z) return;
      pairs++;
      right += logits[a] > logits[b] ? 1 : logits[a] === logits[b] ? 0.5 : 0;
    });
  });
  return right / pairs;
}

const heldExamples = { ...held.examples, users: train.users, items: train.items };

type Changes = Partial<TrainRequest<'rows'>> &
  Partial<LabelledRows> & { readonly settings?: object; readonly given?: object };

function request(name: string, changes: Changes = {}): TrainRequest<'rows'> {
  const model = findModelOf('rows', name);
  const { settings = {}, given = smallConfigs[name][0], ...more } = changes;
  const { layout: of = layout, examples = train.examples, ...others } = more;
  return {
    engine: engines[1],
    model,
    config: model.options.parse(given),
    training: resolveTraining(model, { epochs: 3, batchSize: 70, ...settings }).training,
    data: { layout: of, examples },
    seed: 7,
    progress: silent,
    fingerprint: 'a run',
    validate: ({ logits }) => auc(logits(heldExamples), heldExamples.label),
    ...others,
  };
}

function predictorOf(name: string, given: object, weights: NamedTensors): RowPredictor {
  const model = findModelOf('rows', name);
  return model.scorerOf(() => engines[1], { config: model.options.parse(given), weights, about: { layout } });
}

const bytesOf = (weights: NamedTensors): string =>
  [...weights].map(([name, { data }]) => `${name} ${Buffer.from(data.buffer).toString('base64')}`).join('\n');

const cases = modelsOf('rows').flatMap(({ name }) =>
  smallConfigs[name].map((given) => [name, JSON.stringify(given), given] as const),
);

describe.each(cases)('%s %s', (name, _title, given) => {
  it('gives the same bytes on 1, 2 and 3 threads, and others from another seed', async () => {
    const run = async (changes: Changes) => bytesOf((await trainModel(request(name, { given, ...changes }))).weights);
    const first = await run({});
    for (const engine of engines) expect(await run({ engine })).toBe(first);
    expect(await run({ seed: 8 })).not.toBe(first);
  });

  it('goes on from every checkpoint to the same bytes', async () => {
    const checkpoints: Checkpoint[] = [];
    const onCheckpoint = async (checkpoint: Checkpoint) => {
      checkpoints.push(checkpoint);
    };
    const settings = { epochs: 4, patience: 0, keepBest: false };
    const whole = await trainModel(request(name, { given, settings, onCheckpoint }));
    expect(checkpoints).toHaveLength(whole.log.length);
    // the last weights were asked for, not those of the best validation
    expect(whole.bestEpoch).toBe(4);
    for (const resume of checkpoints.slice(0, -1)) {
      const resumed = await trainModel(request(name, { given, settings, resume, engine: engines[2] }));
      expect(bytesOf(resumed.weights)).toBe(bytesOf(whole.weights));
      expect(resumed.log.map(({ loss, validation }) => [loss, validation])).toEqual(
        whole.log.map(({ loss, validation }) => [loss, validation]),
      );
    }
  });
});

describe('within an epoch', () => {
  it.each(['fm', 'nfm', 'deepfm', 'final-mlp'])('%s goes on from every checkpoint to the same bytes', async (name) => {
    const checkpoints: Checkpoint[] = [];
    const settings = { epochs: 2, patience: 0 };
    const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
    const whole = await trainModel(request(name, { settings, checkpointSteps: 2, onCheckpoint }));
    const within = checkpoints.filter(({ progress }) => progress.stepsDone > 0);
    expect(within.map(({ progress }) => progress.stepsDone)).toEqual([2, 4, 2, 4]);
    for (const resume of within) {
      const resumed = await trainModel(request(name, { settings, resume, engine: engines[2] }));
      expect(bytesOf(resumed.weights)).toBe(bytesOf(whole.weights));
      expect(resumed.log.map(({ loss }) => loss)).toEqual(whole.log.map(({ loss }) => loss));
    }
  });
});

describe('what is learned', () => {
  it.each(modelsOf('rows').map(({ name }) => name))('%s fits the rows that it is trained on', async (name) => {
    // a memory of users × items is what LR and the wide part lack
    const isLinear = name === 'lr';
    const optimizer = { name: 'adam', learningRate: 0.02 };
    const given = { ...smallConfigs[name][0], ...without(name) };
    const settings = { epochs: 40, batchSize: 50, optimizer, embeddingL2: 0 };
    const { weights, log } = await trainModel(request(name, { given, settings, validate: undefined }));
    const predictor = predictorOf(name, given, weights);
    const logits = predictor.logits(train.examples);
    predictor.free();
    expect(log.at(-1)?.loss).toBeLessThan(log[0].loss);
    expect(auc(logits, train.examples.label)).toBeGreaterThan(isLinear ? 0.6 : 0.8);
  });

  /** Without noise, so that a small model can fit what it sees. */
  function without(name: string): object {
    if (name === 'nfm') return { dropout: 0, bilinearDropout: 0 };
    if (name === 'final-mlp') return { dropout1: 0, dropout2: 0 };
    return ['lr', 'fm', 'auto-fm'].includes(name) ? {} : { dropout: 0 };
  }

  it('crosses reach Wide&Deep, and L1 keeps the idle ones at exactly zero', async () => {
    const share = async (wideL1: number, of: FieldLayout) => {
      const { weights } = await trainModel(
        request('wide-deep', {
          layout: of,
          given: { deep: false, wideL1 },
          settings: { epochs: 5 },
          validate: undefined,
        }),
      );
      const crosses = weights.get('crosses')?.data as Float32Array | undefined;
      return crosses && crosses.filter((x) => x === 0).length / crosses.length;
    };
    expect(await share(0, layout)).toBeUndefined();
    expect(await share(0, crossedLayout)).toBe(0);
    expect(await share(0.3, crossedLayout)).toBeGreaterThan(0);
    expect(await share(100, crossedLayout)).toBe(1);
  });

  it('a regression predicts values', async () => {
    const label = Float32Array.from(train.examples.user as Int32Array, (u) => 3 + u);
    const examples = { ...train.examples, label };
    const optimizer = { learningRate: 0.05 };
    const settings = { task: 'regression', epochs: 150, optimizer, plateauFactor: 1 };
    const { weights } = await trainModel(request('lr', { examples, settings, validate: undefined }));
    const predictor = predictorOf('lr', {}, weights);
    const worst = Math.max(...predictor.logits(examples).map((x, e) => Math.abs(x - label[e])));
    predictor.free();
    expect(worst).toBeLessThan(0.3);
  });

  it('a ranking tells the items of a user from drawn ones', async () => {
    const clicks = train.examples.label.map((y, e) =>
      y > 0 && (train.examples.user as Int32Array)[e] % 2 === (train.examples.item as Int32Array)[e] % 2 ? 1 : 0,
    );
    const kept = [...clicks.keys()].filter((e) => clicks[e] > 0);
    const pick = (values: Int32Array | null) => Int32Array.from(kept, (e) => (values as Int32Array)[e]);
    const context = train.examples.context as NonNullable<typeof train.examples.context>;
    const examples = {
      ...train.examples,
      nRows: kept.length,
      user: pick(train.examples.user),
      item: pick(train.examples.item),
      context: { ...context, nRows: kept.length, index: Int32Array.from(kept, (e) => context.index[e]) },
      crosses: null,
      label: new Float32Array(kept.length).fill(1),
    };
    const settings = { task: 'ranking', epochs: 80, negatives: 4, optimizer: { learningRate: 0.02 } };
    const given = { factors: 6, deviation: 0.1 };
    const { weights } = await trainModel(request('fm', { examples, given, settings, validate: undefined }));
    const predictor = predictorOf('fm', given, weights);
    const logits = predictor.logits(train.examples);
    predictor.free();
    const parity = Float32Array.from(train.examples.user as Int32Array, (u, e) =>
      (u + (train.examples.item as Int32Array)[e]) % 2 === 0 ? 1 : 0,
    );
    expect(auc(logits, parity)).toBeGreaterThan(0.9);
  });
});

describe('NFM after FM', () => {
  const given = { factors: 4, hidden: [5], pretrain: true, pretrainEpochs: 2, deviation: 0.1 };

  it('starts from the vectors and linear weights of the FM', async () => {
    // steps too small to move a weight, so that what NFM ends with is what it started from
    const settings = { epochs: 1, optimizer: { name: 'sgd', learningRate: 1e-30 } };
    const changes = { settings, validate: undefined };
    const fm = await trainModel(request('fm', { given: { factors: 4, deviation: 0.1 }, ...changes }));
    const { log, weights } = await trainModel(request('nfm', { given, ...changes }));
    expect(log.map(({ model, epoch }) => `${model} ${epoch}`)).toEqual(['fm 1', 'fm 2', 'nfm 1']);
    expect(weights.get('V')).toEqual(fm.weights.get('V'));
    const alone = await trainModel(request('nfm', { given: { ...given, pretrain: false }, ...changes }));
    expect(alone.weights.get('V')).not.toEqual(weights.get('V'));
  });

  it('goes on from every checkpoint, those of the FM too, to the same bytes', async () => {
    const checkpoints: Checkpoint[] = [];
    const onCheckpoint = async (checkpoint: Checkpoint) => {
      checkpoints.push(checkpoint);
    };
    const whole = await trainModel(request('nfm', { given, onCheckpoint }));
    expect(checkpoints.map(({ progress }) => progress.stagesDone)).toEqual([0, 0, 1, 1, 1]);
    for (const resume of checkpoints.slice(0, 4)) {
      const resumed = await trainModel(request('nfm', { given, resume }));
      expect(bytesOf(resumed.weights)).toBe(bytesOf(whole.weights));
      expect(resumed.log.length).toBe(whole.log.length);
    }
  });
});

describe('early stopping', () => {
  /** Validation values as listed, whatever is predicted. */
  const listed = (values: readonly number[]) => {
    let look = 0;
    return () => values[look++];
  };

  it('stops after `patience` looks without gain and keeps the best weights', async () => {
    const best = await trainModel(request('fm', { settings: { epochs: 2 }, validate: undefined }));
    const stopped = await trainModel(
      request('fm', { settings: { epochs: 9, patience: 2 }, validate: listed([0.1, 0.9, 0.8, 0.85, 0.95]) }),
    );
    expect(stopped.log).toHaveLength(4);
    expect(stopped.bestEpoch).toBe(2);
    expect(bytesOf(stopped.weights)).toBe(bytesOf(best.weights));
  });

  it('is finished from a checkpoint, and says when its epochs ran out while validation was rising', async () => {
    const checkpoints: Checkpoint[] = [];
    const settings = { epochs: 3 };
    const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
    const rising = await trainModel(request('fm', { settings, validate: listed([-0.9, -0.8, -0.7]), onCheckpoint }));
    expect(rising.cutOff).toEqual({ setting: 'training.epochs', epochs: 3, from: -0.8, to: -0.7 });
    const finished = await trainModel(request('fm', { settings, resume: checkpoints[1], finish: true }));
    expect(finished).toMatchObject({ bestEpoch: 2, bestValidation: -0.8, finishedAt: 'after epoch 2', cutOff: null });
    const two = await trainModel(request('fm', { settings: { epochs: 2 }, validate: undefined }));
    expect(bytesOf(finished.weights)).toBe(bytesOf(two.weights));
  });

  it('counts no gain that is not above `minGain`', async () => {
    const settings = { epochs: 9, patience: 2, minGain: 0.01 };
    const { log, bestEpoch, bestValidation } = await trainModel(
      request('fm', { settings, validate: listed([0.5, 0.505, 0.52, 0.525, 0.53, 0.9]) }),
    );
    expect([log.length, bestEpoch, bestValidation]).toEqual([5, 3, 0.52]);
  });

  it('lowers the learning rate after each look without gain, also in a resumed run', async () => {
    const settings = { epochs: 4, patience: 0, keepBest: false };
    const run = (plateauFactor: number, values: readonly number[]) =>
      trainModel(request('fm', { settings: { ...settings, plateauFactor }, validate: listed(values) }));
    const rising = await run(0.5, [1, 2, 3, 4]);
    const constant = await run(1, [1, 0, 0, 0]);
    const falling = await run(0.5, [1, 0, 0, 0]);
    expect(bytesOf(constant.weights)).toBe(bytesOf(rising.weights));
    expect(bytesOf(falling.weights)).not.toBe(bytesOf(rising.weights));
    // the first epoch whose rate differs is the third
    expect(falling.log.slice(0, 2).map(({ loss }) => loss)).toEqual(rising.log.slice(0, 2).map(({ loss }) => loss));
    expect(falling.log[3].loss).not.toBe(rising.log[3].loss);
  });
});

describe('settings', () => {
  const config = wideDeep.options.parse(smallConfigs['wide-deep'][0]);
  const training = rowSettings.parse(request('wide-deep', { settings: { embeddingL2: 0.25 } }).training);
  const of = (name: string, isTable: boolean) => optimizerOf(wideDeep, config, training, { name, isTable });

  it('give each parameter its optimizer', () => {
    expect(of('w', true)).toMatchObject({ name: 'ftrl', l1: 1e-4 });
    expect(of('crosses', true)).toEqual(of('w', true));
    expect(of('V', true)).toMatchObject({ name: 'adagrad', l2: 0.25, l2Scope: 'all', dense: true });
    expect(of('layer1.W', false)).toEqual(training.optimizer);
    const touched = { ...training, embeddingL2Scope: 'touched' as const };
    expect(optimizerOf(wideDeep, config, touched, { name: 'V', isTable: true })).toMatchObject({
      l2: 0.25,
      dense: false,
    });
  });

  it.each([
    ['an unknown key', { batchsize: 3 }],
    ['a rate that grows', { plateauFactor: 2 }],
    ['drawn items for given labels', { negatives: 3 }],
    ['an optimizer that is none', { optimizer: 'adam' }],
    ['FTRL with a schedule', { optimizer: { name: 'ftrl', schedule: 'cosine' } }],
  ])('refuse %s', async (_what, settings) => {
    expect(await thrownCode(() => trainModel(request('fm', { settings })))).toBe('config');
  });

  const { examples } = train;
  const crossesOfPairs = {
    ...crossedLayout,
    crosses: crossedLayout.crosses.map((each) => ({ ...each, mixesItem: true })),
  };
  it.each([
    [
      'a label that is no click',
      'data',
      'fm',
      {},
      { examples: { ...examples, label: examples.label.map((y) => 2 * y) } },
    ],
    [
      'a value that is not finite',
      'data',
      'fm',
      { task: 'regression' },
      { examples: { ...examples, label: examples.label.map(() => Number.NaN) } },
    ],
    ['too few labels', 'shape', 'fm', {}, { examples: { ...examples, label: examples.label.subarray(1) } }],
    ['a ranking with crosses', 'config', 'wide-deep', { task: 'ranking' }, { layout: crossesOfPairs }],
    ['a ranking without items', 'config', 'fm', { task: 'ranking' }, { examples: { ...examples, item: null } }],
    ['a checkpoint of another run', 'config', 'fm', {}, { resume: { fingerprint: 'another' } as Checkpoint }],
    ['a rate that leads to infinity', 'numeric', 'deepfm', { optimizer: { name: 'sgd', learningRate: 1e30 } }, {}],
  ] as const)('refuse %s: %s', async (_what, expected, name, settings, changes) => {
    expect(await thrownCode(() => trainModel(request(name, { settings, ...changes })))).toBe(expected);
  });

  it('can be interrupted', async () => {
    expect(await thrownCode(() => trainModel(request('fm', { signal: AbortSignal.abort() })))).toBe('usage');
  });
});
