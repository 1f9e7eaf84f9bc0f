/** `deeptaste attack` as a child process: table, document, files, and what is refused. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { workplace } from './command-line.ts';

const { run, write, path, names } = workplace();
const random = new RandomStream(1, 'rows');
const rows = Array.from({ length: 50 }, (_, user) =>
  Array.from(
    { length: 12 },
    (_, n) => `u${user},i${Math.floor(30 * random.uniform() ** 2)},${1 + random.below(5)},${1e6 + user * 100 + n}`,
  ),
).flat();
write('ratings.csv', `user,item,rating,time\n${rows.join('\n')}\n`);
write('clicks.csv', `user,item\n${rows.map((row) => row.split(',').slice(0, 2).join(',')).join('\n')}\n`);
const base = ['attack', '--data', 'ratings.csv', '--split', 'ratio', '--threads', '1'];

it('measures attacks on victims, prints a table or one document, and writes its folder', async () => {
  const args = [
    ...base,
    '--model',
    'popularity,item-knn',
    '--attack',
    'random,bandwagon',
    '--budget',
    '10%,20%',
    '--seeds',
    '2',
    '--n-targets',
    '2',
  ];
  const { code, stdout, stderr } = await run([...args, '--json', '--out', 'study']);
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  const document = JSON.parse(stdout);
  expect(document.outcomes).toHaveLength(8);
  for (const { hits, cost, share } of document.outcomes) {
    expect(hits['hr@10'].difference.mean).toBeCloseTo(hits['hr@10'].poisoned.mean - hits['hr@10'].clean.mean, 10);
    expect(cost.fakes).toBe(Math.round(share * 50));
  }
  expect(names()).toContain('study');
  expect(JSON.parse(readFileSync(path('study', 'attack.json'), 'utf8'))).toEqual(document);
  expect(readFileSync(path('study', 'hits.svg'), 'utf8')).toContain('<svg');
  const table = await run([...args, '--set', 'bandwagon.popular=0.9']);
  expect(table.stdout).toContain('item-knn    bandwagon');
});

it('writes the poisoned data, with and without a victim', async () => {
  const args = [...base, '--attack', 'segment', '--budget', '5', '--targets', 'i25,i28', '--write-data'];
  const { code, stdout } = await run([...args, 'poisoned.csv']);
  expect(code).toBe(0);
  expect(stdout).toContain('5 fake people (fake-1 to fake-5)');
  const written = readFileSync(path('poisoned.csv'), 'utf8').trim().split('\n');
  expect(written[0]).toBe('user,item,rating,time');
  expect(written.filter((row) => row.startsWith('u')).length).toBeGreaterThan(300);
  expect(new Set(written.filter((row) => row.startsWith('fake-')).map((row) => row.split(',')[0])).size).toBe(5);
  expect(written.filter((row) => /^fake-\d+,i2[58],5,/.test(row)).length).toBeGreaterThan(4);
  const again = await run([...args, 'again.csv', '--model', 'popularity', '--seeds', '1']);
  expect(again.stdout).toContain('poisoned data: again.csv');
  expect(readFileSync(path('again.csv'), 'utf8')).toBe(readFileSync(path('poisoned.csv'), 'utf8'));
});

describe('refuses', () => {
  const victim = ['--model', 'popularity'];
  it.each([
    [
      'more fake people than real ones',
      [...victim, '--attack', 'random', '--budget', '51'],
      2,
      'fake people must be 1 to 50',
    ],
    ['a budget that is none', [...victim, '--attack', 'random', '--budget', 'many'], 2, '--budget'],
    ['targets that do not exist', [...victim, '--attack', 'random', '--targets', 'i2999'], 1, 'no item "i2999"'],
    ['an attack that there is not', [...victim, '--attack', 'bandwagn'], 1, 'did you mean "bandwagon"'],
    [
      'an option of an attack that it does not have',
      [...victim, '--attack', 'random', '--set', 'random.popular=1'],
      2,
      'popular',
    ],
    [
      'options of an attack that is not asked for',
      [...victim, '--attack', 'random', '--set', 'segment.segment=1'],
      2,
      'segment',
    ],
    ['gradients of a model without any', ['--model', 'item-knn', '--attack', 'als-gradient'], 2, 'revadv'],
    ['victims over fields', ['--model', 'fm', '--attack', 'random'], 2, 'fm'],
    ['a goal that an attack does not have', [...victim, '--attack', 'love-hate'], 2, 'demote'],
    ['an attack from outside without a victim', ['--attack', 'poisonrec', '--write-data', 'x.csv'], 2, 'victim'],
    ['no victim and no file', ['--attack', 'random'], 2, '--model'],
    ['a length that is none', [...victim, '--attack', 'random', '--length', 'long'], 2, '--length'],
  ])('%s', async (_, more, code, text) => {
    const outcome = await run([...base, '--seeds', '1', ...more]);
    expect(outcome.stderr).toContain(text);
    expect(outcome.code).toBe(code);
    expect(outcome.stdout).toBe('');
  });

  it('an attack by ratings on data without any', async () => {
    const outcome = await run([
      'attack',
      '--data',
      'clicks.csv',
      '--model',
      'popularity',
      '--attack',
      'average',
      '--seeds',
      '1',
    ]);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain('needs ratings');
  });
});

it('says in its help what it is for, and all attacks with their options', async () => {
  const { stdout } = await run(['attack', '--help']);
  expect(stdout.replace(/\s+/g, ' ')).toContain('To test and defend a system of your own');
  expect(stdout).toContain('--set bandwagon.popular=0.5');
  expect(stdout).toContain('poisonrec: PoisonRec');
});

it('looks at its folder before it trains', async () => {
  write('afile', '');
  const args = [...base, '--model', 'popularity', '--attack', 'random', '--budget', '3', '--out', 'afile'];
  const { code, stderr } = await run(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error: saving afile: the path must be free or a folder, found a file/);
  const audited = await run(['audit', 'ratings.csv', '--model', 'none', '--out', 'afile']);
  expect([audited.code, audited.stderr.startsWith('error: saving afile:')]).toEqual([2, true]);
});

it('writes over none of the files that it reads, and says what it leaves out', async () => {
  write('shop.csv', `user,item,rating,time,channel\n${rows.map((row) => `${row},web`).join('\n')}\n`);
  const before = readFileSync(path('shop.csv'), 'utf8');
  const args = [
    'attack',
    '--data',
    'shop.csv',
    '--split',
    'ratio',
    '--attack',
    'random',
    '--budget',
    '3',
    '--threads',
    '1',
    '--quiet',
  ];
  const refused = await run([...args, '--write-data', './shop.csv']);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/--write-data .*must be another file than the data/);
  expect(readFileSync(path('shop.csv'), 'utf8')).toBe(before);
  const { stdout } = await run([...args, '--write-data', 'poisoned-shop.csv']);
  expect(stdout).toContain('poisoned-shop.csv (without channel)');
});

it('takes targets whose ids hold commas', async () => {
  const renamed = rows.map((row) => {
    const [user, item, ...others] = row.split(',');
    return [user, item === 'i3' ? '"sku,3"' : item, ...others].join(',');
  });
  write('commas.csv', `user,item,rating,time\n${renamed.join('\n')}\n`);
  const args = [
    'attack',
    '--data',
    'commas.csv',
    '--split',
    'ratio',
    '--attack',
    'random',
    '--budget',
    '3',
    '--threads',
    '1',
    '--json',
    '--quiet',
  ];
  const { stdout, stderr } = await run([...args, '--targets', 'i1,sku,3,i2', '--write-data', 'pushed.csv']);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout).targets.sort()).toEqual(['i1', 'i2', 'sku,3']);
});
