/** `--json`: one document on standard output, of a known form, from every command. */
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { filmsCsv, type Outcome, oddItems, workplace } from './command-line.ts';

const place = workplace();
const train = [
  'train',
  '--data',
  'films.csv',
  '--split',
  'leave-one-out',
  '--metrics',
  'ndcg@5,hr@5,coverage@5,gauc',
  '--no-final',
];

beforeAll(async () => {
  place.write('films.csv', filmsCsv());
  for (const args of [
    ['--model', 'gmf', '--epochs', '3', '--set', 'factors=4'],
    ['--model', 'ease'],
  ]) {
    const { code, stderr } = await place.run([...train, ...args]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
});

function documentOf({ code, stdout, stderr }: Outcome): unknown {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

const summary = z.strictObject({
  mean: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  nUsers: z.int(),
});
const evaluation = z.strictObject({
  protocol: z.object({
    data: z.object({ name: z.string(), hash: z.string() }),
    nUsers: z.int(),
    part: z.literal('test'),
  }),
  level: z.literal(0.95),
  metrics: z.record(z.string(), summary),
  seconds: z.number(),
  notes: z.array(z.string()).optional(),
});
const runDocument = z.strictObject({
  model: z.string(),
  title: z.string(),
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
    warnings: z.array(z.string()),
  }),
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
  result: evaluation.nullable(),
  next: z.string(),
});
const named = z.strictObject({ item: z.string(), title: z.string() });
const answer = z.strictObject({
  run: z.string(),
  model: z.string(),
  user: z.string().nullable(),
  name: z.string().nullable(),
  history: z.array(named),
  how: z.string(),
  unknownItems: z.array(z.string()),
  notes: z.array(z.string()),
  recommendations: z.array(
    z.strictObject({
      ...named.shape,
      rank: z.int(),
      score: z.number(),
      because: z.array(named).max(2),
      byPopularity: z.literal(true).optional(),
    }),
  ),
});
const comparison = z.object({
  metric: z.literal('ndcg@5'),
  baseline: z.string(),
  rows: z.array(z.object({ name: z.string(), mean: z.number(), difference: z.unknown() })),
});

describe('documents', () => {
  it.each([
    [
      'doctor',
      ['doctor'],
      z.object({
        node: z.literal(process.versions.node),
        kernels: z.enum(['wide', 'relaxed']),
        duckdb: z.string(),
        blas: z.strictObject({ title: z.string(), path: z.string() }).nullable(),
        problems: z.array(z.string()).max(0),
      }),
    ],
    [
      'data',
      ['data', 'films.csv'],
      z.object({
        nUsers: z.literal(30),
        nItems: z.literal(24),
        columns: z.array(z.object({ name: z.string(), role: z.string() })),
      }),
    ],
    ['data film-club', ['data', 'film-club'], z.object({ nUsers: z.literal(3000) })],
    [
      'data get',
      ['data', 'get'],
      z.object({
        sets: z.array(
          z.object({
            name: z.string(),
            url: z.string(),
            sha256: z.string().length(64).optional(),
            md5: z.string().length(32),
          }),
        ),
      }),
    ],
    ['models', ['models'], z.object({ models: z.array(z.object({ name: z.string(), title: z.string() })) })],
    [
      'models NAME',
      ['models', 'gmf'],
      z.object({
        options: z.array(z.object({ key: z.string(), range: z.string() })),
        training: z.array(z.object({ key: z.string() })).min(10),
      }),
    ],
    ['train', [...train, '--model', 'popularity', '--out', 'pop'], runDocument],
    [
      'evaluate',
      ['evaluate', 'runs/films-gmf'],
      z.strictObject({ run: z.string(), model: z.literal('gmf'), saved: z.literal(false), result: evaluation }),
    ],
    ['recommend', ['recommend', 'runs/films-gmf', '--user', 'u3', '-k', '4'], answer],
    [
      'compare',
      ['compare', 'runs/films-gmf', 'runs/films-ease'],
      z.strictObject({
        comparison,
        runs: z.array(z.object({ name: z.string(), metrics: z.record(z.string(), summary) })).length(2),
      }),
    ],
    [
      'compare, trained',
      [
        'compare',
        '--data',
        'films.csv',
        '--split',
        'leave-one-out',
        '--metrics',
        'ndcg@5',
        '--models',
        'gmf,popularity',
        '--seeds',
        '2',
        '--epochs',
        '2',
        '--set',
        'factors=4',
      ],
      z.strictObject({
        seeds: z.tuple([z.literal(1), z.literal(2)]),
        models: z
          .array(
            z.strictObject({
              model: z.string(),
              trainingSeconds: z.number(),
              metrics: z.record(
                z.string(),
                z.strictObject({ mean: z.number(), deviation: z.number(), values: z.array(z.number()).length(2) }),
              ),
            }),
          )
          .length(2),
        comparison,
        protocol: z.unknown(),
        notes: z.array(z.string()),
      }),
    ],
  ] as const)('%s', async (_, args, schema) => {
    schema.parse(documentOf(await place.run([...args, '--json'])));
  });
});

describe('recommend', () => {
  it('names films and reasons, for a user and for a history with odd ids', async () => {
    const byUser = answer.parse(
      documentOf(await place.run(['recommend', 'runs/films-ease', '--user', 'u4', '--json'])),
    );
    expect(byUser.recommendations.map(({ title }) => /^Film № \d+$/.test(title))).not.toContain(false);
    expect(byUser.recommendations[0].because.length).toBeGreaterThan(0);
    const history = ['--item', oddItems[0], '--item', oddItems[3], '--history', `${oddItems[4]},nobody`];
    const byHistory = answer.parse(documentOf(await place.run(['recommend', 'runs/films-ease', ...history, '--json'])));
    expect(byHistory.history.map(({ item }) => item).sort()).toEqual(
      [...oddItems.filter((_, n) => [0, 3, 4].includes(n)), 'nobody'].sort(),
    );
    expect(byHistory.unknownItems).toEqual(['nobody']);
    // films 0 … 11 are those of one camp
    expect(byHistory.recommendations.slice(0, 3).map(({ title }) => Number(title.slice(7)) < 12)).toEqual([
      true,
      true,
      true,
    ]);
    expect(byHistory.recommendations.map(({ item }) => item)).not.toContain(oddItems[0]);
  });

  it('prints a table for people', async () => {
    const { code, stdout } = await place.run(['recommend', 'runs/films-gmf', '--history', 'f14,f15', '-k', '2']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/For somebody who took Film № 14; Film № 15/);
    expect(stdout).toMatch(/\n1 {2}Film № \d+ +\S+ +-?[\d.]+/);
    expect(stdout).toMatch(/for somebody new: a user vector fitted to the given items/);
  });

  it('lists taken items only when asked', async () => {
    const all = await place.run([
      'recommend',
      'runs/films-gmf',
      '--user',
      'u0',
      '-k',
      '100',
      '--include-seen',
      '--json',
    ]);
    const unseen = await place.run(['recommend', 'runs/films-gmf', '--user', 'u0', '-k', '100', '--json']);
    const count = (outcome: Outcome) => answer.parse(documentOf(outcome)).recommendations.length;
    expect([count(all), count(unseen)]).toEqual([24, 24 - 8]); // the 8 items of the data, held-out ones too
  });
});

describe('stored runs', () => {
  it('are measured again to the same numbers', async () => {
    const [first, again] = await Promise.all([
      place.run(['compare', 'runs/films-gmf', '--json']),
      place.run(['evaluate', 'runs/films-gmf', '--json']),
    ]);
    const stored = documentOf(first) as { runs: [{ metrics: object }] };
    const measured = documentOf(again) as { result: { metrics: object } };
    expect(measured.result.metrics).toEqual(stored.runs[0].metrics);
  });

  it('take other metrics with --save, and can then be compared on them', async () => {
    await place.run([...train, '--model', 'popularity', '--out', 'other']);
    expect((await place.run(['compare', 'other', 'runs/films-ease', '--metric', 'mrr'])).code).toBe(1);
    for (const run of ['other', 'runs/films-ease'])
      expect(
        documentOf(
          await place.run(['evaluate', run, '--metrics', 'ndcg@5,hr@5,coverage@5,gauc,mrr', '--save', '--json']),
        ),
      ).toMatchObject({ saved: true });
    expect((await place.run(['compare', 'other', 'runs/films-ease', '--metric', 'mrr'])).code).toBe(0);
    expect((await place.run(['compare', 'other', 'runs/films-ease', '--metric', 'gauc'])).code).toBe(0);
  });

  it('are refused when they were measured unlike, or the data or the split have changed', async () => {
    await place.run([
      ...train.slice(0, 3),
      '--no-final',
      '--split',
      'ratio',
      '--metrics',
      'ndcg@5',
      '--model',
      'popularity',
      '--out',
      'ratio',
    ]);
    const unlike = await place.run(['compare', 'ratio', 'runs/films-gmf', '--metric', 'ndcg@5', '--json']);
    expect(unlike).toMatchObject({ code: 1, stdout: '' });
    expect(unlike.stderr).toMatch(/^error: compare: runs must be evaluated alike.*split\.method/m);
    place.write('changed.csv', filmsCsv(29));
    expect(await place.run(['evaluate', 'ratio', '--data', 'changed.csv'])).toMatchObject({ code: 1, stdout: '' });
    const otherSplit = await place.run(['evaluate', 'ratio', '--split', 'leave-one-out']);
    expect(otherSplit.code).toBe(1);
    expect(otherSplit.stderr).toMatch(/must be those that the training held out/);
  });
});

describe('experiments', () => {
  it('run from a file whose paths are relative to it, with settings overridden', async () => {
    place.write(
      'lab/gmf.yaml',
      'data: { files: [../films.csv] }\nsplit: { method: leave-one-out }\nmodel: gmf\ntraining: { epochs: 2 }\nevaluation: { metrics: [hr@3] }\n',
    );
    const document = runDocument.parse(
      documentOf(await place.run(['run', 'lab/gmf.yaml', '--set', 'training.epochs=1', '--seed', '7', '--json'])),
    );
    expect(document).toMatchObject({ model: 'gmf', out: 'runs/gmf', epochs: 1, seed: 7 });
    expect(Object.keys(document.result?.metrics ?? {})).toEqual(['hr@3']);
  });
});
