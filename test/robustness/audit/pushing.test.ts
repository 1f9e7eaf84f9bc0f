/** Which item is pushed, which attacks and models can be, and what an audit is told of people who are known. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { splitDataset } from '../../../src/data/splits/split-dataset.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { attackNamed } from '../../../src/robustness/attacks/index.ts';
import { audit } from '../../../src/robustness/audit/audit.ts';
import { costOfPushing, defencesAgainst, WANTED } from '../../../src/robustness/audit/cost.ts';
import { Lab } from '../../../src/robustness/audit/lab.ts';
import { checkPushingAttack } from '../../../src/robustness/audit/pushing-attack.ts';
import { measureAttacks } from '../../../src/robustness/measure-attacks.ts';
import { targetsOf } from '../../../src/robustness/targets.ts';
import { parseRunSettings } from '../../../src/tasks/ranking-settings.ts';
import { datasetOf, shillingWorld } from '../made-profiles.ts';
import { smallData } from '../small-data.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const victimOf = (model: string) => parseRunSettings({ data: { files: ['x'] }, model, seed: 1 });
const popularity = victimOf('popularity');
const splitOf = (nItems: number) => splitDataset(smallData({ nItems }), { method: 'leave-one-out', by: 'random' });

describe('the item that is pushed', () => {
  it('is another one where the first is in the lists already', async () => {
    // of 32 items the ten first that somebody has not taken hold some of the less popular half
    const split = splitOf(32);
    let others = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { item, clean } = await new Lab({
        engine,
        split,
        victim: popularity,
        attack: 'random',
        seed,
      }).drawTarget(WANTED);
      const random = new RandomStream(seed, 'audit/cost').child('target');
      const [first] = targetsOf(split, { drawn: 'unpopular', count: 1 }, random);
      expect(clean.hits).toBeLessThan(WANTED);
      if (item !== first) others++;
    }
    expect(others).toBeGreaterThan(0);
    expect(others).toBeLessThan(12);
  });

  it('takes nobody where every item is: the defences meet a hundredth of the people', async () => {
    // whoever took four of 16 items is shown ten of the twelve others
    const options = { engine, split: splitOf(16), victim: popularity, attack: 'random', seed: 1 };
    const cost = await costOfPushing(options);
    expect(cost).toMatchObject({ enough: 0, tried: [], fakes: 1 });
    expect(cost.clean.hits).toBeGreaterThanOrEqual(WANTED);
  });
});

describe('attacks that an audit refuses, with those that fit', () => {
  it.each([
    ['reverse-bandwagon', 'can only demote'],
    ['love-hate', 'can only demote'],
    ['poisonrec', 'asks its victim'],
    ['copy-attack', 'asks its victim'],
    ['als-gradient', 'has the gradients of ials'],
    ['average', 'needs ratings'],
  ])('%s', (name, reason) => {
    const check = () => checkPushingAttack(name, { model: 'item-knn', hasRatings: false });
    expect(check).toThrow(reason);
    expect(check).toThrow(/choose one of random, bandwagon, segment, revadv$/);
    expect(check).toThrow(expect.objectContaining({ code: 'config' }));
  });

  it('none that can push the model', () => {
    checkPushingAttack('als-gradient', { model: 'ials', hasRatings: false });
    checkPushingAttack('average', { model: 'item-knn', hasRatings: true });
  });

  it('before anything is computed', async () => {
    const split = splitOf(24);
    const progress = {
      start: () => {
        throw new Error('begun');
      },
      log: () => {},
    } as never;
    const ask = (attack: string, model: string) =>
      audit({ engine, split, victim: victimOf(model), attack, seed: 1, progress });
    await expect(ask('poisonrec', 'popularity')).rejects.toMatchObject({ code: 'config' });
    await expect(ask('bandwagon', 'graphrec')).rejects.toThrow('reads the lists of its victim, found graphrec');
    await expect(ask('bandwagon', 'deepfm')).rejects.toThrow('victims must be');
    await expect(ask('bandwagon', 'popularity')).rejects.toThrow('begun');
  });

  it('models without lists, of attacks that ask for them', async () => {
    const study = (attack: string) =>
      measureAttacks(engine, {
        split: splitOf(24),
        victims: [victimOf('dscf')],
        attacks: [attackNamed(attack)],
        budgets: [{ count: 1 }],
        targets: { ids: ['i9'] },
        goal: 'promote',
        seeds: [1],
      });
    await expect(study('poisonrec')).rejects.toThrow('attack poisonrec: reads the lists of its victim, found dscf');
    await expect(study('random')).rejects.not.toThrow('reads the lists');
  });
});

it('the defence without suspicious people learns from labels and obeys the threshold', async () => {
  const [people, fakes, nItems] = [200, 24, 100];
  const data = datasetOf(shillingWorld(people, fakes, nItems, 6), people + fakes, nItems);
  const split = splitDataset(data, { method: 'leave-one-out', by: 'random' });
  const ofUser = Int8Array.from({ length: people + fakes }, (_, user) => (user >= people ? 1 : 0));
  const labels = { ofUser, nFake: fakes, nReal: people, nAbsent: 0 };
  const options = { engine, split, victim: popularity, attack: 'random', seed: 1 };
  const pushed = { item: nItems - 1, fakes: 5 };
  const outcomes = (more: object) => defencesAgainst({ ...options, threshold: 0.5, ...more }, pushed);
  const [, labelled] = await outcomes({ labels });
  // those who were in the data, and are told of in the labels
  expect(labelled.leftOut!.real).toBeGreaterThan(0.7 * fakes);
  const [, strict] = await outcomes({ labels, threshold: 1 });
  expect(strict.leftOut!.real).toBeLessThan(labelled.leftOut!.real);
  const [, all] = await outcomes({ labels, threshold: 0 });
  expect(all).toMatchObject({ hits: 0, accuracy: null, leftOut: { real: people + fakes, fake: 5 } });
});
