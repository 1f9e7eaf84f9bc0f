/** What every model of users and items that predicts ratings must do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { modelForTask, modelsOf } from '../../../src/models/index.ts';
import { Recommender } from '../../../src/recommender/recommender.ts';
import { trainRecommender } from '../../../src/runs/train-recommender.ts';
import { parseRunSettings } from '../../../src/tasks/ranking-settings.ts';
import { testRandom } from '../../data/made-data.ts';
import { optionFields } from '../option-fields.ts';
import { type Rating, ratingSplit, trainRatings } from '../rating-world.ts';
import { thrownCode } from '../thrown-code.ts';
import { weightBytes } from '../weight-bytes.ts';

const able = modelsOf('pairs').filter(({ tasks }) => tasks.includes('rating'));
const unable = modelsOf('pairs').filter(({ tasks }) => !tasks.includes('rating'));

const engines = [1, 2, 3].map((threads) => new Engine({ threads, blas: 'off' }));
const [engine] = engines;
const folder = mkdtempSync(join(tmpdir(), 'ratings-'));
afterAll(() => {
  for (const each of engines) each.close();
  rmSync(folder, { recursive: true });
});

const [N_USERS, N_ITEMS] = [30, 20];
/** Nobody of training is user 30, nothing of training is item 20. */
const [STRANGER, NOVELTY] = [N_USERS, N_ITEMS];

/** Generous and mean people, good and bad items, and people who like items of their own parity better. */
const below = testRandom(3);
const rateOf = (user: number, item: number) =>
  Math.max(1, Math.min(5, 3 + (user % 3) - 1 + (item % 5) / 2 - 1 + (user % 2 === item % 2 ? 0.5 : -0.5)));
const all: Rating[] = Array.from({ length: N_USERS * N_ITEMS }, (_, k) => {
  const [user, item] = [Math.floor(k / N_ITEMS), k % N_ITEMS];
  return [user, item, rateOf(user, item)];
});
const drawn = all.map((rating) => ({ rating, part: below(10) }));
const partOf = (parts: readonly number[]) =>
  drawn.filter(({ part }) => parts.includes(part)).map(({ rating }) => rating);
const train = partOf([0, 1, 2, 3, 4, 5, 6]);
const test: Rating[] = [...partOf([8, 9]), [STRANGER, 3, 4], [4, NOVELTY, 2], [STRANGER, NOVELTY, 3]];
const split = ratingSplit(N_USERS + 1, N_ITEMS + 1, { train, validation: partOf([7]), test });
const mean = train.reduce((sum, [, , rating]) => sum + rating, 0) / train.length;

/** RMSE of predicting the mean. */
const rmseOfMean = Math.sqrt(test.reduce((sum, [, , rating]) => sum + (rating - mean) ** 2, 0) / test.length);

const rows = (pairs: readonly (readonly [string, string])[]) => pairs.map(([user, item]) => ({ user, item }));

describe.each(able)('$name predicts ratings', (model) => {
  const variant = modelForTask(model, 'rating');
  const trained = trainRatings(engine, split, model, {
    training: variant.learn.by === 'gradients' ? { epochs: 60 } : {},
  });

  it('better than the mean, and measures what it predicts', async () => {
    const { result, recommender } = await trained;
    expect(result!.metrics.rmse).toBeLessThan(0.75 * rmseOfMean);
    const predicted = recommender.predict(rows(test.map(([u, i]) => [`user ${u}`, `item ${i}`])));
    const errors = predicted.map(({ value }, n) => value - test[n][2]);
    const rmse = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / test.length);
    const mae = errors.reduce((sum, error) => sum + Math.abs(error), 0) / test.length;
    expect(result!.metrics.rmse).toBeCloseTo(rmse, 5);
    expect(result!.metrics.mae).toBeCloseTo(mae, 5);
    expect(result!.notes![0]).toMatch(/^2 of \d+ test rows are of 1 user without training rows/);
    expect(result!.notes![1]).toMatch(/^2 of \d+ test rows are of 1 item without training rows/);
  });

  it('within the range of the training ratings, unless told not to clip', async () => {
    const { recommender, result } = await trained;
    expect(result!.protocol.clipped).toBe(true);
    expect(recommender.parts.info.rating!.range).toEqual({ low: 1, high: 5 });
    for (const { value, output } of recommender.predict(
      rows([
        ['user 2', 'item 4'],
        ['user 0', 'item 1'],
      ]),
    ))
      expect(value).toBe(Math.min(5, Math.max(1, output)));
    const free = await trainRatings(engine, split, model, { evaluation: { clip: false } });
    expect(free.result!.protocol.clipped).toBe(false);
    expect(free.recommender.parts.info.rating!.range).toBe(null);
    free.recommender.close();
  });

  it('of the unknown without their terms, whether or not the data hold their id', async () => {
    const { recommender } = await trained;
    const ask = (user: string, item: string) => recommender.predict(rows([[user, item]]))[0];
    const [held, never] = [ask(`user ${STRANGER}`, 'item 3'), ask('nobody', 'item 3')];
    expect(held.output).toBe(never.output);
    expect(held.notes).toEqual([
      `user "user ${STRANGER}" was not seen in training: predicted without the terms of the user`,
    ]);
    expect(ask('user 4', `item ${NOVELTY}`).output).toBe(ask('user 4', 'nothing').output);
    // the weights of the stranger hold nothing of chance
    const other = recommender.predict([{ item: 'item 3' }])[0];
    expect(other.output).toBe(never.output);
    expect(other.notes[0]).toContain('"user" has no value');
    expect(Math.abs(ask('nobody', 'nothing').output - mean)).toBeLessThan(1);
  });

  it('and ranks by them, with the ratings as scores', async () => {
    const { recommender } = await trained;
    const { recommendations, how } = recommender.recommend({ user: 'user 5' }, { k: 50, includeSeen: true });
    expect(how).toBe('trained');
    expect(recommendations.length).toBe(N_ITEMS);
    const predicted = recommender.predict(rows(recommendations.map(({ item }) => ['user 5', item])));
    for (const [n, { score }] of recommendations.entries()) expect(score).toBeCloseTo(predicted[n].output, 5);
    const fresh = recommender.recommend({ history: ['item 1', 'item 3'] }, { k: 50, includeSeen: true });
    // items that changed nothing are no reasons
    if (/nothing is known/.test(fresh.how)) expect(fresh.recommendations.flatMap(({ because }) => because)).toEqual([]);
    expect(fresh.recommendations.length).toBe(N_ITEMS);
    expect(fresh.how).toContain('no rating of the person is known');
    if (/nothing is known/.test(fresh.how)) {
      const nobody = recommender.predict(rows(fresh.recommendations.map(({ item }) => ['nobody', item])));
      for (const [n, { score }] of fresh.recommendations.entries()) expect(score).toBeCloseTo(nobody[n].output, 5);
    }
  });

  it('as before when it is saved and loaded', async () => {
    const { recommender } = await trained;
    const path = join(folder, model.name);
    await recommender.save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    const asked = rows([
      ['user 2', 'item 4'],
      ['nobody', 'item 4'],
      ['user 2', 'nothing'],
    ]);
    expect(loaded.predict(asked)).toEqual(recommender.predict(asked));
    expect(loaded.recommend({ user: 'user 2' })).toEqual(recommender.recommend({ user: 'user 2' }));
    loaded.close();
  });

  it('with the same bytes on 1, 2 and 3 threads', async () => {
    const bytes = async (each: Engine) => {
      const { recommender } = await trainRatings(each, split, model);
      recommender.close();
      return weightBytes(recommender.parts.weights);
    };
    const first = await bytes(engines[0]);
    for (const each of engines) expect(await bytes(each)).toBe(first);
  });

  it('trained on validation rows too, and on all rows for use', async () => {
    const refit = await trainRatings(engine, split, model, { refit: true });
    expect(refit.result!.nRows).toBe(test.length);
    expect(refit.measured.parts.seen.columns.length).toBe(train.length + partOf([7]).length);
    refit.recommender.close();
    const { recommender, measured, final } = await trainRatings(engine, split, model, { final: true });
    expect(final!.nRows).toBe(drawn.length + 3);
    const [stranger] = recommender.predict(rows([[`user ${STRANGER}`, 'item 3']]));
    expect(stranger.notes).toEqual([]);
    expect(measured.predict(rows([[`user ${STRANGER}`, 'item 3']]))[0].notes.length).toBe(1);
    recommender.close();
  });

  it('with one user, one item, and one rating', async () => {
    for (const world of [
      ratingSplit(1, 3, {
        train: [
          [0, 0, 2],
          [0, 1, 4],
        ],
      }),
      ratingSplit(3, 1, {
        train: [
          [0, 0, 1],
          [2, 0, 5],
        ],
      }),
      ratingSplit(1, 1, { train: [[0, 0, 3]] }),
    ]) {
      const { recommender } = await trainRatings(engine, world, model);
      const [{ value }] = recommender.predict(rows([['user 0', 'item 0']]));
      expect(Number.isFinite(value)).toBe(true);
      recommender.close();
    }
  });

  it('with options that all do something', async () => {
    const settings = (config: object) => trainRatings(engine, split, model, { config, training: {} });
    const outcome = async (config: object) => {
      const { recommender } = await settings(config);
      recommender.close();
      return weightBytes(recommender.parts.weights);
    };
    const others: Readonly<Record<string, object>> = {
      factors: { factors: 3 },
      deviation: { deviation: 0.05 },
      implicitRegularization: { implicitRegularization: 0.3 },
      userRegularization: { userRegularization: 9 },
      itemRegularization: { itemRegularization: 9 },
      layers: { layers: [6, 5] },
      hidden: { hidden: [6, 5] },
      walks: { walks: 3 },
      steps: { steps: 2 },
      neighbours: { neighbours: 1 },
      bothWays: { bothWays: false },
      biases: { biases: false },
      cap: { cap: 2 },
      dropout: { dropout: 0.5 },
    };
    const before = await outcome({});
    for (const [name] of optionFields(model.options)) {
      if (!others[name]) continue; // of the pre-training
      expect(await outcome(others[name]), name).not.toBe(before);
    }
    expect(await thrownCode(() => settings({ factorz: 1 }))).toBe('config');
  });

  it('only from rows with ratings, and with settings of ratings', async () => {
    const unrated = {
      ...split,
      dataset: { ...split.dataset, interactions: { ...split.dataset.interactions, rating: null } },
    };
    expect(await thrownCode(() => trainRatings(engine, unrated, model))).toBe('config');
    expect(
      await thrownCode(() => trainRatings(engine, { ...split, train: { ...split.train, length: 0 } }, model)),
    ).toBe('data');
    for (const evaluation of [
      { metrics: ['ndcg@10'] },
      { candidates: 'all' },
      { users: 5 },
      { validationMetric: 'auc' },
    ])
      expect(await thrownCode(() => trainRatings(engine, split, model, { evaluation }))).toBe('config');
    expect(await thrownCode(() => trainRatings(engine, split, model, { training: { negatives: 3 } }))).toBe('config');
  });
});

describe.each(unable)('$name', (model) => {
  it('refuses to predict ratings and says which models can', async () => {
    const settings = () => parseRunSettings({ data: { simulated: {} }, model: model.name, task: 'rating' });
    expect(await thrownCode(settings)).toBe('config');
    expect(settings).toThrow('bias, biased-mf, svdpp');
    expect(() => modelForTask(model, 'rating')).toThrow(`(${model.name}) can be asked for ranking`);
  });
});

it('is not confused with a ranking', async () => {
  const settings = (model: string, more: object = {}) => parseRunSettings({ data: { simulated: {} }, model, ...more });
  expect(settings('bias').evaluation).toMatchObject({ metrics: ['rmse', 'mae'], validationMetric: 'rmse' });
  expect(settings('neumf').evaluation.metrics[0]).toBe('ndcg@10');
  expect(await thrownCode(() => settings('bias', { task: 'ranking' }))).toBe('config');
  expect(await thrownCode(() => settings('neumf', { evaluation: { clip: true } }))).toBe('config');
  expect(
    await thrownCode(() => trainRecommender({ engine, split, settings: settings('neumf', { task: 'rating' }) })),
  ).toBe('config');
  // settings that were parsed and stored are read again as they are
  const stored = settings('gmf', { task: 'rating' });
  expect(parseRunSettings(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
});

it('refuses ratings that are no numbers', async () => {
  const [gmf] = able.filter(({ name }) => name === 'gmf');
  const odd = ratingSplit(2, 2, {
    train: [
      [0, 0, Number.NaN],
      [1, 1, 3],
    ],
  });
  expect(await thrownCode(() => trainRatings(engine, odd, gmf))).toBe('data');
});
