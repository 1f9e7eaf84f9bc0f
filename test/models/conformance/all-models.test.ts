/** What every model of the list must do, whatever it learns from and whatever it is asked for; the cases follow from what it declares. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sequencesOf } from '../../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../../src/data/sequences/leave-last-out.ts';
import { splitDataset } from '../../../src/data/splits/split-dataset.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import type { Form } from '../../../src/examples/forms.ts';
import type { AnyModel } from '../../../src/examples/model.ts';
import { modelForTask, models } from '../../../src/models/index.ts';
import { Recommender } from '../../../src/recommender/recommender.ts';
import { type Run, trainRun } from '../../../src/runs/train-run.ts';
import { nextItemTask } from '../../../src/tasks/next-item.ts';
import { prepareFieldData } from '../../../src/tasks/prepare-fields.ts';
import { rankingTask } from '../../../src/tasks/ranking.ts';
import { parseRunSettings } from '../../../src/tasks/ranking-settings.ts';
import { ratingTask } from '../../../src/tasks/rating.ts';
import { parseFieldRunSettings } from '../../../src/tasks/row-settings.ts';
import { rowsTask } from '../../../src/tasks/rows.ts';
import type { Task } from '../../../src/tasks/task.ts';
import type { Checkpoint } from '../../../src/training/checkpoint.ts';
import type { TrainingHooks } from '../../../src/training/train.ts';
import { type MadeRow, madeDataset, testRandom } from '../../data/made-data.ts';
import { temporaryFolder } from '../../data/temporary-files.ts';
import { smallConfigs } from '../field-world.ts';
import { smallSettings } from '../made-worlds.ts';
import { thrownCode } from '../thrown-code.ts';
import { weightBytes } from '../weight-bytes.ts';

const engines = [new Engine({ threads: 1, blas: 'off' }), new Engine({ threads: 2, blas: 'off' })];
afterAll(() => {
  for (const engine of engines) engine.close();
});
const { folder, write } = temporaryFolder();

/** Two clubs of twelve items; people take items of their own club. */
const below = testRandom(11);
const rows: MadeRow[] = Array.from({ length: 24 }, (_, user) => user).flatMap((user) => {
  const start = below(12);
  return Array.from({ length: 7 }, (_, n): MadeRow => [`u${user}`, `i${(user % 2) + 2 * ((start + n) % 12)}`, n]);
});
const N_ITEMS = 24;

const tasks = {} as Record<Form | 'rating', Task>;
beforeAll(async () => {
  const dataset = madeDataset(rows);
  const { evaluation } = parseRunSettings({ data: { files: ['none'] }, model: 'mf' });
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  tasks.pairs = rankingTask(split, { evaluation, seed: 1, usesRatings: false }, 'a model');
  const ratings = Float32Array.from(rows, ([user], n) => 1 + ((3 * Number(user.slice(1)) + 5 * n) % 5));
  const rated = { ...dataset, interactions: { ...dataset.interactions, rating: ratings } };
  const { evaluation: ofRatings } = parseRunSettings({ data: { files: ['none'] }, model: 'bias' });
  tasks.rating = ratingTask(
    splitDataset(rated, { method: 'leave-one-out' }),
    { evaluation: ofRatings, seed: 1 },
    'a model',
  );
  tasks.sequences = nextItemTask(leaveLastOut(sequencesOf(dataset, { by: 'user' })), { evaluation: {}, seed: 1 });
  const lines = rows.map(([user, item, time]) => `${user},${item},${time}`);
  const settings = parseFieldRunSettings({
    data: { files: [write('taken.csv', `user,item,time\n${lines.join('\n')}\n`)] },
    split: { method: 'leave-one-out' },
    model: 'fm',
    task: 'ranking',
  });
  tasks.rows = rowsTask(await prepareFieldData(settings), settings);
});

const sequenceConfigs: Readonly<Record<string, object>> = {
  gru4rec: { hidden: [8], sharedNegatives: 6 },
  sasrec: { factors: 8, maxLength: 6, blocks: 1 },
};

/** The task by which a model is trained here. */
const taskOf = ({ form, tasks: [first] }: AnyModel): Task => tasks[first === 'rating' ? 'rating' : form];

function configOf(model: AnyModel): object {
  const { name, form } = model;
  if (form === 'rows') return smallConfigs[name][0];
  return form === 'pairs' ? smallSettings(model).config : (sequenceConfigs[name] ?? {});
}

interface Changes extends TrainingHooks {
  readonly seed?: number;
  readonly training?: object;
  readonly final?: boolean;
}

function train(model: AnyModel, changes: Changes = {}, engine = engines[0]): Promise<Run> {
  const { seed = 5, training = {}, final = false, ...hooks } = changes;
  const settings = model.learn.by === 'gradients' ? { epochs: 3, batchSize: 16, ...training } : {};
  const task = taskOf(model);
  return trainRun({
    ...hooks,
    engine,
    task,
    model: model.name,
    config: configOf(model),
    training: settings,
    seed,
    final,
  });
}

const bytesOf = ({ measured }: Run): string => weightBytes(measured.parts.weights);
const list = (recommender: Recommender, user: string, options: object = {}) =>
  recommender.recommend({ user }, options).recommendations;

/** Every model, and those that can also be trained on ratings once more. */
const cases = models.flatMap((model): { readonly title: string; readonly model: AnyModel }[] => {
  if (model.form !== 'pairs' || !model.rating) return [{ title: model.name, model }];
  const rating = modelForTask(model, 'rating');
  return [
    { title: model.name, model },
    { title: `${model.name} of ratings`, model: rating },
  ];
});

describe.each(cases)('$title', ({ title, model }) => {
  let run: Run;
  beforeAll(async () => {
    run = await train(model);
  });

  it('gives the same bytes on one thread and on two', async () => {
    expect(bytesOf(await train(model, {}, engines[1]))).toBe(bytesOf(run));
  });

  it('answers from its folder as before', async () => {
    const path = join(folder, title);
    await run.recommender.save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    expect(list(loaded, 'u3')).toEqual(list(run.recommender, 'u3'));
    loaded.close();
  });

  it('is measured to numbers', () => {
    const { metrics } = run.result!;
    for (const [name, value] of Object.entries(metrics))
      expect(Number.isFinite(typeof value === 'number' ? value : value?.mean), name).toBe(true);
  });

  it('lists each item once, at most all of them, and none that was taken unless asked for', () => {
    const everything = list(run.recommender, 'u3', { k: 1000, includeSeen: true }).map(({ item }) => item);
    expect(new Set(everything).size).toBe(everything.length);
    expect(everything.length).toBeLessThanOrEqual(N_ITEMS);
    const unseen = list(run.recommender, 'u3', { k: 1000, includeSeen: false }).map(({ item }) => item);
    const taken = rows.filter(([user]) => user === 'u3').map(([, item]) => item);
    expect(unseen.filter((item) => taken.includes(item) && item !== taken.at(-1) && item !== taken.at(-2))).toEqual([]);
    const ranked = list(run.recommender, 'u3', { k: 1000 }).filter((each) => !each.byPopularity);
    const scores = ranked.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('says who and what it does not know', async () => {
    expect(await thrownCode(async () => list(run.recommender, 'nobody'))).toBe('not-found');
    if (run.recommender.asks.by.includes('history')) {
      const unknown = async () => run.recommender.recommend({ history: ['no such'] });
      expect(await thrownCode(unknown)).toBe('not-found');
      expect(await thrownCode(async () => run.recommender.recommend({ history: [] }))).toBe('usage');
    }
  });

  it('refuses options that it does not have, and settings of a training that it has not', async () => {
    const unknown = () => train(model, { training: { bacthSize: 3 } });
    if (model.learn.by === 'gradients') expect(await thrownCode(unknown)).toBe('config');
    const task = taskOf(model);
    const engine = engines[0];
    const config = { ...configOf(model), nothing: 1 };
    expect(await thrownCode(() => trainRun({ engine, task, model: model.name, config, training: {}, seed: 1 }))).toBe(
      'config',
    );
  });

  it('is trained anew on all rows for use', async () => {
    const { recommender, measured, final } = await train(model, { final: true });
    expect(final?.nRows).toBe(rows.length);
    expect(recommender).not.toBe(measured);
    expect(recommender.parts.info.metrics).toEqual(measured.parts.info.metrics);
  });

  it.runIf(model.learn.by === 'gradients')('goes on from within an epoch, and from each end of one', async () => {
    const checkpoints: Checkpoint[] = [];
    const onCheckpoint = async (checkpoint: Checkpoint) => void checkpoints.push(checkpoint);
    const training = { patience: 0, keepBest: false };
    const whole = await train(model, { training, checkpointSteps: 2, onCheckpoint });
    expect(checkpoints.length).toBeGreaterThan(2);
    for (const resume of [checkpoints[0], checkpoints[Math.floor(checkpoints.length / 2)]])
      expect(bytesOf(await train(model, { training, resume }, engines[1]))).toBe(bytesOf(whole));
    const other = train(model, { training, resume: checkpoints[0], seed: 6 });
    await expect(other).rejects.toMatchObject({ code: 'config' });
  });

  it.runIf(model.learn.by === 'gradients')('learns otherwise from another seed', async () => {
    expect(bytesOf(await train(model, { seed: 8 }))).not.toBe(bytesOf(run));
  });
});
