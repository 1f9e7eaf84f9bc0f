/** What can be known to be wrong is found before the data are read, or at least before the first epoch; what is small is measured. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { checkArtifactPlace, checkFilePlace } from '../../src/artifact/output-place.ts';
import { checkedRun } from '../../src/cli/checked-run.ts';
import { checkComparison } from '../../src/cli/compare-trained.ts';
import type { CompareFlags } from '../../src/cli/flags.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isRowResult } from '../../src/evaluation/result.ts';
import { trainFieldRecommender, trainRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { prepareSplit } from '../../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { codeOf, messageOf } from '../data/temporary-files.ts';
import { workplace } from './command-line.ts';

const place = workplace();
const absent = { data: { files: ['absent.csv'] } }; // reading it would be another error

describe('metrics that a task cannot measure are refused without the data', () => {
  it.each([
    ['mf', { metrics: ['rmse'] }, /"rmse".*choose one of hr/],
    ['ease', { metrics: ['ndcg@10', 'logloss'] }, /"logloss"/],
    ['popularity', { validationMetric: 'mae' }, /"mae"/],
    ['markov', { metrics: ['coverage@10'] }, /"coverage@10".*next item/],
    ['gru4rec', { metrics: ['auc'] }, /"auc"/],
    ['sasrec', { validationMetric: 'gini@5' }, /"gini@5"/],
    ['mf', { metrics: ['ndcg@0'] }, /whole number/],
    ['vsknn', { metrics: ['recall'] }, /cutoff/],
    ['mf', { metrics: ['ndgc@10'] }, /did you mean "ndcg"/],
  ])('%s by %j', async (model, evaluation, message) => {
    const action = () => checkedRun({ ...absent, model, evaluation } as never, [], 'train');
    expect(await codeOf(action)).toBe('config');
    expect(await messageOf(action)).toMatch(message);
  });

  it.each([
    ['click', { metrics: ['ndcg@10'] }],
    ['click', { validationMetric: 'rmse' }],
    ['rating', { metrics: ['auc'] }],
    ['ranking', { metrics: ['rmse'] }],
  ] as const)('of fields, task %s by %j', async (task, evaluation) => {
    const action = () => checkedRun({ ...absent, model: 'fm', task, evaluation } as never, [], 'train');
    expect(await codeOf(action)).toBe('config');
  });

  it('of a comparison: what is compared, by which test, with whom', () => {
    const check = (flags: object, measured: string[], measures: 'lists' | 'rows') => () =>
      checkComparison(
        { models: ['mf', 'ease'], significance: 'bootstrap', ...flags } as CompareFlags,
        measured,
        measures,
      );
    const compare = (flags: object) => check(flags, ['gauc', 'hr@5', 'coverage@5'], 'lists');
    expect(compare({})).not.toThrow();
    expect(compare({ metric: 'HR@5', baseline: 'ease' })).not.toThrow();
    expect(compare({ metric: 'rmse' })).toThrow(/--metric rmse: must be among/);
    expect(compare({ metric: 'hr@10' })).toThrow(/found gauc, hr@5/);
    expect(compare({ metric: 'coverage@5', slices: true })).toThrow(/no slices of users/);
    const clicks = (flags: object) => check(flags, ['auc', 'logloss'], 'rows');
    expect(clicks({ baseline: 'mf', significance: 't' })).not.toThrow();
    expect(clicks({ significance: 'wilcoxon', metric: 'logloss' })).not.toThrow();
    expect(clicks({ significance: 'wilcoxon' })).toThrow(/choose the bootstrap or the t test/);
    expect(clicks({ baseline: 'fm' })).toThrow(/no model is called "fm"/);
    expect(compare({ baseline: 'esae' })).toThrow(/did you mean "ease"/);
    expect(compare({ significance: 't' })).toThrow(/gauc weighs users/);
  });

  it('ends with exit code 2 at once, whatever stands in the data', async () => {
    const { code, stderr } = await place.run(['train', '--data', 'absent.csv', '--model', 'mf', '--metrics', 'rmse']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/metric "rmse"/);
  });
});

describe('places of results are tried before the work', () => {
  it.each([
    ['a file', 'taken.txt'],
    ['below a file', 'taken.txt/run'],
    ['deep below a file', 'taken.txt/a/b/run'],
    ['a folder of other things', 'busy'],
    ['where nothing can be made', '/proc/deeptaste/run'],
  ])('%s', async (_, path) => {
    place.write('taken.txt', 'x');
    place.write('busy/notes.txt', 'x');
    const full = path.startsWith('/') ? path : place.path(path);
    expect(await codeOf(() => checkArtifactPlace(full))).toBe('usage');
  });

  it('free places stay as they are', async () => {
    const before = place.names();
    await checkArtifactPlace(place.path('new/deep/run'));
    await checkFilePlace(place.path('trace.json'));
    expect(place.names()).toEqual(before);
    mkdirSync(place.path('folder'));
    for (const path of ['folder', 'absent/trace.json'])
      expect(await codeOf(() => checkFilePlace(place.path(path)))).toBe('usage');
  });

  it('--out and --profile end with exit code 2 before the data are read', async () => {
    place.write('taken.txt', 'x');
    const train = ['train', '--data', 'absent.csv', '--model', 'ease'];
    for (const flags of [
      ['--out', 'taken.txt/run'],
      ['--profile', 'taken.txt/trace.json'],
    ]) {
      const { code, stderr } = await place.run([...train, ...flags]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/saving taken\.txt\/.*taken\.txt is a file/)]);
    }
  });
});

describe('small data', () => {
  const engine = new Engine({ threads: 1 });
  afterAll(() => engine.close());
  const six = () => {
    const rows = Array.from({ length: 6 }, (_, u) => [0, 1, 2, 3].map((n) => `u${u},i${(u + n) % 6}`)).flat();
    const path = place.path('six.csv');
    writeFileSync(path, `user,item\n${rows.join('\n')}\n`);
    return path;
  };
  const run = async (model: string, metrics: string[], more: object = {}) => {
    const settings = parseRunSettings({
      data: { files: [six()] },
      split: { method: 'leave-one-out', by: 'random' },
      model,
      final: false,
      evaluation: { metrics, ...more },
    });
    const { recommender, result } = await trainRecommender({ engine, split: await prepareSplit(settings), settings });
    recommender.close();
    return result!;
  };

  it.each(['popularity', 'ease', 'ials', 'mf', 'item-knn'])('%s: lists are as long as the catalogue', async (model) => {
    const { metrics, notes } = await run(model, [
      'ndcg@10',
      'hr@7',
      'recall@20',
      'coverage@10',
      'gini@10',
      'novelty@10',
    ]);
    for (const { mean } of Object.values(metrics)) expect(Number.isFinite(mean)).toBe(true);
    expect(metrics['hr@7'].mean).toBe(1);
    expect(notes).toEqual(['there are 6 items: lists @7, @10, @20 are as long as the catalogue']);
  });

  it('what has no value is left out and said', async () => {
    const { metrics, notes } = await run('popularity', ['hr@3', 'diversity@3']);
    expect(metrics['diversity@3'].mean).toBeNaN();
    expect(notes).toEqual([expect.stringMatching(/^diversity@3 is left out: items have no categorical/)]);
    expect((await run('popularity', ['hr@3'])).notes).toBeUndefined();
  });

  it('metrics of lists can watch the training, where they are defined', async () => {
    await run('mf', ['hr@3'], { validationMetric: 'coverage@10' });
    await run('mf', ['hr@3'], { validationMetric: 'gini@2' });
    expect(await codeOf(() => run('mf', ['hr@3'], { validationMetric: 'diversity@2' }))).toBe('config');
    expect(await codeOf(() => run('mf', ['rmse']))).toBe('config');
  });

  it('clicks of one kind in validation and test: log loss watches, AUC is left out and said', async () => {
    const part = (name: string, label: (n: number) => number, n: number) =>
      place.path(
        place.write(
          name,
          `user,item,label\n${Array.from({ length: n }, (_, r) => `u${r % 5},i${r % 7},${label(r)}`).join('\n')}\n`,
        ),
      );
    const settings = (validationMetric?: string) =>
      parseFieldRunSettings({
        data: { files: [part('train.csv', (r) => (r % 3 === 0 ? 1 : 0), 35)] },
        split: {
          method: 'given',
          test: part('test.csv', () => 1, 6),
          validation: part('validation.csv', () => 0, 6),
        },
        model: 'lr',
        training: { epochs: 2 },
        final: false,
        evaluation: { ...(validationMetric && { validationMetric }) },
      });
    const data = await prepareFieldData(settings());
    expect(data.evaluation.validationMetric).toBe('logloss');
    expect(data.warnings.join()).toMatch(/labels of the validation part are all 0.*logloss instead of auc/);
    const { recommender, result } = await trainFieldRecommender({ engine, data, settings: settings() });
    recommender.close();
    if (result === null || !isRowResult(result)) throw new Error('predicted rows were expected');
    expect(result.metrics.auc).toBeNull();
    expect(result.metrics.logloss).toBeGreaterThan(0);
    expect(result.notes).toEqual(['auc', 'gauc'].map((name) => `${name} is left out: all 6 rows are labelled 1`));
    expect(await codeOf(() => prepareFieldData(settings('auc')))).toBe('data');
  });
});
