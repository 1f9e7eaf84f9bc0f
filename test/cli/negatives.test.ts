/** `deeptaste negatives` of files and of saved runs. */
import { existsSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NegativeStudy } from '../../src/runs/negative-study-schema.ts';
import { storedNegatives } from '../../src/runs/run-record.ts';
import { testRandom } from '../data/made-data.ts';
import { type Outcome, workplace } from './command-line.ts';

const place = workplace();
const epochs = ['--epochs', '2', '--set', 'factors=4', '--set', 'training.batchSize=128'];
const data = ['--data', 'taken.csv', '--split', 'leave-one-out'];

/** 60 users with 8 of 40 items each, of their own half of the items mostly. */
function takenCsv(): string {
  const below = testRandom(5);
  const lines = ['user,item,time'];
  for (let user = 0; user < 60; user++) {
    const taken = new Set<number>();
    while (taken.size < 8) taken.add(below(5) === 0 ? below(40) : below(20) * 2 + (user % 2));
    [...taken].forEach((item, n) => void lines.push(`u${user},i${item},${1_600_000_000 + n * 86_400}`));
  }
  return `${lines.join('\n')}\n`;
}

const documentOf = ({ code, stdout, stderr }: Outcome): NegativeStudy & { run?: string; seed: number } => {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return JSON.parse(stdout);
};

beforeAll(async () => {
  place.write('taken.csv', takenCsv());
  const train = ['train', ...data, '--model', 'bpr-mf', ...epochs, '--seed', '7', '--quiet'];
  const sampler = ['--set', 'training.negativeSampler=dns', '--set', 'training.candidates=4'];
  for (const command of [
    [...train, ...sampler, '--out', 'run'],
    [...train, '--set', 'training.loss=softmax', '--out', 'whole'],
    ['train', ...data, '--model', 'ease', '--quiet', '--out', 'ease'],
  ]) {
    const { code, stderr } = await place.run(command);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
});

describe('a study of samplers', () => {
  it('of a saved run is that of its data and settings', async () => {
    const samplers = ['--samplers', 'uniform,dns', '--steps', '5', '--quiet'];
    const told = documentOf(await place.run(['negatives', 'run', ...samplers, '--json', '--svg', 'picture.svg']));
    expect(told).toMatchObject({ run: 'run', seed: 7, model: 'bpr-mf' });
    expect(told.samplers.map(({ sampler, looks }) => [sampler, looks.length])).toEqual([
      ['uniform', 2],
      ['dns', 2],
    ]);
    expect(readFileSync(place.path('picture.svg'), 'utf8')).toContain('<svg');
    const candidates = ['--set', 'training.candidates=4', '--seed', '7'];
    const named = documentOf(await place.run(['negatives', ...data, ...epochs, ...candidates, ...samplers, '--json']));
    expect(named.samplers).toEqual(told.samplers);
    // the hardest of four draws teach more than any
    const last = told.samplers.map(({ looks }) => looks[1].meanSlope);
    expect(last[1]).toBeGreaterThan(last[0]);
  });

  it('is kept in its run, which stays what it was, until another one is', async () => {
    const evaluate = async () => (await place.run(['evaluate', 'run', '--json', '--quiet'])).stdout;
    const before = await evaluate();
    const study = ['negatives', 'run', '--steps', '5', '--quiet', '--json', '--save'];
    const told = documentOf(await place.run([...study, '--samplers', 'dns']));
    expect(await storedNegatives(place.path('run'))).toMatchObject({ model: 'bpr-mf', samplers: told.samplers });
    expect(await evaluate()).toBe(before);
    await place.run(['evaluate', 'run', '--save', '--quiet']);
    expect((await storedNegatives(place.path('run')))?.samplers).toEqual(told.samplers);
    documentOf(await place.run([...study, '--samplers', 'uniform']));
    expect((await storedNegatives(place.path('run')))?.samplers.map(({ sampler }) => sampler)).toEqual(['uniform']);
    const { code, stderr } = await place.run(['negatives', ...data, '--save']);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--save: keeps the study') });
  });

  it('of a run whose loss draws none shows another loss', async () => {
    const told = documentOf(
      await place.run(['negatives', 'whole', '--set', 'training.loss=bpr', '--steps', '2', '--quiet', '--json']),
    );
    expect(told.samplers.map(({ sampler, looks }) => [sampler, looks.length])).toEqual([
      ['uniform', 2],
      ['popularity', 2],
      ['dns', 2],
    ]);
  });

  it.each([
    ['neither a run nor data', [], 'needs the folder of a saved recommender, or --data'],
    ['a model beside a run', ['run', '--model', 'mf'], '--model: the run run says which model it is'],
    ['a run of a model without negatives', ['ease'], 'bpr-mf'],
    [
      'a run whose loss draws none',
      ['whole'],
      'negatives whole: the training must draw negatives, found loss softmax, which draws none; --set training.loss=bpr shows',
    ],
    [
      'such a loss beside data',
      [...data, '--set', 'training.loss=softmax'],
      'negatives: the training must draw negatives',
    ],
    ['other data than those of the run', ['run', '--data', 'other.csv'], 'must be those of the training'],
    ['a sampler twice', ['run', '--samplers', 'dns,dns'], 'found "dns" twice'],
  ])('refuses %s', async (_, args, message) => {
    place.write('other.csv', takenCsv().replace('u3,', 'v3,'));
    const { code, stderr, stdout } = await place.run(['negatives', ...args, '--svg', 'no.svg']);
    expect({ code: code === 0, stderr, stdout }).toMatchObject({ code: false, stdout: '' });
    expect(stderr).toContain(message);
    expect(existsSync(place.path('no.svg'))).toBe(false);
  });
});
