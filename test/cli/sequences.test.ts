/** Models of sequences on the command line: train, run, measure again, compare, continue; `--json` documents; what is wrong. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Recommender } from '../../src/recommender/recommender.ts';
import { type Outcome, workplace } from './command-line.ts';

const place = workplace();
const day = 86_400;
const firstDay = 1_600_041_600; // 2020-09-14 00:00 UTC

/** 120 sessions of 24 people on 12 days: everybody walks along a ring of 10 items, now and then with a jump. */
function sessionRows(): string[][] {
  const rows: string[][] = [];
  for (let s = 0; s < 120; s++)
    for (let n = 0; n < 2 + (s % 4); n++) {
      const item = (s * 3 + n + (s % 7 === 0 ? n : 0)) % 10;
      const time = firstDay + Math.floor(s / 10) * day + (s % 10) * 3600 + n * 60;
      rows.push([`u${s % 24}`, item === 0 ? '"a,b"' : `i${item}`, String(time), `s${s}`, `Item ${item}`]);
    }
  return rows;
}

const csv = (rows: readonly (readonly string[])[]) =>
  `${[['user', 'item', 'time', 'session', 'title'], ...rows].map((row) => row.join(',')).join('\n')}\n`;
const clicks = ['--data', 'clicks.csv', '--days', '2'];
const train = (model: string, ...rest: string[]) => ['train', ...clicks, '--model', model, '--no-final', ...rest];

beforeAll(async () => {
  place.write('clicks.csv', csv(sessionRows()));
  for (const model of ['markov', 'vsknn']) {
    const { code, stderr } = await place.run(train(model));
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
  const histories = ['--data', 'clicks.csv', '--model', 'markov', '--sequences', 'user', '--out', 'histories'];
  const { code, stderr } = await place.run(['train', ...histories, '--filter', 'history']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
});

function documentOf({ code, stdout, stderr }: Outcome): unknown {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

const summary = z.strictObject({ mean: z.number(), low: z.number(), high: z.number(), nUsers: z.int() });
const evaluation = z.strictObject({
  protocol: z.object({
    data: z.object({ name: z.literal('clicks'), hash: z.string() }),
    split: z.object({ method: z.literal('last-days'), days: z.literal(2) }),
    tieRule: z.literal('conservative'),
    filter: z.literal('none'),
    nUsers: z.int(),
    nextItem: z.strictObject({ nEvents: z.int(), nMisses: z.int() }),
  }),
  level: z.literal(0.95),
  metrics: z.record(z.string(), summary),
  seconds: z.number(),
  notes: z.array(z.string()).optional(),
});
const runDocument = z.strictObject({
  model: z.literal('markov'),
  title: z.string(),
  out: z.string(),
  seed: z.int(),
  threads: z.int(),
  kernels: z.enum(['wide', 'relaxed', 'simd']),
  data: z.strictObject({
    name: z.string(),
    hash: z.string().length(64),
    nSequences: z.int(),
    nEvents: z.int(),
    nItems: z.int(),
    nUnknownTestEvents: z.int(),
    warnings: z.array(z.string()),
  }),
  trainingSeconds: z.number(),
  epochs: z.literal(0),
  bestEpoch: z.literal(0),
  result: evaluation,
  training: z.strictObject({ cutOff: z.null(), finishedAt: z.null(), chosenDefaults: z.null() }),
  saved: z.object({ trainedOn: z.enum(['all rows', 'training part']), measuredHere: z.boolean() }),
  next: z.string(),
});
const named = z.strictObject({ item: z.string(), title: z.string() });
type Measured = { readonly result: { readonly metrics: object } };
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
      because: z.array(named).length(0),
      byPopularity: z.literal(true).optional(),
    }),
  ),
});

describe('documents', () => {
  it('train: the form of every run, with the counts of sequences', async () => {
    const document = runDocument.parse(documentOf(await place.run([...train('markov', '--out', 'doc'), '--json'])));
    expect(Object.keys(document.result.metrics)).toEqual([
      ...['recall@20', 'mrr@20', 'recall@10', 'mrr@10', 'recall@5', 'mrr@5', 'recall@1'],
    ]);
    // the last event is on day 11 at 9:02; two days before it 18 sessions of the ring have ended or will (days 10 and 11,
    // and what came after 9:02 of day 9)
    const last = Math.max(...sessionRows().map((row) => Number(row[2])));
    const ends = new Map(sessionRows().map((row) => [row[3], Number(row[2])]));
    const held = [...ends.values()].filter((end) => end >= last - 2 * day).length;
    expect(document.result.protocol.nUsers).toBe(held);
    expect(document.data).toMatchObject({ nSequences: 120 - held, nItems: 10, nUnknownTestEvents: 0 });
    expect(document.next).toMatch(/^deeptaste recommend doc --(history|item) /);
  });

  it('train --refit: chosen on the validation part, trained on both, and measured again alike', async () => {
    const refit = ['--validation-days', '2', '--refit', '--epochs', '2', '--no-final', '--out', 'refit'];
    const document = documentOf(await place.run([...train('gru4rec', ...refit), '--json'])) as Measured;
    const again = documentOf(await place.run(['evaluate', 'refit', '--json'])) as Measured;
    expect(again.result.metrics).toEqual(document.result.metrics);
  });

  it('recommend: the ids, titles and scores of a continued session', async () => {
    const args = ['recommend', 'runs/clicks-markov', '--item', 'a,b', '--history', 'zzz,i4', '-k', '3', '--json'];
    const document = answer.parse(documentOf(await place.run(args)));
    expect(document).toMatchObject({ user: null, name: null, unknownItems: ['zzz'] });
    expect(document.history.map(({ title }) => title).sort()).toEqual(['Item 0', 'Item 4', 'zzz']);
    expect(document.recommendations.map(({ rank }) => rank)).toEqual([1, 2, 3]);
  });

  it('models: what they learn from and the options', async () => {
    const list = documentOf(await place.run(['models', '--json'])) as { models: { name: string; form: string }[] };
    expect(list.models.filter(({ form }) => form === 'sequences').map(({ name }) => name)).toContain('vsknn');
    const page = documentOf(await place.run(['models', 'vsknn', '--json'])) as { options: { key: string }[] };
    expect(page).toMatchObject({ form: 'sequences', examples: null, training: [] });
    expect(page.options.map(({ key }) => key)).toContain('neighbours');
  });

  it('compare: trained here, over seeds', async () => {
    const args = ['compare', ...clicks, '--models', 'markov,session-popularity', '--seeds', '2', '--metrics', 'mrr@5'];
    const document = documentOf(await place.run([...args, '--set', 'markov.smoothing=0.5', '--json']));
    expect(document).toMatchObject({
      seeds: [1, 2],
      models: [{ model: 'markov' }, { model: 'session-popularity' }],
      comparison: { metric: 'mrr@5', baseline: 'markov' },
    });
  });
});

describe('a saved run', () => {
  it('is measured again to the same numbers, and compared with another', async () => {
    const again = documentOf(await place.run(['evaluate', 'runs/clicks-vsknn', '--json'])) as { result: object };
    const stored = JSON.parse(readFileSync(place.path('runs/clicks-vsknn/evaluation.json'), 'utf8'));
    expect(evaluation.parse(again.result).metrics).toEqual(stored.metrics);
    const { code, stdout } = await place.run([
      'compare',
      'runs/clicks-markov',
      'runs/clicks-vsknn',
      '--metric',
      'mrr@20',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/paired bootstrap test over sequences/);
    expect(stdout).toMatch(/next items of \d+ test sequences/);
  });

  it('takes other metrics with --save', async () => {
    await place.run(train('markov', '--out', 'other', '--metrics', 'recall@3'));
    expect((await place.run(['compare', 'other', 'runs/clicks-vsknn', '--metric', 'ndcg@7'])).code).toBe(1);
    for (const run of ['other', 'runs/clicks-vsknn'])
      expect(documentOf(await place.run(['evaluate', run, '--metrics', 'ndcg@7', '--save', '--json']))).toMatchObject({
        saved: true,
      });
    expect((await place.run(['compare', 'other', 'runs/clicks-vsknn', '--metric', 'ndcg@7'])).code).toBe(0);
  });

  it('scores as before when the library loads it', async () => {
    const loaded = await Recommender.load(place.path('runs/clicks-vsknn'));
    const { recommendations } = loaded.recommend({ history: ['i3', 'i4'] }, { k: 4 });
    loaded.close();
    const args = ['recommend', 'runs/clicks-vsknn', '--history', 'i3,i4', '-k', '4', '--json'];
    const document = answer.parse(documentOf(await place.run(args)));
    expect(document.recommendations.map(({ rank: _, ...each }) => each)).toEqual(recommendations);
  });

  it('of histories goes on with a user, without what the user took', async () => {
    const own = new Set(sessionRows().flatMap((row) => (row[0] === 'u3' ? [row[4]] : [])));
    const document = answer.parse(documentOf(await place.run(['recommend', 'histories', '--user', 'u3', '--json'])));
    expect(document).toMatchObject({ user: 'u3', name: 'u3' });
    for (const { title } of document.recommendations) expect(own).not.toContain(title);
    const all = ['recommend', 'histories', '--user', 'u3', '-k', '50', '--include-seen', '--json'];
    expect(answer.parse(documentOf(await place.run(all))).recommendations).toHaveLength(10);
    const { stdout } = await place.run(['recommend', 'histories', '--user', 'u3']);
    expect(stdout).toMatch(/^For user u3, who took \d+ items in the data\n/);
  });

  it('returns items of a session unless told not to', async () => {
    const titles = async (...rest: string[]) => {
      const args = ['recommend', 'runs/clicks-markov', '--history', 'i3,i4', '-k', '50', ...rest, '--json'];
      return answer.parse(documentOf(await place.run(args))).recommendations.map(({ item }) => item);
    };
    expect(await titles()).toContain('i3');
    expect(await titles('--no-include-seen')).not.toContain('i3');
  });
});

describe('experiments', () => {
  it('run from a file with the files of others, whose unknown items are misses', async () => {
    place.write('lab/train.txt', 'x y z\nx y\ny z x\nz x y\n');
    place.write('lab/test.txt', 'x\ty\nx y\tz\ny\tnever\n');
    place.write(
      'lab/markov.yaml',
      'data: { name: ring, files: [train.txt] }\nsplit: { method: prefix-files, test: test.txt }\nmodel: markov\n' +
        'config: { smoothing: 0 }\nevaluation: { metrics: [recall@1, mrr@20] }\n',
    );
    const document = documentOf(await place.run(['run', 'lab/markov.yaml', '--json'])) as {
      out: string;
      result: { metrics: Record<string, { mean: number }>; protocol: object };
    };
    expect(document.out).toBe('runs/markov');
    expect(document.result.protocol).toMatchObject({ nextItem: { nEvents: 3, nMisses: 1 } });
    // x is followed by y always, y by z always; the third is a miss
    expect(document.result.metrics['recall@1'].mean).toBeCloseTo(2 / 3, 12);
    expect(document.result.metrics['mrr@20'].mean).toBeCloseTo(2 / 3, 12);
    const again = documentOf(await place.run(['evaluate', 'runs/markov', '--json'])) as typeof document;
    expect(again.result.metrics).toEqual(document.result.metrics);
  });
});

describe('bad input', () => {
  const made = (name: string, rows: readonly (readonly string[])[]) => place.write(name, csv(rows));
  beforeAll(() => {
    made('single.csv', [
      ['u', 'a', '1', 's1', 'A'],
      ['u', 'b', '200000', 's2', 'B'],
    ]);
    place.write('no-sessions.csv', 'user,item\nu,a\nu,b\nu,c\n');
  });
  it.each([
    ['sessions of one event', ['train', '--data', 'single.csv', '--model', 'markov'], 1, /hold out|is left/],
    [
      'no sessions',
      ['train', '--data', 'no-sessions.csv', '--model', 'markov', '--sequences', 'session'],
      2,
      /session/,
    ],
    ['pauses without times', ['train', '--data', 'no-sessions.csv', '--model', 'markov', '--gap', '60'], 2, /--time/],
    ['a gap of whole histories', train('markov', '--gap', '60', '--sequences', 'user'), 2, /--gap.*--sequences user/],
    ['no gap', train('markov', '--gap', '0'), 2, /--gap <seconds>.*number/],
    ['a split of users', ['train', '--data', 'clicks.csv', '--model', 'markov', '--split', 'ratio'], 2, /last-days, /],
    ['a split of sequences', ['train', '--data', 'clicks.csv', '--model', 'ease', '--split', 'last-days'], 2, /ratio/],
    ['a flag of sequences', ['train', '--data', 'clicks.csv', '--model', 'ease', '--min-support', '2'], 2, /ease/],
    [
      'a setting of sequences',
      ['train', '--data', 'clicks.csv', '--model', 'ease', '--set', 'filter.minLength=2'],
      2,
      /"filter"/,
    ],
    ['a setting of users', train('markov', '--set', 'sampleCandidates.n=5'), 2, /"sampleCandidates"/],
    ['a misspelt model', train('markof'), 2, /did you mean "markov"/],
    ['a misspelt option', train('markov', '--set', 'smothing=1'), 2, /did you mean "smoothing"/],
    ['a misspelt setting', train('markov', '--set', 'sequences.gapSecond=1'), 2, /did you mean "gapSeconds"/],
    [
      'epochs of a model without',
      train('markov', '--epochs', '3'),
      2,
      /--epochs: must be said of a model that is trained by epochs/,
    ],
    ['a metric that ranks do not give', train('markov', '--metrics', 'rmse'), 2, /rmse/],
    ['too rare items', train('markov', '--min-support', '1000'), 1, /minSupport/],
    ['too many days', ['train', '--data', 'clicks.csv', '--model', 'markov', '--days', '400'], 1, /hold out less/],
    ['an unknown history', ['recommend', 'runs/clicks-markov', '--history', 'x,y'], 1, /"x", "y"/],
    ['an empty history', ['recommend', 'runs/clicks-markov', '--history', ','], 2, /--history/],
    ['a user of sessions', ['recommend', 'runs/clicks-markov', '--user', 'u1'], 2, /knows no users.*--history/],
    ['an unknown user', ['recommend', 'histories', '--user', 'nobody'], 1, /"nobody"/],
    ['another split', ['evaluate', 'runs/clicks-markov', '--days', '3'], 1, /held out/],
    ['other data', ['evaluate', 'runs/clicks-markov', '--data', 'single.csv', '--days', '1'], 1, /./],
  ] as const)('%s', async (_, args, code, line) => {
    const before = place.names();
    const outcome = await place.run([...args, '--quiet']);
    expect(outcome).toMatchObject({ code, stdout: '' });
    expect(outcome.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(outcome.stderr).toMatch(line);
    expect(place.names()).toEqual(before);
  });

  it('is sorted and said: rows out of order, events at one time, sessions of one event', async () => {
    const rows = sessionRows();
    [rows[0], rows[1]] = [rows[1], rows[0]];
    made('odd.csv', [
      ...rows,
      ['u1', 'i3', rows[5][2], 'alone', 'Item 3'],
      [rows[5][0], 'i9', rows[5][2], rows[5][3], 'Item 9'],
    ]);
    const { code, stderr } = await place.run(['train', '--data', 'odd.csv', '--days', '2', '--model', 'markov']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toMatch(/warning: \d+ rows? stood before an earlier one; sorted by time/);
    expect(stderr).toMatch(/warning: \d+ events? at the time of the one before it/);
  });

  it('of a session longer than 10,000 events is no matter', async () => {
    const long = Array.from({ length: 12_000 }, (_, n) => [
      'u1',
      `i${1 + (n % 9)}`,
      String(firstDay + n),
      'long',
      `Item ${1 + (n % 9)}`,
    ]);
    made('long.csv', [...sessionRows(), ...long]);
    expect(
      (await place.run(['train', '--data', 'long.csv', '--days', '2', '--model', 'vsknn', '--out', 'long'])).code,
    ).toBe(0);
    const history = Array.from({ length: 12_000 }, (_, n) => `i${1 + (n % 9)}`).join(',');
    const document = answer.parse(
      documentOf(await place.run(['recommend', 'long', '--history', history, '-k', '2', '--json'])),
    );
    expect(document.recommendations).toHaveLength(2);
  });
});
