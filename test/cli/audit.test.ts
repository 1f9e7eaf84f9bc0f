/** `deeptaste audit` as users run it: a page, its files, labels, and bad input. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { shillingWorld } from '../robustness/made-profiles.ts';
import { workplace } from './command-line.ts';

const place = workplace();
const [people, fakes, nItems] = [120, 12, 60];

beforeAll(() => {
  const rows = shillingWorld(people, fakes, nItems, 4).map(({ user, item, rating, time }) =>
    [`u${user}`, `i${item}`, rating, Math.round(time!)].join(),
  );
  place.write('ratings.csv', `user,item,rating,time\n${rows.join('\n')}\n`);
  const labels = Array.from({ length: people + fakes }, (_, user) => `u${user},${user >= people ? 1 : 0}`);
  place.write('labels.csv', `user,fake\n${labels.join('\n')}\n`);
});

const run = (...args: string[]) => place.run(['audit', 'ratings.csv', '--quiet', ...args]);

describe('audit', () => {
  it('writes a page, a document and the trust of everybody, by which a training weighs people', async () => {
    const { code, stdout, stderr } = await run('--model', 'popularity', '--out', 'found');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const title of [
      'Suspicious people',
      'Items that suspicious people have in common',
      'Pushing an unpopular item with popularity',
    ])
      expect(stdout).toContain(title);
    expect(readFileSync(place.path('found', 'audit.md'), 'utf8')).toMatch(/^# Audit of ratings\n/);
    const document = JSON.parse(readFileSync(place.path('found', 'audit.json'), 'utf8'));
    expect(document).toMatchObject({
      people: people + fakes,
      threshold: 0.5,
      pushing: { model: 'popularity', attack: 'bandwagon' },
    });
    const trust = readFileSync(place.path('found', 'trust.csv'), 'utf8').trim().split('\n');
    expect(trust[0]).toBe('user,trust');
    expect(trust.length).toBe(1 + people + fakes);
    const trained = ['train', '--data', 'ratings.csv', '--users', 'found/trust.csv', '--model', 'bpr-mf', '--quiet'];
    const weighted = await place.run([
      ...trained,
      '--set',
      'training.userWeight=trust',
      '--set',
      'training.epochs=2',
      '--out',
      'run',
    ]);
    expect({ code: weighted.code, stderr: weighted.stderr }).toEqual({ code: 0, stderr: '' });
  }, 60_000);

  it('learns from labels, and prints one document', async () => {
    const { code, stdout } = await run('--model', 'none', '--labels', 'labels.csv', '--json');
    expect(code).toBe(0);
    const { learned, pushing, suspects } = JSON.parse(stdout);
    expect(learned).toMatchObject([{ from: 'labels' }]);
    expect(learned[0].auc.mean).toBeGreaterThan(0.9);
    expect(pushing).toBeNull();
    expect(Number(suspects[0].user.slice(1))).toBeGreaterThanOrEqual(people);
  }, 60_000);

  it.each([
    ['two models', ['--run', 'run', '--model', 'ease'], 2, /--run names the model/],
    ['a model over fields', ['--model', 'deepfm'], 2, /victims must be/],
    ['an attack that demotes', ['--attack', 'love-hate'], 2, /can only demote; choose one of random, average/],
    ['a model without lists', ['--model', 'dscf'], 2, /found dscf/],
    ['another attack', ['--attack', 'none'], 1, /none is called "none"/],
    ['a threshold beyond 1', ['--threshold', '2'], 2, /--threshold/],
    ['labels that are none', ['--model', 'none', '--labels', 'ratings.csv'], 1, /two columns/],
  ])(
    'refuses %s',
    async (_, args, code, message) => {
      const found = await run(...args);
      expect(found.stderr).toMatch(message);
      expect(found.code).toBe(code);
    },
    30_000,
  );
});
