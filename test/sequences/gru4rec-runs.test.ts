/** Runs of training: same bytes for any number of threads and after a resumed run, samples as asked for, starts, errors. */
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { Sequences } from '../../src/data/sequences/sequences.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { OpenSessions, sessionSettings } from '../../src/examples/sessions.ts';
import { gru4rec } from '../../src/models/gru4rec.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { type TrainRequest, trainModel } from '../../src/training/train.ts';
import { thrownCode } from '../engine/thrown-code.ts';
import { sequencesOf } from './made-sessions.ts';

const engines = [1, 2, 3].map((threads) => new Engine({ threads }));
const [engine] = engines;
afterAll(() => {
  for (const each of engines) each.close();
});

const nItems = 300;
/** Item n is followed by one of the next three: something to be learned. */
function madeSessions(n: number, seed: number): Sequences {
  const random = new RandomStream(seed, 'made sessions');
  const list = Array.from({ length: n }, () => {
    const items = [random.below(nItems)];
    while (items.length < 2 + random.below(7)) items.push((items[items.length - 1] + 1 + random.below(3)) % nItems);
    return items;
  });
  return sequencesOf(list, nItems);
}
const sequences = madeSessions(120, 1);

type Request = Partial<TrainRequest<'sequences'>> & { readonly options?: object; readonly settings?: object };

function request({ options, settings, ...given }: Request): TrainRequest<'sequences'> {
  return {
    engine,
    model: gru4rec,
    config: gru4rec.options.parse({
      hidden: [20, 12],
      embedding: 'separate',
      sharedNegatives: 64,
      embeddingDropout: 0.2,
      hiddenDropout: 0.1,
      ...options,
    }),
    training: sessionSettings.parse({
      epochs: 2,
      batchSize: 16,
      optimizer: { name: 'adagrad-momentum', beta1: 0.3 },
      ...settings,
    }),
    data: sequences,
    seed: 4,
    progress: silent,
    fingerprint: 'this run',
    ...given,
  };
}

const bytes = (weights: NamedTensors) =>
  [...weights].map(([name, { data }]) => [name, Buffer.from(data.slice().buffer).toString('base64')]);

describe('same bytes', () => {
  it.each<[string, object, object]>([
    ['separate embedding, two layers', {}, {}],
    [
      'shared embedding, bpr-max',
      { hidden: [33], embedding: 'shared', loss: 'bpr-max', activation: 'elu' },
      { batchSize: 50 },
    ],
    [
      'one-hot, original cell',
      { hidden: [17], embedding: 'none', cell: 'original', embeddingDropout: 0 },
      { optimizer: {}, batchSize: 7 },
    ],
  ])('on 1, 2 and 3 threads: %s', async (_, options, settings) => {
    const runs = [];
    for (const each of engines) runs.push(await trainModel(request({ engine: each, options, settings })));
    expect(bytes(runs[1].weights)).toEqual(bytes(runs[0].weights));
    expect(bytes(runs[2].weights)).toEqual(bytes(runs[0].weights));
    const other = await trainModel(request({ options, settings, seed: 5 }));
    expect(bytes(other.weights)).not.toEqual(bytes(runs[0].weights));
  });

  it('when stopped and resumed anywhere, within an epoch too', async () => {
    const checkpoints: Checkpoint[] = [];
    const settings = { epochs: 3 };
    const whole = await trainModel(
      request({ settings, checkpointSteps: 7, onCheckpoint: async (c) => void checkpoints.push(c) }),
    );
    const within = checkpoints.filter(({ progress }) => progress.stepsDone > 0);
    expect(within.length).toBeGreaterThan(3);
    for (const resume of [
      within[0],
      within[Math.floor(within.length / 2)],
      within[within.length - 1],
      checkpoints.at(-1),
    ]) {
      const rest = await trainModel(request({ settings, resume, engine: engines[1] }));
      expect(bytes(rest.weights)).toEqual(bytes(whole.weights));
      expect(rest.log.map(({ loss }) => loss)).toEqual(whole.log.map(({ loss }) => loss));
    }
  });

  it('when interrupted within an epoch', async () => {
    const settings = { batchSize: 4 };
    const interrupt = new AbortController();
    const checkpoints: Checkpoint[] = [];
    interrupt.abort();
    const stopped = trainModel(
      request({ settings, signal: interrupt.signal, onCheckpoint: async (c) => void checkpoints.push(c) }),
    );
    await expect(stopped).rejects.toMatchObject({ code: 'usage' });
    expect(checkpoints).toHaveLength(1);
    const [resume] = checkpoints;
    expect(resume.progress.stepsDone).toBeGreaterThan(0);
    expect(resume.progress).toMatchObject({ epochsDone: 0, log: [] });
    const rest = await trainModel(request({ settings, resume }));
    expect(bytes(rest.weights)).toEqual(bytes((await trainModel(request({ settings }))).weights));
  });

  it('with a checkpoint whenever so many seconds have passed within an epoch, and none more', async () => {
    const settings = { batchSize: 4 };
    const steps: number[] = [];
    const onCheckpoint = async ({ progress }: Checkpoint) => void steps.push(progress.stepsDone);
    await trainModel(request({ settings, checkpointSeconds: 1e-6, onCheckpoint }));
    expect(steps.filter((n) => n > 0).length).toBeGreaterThan(0);
    steps.length = 0;
    await trainModel(request({ settings, checkpointSeconds: 3600, onCheckpoint }));
    expect(steps).toEqual([0, 0]);
  });

  it('keeps what lanes carry in a checkpoint: without it the run goes elsewhere', async () => {
    const checkpoints: Checkpoint[] = [];
    const whole = await trainModel(
      request({ checkpointSteps: 5, onCheckpoint: async (c) => void checkpoints.push(c) }),
    );
    const [first] = checkpoints;
    const tensors = new Map(first.tensors);
    for (const [name, { shape, data }] of first.tensors)
      if (name.startsWith('carried/')) tensors.set(name, { shape, data: new Float32Array(data.length) });
    const rest = await trainModel(request({ resume: { ...first, tensors } }));
    expect(bytes(rest.weights)).not.toEqual(bytes(whole.weights));
  });
});

describe('a run', () => {
  it('learns what follows what, and logs every epoch', async () => {
    const records: unknown[] = [];
    const options = { hidden: [32], embedding: 'shared', embeddingDropout: 0, hiddenDropout: 0 };
    const { log } = await trainModel(
      request({
        data: madeSessions(800, 2),
        options,
        settings: { epochs: 8 },
        onEpoch: (r) => void records.push(r),
      }),
    );
    expect(records).toEqual(log);
    expect(log.map(({ model, epoch }) => [model, epoch])).toEqual(
      Array.from({ length: 8 }, (_, n) => ['gru4rec', n + 1]),
    );
    // three equally likely next items: no loss is below ln 3
    expect(log[0].loss).toBeGreaterThan(3);
    expect(log[7].loss).toBeLessThan(2);
    expect(log[7].loss).toBeGreaterThan(Math.log(3) - 0.6);
  });

  it('stops when the validation metric has not grown for as long as allowed, and keeps the best weights', async () => {
    const metrics = [0.1, 0.4, 0.3, 0.2, 0.9];
    const checkpoints: Checkpoint[] = [];
    let looks = 0;
    const outcome = await trainModel(
      request({
        settings: { epochs: 5, patience: 2 },
        validate: () => metrics[looks++],
        onCheckpoint: async (c) => void checkpoints.push(c),
      }),
    );
    expect(outcome).toMatchObject({ bestEpoch: 2, bestValidation: 0.4 });
    expect(outcome.log.map(({ validation }) => validation)).toEqual([0.1, 0.4, 0.3, 0.2]);
    const { tensors } = checkpoints[1];
    for (const [name, { data }] of outcome.weights) expect(data).toEqual(tensors.get(`weights/${name}`)?.data);
  });

  it('says when its epochs ran out while validation was rising', async () => {
    const rising = async (metrics: readonly number[]) => {
      let looks = 0;
      const outcome = await trainModel(request({ settings: { epochs: 3 }, validate: () => metrics[looks++] }));
      return outcome.cutOff;
    };
    expect(await rising([0.1, 0.3, 0.4])).toEqual({ setting: 'training.epochs', epochs: 3, from: 0.3, to: 0.4 });
    expect(await rising([0.1, 0.5, 0.4])).toBeNull();
  });

  it('is finished from a checkpoint within an epoch: the best weights, or those of the last step', async () => {
    const checkpoints: Checkpoint[] = [];
    const settings = { epochs: 2 };
    const validate = () => 0.5;
    const onCheckpoint = async (c: Checkpoint) => void checkpoints.push(c);
    await trainModel(request({ settings, validate, onCheckpoint, checkpointSteps: 7 }));
    const second = checkpoints.findIndex(({ progress }) => progress.epochsDone === 1 && progress.stepsDone > 0);
    const [first, later] = [checkpoints[0], checkpoints[second]];
    const finished = await trainModel(request({ settings, resume: later, finish: true }));
    expect(finished).toMatchObject({ bestEpoch: 1, finishedAt: 'within epoch 2, after step 7', cutOff: null });
    const ofPrefix = (tensors: NamedTensors, prefix: string) =>
      bytes(
        new Map([...tensors].flatMap(([name, t]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), t]] : []))),
      );
    expect(bytes(finished.weights)).toEqual(ofPrefix(later.tensors, 'best/'));
    const early = await trainModel(request({ settings, resume: first, finish: true }));
    expect(early).toMatchObject({ bestEpoch: 0, log: [] });
    expect(bytes(early.weights)).toEqual(ofPrefix(first.tensors, 'weights/'));
  });

  it('is interrupted by a signal', async () => {
    const controller = new AbortController();
    const run = trainModel(request({ signal: controller.signal, onEpoch: () => controller.abort() }));
    await expect(run).rejects.toMatchObject({ code: 'usage' });
  });

  it('stops with the name of what is no number, and changes nothing in that step', async () => {
    const step = stepOf({ settings: {} });
    const { store, declared } = step;
    const broken = declared.tensors.W;
    const values = store.read(broken);
    values[5] = Number.NaN;
    store.write(broken, values);
    expect(() => {
      for (let s = 0; s < step.batches.stepsPerEpoch; s++) step.run(0, s, 1);
    }).toThrow(/"W"/);
    step.free();
    const exploding = request({ settings: { optimizer: { learningRate: 1e38 }, epochs: 3 } });
    await expect(trainModel(exploding)).rejects.toMatchObject({ code: 'numeric' });
  });

  it('refuses a checkpoint of another run', async () => {
    const checkpoints: Checkpoint[] = [];
    await trainModel(request({ settings: { epochs: 1 }, onCheckpoint: async (c) => void checkpoints.push(c) }));
    await expect(trainModel(request({ resume: checkpoints[0], fingerprint: 'another' }))).rejects.toMatchObject({
      code: 'config',
    });
  });
});

function stepOf({ options, settings }: Request): OpenSessions {
  const { config, training } = request({ options, settings });
  return new OpenSessions({
    engine,
    model: gru4rec,
    config,
    sequences,
    random: new RandomStream(4, 'models/gru4rec'),
    training: sessionSettings.parse(training),
  });
}

describe('starts', () => {
  it('every matrix in U(±√(6 / (rows + columns))), gates by themselves, biases 0', () => {
    const shapes: Record<string, [number, number] | null> = {
      W: [nItems, 12],
      E: [nItems, 40],
      b: null,
      'gru1.W': [40, 20],
      'gru1.U': [20, 20],
      'gru1.b': null,
      'gru1.c': null,
      'gru2.W': [20, 12],
      'gru2.U': [12, 12],
      'gru2.b': null,
      'gru2.c': null,
    };
    const step = stepOf({ options: { factors: 40 } });
    expect(step.declared.declarations.map(({ name }) => name).sort()).toEqual(Object.keys(shapes).sort());
    for (const [name, shape] of Object.entries(shapes)) {
      const values = step.store.read(step.declared.tensors[name]);
      const bound = shape ? Math.sqrt(6 / (shape[0] + shape[1])) : 0;
      expect(Math.max(...values)).toBeLessThanOrEqual(bound);
      if (shape) expect(Math.max(...values)).toBeGreaterThan(0.95 * bound);
      if (shape) expect(Math.min(...values)).toBeLessThan(-0.95 * bound);
    }
    const oneHot = stepOf({ options: { embedding: 'none', embeddingDropout: 0 } });
    const widest = Math.max(...oneHot.store.read(oneHot.declared.tensors['gru1.W']));
    expect(widest).toBeLessThanOrEqual(Math.sqrt(6 / (nItems + 20)));
    expect(widest).toBeGreaterThan(0.95 * Math.sqrt(6 / (nItems + 20)));
    step.free();
    oneHot.free();
  });
});

describe('options', () => {
  it.each<[string, object]>([
    ['a correction for a loss without softmax over all', { loss: 'bpr-max', logQ: 1 }],
    ['dropout of everything', { hiddenDropout: 1 }],
    ['dropout of an embedding that is not there', { embedding: 'none', embeddingDropout: 0.1 }],
    ['no layer', { hidden: [] }],
    ['an unknown cell', { cell: 'lstm' }],
    ['an unknown key', { hidden: [8], nosuch: 3 }],
    ['a negative number of samples', { sharedNegatives: -1 }],
  ])('refuse %s', (_, options) => {
    expect(gru4rec.options.safeParse(options).success).toBe(false);
  });

  it('need no correction to be named', () => {
    expect(thrownCode(() => stepOf({ options: { loss: 'bpr-max', activation: 'elu' } }).free())).toBe(undefined);
  });
});
