/** Models over feature fields from the command line: train, evaluate, explain, recommend, compare, and what is wrong usage. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clicksCsv, itemsCsv, ratingsCsv, usersCsv } from '../recommender/made-clicks.ts';
import { type Outcome, until, workplace } from './command-line.ts';

const place = workplace();
const small = ['--set', 'factors=4', '--set', 'training.batchSize=64', '--set', 'optimizer.learningRate=0.02'];
const files = ['--data', 'clicks.csv', '--items', 'items.csv', '--users', 'users.csv', '--split', 'ratio'];
const train = ['train', ...files, ...small, '--no-final'];

beforeAll(async () => {
  place.write('clicks.csv', clicksCsv());
  place.write('items.csv', itemsCsv());
  place.write('users.csv', usersCsv());
  place.write('ratings.csv', ratingsCsv());
  const click = [...train, '--model', 'deepfm', '--set', 'hidden=[8]', '--epochs', '8'];
  const ranking = [...train, '--model', 'fm', '--min-rating', '1', '--epochs', '20', '--out', 'runs/ranked'];
  for (const args of [click, ranking]) {
    const { code, stderr } = await place.run(args);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
});

function documentOf({ code, stdout, stderr }: Outcome): unknown {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

const bin = z.strictObject({
  low: z.number(),
  high: z.number(),
  nRows: z.int(),
  predicted: z.number().nullable(),
  observed: z.number().nullable(),
  interval: z.array(z.number()).nullable(),
});
const rowResult = z.strictObject({
  task: z.enum(['click', 'rating']),
  nRows: z.int(),
  meanLabel: z.number(),
  metrics: z.record(z.string(), z.number().nullable()),
  intervals: z.record(z.string(), z.strictObject({ low: z.number(), high: z.number() })).optional(),
  lowerIsBetter: z.array(z.string()),
  ratingRange: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
  calibration: z
    .strictObject({ bins: z.array(bin), expectedError: z.number(), ratio: z.number().nullable() })
    .nullable(),
  protocol: z.strictObject({
    task: z.string(),
    data: z.object({ name: z.string(), hash: z.string() }),
    split: z.object({ method: z.string() }),
    part: z.literal('test'),
    nRows: z.int(),
    clipped: z.boolean(),
    seed: z.int(),
    versions: z.unknown(),
  }),
  seconds: z.number(),
});
const runDocument = z.strictObject({
  model: z.string(),
  title: z.string(),
  task: z.string(),
  out: z.string(),
  seed: z.int(),
  threads: z.int(),
  kernels: z.enum(['wide', 'relaxed', 'simd']),
  data: z.strictObject({
    name: z.string(),
    hash: z.string().length(64),
    nUsers: z.int(),
    nItems: z.int(),
    nInteractions: z.int(),
    nTraining: z.int(),
    warnings: z.array(z.string()),
  }),
  fields: z.array(z.strictObject({ name: z.string(), owner: z.enum(['user', 'item', 'context']), nRows: z.int() })),
  trainingSeconds: z.number(),
  epochs: z.int(),
  bestEpoch: z.int(),
  training: z.strictObject({
    cutOff: z
      .strictObject({
        setting: z.literal('training.epochs'),
        epochs: z.int(),
        from: z.number().nullable(),
        to: z.number(),
      })
      .nullable(),
    finishedAt: z.string().nullable(),
    chosenDefaults: z.looseObject({}).nullable(),
  }),
  saved: z.object({ trainedOn: z.enum(['all rows', 'training part']), measuredHere: z.boolean() }),
  result: rowResult.nullable(),
  next: z.string(),
});
const explanation = z.strictObject({
  run: z.string(),
  model: z.string(),
  task: z.string(),
  row: z.record(z.string(), z.unknown()),
  output: z.number(),
  probability: z.number().nullable(),
  base: z.number(),
  remainder: z.number(),
  nPairs: z.int(),
  fields: z.array(
    z.strictObject({
      field: z.string(),
      owner: z.string(),
      values: z.array(z.strictObject({ name: z.string(), linear: z.number() })),
      linear: z.number(),
      pairs: z.number(),
      layers: z.number(),
      contribution: z.number(),
      withoutField: z.number(),
    }),
  ),
  pairs: z.array(z.strictObject({ a: z.string(), b: z.string(), value: z.number() })),
  crosses: z.array(z.strictObject({ name: z.string(), value: z.number() })),
  method: z.strictObject({ baseline: z.string(), exact: z.array(z.string()) }),
  notes: z.array(z.string()),
});
const answer = z.strictObject({
  run: z.string(),
  model: z.string(),
  user: z.string().nullable(),
  name: z.string().nullable(),
  row: z.record(z.string(), z.unknown()),
  how: z.string(),
  unknownItems: z.array(z.string()),
  notes: z.array(z.string()),
  recommendations: z.array(
    z.strictObject({
      item: z.string(),
      title: z.string(),
      rank: z.int(),
      score: z.number(),
      because: z.array(z.never()),
    }),
  ),
});
const spread = z.strictObject({
  mean: z.number(),
  deviation: z.number(),
  low: z.number(),
  high: z.number(),
  values: z.array(z.number()).length(3),
});

describe('documents', () => {
  it.each([
    ['train', ['train', ...files, '--model', 'lr', '--epochs', '2', '--out', 'lr'], runDocument],
    ['train on ratings', ['train', '--data', 'ratings.csv', ...small, '--model', 'fm', '--epochs', '2'], runDocument],
    [
      'evaluate',
      ['evaluate', 'runs/clicks-deepfm', '--metrics', 'logloss'],
      z.strictObject({
        run: z.string(),
        model: z.literal('deepfm'),
        task: z.literal('click'),
        saved: z.literal(false),
        fields: z.array(z.unknown()),
        result: rowResult,
      }),
    ],
    [
      'explain',
      ['explain', 'runs/clicks-deepfm', '--row', '{"user":"u3","item":"i2"}', '--row', 'hour=20'],
      explanation,
    ],
    ['recommend', ['recommend', 'runs/ranked', '--user', 'u3', '-k', '4', '--row', 'device=tv'], answer],
    ['recommend to somebody new', ['recommend', 'runs/ranked', '--row', 'age=child', '-k', '4'], answer],
    [
      'compare, trained',
      ['compare', ...files, ...small, '--models', 'lr,fm', '--seeds', '3', '--epochs', '2'],
      z.strictObject({
        seeds: z.array(z.int()).length(3),
        task: z.literal('click'),
        metric: z.literal('auc'),
        comparison: z.strictObject({
          metric: z.literal('auc'),
          baseline: z.string(),
          test: z.literal('bootstrap'),
          alpha: z.number(),
          unit: z.literal('users'),
          rows: z.array(z.looseObject({ name: z.string(), mean: z.number(), difference: z.unknown() })).length(2),
          notes: z.array(z.string()),
        }),
        protocol: z.unknown(),
        notes: z.array(z.string()).length(0),
        models: z
          .array(
            z.strictObject({
              model: z.string(),
              trainingSeconds: z.number(),
              metrics: z.strictObject({ auc: spread, gauc: spread, logloss: spread }),
            }),
          )
          .length(2),
      }),
    ],
    [
      'models',
      ['models', 'deepfm'],
      z.object({ form: z.literal('rows'), examples: z.literal('rows'), training: z.array(z.unknown()).min(10) }),
    ],
  ] as const)('%s', async (_, args, schema) => {
    schema.parse(documentOf(await place.run([...args, '--json'])));
  });
});

describe('a run of clicks', () => {
  it('is told to people: metrics, calibration, what to do next', async () => {
    const { code, stdout } = await place.run(['evaluate', 'runs/clicks-deepfm']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^model +auc +gauc +logloss/);
    expect(stdout).toMatch(/less is better of logloss\ncalibration: error 0\.\d+, promised/);
    expect(stdout).toMatch(/clicks: 90 test rows, \d+\.\d % labelled 1, split ratio by random/);
  });

  it('is measured to the numbers that were stored, and compared by them', async () => {
    await place.run([...train, '--model', 'fm', '--epochs', '2', '--out', 'fm']);
    type Runs = { metric: string; runs: { name: string; metrics: Record<string, number> }[] };
    const stored = documentOf(
      await place.run(['compare', 'fm', 'runs/clicks-deepfm', '--metric', 'logloss', '--json']),
    ) as Runs;
    expect(stored.metric).toBe('logloss');
    expect(stored.runs[0].metrics.logloss).toBeLessThanOrEqual(stored.runs[1].metrics.logloss);
    const again = documentOf(await place.run(['evaluate', 'fm', '--save', '--json'])) as {
      result: { metrics: object };
    };
    expect(again.result.metrics).toEqual(stored.runs.find(({ name }) => name === 'fm')!.metrics);
    expect((await place.run(['recommend', 'fm', '--user', 'u1'])).code).toBe(0);
    const unlike = await place.run(['compare', 'fm', 'runs/ratings-fm']);
    expect(unlike).toMatchObject({ code: 1, stdout: '' });
  });

  it('is refused on other data, or another split', async () => {
    place.write('other.csv', clicksCsv(900, 2));
    const [data, split] = await Promise.all([
      place.run(['evaluate', 'runs/clicks-deepfm', '--data', 'other.csv']),
      place.run(['evaluate', 'runs/clicks-deepfm', '--split', 'ratio', '--test', '0.3']),
    ]);
    expect([data.code, split.code]).toEqual([1, 1]);
    expect(data.stderr).toMatch(/must be those of the training/);
    expect(split.stderr).toMatch(/must be those that the training held out/);
  });

  it('goes on after an interruption to the bytes of an undisturbed run', async () => {
    const args = [
      ...train,
      '--model',
      'deepfm',
      '--epochs',
      '20',
      '--set',
      'training.patience=0',
      '--set',
      'training.keepBest=false',
      '--checkpoint-seconds',
      '0',
    ];
    expect((await place.run([...args, '--out', 'whole'])).code).toBe(0);
    const { child, outcome } = place.start([...args, '--out', 'cut']);
    await until(() => place.names().includes('cut.partial'));
    child.kill('SIGINT');
    const { code } = await outcome;
    if (code !== 0) {
      expect(code).toBe(130);
      expect((await place.run([...args, '--out', 'cut', '--resume'])).code).toBe(0);
    }
    const weights = (name: string) => readFileSync(place.path(name, 'weights.safetensors'));
    expect(weights('cut').equals(weights('whole'))).toBe(true);
  });
});

describe('an experiment', () => {
  it('has fields, crosses and a task in its file, and settings can be overridden', async () => {
    place.write(
      'lab/wide.yaml',
      [
        'data: { files: [../clicks.csv], items: ../items.csv, users: ../users.csv }',
        'split: { method: ratio }',
        'model: wide-deep',
        'task: click',
        'features: { fields: { price: { encode: standard } }, crosses: [{ fields: [genre, age] }] }',
        'config: { factors: 4, hidden: [8] }',
        'training: { epochs: 3, batchSize: 64 }',
      ].join('\n'),
    );
    const args = ['run', 'lab/wide.yaml', '--set', 'features.minCount=1', '--set', 'training.epochs=2', '--json'];
    expect(documentOf(await place.run(args))).toMatchObject({ model: 'wide-deep', out: 'runs/wide', epochs: 2 });
    const row = ['--row', 'user=u1', '--row', 'item=i2'];
    const { stdout } = await place.run(['explain', 'runs/wide', ...row]);
    expect(stdout).toMatch(/\ncross genre = Horror & age = adult: [+−]\d/);
    const third = await place.run(['explain', 'runs/wide', '--data', 'clicks.csv', '--row', '3', '--json']);
    const [header, , , line] = clicksCsv().split('\n');
    const told = Object.entries((documentOf(third) as { row: object }).row).map(([key, cell]) => [key, String(cell)]);
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(header.split(',').map((key, c) => [key, line.split(',')[c]])),
    );
  });
});

describe('what is wrong', () => {
  it.each([
    ['a misspelt model', [...train, '--model', 'depfm'], 2, /did you mean "deepfm"/],
    ['no label', ['train', ...files, '--model', 'lr', '--no-label', '--task', 'click'], 2, /--label COLUMN/],
    [
      'ratings for clicks',
      ['train', '--data', 'ratings.csv', '--model', 'lr', '--task', 'click'],
      2,
      /rows with labels/,
    ],
    [
      'an unknown column in features',
      [
        'train',
        ...files,
        '--model',
        'lr',
        '--set',
        'features.fields.agee.encode=hash',
        '--set',
        'features.fields.agee.nBuckets=3',
      ],
      2,
      /did you mean "age"/,
    ],
    [
      'an unknown key in features',
      ['train', ...files, '--model', 'lr', '--set', 'features.minCont=2'],
      2,
      /did you mean "minCount"/,
    ],
    [
      'a training setting misspelt',
      ['train', ...files, '--model', 'lr', '--set', 'training.embedingL2=1'],
      2,
      /did you mean "embeddingL2"/,
    ],
    [
      'a task of other models',
      ['train', ...files, '--model', 'gmf', '--task', 'click'],
      2,
      /"task" must be one of auto, ranking, rating, found "click"/,
    ],
    [
      'a row that is not JSON',
      ['explain', 'runs/ranked', '--row', '{"age":'],
      2,
      /^error: --row \{"age":: must be key=value/m,
    ],
    ['a row without a sign', ['explain', 'runs/ranked', '--row', 'age'], 2, /must be key=value/],
    ['a row with objects in it', ['explain', 'runs/ranked', '--row', '{"age":{"years":3}}'], 2, /an object in "age"/],
    ['no row', ['explain', 'runs/ranked'], 2, /needs a row/],
    ['no number of a row', ['explain', 'runs/ranked', '--data', 'clicks.csv', '--row', 'a=b'], 2, /found a=b/],
    ['a row after the last', ['explain', 'runs/ranked', '--data', 'clicks.csv', '--row', '1000000'], 2, /rows; say/],
    ['a history', ['recommend', 'runs/ranked', '--history', 'i1'], 2, /found a history/],
    ['an unknown user', ['recommend', 'runs/ranked', '--user', 'zoe'], 1, /--row key=value/],
    ['nobody', ['recommend', 'runs/ranked'], 2, /found nobody/],
    ['no such run', ['explain', 'runs/none', '--row', 'a=b'], 1, /found nothing there/],
  ] as const)('%s', async (_, args, code, text) => {
    const outcome = await place.run([...args]);
    expect(outcome.stderr).toMatch(text);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).not.toMatch(/unexpected/);
  });

  it('an unknown value at prediction is not', async () => {
    const { code, stdout } = await place.run(['explain', 'runs/ranked', '--row', 'genre=Opera', '--row', 'gnre=x']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/note: "genre": "Opera" was not, or rarely, seen in training/);
    expect(stdout).toMatch(/note: "gnre" is not a field; did you mean "genre"/);
    expect(stdout).toMatch(/without a value: .*age/);
  });
});

describe('a model that searches', () => {
  it('says in its log what it kept, and lists it without a row', async () => {
    const search = ['--set', 'searchEpochs=15', '--set', 'gateShrinkage=0.03', '--epochs', '2', '--out', 'runs/auto'];
    const trained = await place.run([...train, '--model', 'auto-fm', ...search]);
    expect(trained).toMatchObject({ code: 0 });
    const [, told, of] = /search: (\d+) of (\d+) pairs of fields kept/.exec(trained.stderr) ?? [];
    const { stdout } = await place.run(['explain', 'runs/auto']);
    expect(stdout).toContain(`AutoFM: ${told} of ${of} pairs of fields kept`);
    const found = documentOf(await place.run(['explain', 'runs/auto', '--json'])) as {
      readonly kept: readonly { readonly name: string; readonly weight: number }[];
      readonly leftOut: readonly string[];
    };
    expect(found).toMatchObject({ model: 'auto-fm', unit: 'pairs of fields', weight: 'gate' });
    expect([found.kept.length, found.leftOut.length]).toEqual([Number(told), Number(of) - Number(told)]);
    for (const { name, weight } of found.kept) {
      expect(weight).not.toBe(0);
      expect(stdout).toContain(name);
    }
    expect(new Set([...found.kept.map(({ name }) => name), ...found.leftOut]).size).toBe(Number(of));
    expect(found.kept.length).toBeGreaterThan(0);
    expect(found.leftOut.length).toBeGreaterThan(0);
  });
});
