/** What every model of the list must do, whatever it learns from and whatever it is asked for; the cases follow from what it declares. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sequencesOf } from '../../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../../src/data/sequences/leave-last-out.ts';
import { splitDataset } from '../../../src/data/splits/split-dataset.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import type { Form } from '../../../src/examples/forms.ts';
import type { MemoryEstimate } from '../../../src/examples/memory-estimate.ts';
import type { AnyModel, Model } from '../../../src/examples/model.ts';
import { resolveTraining } from '../../../src/examples/settings.ts';
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
const clubs = (nUsers: number, nOfClub: number): MadeRow[] =>
  Array.from({ length: nUsers }, (_, user) => user).flatMap((user) => {
    const start = below(nOfClub);
    const item = (n: number) => `i${(user % 2) + 2 * ((start + n) % nOfClub)}`;
    return Array.from({ length: 7 }, (_, n): MadeRow => [`u${user}`, item(n), n]);
  });
const rows = clubs(24, 12);
const N_ITEMS = 24;

type Tasks = Record<Form | 'rating', Task>;
const tasks = {} as Tasks;
/** The same of five times as many users and items. */
const largerTasks = {} as Tasks;
beforeAll(async () => {
  Object.assign(tasks, await tasksOf(rows, 'taken.csv'));
  Object.assign(largerTasks, await tasksOf(clubs(120, 60), 'larger.csv'));
});

async function tasksOf(made: readonly MadeRow[], file: string): Promise<Tasks> {
  const users = madeDataset(made).users.size;
  const ring = Int32Array.from({ length: users }, (_, user) => user);
  const social = { from: ring, to: ring.map((user) => (user + 2) % users), weight: null };
  const dataset = { ...madeDataset(made), social };
  const { evaluation } = parseRunSettings({ data: { files: ['none'] }, model: 'mf' });
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  const pairs = rankingTask(split, { evaluation, seed: 1, usesRatings: false }, 'a model');
  const ratings = Float32Array.from(made, ([user], n) => 1 + ((3 * Number(user.slice(1)) + 5 * n) % 5));
  const rated = { ...dataset, interactions: { ...dataset.interactions, rating: ratings } };
  const { evaluation: ofRatings } = parseRunSettings({ data: { files: ['none'] }, model: 'bias' });
  const ratedSplit = splitDataset(rated, { method: 'leave-one-out' });
  const rating = ratingTask(ratedSplit, { evaluation: ofRatings, seed: 1 }, 'a model');
  const sequences = nextItemTask(leaveLastOut(sequencesOf(dataset, { by: 'user' })), { evaluation: {}, seed: 1 });
  const lines = made.map(([user, item, time]) => `${user},${item},${time}`);
  const settings = parseFieldRunSettings({
    data: { files: [write(file, `user,item,time\n${lines.join('\n')}\n`)] },
    split: { method: 'leave-one-out' },
    model: 'fm',
    task: 'ranking',
  });
  return { pairs, rating, sequences, rows: rowsTask(await prepareFieldData(settings), settings) };
}

/** What a training of the model is told to take. */
function memoryOf(model: AnyModel, task: Task): MemoryEstimate {
  const { learn, options } = model as Model<unknown>;
  const [config, data, engine] = [options.parse(configOf(model)), task.data(), engines[0]];
  if (learn.by === 'solver') return learn.memory(data, config, engine);
  const { training } = resolveTraining(model, { batchSize: 16, ...task.training });
  return learn.memory({ engine, config, training: training ?? {}, data });
}

const sequenceConfigs: Readonly<Record<string, object>> = {
  gru4rec: { hidden: [8], sharedNegatives: 6 },
  sasrec: { factors: 8, maxLength: 6, blocks: 1 },
  caser: { factors: 8, maxLength: 4, horizontalFilters: 4 },
  reinforce: { factors: 8, units: 8, maxLength: 4 },
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

  it('lists of equal scores the item first that comes first in the data', () => {
    const ranked = list(run.recommender, 'u3', { k: 1000 }).filter((each) => !each.byPopularity);
    const place = (item: string) => run.recommender.parts.items.indexOf(item)!;
    ranked.forEach(({ item, score }, n) => {
      if (n > 0 && ranked[n - 1].score === score) expect(place(ranked[n - 1].item)).toBeLessThan(place(item));
    });
  });

  it.runIf(model.form === 'rows')('predicts rows in the order in which it recommends their items', () => {
    const ranked = list(run.recommender, 'u3', { k: 1000, includeSeen: true });
    expect(ranked.length).toBe(N_ITEMS);
    const predicted = run.recommender.predict(ranked.map(({ item }) => ({ user: 'u3', item })));
    predicted.forEach(({ output }, n) => {
      expect(output).toBeCloseTo(ranked[n].score, 4);
      if (n > 0) expect(output).toBeLessThan(predicted[n - 1].output + 1e-5);
    });
  });

  it('serves somebody new, by what it says that it can be asked by, and nobody by popularity', () => {
    const { recommender } = run;
    const { by } = recommender.asks;
    const stranger = by.includes('history') ? { history: ['i1', 'i3'] } : { row: {} };
    const { recommendations, how } = recommender.recommend(stranger, { k: 5 });
    expect(recommendations.length).toBe(5);
    expect(recommendations.every(({ score }) => Number.isFinite(score))).toBe(true);
    expect(how).not.toBe('trained');
    if (!by.includes('history')) return;
    const nobody = recommender.recommend({ history: [] }, { k: 1000, whenEmpty: 'popularity' }).recommendations;
    const count = (id: string) => rows.filter(([, item]) => item === id).length;
    expect(nobody.length).toBeGreaterThan(0);
    expect(count(nobody[0].item)).toBeGreaterThanOrEqual(count(nobody.at(-1)!.item));
  });

  it('says how much memory a training takes: something, and more for more data', () => {
    const form = model.tasks[0] === 'rating' ? 'rating' : model.form;
    const [small, large] = [memoryOf(model, tasks[form]), memoryOf(model, largerTasks[form])];
    for (const { engine, outside, total } of [small, large]) {
      const parts = [...Object.values(engine), ...Object.values(outside)];
      expect(parts.every((bytes) => Number.isFinite(bytes) && bytes >= 0)).toBe(true);
      expect(total).toBe(parts.reduce((sum, bytes) => sum + bytes, 0));
      expect(total).toBeGreaterThan(0);
    }
    expect(large.total).toBeGreaterThan(small.total);
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
