/** What is served: nothing that the data say was taken, nothing from values that were never trained; and which model it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Split } from '../../src/data/dataset.ts';
import { rowOf } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { itemsByUser } from '../../src/evaluation/ranking.ts';
import { findModel, modelsOf } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { type TrainedRun, trainForUse, trainRecommender } from '../../src/runs/train-recommender.ts';
import { evaluateScorer } from '../../src/tasks/evaluate-ranking.ts';
import { wholeForTraining } from '../../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { codeOf } from '../data/temporary-files.ts';
import { madeSplit, type Pair } from '../models/made-worlds.ts';

const models = modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking');

const engine = new Engine({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-served-'));
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const N_USERS = 30;
const N_ITEMS = 24;
/** All of their rows are held out. */
const LATE_USER = 29;
const NEW_USER = 28;
const LATE_ITEM = 23;

/** Tastes by parity; user 29 and item 23 come late, user 28 took nothing but item 23. */
function world(): Split {
  const random = new RandomStream(5, 'served');
  const train: Pair[] = [];
  const validation: Pair[] = [];
  const test: Pair[] = [];
  for (let user = 0; user < NEW_USER; user++) {
    const own = Array.from({ length: N_ITEMS - 1 }, (_, item) => item).filter((item) => item % 2 === user % 2);
    const taken = random.shuffle(own).slice(0, 7);
    taken.slice(2).forEach((item) => void train.push([user, item]));
    validation.push([user, taken[0]]);
    test.push([user, taken[1]]);
  }
  test.push([0, LATE_ITEM], [LATE_USER, 2], [LATE_USER, 4], [LATE_USER, LATE_ITEM], [NEW_USER, LATE_ITEM]);
  return madeSplit(N_USERS, N_ITEMS, { train, validation, test });
}

const split = world();
const all = itemsByUser(split, split.dataset.interactions);
const ofUser = (user: number) => [...rowOf(all, user)].map((item) => `item ${item}`);

function settingsOf(model: string, more: object = {}) {
  const config = {
    gmf: { factors: 4 },
    neumf: { factors: 2, mlpFactors: 2, hidden: [8, 4] },
    mlp: { factors: 4, hidden: [8, 4] },
  }[model];
  const training = findModel(model).learn.by === 'gradients' ? { epochs: 4, batchSize: 64 } : {};
  const evaluation = { metrics: ['ndcg@10', 'recall@20'] };
  return parseRunSettings({ data: { simulated: {} }, model, config: config ?? {}, training, evaluation, ...more });
}

const run = (model: string, more: object = {}): Promise<TrainedRun> =>
  trainRecommender({ engine, split, settings: settingsOf(model, more) });

describe.each(models.map(({ name }) => name))('%s', (model) => {
  it('serves nothing that was taken, and all that is left, trained on all rows', async () => {
    const { recommender, final } = await run(model);
    expect(final).toMatchObject({ nRows: split.dataset.interactions.length });
    for (let user = 0; user < N_USERS; user++) {
      const { recommendations, how } = recommender.recommend({ user: `user ${user}` }, { k: N_ITEMS });
      expect(how).toBe('trained');
      const items = recommendations.map(({ item }) => item);
      expect(items.filter((item) => ofUser(user).includes(item))).toEqual([]);
      expect(new Set(items).size).toBe(N_ITEMS - ofUser(user).length);
    }
  });

  it('keeps the measured model when told to, which knows only what it was trained on', async () => {
    const { recommender, final, measured } = await run(model, { final: false });
    expect(final).toBeNull();
    expect(measured).toBe(recommender);
    const path = join(folder, model);
    await recommender.save(path);
    const loaded = await Recommender.load(path, { threads: 1, blas: 'off' });
    for (const each of [recommender, loaded]) {
      for (let user = 0; user < NEW_USER; user++) {
        const items = each.recommend({ user: `user ${user}` }, { k: N_ITEMS }).recommendations.map(({ item }) => item);
        expect(items.filter((item) => ofUser(user).includes(item) || item === `item ${LATE_ITEM}`)).toEqual([]);
        const late = ofUser(user).includes(`item ${LATE_ITEM}`) ? 0 : 1;
        expect(items).toHaveLength(N_ITEMS - ofUser(user).length - late);
      }
      const late = each.recommend({ user: `user ${LATE_USER}` }, { k: N_ITEMS });
      expect(late.notes.join()).toMatch(/user 29 has no training rows: served from the 2 items of the held-out rows/);
      expect(late.how).not.toBe('trained');
      expect(late.recommendations.map(({ item }) => item)).not.toContain('item 2');
      expect(late.recommendations.flatMap(({ because }) => because.map(({ item }) => item))).not.toContain('item 23');
      expect(await codeOf(() => each.recommend({ user: `user ${NEW_USER}` }))).toBe('not-found');
      expect(await codeOf(() => each.recommend({ history: [`item ${LATE_ITEM}`] }))).toBe('not-found');
      const half = each.recommend({ history: [`item ${LATE_ITEM}`, 'item 3'] }, { k: N_ITEMS, includeSeen: true });
      expect(half.unknownItems).toEqual([`item ${LATE_ITEM}`]);
      expect(half.recommendations.map(({ item }) => item)).not.toContain(`item ${LATE_ITEM}`);
      const seen = each.recommend({ user: 'user 0' }, { k: N_ITEMS, includeSeen: true }).recommendations;
      expect(seen.map(({ item }) => item)).not.toContain(`item ${LATE_ITEM}`);
    }
    loaded.close();
  });
});

describe('the final training', () => {
  it('is that of a split that holds nothing out, for as many epochs as were kept', async () => {
    const { recommender, measured, result, final, bestEpoch } = await run('gmf');
    const epochs = final?.epochs as number;
    expect(epochs).toBe(bestEpoch);
    const { info } = recommender.parts;
    expect(info).toMatchObject({ final: { epochs }, metrics: measured.parts.info.metrics });
    expect(info.protocol).toMatchObject({ part: 'test', nUsers: result?.users.length });
    const whole = await trainRecommender({
      engine,
      split: wholeForTraining(split),
      settings: settingsOf('gmf', { training: { epochs, batchSize: 64 } }),
    });
    expect(whole).toMatchObject({ result: null, final: null });
    expect(whole.recommender.parts.weights).toEqual(recommender.parts.weights);
    const { recommender: alone } = await run('gmf', { final: false });
    expect(alone.parts.weights).toEqual(measured.parts.weights);
    const settings = settingsOf('gmf');
    const later = await trainForUse({ engine, split, settings }, { measured, log: [], bestEpoch });
    expect(later.parts.weights).toEqual(recommender.parts.weights);
  });

  it('loses nothing of what was before when it fails, or the measurement does', async () => {
    const kept: (readonly [boolean, boolean])[] = [];
    const keep = async ({ result, final, recommender }: TrainedRun) => {
      await recommender.save(join(folder, `kept-${kept.length}`));
      kept.push([result !== null, final !== null]);
    };
    const abort = new AbortController();
    const interrupted = trainRecommender({
      engine,
      split,
      settings: settingsOf('gmf'),
      signal: abort.signal,
      keep: async (run) => {
        await keep(run);
        if (run.result) abort.abort();
      },
    });
    await expect(interrupted).rejects.toThrow(/interrupted|stopped/);
    expect(kept).toEqual([
      [false, false],
      [true, false],
    ]);
    const loaded = await Recommender.load(join(folder, 'kept-1'), { threads: 1 });
    expect(loaded.parts.info.protocol).toMatchObject({ part: 'test' });
    expect(loaded.recommend({ user: 'user 3' }).recommendations).toHaveLength(10);
    loaded.close();
    kept.length = 0;
    const settings = settingsOf('popularity', { evaluation: { metrics: ['diversity@5'] } });
    await trainRecommender({ engine, split, settings, keep }).catch(() => {});
    expect(kept[0]).toEqual([false, false]);
  });
});

describe('measurements', () => {
  it('leave out users without training rows and count items without as misses, alike for every model', async () => {
    for (const model of ['popularity', 'mf', 'ease', 'item-knn']) {
      const { result } = await run(model, { final: false });
      expect(result?.protocol.nUsers).toBe(NEW_USER);
      expect(result?.protocol.untrained).toEqual({
        nUsers: 2,
        nUserRows: 4,
        users: 'left out',
        nItems: 1,
        nItemRows: 1,
        items: 'misses',
      });
      // user 0 looks for two items, of which no list can hold one, however long
      expect(result?.perUser['recall@20'][0]).toBeLessThanOrEqual(0.5);
    }
  });

  it('are not made of a part in which training knows nobody', async () => {
    const strangers = madeSplit(4, 3, {
      train: [
        [0, 0],
        [1, 1],
        [0, 2],
      ],
      test: [
        [2, 0],
        [3, 1],
      ],
    });
    const settings = settingsOf('popularity');
    const { result, recommender } = await trainRecommender({ engine, split: strangers, settings });
    expect(result).toBeNull();
    const scorer = recommender.scorer('pairs');
    expect(await codeOf(() => evaluateScorer(engine, scorer, strangers, settings.evaluation, 1))).toBe('data');
  });
});

describe('places that a model knows nothing about', () => {
  /** Items 0 to 3 are taken together, 4 to 7 by others: who has one of the first has nothing in common with the second. */
  const apart = madeSplit(8, 8, {
    train: Array.from({ length: 8 }, (_, user) => user).flatMap((user): Pair[] => {
      const first = user < 4 ? 0 : 4;
      const own = [0, 1, 2, 3].filter((n) => n !== user % 4).map((n): Pair => [user, first + n]);
      return user === 4 ? [...own, [4, 4]] : own;
    }),
  });

  it.each(['item-knn', 'ease'])('go by popularity, which is said: %s', async (model) => {
    const settings = settingsOf(model, { config: model === 'item-knn' ? { shrinkage: 0 } : {} });
    const { recommender } = await trainRecommender({ engine, split: apart, settings });
    const { recommendations, notes } = recommender.recommend({ history: ['item 0'] }, { k: 7 });
    const title = recommender.model.title;
    const marked = recommendations.filter(({ byPopularity }) => byPopularity);
    expect(marked.map(({ item }) => item)).toEqual(['item 4', 'item 5', 'item 6', 'item 7']);
    expect(marked.every(({ score }) => score === 0)).toBe(true);
    const known = recommendations.filter(({ byPopularity }) => !byPopularity);
    expect(known.map(({ item }) => item).sort()).toEqual(['item 1', 'item 2', 'item 3']);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`by popularity: ${title} knows nothing of these items for this person`);
    expect(recommender.recommend({ history: ['item 0'] }, { k: 3 }).notes).toEqual([]);
  });

  it('take the whole list of somebody of whom nothing is known', async () => {
    const lonely = madeSplit(4, 4, {
      train: [
        [0, 0],
        [0, 1],
        [1, 0],
        [1, 1],
        [2, 1],
        [3, 3],
      ],
    });
    const { recommender } = await trainRecommender({ engine, split: lonely, settings: settingsOf('item-knn') });
    const { recommendations, notes } = recommender.recommend({ history: ['item 3'] });
    expect(recommendations.map(({ item }) => item)).toEqual(['item 1', 'item 0']);
    expect(notes).toEqual(['ItemKNN knows nothing for this person: these are the most popular items']);
  });
});
