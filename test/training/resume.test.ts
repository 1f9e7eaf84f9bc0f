import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../src/artifact/safetensors-writer.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isPairModel } from '../../src/examples/pairs.ts';
import { findModel, findModelOf, modelsOf } from '../../src/models/index.ts';
import { CheckpointFolder } from '../../src/runs/checkpoint-folder.ts';
import type { TrainedRun } from '../../src/runs/train-recommender.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { checkerboard, type RunChanges, trainSmall } from '../models/made-worlds.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { weightBytes } from '../models/weight-bytes.ts';

const engine = new Engine({ threads: 1 });
const other = new Engine({ threads: 2 });
const folder = mkdtempSync(join(tmpdir(), 'resume-'));
afterAll(() => {
  engine.close();
  other.close();
  rmSync(folder, { recursive: true });
});

const split = checkerboard(12, 'validation');
const told = ({ log, bestEpoch }: TrainedRun) => ({
  bestEpoch,
  log: log.map(({ seconds: _, examplesPerSecond: __, ...record }) => record),
});

/** Runs to the end with a checkpoint after every epoch, then from each of them again, on another engine. */
async function expectResumable(name: string, changes: RunChanges): Promise<readonly Checkpoint[]> {
  const model = findModel(name);
  const checkpoints: Checkpoint[] = [];
  const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
  const whole = await trainSmall(engine, split, model, { ...changes, onCheckpoint });
  expect(checkpoints.length).toBe(whole.log.length);
  for (const checkpoint of checkpoints) {
    const saved = new CheckpointFolder(join(folder, name));
    await saved.save(checkpoint);
    const resume = await saved.load();
    const later: Checkpoint[] = [];
    const resumed = await trainSmall(other, split, model, {
      ...changes,
      resume,
      onCheckpoint: async (next) => void later.push(next),
    });
    expect(weightBytes(resumed.recommender.parts.weights)).toBe(weightBytes(whole.recommender.parts.weights));
    expect(told(resumed)).toEqual(told(whole));
    const done = checkpoints.indexOf(checkpoint) + 1;
    expect(later.map(({ tensors }) => weightBytes(tensors))).toEqual(
      checkpoints.slice(done).map(({ tensors }) => weightBytes(tensors)),
    );
  }
  return checkpoints;
}

describe('a run goes on from each of its checkpoints to the same bytes', () => {
  it.each(
    modelsOf('pairs')
      .filter(isPairModel)
      .map(({ name }) => name),
  )('%s', async (name) => {
    const checkpoints = await expectResumable(name, { training: { epochs: 4 } });
    expect(checkpoints.map(({ progress }) => progress.epochsDone)).toEqual([1, 2, 3, 4]);
  });

  it.each(['sgd', 'momentum', 'adagrad', 'rmsprop', 'adam'])('with %s and a schedule', async (name) => {
    const optimizer = { name, learningRate: 0.02, schedule: 'cosine', warmupSteps: 5, initialAccumulator: 0.1 };
    await expectResumable('gmf', { training: { epochs: 3, optimizer } });
  });

  it('NeuMF with its pretraining stages', async () => {
    const config = { pretrain: true, gmfEpochs: 2, mlpEpochs: 2, fusedLearningRate: 0.1 };
    const checkpoints = await expectResumable('neumf', { config, training: { epochs: 3 } });
    const places = checkpoints.map(({ progress }) => [progress.stagesDone, progress.epochsDone]);
    expect(places).toEqual([
      [0, 1],
      [0, 2],
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
      [2, 3],
    ]);
    const { log } = checkpoints[checkpoints.length - 1].progress;
    expect(log.map(({ model }) => model)).toEqual(['gmf', 'gmf', 'mlp', 'mlp', 'neumf', 'neumf', 'neumf']);
  });

  it('NeuMF whose stages stop early', async () => {
    const config = { pretrain: true, gmfEpochs: 9, mlpEpochs: 9, fusedLearningRate: 0.5 };
    const optimizer = { learningRate: 0.1 };
    const training = { epochs: 9, patience: 1, optimizer };
    const checkpoints = await expectResumable('neumf', { config, training });
    expect(checkpoints.length).toBeLessThan(27);
  });
});

describe('within an epoch', () => {
  it.each([
    ['gmf', {}],
    ['mlp', { dropout: 0.2 }],
    ['neumf', { pretrain: true, gmfEpochs: 1, mlpEpochs: 2 }],
  ])('%s goes on from every checkpoint to the same bytes', async (name, config) => {
    const model = findModelOf('pairs', name);
    const checkpoints: Checkpoint[] = [];
    const changes = { config, training: { epochs: 2, batchSize: 64 } };
    const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
    const whole = await trainSmall(engine, split, model, { ...changes, checkpointSteps: 3, onCheckpoint });
    const within = checkpoints.filter(({ progress }) => progress.stepsDone > 0);
    expect(within.length).toBeGreaterThanOrEqual(checkpoints.length / 2);
    for (const resume of within) {
      const resumed = await trainSmall(other, split, model, { ...changes, resume });
      expect(weightBytes(resumed.recommender.parts.weights)).toBe(weightBytes(whole.recommender.parts.weights));
      const losses = (run: TrainedRun) => run.log.map(({ model: of, loss, validation }) => [of, loss, validation]);
      expect(losses(resumed)).toEqual(losses(whole));
    }
  });

  it('a run that is interrupted leaves a checkpoint', async () => {
    const model = findModelOf('pairs', 'gmf');
    const checkpoints: Checkpoint[] = [];
    const training = { epochs: 2, batchSize: 4 };
    const stopped = trainSmall(engine, split, model, {
      training,
      signal: AbortSignal.abort(),
      onCheckpoint: async (checkpoint) => void checkpoints.push(checkpoint),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'usage' });
    const [resume] = checkpoints;
    expect(resume.progress).toMatchObject({ epochsDone: 0, log: [] });
    expect(resume.progress.stepsDone).toBeGreaterThan(0);
    const resumed = await trainSmall(other, split, model, { training, resume });
    const whole = await trainSmall(engine, split, model, { training });
    expect(weightBytes(resumed.recommender.parts.weights)).toBe(weightBytes(whole.recommender.parts.weights));
  });
});

describe('a checkpoint', () => {
  it('of another run is refused', async () => {
    const model = findModel('gmf');
    let checkpoint: Checkpoint | null = null;
    const onCheckpoint = async (latest: Checkpoint) => {
      checkpoint ??= latest;
    };
    await trainSmall(engine, split, model, { training: { epochs: 2 }, onCheckpoint });
    const resume = checkpoint as Checkpoint | null;
    const others: RunChanges[] = [
      { seed: 2 },
      { config: { factors: 5 } },
      { training: { epochs: 3 } },
      { training: { epochs: 2, optimizer: { l2: 0.1 } } },
    ];
    for (const changes of others) {
      const training = { epochs: 2, ...changes.training };
      expect(await thrownCode(() => trainSmall(engine, split, model, { ...changes, training, resume }))).toBe('config');
    }
    const elsewhere = () =>
      trainSmall(engine, checkerboard(14, 'validation'), model, { training: { epochs: 2 }, resume });
    expect(await thrownCode(elsewhere)).toBe('config');
  });

  it('is absent where none was saved, and refused when it is no checkpoint', async () => {
    expect(await new CheckpointFolder(join(folder, 'never')).load()).toBeNull();
    const strange = new CheckpointFolder(join(folder, 'strange'));
    mkdirSync(strange.path);
    const file = join(strange.path, 'checkpoint.safetensors');
    writeFileSync(file, encodeSafetensors(new Map([['w', { shape: [1], data: Float32Array.of(1) }]]), {}));
    expect(await thrownCode(() => strange.load())).toBe('artifact');
    writeFileSync(file, 'torn');
    expect(await thrownCode(() => strange.load())).toBe('artifact');
  });
});
