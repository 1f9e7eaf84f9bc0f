/** Differences of saved and of trained runs that predict rows, and slices of every comparison, from the command line. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../src/evaluation/comparison.ts';
import type { SlicedComparison } from '../../src/evaluation/slice-comparison.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { testRandom } from '../data/made-data.ts';
import { type Outcome, workplace } from './command-line.ts';

const place = workplace();
const data = ['--data', 'ratings.csv', '--split', 'ratio', '--task', 'rating'];
const train = ['train', ...data, '--no-final', '--quiet'];

/** 130 users with 2 to 31 ratings each: the mean of the user and of the item, and chance. */
function ratingsCsv(): string {
  const below = testRandom(3);
  const lines = ['user,item,rating'];
  for (let user = 0; user < 130; user++)
    for (let n = 0; n < 2 + (user % 30); n++) {
      const item = (user * 7 + n * 11) % 60;
      const rating = 1 + (user % 3) + (item % 2) + below(2);
      lines.push(`u${user},i${item},${rating}`);
    }
  return `${lines.join('\n')}\n`;
}

interface Document {
  readonly comparison: Comparison;
  readonly slices?: Readonly<Record<string, SlicedComparison>>;
  readonly notes?: readonly string[];
}

function documentOf({ code, stdout, stderr }: Outcome): Document {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
}

beforeAll(async () => {
  place.write('ratings.csv', ratingsCsv());
  for (const [model, ...more] of [['bias'], ['biased-mf', '--epochs', '3', '--set', 'factors=4']]) {
    const { code, stderr } = await place.run([...train, '--model', model, ...more, '--out', model]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
});

describe('saved runs that predict rows', () => {
  it('are compared user by user, as the same models trained here', async () => {
    const stored = documentOf(await place.run(['compare', 'bias', 'biased-mf', '--baseline', 'bias', '--json']));
    const models = ['--models', 'bias,biased-mf', '--epochs', '3', '--set', 'factors=4', '--baseline', 'bias'];
    const trained = documentOf(await place.run(['compare', ...data, ...models, '--quiet', '--json']));
    const of = ({ comparison }: Document) => ({
      ...comparison,
      rows: comparison.rows.map(({ seconds: _, ...row }) => row),
    });
    expect(of(stored)).toEqual(of(trained));
    const { metric, unit, rows } = stored.comparison;
    expect([metric, unit]).toEqual(['rmse', 'users']);
    const { difference } = rows.find(({ name }) => name === 'biased-mf')!;
    expect(difference!.nPairs).toBeGreaterThan(100);
    expect(difference!.low).toBeLessThan(difference!.mean);
  });

  it('show slices of users and items, by every metric in JSON, and draw them', async () => {
    const table = await place.run(['compare', 'bias', 'biased-mf', '--slices', 'slices.svg']);
    expect(table).toMatchObject({ code: 0 });
    expect(table.stdout).toMatch(/\nslice +users +rows +run +rmse +difference +interval +p \(Holm\)\n/);
    expect(table.stdout).toMatch(/\nusers with \d+–\d+ training rows +\d+ +\d+ +bias/);
    expect(table.stdout).toContain('picture of the slices: slices.svg');
    expect(readFileSync(place.path('slices.svg'), 'utf8')).toMatch(
      /^<svg [\s\S]*items with \d+\+ training rows[\s\S]*<\/svg>\n$/,
    );
    const { comparison, slices } = documentOf(await place.run(['compare', 'bias', 'biased-mf', '--slices', '--json']));
    expect(comparison).not.toHaveProperty('slices');
    expect(Object.keys(slices!)).toEqual(['rmse', 'mae']);
    expect(new Set(slices!.mae.slices.map(({ trait }) => trait))).toEqual(new Set(['userRows', 'itemRows']));
  });

  it('take other tests, and refuse what is not there', async () => {
    const [t, none, picture] = await Promise.all([
      place.run(['compare', 'bias', 'biased-mf', '--significance', 'wilcoxon']),
      place.run(['compare', 'bias', 'biased-mf', '--baseline', 'bais']),
      place.run(['compare', '--slices', 'bias', 'biased-mf']),
    ]);
    expect(t).toMatchObject({ code: 0 });
    expect(t.stdout).toContain('paired wilcoxon test over users');
    expect(none).toMatchObject({ code: 2, stdout: '' });
    expect(none.stderr).toMatch(/did you mean "bias"/);
    expect(picture).toMatchObject({ code: 2, stdout: '' });
    expect(picture.stderr).toMatch(/--slices.*ends in \.svg, found "bias"/);
  });

  it('of a version before are shown without tests, and measured again with --save', async () => {
    const recommender = await Recommender.load(place.path('bias'));
    const kept = ['settings.json', 'evaluation.json'].map(
      (name) => [name, readFileSync(place.path('bias', name), 'utf8')] as const,
    );
    await recommender.save(place.path('old'), null, new Map(kept));
    recommender.close();
    const shown = await place.run(['compare', 'old', 'biased-mf']);
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.stdout).toMatch(/note: no differences are tested: old was saved without .*evaluate RUN --save/);
    const asked = await place.run(['compare', 'old', 'biased-mf', '--slices']);
    expect(asked).toMatchObject({ code: 1, stdout: '' });
    expect(asked.stderr).toMatch(/evaluate RUN --save/);
    expect(await place.run(['evaluate', 'old', '--save'])).toMatchObject({ code: 0 });
    expect(existsSync(place.path('old', 'rows.safetensors'))).toBe(true);
    expect(await place.run(['compare', 'old', 'biased-mf', '--slices'])).toMatchObject({ code: 0 });
  });
});

describe('rows that name nobody', () => {
  it('are compared row by row, and have no slices', async () => {
    const below = testRandom(5);
    const lines = Array.from({ length: 300 }, () => `${below(3)},${below(4)},${below(2)}`);
    place.write('clicks.csv', `age,device,clicked\n${lines.join('\n')}\n`);
    const flags = ['--data', 'clicks.csv', '--split', 'ratio', '--models', 'lr,fm', '--epochs', '1', '--quiet'];
    const { code, stdout } = await place.run(['compare', ...flags, '--slices', 'none.svg']);
    expect(code).toBe(0);
    expect(stdout).toContain('paired bootstrap test over rows');
    expect(stdout).toMatch(/^no slices: the rows name no users and items/m);
    expect(existsSync(place.path('none.svg'))).toBe(false);
  });
});

describe('rankings in slices', () => {
  it('are those of users, of saved runs as of models trained here', async () => {
    const flags = [
      '--data',
      'ratings.csv',
      '--split',
      'leave-one-out',
      '--by',
      'random',
      '--metrics',
      'ndcg@5,coverage@5',
      '--quiet',
    ];
    const trained = documentOf(
      await place.run(['compare', ...flags, '--models', 'popularity,ease', '--slices', '--json']),
    );
    for (const model of ['popularity', 'ease'])
      expect(await place.run(['train', ...flags, '--model', model, '--no-final', '--out', model])).toMatchObject({
        code: 0,
      });
    const stored = documentOf(await place.run(['compare', 'popularity', 'ease', '--slices', '--json']));
    expect(stored.slices).toEqual(trained.slices);
    expect(Object.keys(stored.slices!)).toEqual(['ndcg@5']);
    expect(stored.slices!['ndcg@5'].slices.every(({ trait }) => trait === 'userRows')).toBe(true);
  });

  it('are refused of next items', async () => {
    const { code, stderr } = await place.run([
      'compare',
      '--data',
      'film-club',
      '--models',
      'markov,vsknn',
      '--slices',
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--slices: are of users and items, found models of sequences/);
  });
});
