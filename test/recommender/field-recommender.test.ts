import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowOf } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isRowResult } from '../../src/evaluation/result.ts';
import { modelsOf } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { type FieldRun, trainFieldRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { type FieldRunInput, parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { smallConfigs } from '../models/field-world.ts';
import { thrownCode } from '../models/thrown-code.ts';
import { clicksCsv, itemsCsv, ratingsCsv, usersCsv } from './made-clicks.ts';

const engines = [new Engine({ threads: 1 }), new Engine({ threads: 2 })];
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-fields-'));
const clicks = join(folder, 'clicks.csv');
const ratings = join(folder, 'ratings.csv');
const described = { files: [clicks], items: join(folder, 'items.csv'), users: join(folder, 'users.csv') };
beforeAll(() => {
  writeFileSync(clicks, clicksCsv());
  writeFileSync(ratings, ratingsCsv());
  writeFileSync(described.items, itemsCsv());
  writeFileSync(described.users, usersCsv());
});
afterAll(() => {
  for (const engine of engines) engine.close();
  rmSync(folder, { recursive: true });
});

type Changes = Partial<FieldRunInput> & { readonly hooks?: object };

async function train(model: string, changes: Changes = {}, engine = engines[1]): Promise<FieldRun> {
  const { hooks, ...given } = changes;
  const settings = parseFieldRunSettings({
    data: described,
    split: { method: 'ratio', test: 0.2 },
    model,
    config: smallConfigs[model][0],
    final: false,
    training: { epochs: 12, batchSize: 64, patience: 0, optimizer: { learningRate: 0.02 } },
    ...given,
  });
  const data = await prepareFieldData(settings);
  return trainFieldRecommender({ engine, data, settings, ...hooks });
}

const bytesOf = ({ recommender }: FieldRun): string =>
  [...recommender.parts.weights]
    .map(([name, { data }]) => `${name}:${Buffer.from(data.buffer).toString('base64')}`)
    .join();

const row = { user: 'u3', item: 'i2', device: 'tv', hour: 20, price: 12 };

describe('tasks', () => {
  it('are told from the rows: labels are clicks, ratings ratings, and else items are ranked', async () => {
    const click = await train('fm');
    expect(click.recommender.parts.fields?.task).toBe('click');
    if (!click.result || !isRowResult(click.result)) throw new Error('no result');
    expect(Object.keys(click.result.metrics)).toEqual(['auc', 'gauc', 'logloss']);
    expect(click.result.metrics.auc).toBeGreaterThan(0.7);
    expect(click.result.calibration?.bins.reduce((n, { nRows }) => n + nRows, 0)).toBe(click.result.nRows);
    const ranking = await train('fm', { data: { ...described, minRating: 1, duplicates: 'last' } });
    expect(ranking.recommender.parts.fields?.task).toBe('ranking');
    expect(ranking.result && !isRowResult(ranking.result) && Object.keys(ranking.result.metrics)).toContain('ndcg@10');
  });

  it('predicts ratings around their mean, clipped to their range unless told otherwise', async () => {
    const settings = {
      data: { files: [ratings] },
      training: { epochs: 40, batchSize: 32, optimizer: { learningRate: 0.02 } },
    };
    const clipped = await train('fm', settings);
    const { parts } = clipped.recommender;
    expect([parts.fields?.task, parts.fields?.ratingRange]).toEqual(['rating', { low: 1, high: 5 }]);
    const [{ value, output }] = clipped.recommender.predict([{ user: 'nobody', item: 'nothing' }]);
    expect(value).toBe(output);
    expect(Math.abs(output - parts.fields!.offset)).toBeLessThan(0.7);
    const result = clipped.result!;
    if (!isRowResult(result)) throw new Error('no rows');
    const spread = 1.16; // deviation of the ratings themselves, about
    expect(result.metrics.rmse).toBeLessThan(0.75 * spread);
    expect(result.protocol.clipped).toBe(true);
    const raw = await train('fm', { ...settings, evaluation: { clip: false } });
    expect(isRowResult(raw.result!) && raw.result.protocol.clipped).toBe(false);
    expect(bytesOf(raw)).toBe(bytesOf(clipped));
  });
});

describe('bytes', () => {
  it.each(['lr', 'deepfm'])('%s: the same on one thread and two, others from another seed', async (model) => {
    const first = bytesOf(await train(model, {}, engines[0]));
    expect(bytesOf(await train(model))).toBe(first);
    expect(bytesOf(await train(model, { seed: 2 }))).not.toBe(first);
  });

  it('go on from a checkpoint as if the run had never stopped; one of other fields is refused', async () => {
    const checkpoints: Checkpoint[] = [];
    const onCheckpoint = async (checkpoint: Checkpoint) => {
      checkpoints.push(checkpoint);
    };
    const whole = bytesOf(await train('deepfm', { hooks: { onCheckpoint } }));
    expect(bytesOf(await train('deepfm', { hooks: { resume: checkpoints[4] } }))).toBe(whole);
    const other = () => train('deepfm', { features: { numeric: 'standard' }, hooks: { resume: checkpoints[4] } });
    expect(await thrownCode(other)).toBe('config');
  });

  it('come back from a folder, without the data: predictions, rankings and reasons alike', async () => {
    const { recommender } = await train('deepfm');
    const path = join(folder, 'saved');
    await recommender.save(path);
    expect(JSON.parse(readFileSync(join(path, 'features.json'), 'utf8'))).toMatchObject({ task: 'click', offset: 0 });
    const loaded = await Recommender.load(path, { threads: 1 });
    expect(loaded.predict([row])).toEqual(recommender.predict([row]));
    expect(loaded.explain(row)).toEqual(recommender.explain(row));
    const request = { user: 'u3', row: { hour: 21, device: 'phone' } };
    expect(loaded.recommend(request, { k: 5 })).toEqual(recommender.recommend(request, { k: 5 }));
    loaded.close();
    writeFileSync(join(path, 'features.json'), '{}');
    expect(await thrownCode(() => Recommender.load(path))).toBe('artifact');
  });
});

/** Logit of an FM from its weights, in float64, by the formula and not by the engine. */
function fmLogit({ parts }: Recommender, features: readonly { row: number; x: number }[]): number {
  const [w0, w, v] = ['w0', 'w', 'V'].map((name) => parts.weights.get(name)!);
  const d = v.shape[1];
  let sum = w0.data[0];
  features.forEach(({ row: i, x }, n) => {
    sum += w.data[i] * x;
    for (const other of features.slice(0, n))
      for (let j = 0; j < d; j++) sum += v.data[i * d + j] * v.data[other.row * d + j] * x * other.x;
  });
  return sum;
}

describe('explanations', () => {
  it.each(modelsOf('rows').map(({ name }) => name))('%s: contributions sum to the logit', async (model) => {
    const crosses = model === 'wide-deep' ? [{ fields: ['genre', 'age'] }] : [];
    const { recommender } = await train(model, { features: { crosses } });
    const shown = recommender.explain(row, 1000);
    const [predicted] = recommender.predict([row]);
    expect(shown.output).toBeCloseTo(predicted.output, 5);
    expect(shown.probability).toBeCloseTo(1 / (1 + Math.exp(-predicted.output)), 6);
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const fields = sum(shown.fields.map(({ contribution }) => contribution));
    const told = shown.base + fields + sum(shown.crosses.map(({ value }) => value));
    expect(Math.abs(told - shown.output)).toBeLessThan(1e-3);
    expect(shown.remainder).toBeCloseTo(shown.output - told, 6);
    expect(sum(shown.pairs.map(({ value }) => value))).toBeCloseTo(sum(shown.fields.map(({ pairs }) => pairs)), 5);
    for (const { contribution, linear, pairs, layers, values } of shown.fields) {
      expect(contribution).toBeCloseTo(linear + pairs + layers, 10);
      expect(sum(values.map((value) => value.linear))).toBeCloseTo(linear, 10);
    }
    // of a row of which nothing is known only the base is left
    expect(recommender.predict([{}])[0].output).toBeCloseTo(shown.base, 5);
  });

  it.each(['lr', 'fm', 'deepfm', 'wide-deep', 'dcn-v2'])(
    '%s: a field left out moves the score as claimed',
    async (model) => {
      const { recommender } = await train(model, {
        features: { crosses: model === 'wide-deep' ? [{ fields: ['genre', 'age'] }] : [] },
      });
      const shown = recommender.explain(row);
      const [top] = [...shown.fields].sort((a, b) => Math.abs(b.withoutField) - Math.abs(a.withoutField));
      expect(Math.abs(top.withoutField)).toBeGreaterThan(0.05);
      // null says that the cell is missing, although the item is known; training had no missing cells, so nothing takes its place
      const without = recommender.predict([{ ...row, [top.field]: null }])[0].output;
      // leaving out a user or item takes what is known of it along, unless the row says it
      const full = { genre: 'Horror', age: 'adult', ...row };
      const same = recommender.predict([full])[0].output;
      expect(same).toBe(recommender.predict([row])[0].output);
      const expected = shown.output - top.withoutField;
      expect(recommender.predict([{ ...full, [top.field]: null }])[0].output).toBeCloseTo(expected, 5);
      if (!['user', 'item'].includes(top.field)) expect(without).toBeCloseTo(expected, 5);
    },
  );

  it('FM: terms are those of the formula, by name, and what a field takes along is its term and all its pairs', async () => {
    const { recommender } = await train('fm');
    const shown = recommender.explain(row, 1000);
    const { encoder } = recommender.parts.fields!;
    const rowNamed = (name: string) =>
      Array.from({ length: encoder.layout.nRows }, (_, at) => at).find((at) => encoder.fieldValueName(at) === name)!;
    const names = shown.fields.flatMap(({ values }) => values.map(({ name }) => name));
    expect(names).toEqual(
      expect.arrayContaining(['genre = Horror', 'age = adult', 'device = tv', 'user = u3', 'item = i2']),
    );
    const features = names.map((name) => ({ row: rowNamed(name), x: 1 }));
    expect(shown.output).toBeCloseTo(fmLogit(recommender, features), 5);
    const w = recommender.parts.weights.get('w')!.data;
    for (const { values, withoutField, linear, layers } of shown.fields) {
      expect(linear).toBeCloseTo(w[rowNamed(values[0].name)], 5);
      expect(Math.abs(layers)).toBeLessThan(1e-5);
      const others = features.filter((feature) => feature.row !== rowNamed(values[0].name));
      expect(withoutField).toBeCloseTo(fmLogit(recommender, features) - fmLogit(recommender, others), 5);
    }
    expect(shown.pairs).toHaveLength((names.length * (names.length - 1)) / 2);
    expect(shown.method.exact).toEqual(['linear', 'pairs']);
  });
});

describe('what training never saw', () => {
  it('is predicted without an error and told in the notes', async () => {
    const { recommender } = await train('deepfm');
    const odd = [
      { user: 'new', item: 'new', genre: 'Opera', hour: Number.NaN, price: Number.POSITIVE_INFINITY },
      { genre: ['Comedy', 'Drama'], device: 7, hour: 'late', usr: 'u1' },
      {},
      { user: null, item: undefined, price: -1e300 },
    ];
    const predictions = recommender.predict(odd);
    expect(predictions.every(({ value }) => value > 0 && value < 1)).toBe(true);
    expect(predictions[0].notes.join()).toMatch(/"genre": "Opera" was not/);
    expect(predictions[1].notes.join()).toMatch(/"usr" is not a field; did you mean "user"/);
    expect(() => recommender.explain(odd[1])).not.toThrow();
    expect(recommender.predict([])).toEqual([]);
  });

  it('is served from its fields: a new user by age and hour', async () => {
    const { recommender } = await train('fm', {
      training: { epochs: 30, batchSize: 64, optimizer: { learningRate: 0.02 } },
    });
    const genreOf = (item: string) => Number(item.slice(1)) % 4;
    const best = (age: string) =>
      recommender.recommend({ user: 'new', row: { age, hour: 20 } }, { k: 4 }).recommendations;
    expect(best('child').map(({ item }) => genreOf(item))).toEqual([0, 0, 0, 0]);
    expect(best('adult').every(({ item }) => genreOf(item) >= 2)).toBe(true);
    expect(recommender.recommend({ row: { age: 'child', hour: 20 } }, { k: 4 }).recommendations).toEqual(best('child'));
    expect(await thrownCode(async () => recommender.recommend({ user: 'new' }))).toBe('not-found');
    expect(await thrownCode(async () => recommender.recommend({ user: 'u1' }, { k: 0 }))).toBe('usage');
  });

  it('leaves out what a user took, unless asked for, and scores as a prediction does', async () => {
    const { recommender } = await train('deepfm');
    const { parts } = recommender;
    const user = parts.users.indexOf('u3')!;
    const heldOut = parts.heldOut ? rowOf(parts.heldOut, user) : [];
    const taken = new Set([...rowOf(parts.seen, user), ...heldOut]);
    const all = recommender.recommend({ user: 'u3', row: { hour: 3 } }, { k: 100, includeSeen: true }).recommendations;
    const unseen = recommender.recommend({ user: 'u3', row: { hour: 3 } }, { k: 100 }).recommendations;
    expect([all.length, unseen.length]).toEqual([16, 16 - taken.size]);
    const predicted = recommender.predict(all.map(({ item }) => ({ user: 'u3', item, hour: 3 })));
    all.forEach(({ score }, n) => {
      expect(score).toBeCloseTo(predicted[n].output, 4);
    });
  });
});

describe('settings and data that do not fit', () => {
  const noLabel = () => writeFile('plain.csv', 'age,city,x\n1,a,b\n2,b,c\n3,a,c\n');
  const writeFile = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return { files: [join(folder, name)] };
  };
  const constant = () => writeFile('constant.csv', clicksCsv(60).replaceAll(/,[01]$/gm, ',1'));
  const cases: readonly (readonly [string, string, () => Changes, string, RegExp])[] = [
    [
      'no label',
      'lr',
      () => ({ data: { ...noLabel(), columns: { user: null, item: null } } }),
      'config',
      /--label COLUMN/,
    ],
    [
      'a click task on ratings',
      'lr',
      () => ({ data: { files: [ratings] }, task: 'click' }),
      'config',
      /rows with labels/,
    ],
    ['a rating task on labels', 'lr', () => ({ task: 'rating' }), 'config', /rows with ratings/],
    [
      'labels of one kind',
      'lr',
      () => ({ data: { ...constant(), columns: { label: 'label' } } }),
      'data',
      /both kinds, found only 1/,
    ],
    [
      'a column that is not there',
      'lr',
      () => ({ features: { fields: { agee: { encode: 'category' } } } }),
      'config',
      /did you mean "age"/,
    ],
    [
      'an unknown key of a field',
      'lr',
      () => ({ features: { fields: { age: { encode: 'category', minCont: 2 } } } as never }),
      'config',
      /did you mean "minCount"/,
    ],
    [
      'an unknown key of the features',
      'lr',
      () => ({ features: { numerik: 'log' } as never }),
      'config',
      /did you mean "numeric"/,
    ],
    ['an unknown key of the run', 'lr', () => ({ feature: {} }) as never, 'config', /did you mean "features"/],
    [
      'crosses that the model does not read',
      'fm',
      () => ({ features: { crosses: [{ fields: ['genre', 'age'] }] } }),
      'config',
      /take wide-deep/,
    ],
    [
      'crosses of both sides in a ranking',
      'wide-deep',
      () => ({ data: { ...described, minRating: 1 }, features: { crosses: [{ fields: ['genre', 'age'] }] } }),
      'config',
      /genre × age is not known/,
    ],
    [
      'a metric of another task',
      'lr',
      () => ({ evaluation: { metrics: ['rmse'] } }),
      'config',
      /choose one of auc, gauc, logloss/,
    ],
    [
      'what belongs to rankings',
      'lr',
      () => ({ evaluation: { filter: 'none' } }),
      'config',
      /"filter" is about rankings/,
    ],
    ['clipping of clicks', 'lr', () => ({ evaluation: { clip: true } }), 'config', /"clip" is about ratings/],
    [
      'the task among the settings of the training',
      'lr',
      () => ({ training: { task: 'click' } }),
      'config',
      /training\.task/,
    ],
    ['negatives of clicks', 'lr', () => ({ training: { negatives: 4 } }), 'config', /drawn items/],
  ];
  it.each(cases)('%s', async (_, model, changes, code, text) => {
    const error = await train(model, changes()).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(text) });
  });
});
