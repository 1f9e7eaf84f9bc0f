/** Whole studies on a small club: what is chosen, told and refused, and that nothing is lost when they stop. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Trial } from '../../src/automl/trial.ts';
import { shownValue, tune } from '../../src/automl/tune.ts';
import { type TuneRankingsRequest, tuneModels } from '../../src/automl/tune-models.ts';
import { worthIt } from '../../src/automl/verdict.ts';
import { DeepTasteError } from '../../src/core/errors.ts';
import { simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { prepareSplit } from '../../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import type { Task } from '../../src/tasks/task.ts';
import { rankingTaskOf } from '../../src/tasks/task-of-settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-tune-'));
const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const { dataset } = simulateFilmClub({ nUsers: 150, nItems: 60, seed: 1 });
const split = splitDataset(dataset, { method: 'leave-one-out', by: 'time' });
const { evaluation } = parseRunSettings({ data: { simulated: {} }, model: 'popularity' });

const request = (name: string, more: Partial<TuneRankingsRequest> = {}): TuneRankingsRequest => ({
  engine,
  split,
  evaluation,
  models: ['ease', { model: 'bpr-mf', training: { epochs: 8 }, search: { factors: [4, 8, 16] } }],
  budget: { trials: 16 },
  seed: 1,
  out: join(folder, name),
  deterministic: true,
  ...more,
});

const told = (trials: readonly Trial[]) => trials.map(({ seconds: _, ...trial }) => trial);
const journal = (name: string) =>
  readFileSync(join(folder, name, 'journal.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a study', () => {
  it('begins with models as they are, chooses by validation and measures on the test part', async () => {
    const result = await tuneModels(request('whole'));
    result.run.recommender.close();
    const { trials, winner, bestDefault, measured, curve } = result;
    expect(trials.slice(0, 4).map(({ model, kind }) => [model, kind])).toEqual([
      ['popularity', 'baseline'],
      ['item-knn', 'baseline'],
      ['ease', 'default'],
      ['bpr-mf', 'default'],
    ]);
    expect(trials).toHaveLength(16);
    const best = Math.max(...trials.map(({ value }) => value ?? Number.NEGATIVE_INFINITY));
    expect(winner.value).toBe(best);
    expect(winner.status).not.toBe('paused');
    expect(bestDefault.kind).not.toBe('sampled');
    expect(measured[0].trial.number).toBe(winner.number);
    expect(measured.map(({ trial }) => trial.model)).toEqual(expect.arrayContaining(['popularity', 'item-knn']));
    for (const { result: own } of measured) expect(own.protocol.part).toBe('test');
    expect(curve.at(-1)?.value).toBe(best);
    expect(curve.map(({ value }) => value)).toEqual([...curve.map(({ value }) => value)].sort((a, b) => a - b));
    expect(worthIt(result)[0]).toMatch(/on the test part|not worth it/);
    for (const { model, point } of trials.filter(({ kind }) => kind === 'sampled'))
      if (model === 'bpr-mf') expect([4, 8, 16]).toContain(point['config.factors']);
    expect(result.optimism?.nTrials).toBe(16);
    // what cannot go on has left no checkpoint
    const left = readdirSync(join(folder, 'whole', 'trials')).filter((name) => name.endsWith('.partial'));
    expect(left).toEqual(
      trials
        .filter(({ status }) => status === 'paused')
        .map(({ number }) => `${String(number).padStart(4, '0')}.partial`),
    );
  });

  it('is the same again with the same seed, another one with another', async () => {
    const results = [];
    for (const [name, seed] of [
      ['again', 1],
      ['other', 2],
    ] as const) {
      const { trials, winner, run } = await tuneModels(request(name, { seed }));
      run.recommender.close();
      results.push({ trials: told(trials), winner: winner.number });
    }
    const first = await tuneModels(request('whole', { resume: true }));
    first.run.recommender.close();
    expect(results[0].trials).toEqual(told(first.trials));
    expect(results[0].winner).toBe(first.winner.number);
    expect(results[1].trials).not.toEqual(results[0].trials);
  });

  it('goes on as it would have when it was stopped at any line of its journal', async () => {
    const whole = await tuneModels(request('whole', { resume: true }));
    whole.run.recommender.close();
    const lines = readFileSync(join(folder, 'again', 'journal.jsonl'), 'utf8')
      .split('\n')
      .slice(0, -1);
    for (const kept of [0, 1, 5, 12, lines.length - 3]) {
      const name = `cut-${kept}`;
      const other = request(name);
      const { run } = await tuneModels({ ...other, budget: { trials: 5 } });
      run.recommender.close();
      // half a line is what a kill leaves
      writeFileSync(
        join(folder, name, 'journal.jsonl'),
        `${lines
          .slice(0, kept)
          .map((line) => `${line}\n`)
          .join('')}{"event":"tra`,
      );
      const resumed = await tuneModels({ ...other, resume: true });
      resumed.run.recommender.close();
      expect(told(resumed.trials)).toEqual(told(whole.trials));
      expect(resumed.winner.number).toBe(whole.winner.number);
    }
  });

  it('goes on after it was interrupted in the middle of a training', async () => {
    const abort = new AbortController();
    let epochs = 0;
    const stopped = tuneModels(
      request('interrupted', {
        signal: abort.signal,
        onEpoch: () => {
          if (++epochs === 5) abort.abort();
        },
      }),
    );
    await expect(stopped).rejects.toMatchObject({ code: 'usage' });
    const open = journal('interrupted').at(-1);
    expect(open.event).toBe('begin');
    const resumed = await tuneModels(request('interrupted', { resume: true }));
    const whole = await tuneModels(request('whole', { resume: true }));
    for (const { run } of [resumed, whole]) run.recommender.close();
    expect(told(resumed.trials)).toEqual(told(whole.trials));
  });

  it('goes on with a larger budget', async () => {
    const small = await tuneModels(request('grown', { budget: { trials: 7 } }));
    const large = await tuneModels(request('grown', { budget: { trials: 9 }, resume: true }));
    for (const { run } of [small, large]) run.recommender.close();
    expect(large.trials).toHaveLength(9);
    expect(large.trials.slice(0, 5).map(({ settings }) => settings)).toEqual(
      small.trials.slice(0, 5).map(({ settings }) => settings),
    );
  });

  it('keeps trials that failed with their reason', async () => {
    const models = [
      'ease',
      {
        model: 'bpr-mf',
        training: { epochs: 3, optimizer: { name: 'sgd' } },
        search: { 'optimizer.learningRate': [0.01, 1e30] },
      },
    ];
    const { trials, run } = await tuneModels(request('failing', { models, budget: { trials: 14 } }));
    run.recommender.close();
    const failed = trials.filter(({ status }) => status === 'failed');
    expect(failed.length).toBeGreaterThan(0);
    for (const { reason, value } of failed)
      expect([value, /learning rate|finite/.test(String(reason))]).toEqual([null, true]);
    expect(trials.length).toBe(14);
  });
});

describe('a study of ratings', () => {
  it('tells errors as they are, the least of which is best', async () => {
    const interactions = Array.from({ length: 900 }, (_, n) => {
      const [user, item] = [n % 30, (n * 7 + Math.floor(n / 30)) % 25];
      return { user, item, rating: 1 + ((user + item) % 5), time: new Date(2024, 0, 1, n) };
    });
    const rated = await prepareSplit(
      parseRunSettings({ data: { interactions } as never, model: 'bias', split: { method: 'ratio' } }),
      undefined,
      'examples',
    );
    const { evaluation: ofRatings } = parseRunSettings({ data: { interactions } as never, model: 'bias' });
    const result = await tuneModels({
      engine,
      split: rated,
      evaluation: ofRatings,
      task: 'rating',
      models: ['bias'],
      budget: { trials: 6 },
      seed: 1,
      out: join(folder, 'ratings'),
    });
    result.run.recommender.close();
    const { metric, trials, winner, curve, optimism } = result;
    const shown = trials.map(({ value }) => shownValue(metric, value!));
    expect(metric).toBe('rmse');
    expect(shownValue(metric, winner.value!)).toBe(Math.min(...shown));
    expect(Math.min(...shown)).toBeGreaterThan(0);
    expect(curve.at(-1)?.value).toBe(Math.min(...shown));
    expect(optimism!.chosen).toBeGreaterThan(0);
    expect(optimism!.expected - optimism!.chosen).toBeCloseTo(optimism!.optimism, 12);
  });
});

describe('a study is refused', () => {
  it.each([
    ['without a budget', { budget: {} }, 'usage'],
    ['with a budget below the models as they are', { budget: { trials: 4 } }, 'usage'],
    ['with fewer epochs than models', { budget: { epochs: 3 } }, 'usage'],
    ['that must not depend on time, in minutes', { budget: { minutes: 1 } }, 'usage'],
    ['of no models', { models: [] }, 'usage'],
    ['of one model twice', { models: ['ease', 'ease'] }, 'usage'],
    ['of models for another task', { models: ['bias'] }, 'config'],
    [
      'with a range upside down',
      { models: [{ model: 'ease', search: { regularization: { low: 10, high: 1 } } }] },
      'config',
    ],
    ['by a metric of another task', { evaluation: { ...evaluation, validationMetric: 'rmse' } }, 'config'],
    ['without a validation part', { split: { ...split, validation: null } }, 'data'],
    ['without a test part', { split: { ...split, test: null } }, 'data'],
    ['with a name that nothing has', { trails: 3 }, 'usage'],
  ])('%s', async (_, more, code) => {
    await expect(tuneModels(request('refused', more as object))).rejects.toMatchObject({ code });
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  it('in the folder of another one, or of something else', async () => {
    await expect(tuneModels(request('grown'))).rejects.toMatchObject({ code: 'usage' });
    for (const more of [
      { seed: 7 },
      { models: ['ease'] },
      {
        split: splitDataset(simulateFilmClub({ nUsers: 150, nItems: 60, seed: 2 }).dataset, {
          method: 'leave-one-out',
          by: 'time',
        }),
      },
    ])
      await expect(tuneModels(request('grown', { ...more, resume: true } as object))).rejects.toMatchObject({
        code: 'config',
      });
    const { writeFileSync: write, mkdirSync } = await import('node:fs');
    mkdirSync(join(folder, 'elsewhere'));
    write(join(folder, 'elsewhere', 'letter.txt'), 'x');
    await expect(tuneModels(request('elsewhere'))).rejects.toMatchObject({ code: 'usage' });
  });

  it('with a journal that somebody changed', async () => {
    const path = join(folder, 'grown', 'journal.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    for (const line of ['no JSON', '{"event":"trained"}', '{"event":"begin","begun":[]}']) {
      writeFileSync(path, [lines[0], line, ...lines.slice(2)].join('\n'));
      await expect(tuneModels(request('grown', { resume: true }))).rejects.toMatchObject({ code: 'artifact' });
    }
  });

  it('when every trial failed, with the reasons', async () => {
    const task = rankingTaskOf(split, { model: 'ease', config: {}, evaluation, seed: 1 });
    const broken = {
      ...task,
      data: () => {
        throw new DeepTasteError('memory', 'ease: there must be more memory');
      },
    };
    const contestants = [
      { model: 'ease', isSearched: true, fixed: { config: {}, training: {} }, task: () => broken as Task },
    ];
    const study = tune({ engine, contestants, budget: { trials: 100 }, seed: 1, out: join(folder, 'hopeless') });
    await expect(study).rejects.toMatchObject({
      code: 'data',
      message: expect.stringMatching(/all 11 failed: ease: ease: there must be more memory/),
    });
  });
});
