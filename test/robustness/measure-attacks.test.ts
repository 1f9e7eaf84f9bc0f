/** What attacks do to victims: the numbers of a victim that can be computed by hand, pairing, visibility, determinism. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { attackPlot } from '../../src/robustness/attack-plot.ts';
import { renderAttacks } from '../../src/robustness/attack-table.ts';
import { attackNamed } from '../../src/robustness/attacks/index.ts';
import { addFakes } from '../../src/robustness/fake-profiles.ts';
import { craftFakes, type MeasureOptions, measureAttacks } from '../../src/robustness/measure-attacks.ts';
import { openOracle } from '../../src/robustness/oracle.ts';
import { exposablePairs, targetStanding } from '../../src/robustness/target-standing.ts';
import { targetsOf } from '../../src/robustness/targets.ts';
import { checkVictim, trainVictim, type Victim } from '../../src/robustness/victims.ts';
import { visibilityOf } from '../../src/robustness/visibility.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { smallData } from './small-data.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const split = splitDataset(smallData({ nUsers: 90 }), { method: 'leave-one-out', by: 'random' });
const victim = (model: string, config = {}, training = {}): Victim =>
  parseRunSettings({ data: { files: ['x'] }, model, config, training });
const options = (more: Partial<MeasureOptions> = {}): MeasureOptions => ({
  split,
  victims: [victim('popularity')],
  attacks: [attackNamed('random')],
  budgets: [{ share: 0.1 }],
  targets: { ids: ['i37', 'i39'] },
  goal: 'promote',
  seeds: [1, 2],
  ...more,
});

describe('where targets stand', () => {
  // by popularity everybody has one order, less what the person took
  const counts = new Int32Array(40);
  for (const item of split.train.itemIndex) counts[item]++;
  const target = 20;
  let people = 0;
  const sum = { rank: 0, hit10: 0 };
  beforeAll(() => {
    for (let user = 0; user < 90; user++) {
      const itemsOf = ({ userIndex, itemIndex }: typeof split.train) =>
        [...itemIndex].filter((_, row) => userIndex[row] === user);
      if (itemsOf(split.dataset.interactions).includes(target)) continue;
      people++;
      const taken = new Set([...itemsOf(split.train), ...itemsOf(split.validation!)]);
      const others = [...counts.keys()].filter((item) => !taken.has(item) && item !== target);
      const greater = others.filter((item) => counts[item] > counts[target]).length;
      const equal = others.filter((item) => counts[item] === counts[target]).length;
      sum.rank += 1 + greater + equal / 2;
      sum.hit10 += Math.min(1, Math.max(0, (10 - greater) / (equal + 1)));
    }
  });

  it('is what popularity says, over those who have not taken the target', async () => {
    const targets = Int32Array.of(target);
    const { recommender } = await trainVictim(engine, split, victim('popularity'), 1);
    const pairs = exposablePairs(split, targets);
    expect(pairs.userIndex).toHaveLength(people);
    const { hits, rank, predicted } = targetStanding(engine, split, recommender, targets, pairs);
    expect(rank).toBeCloseTo(sum.rank / people, 9);
    expect(hits[0]).toBeCloseTo(sum.hit10 / people, 9);
    expect(hits[1]).toBe(1);
    expect(predicted).toBeNull();
    recommender.close();
  });
});

it('with and without fake people: differences are of one seed, hits rise with the budget, real people are who is measured', async () => {
  const study = await measureAttacks(engine, options({ budgets: [{ share: 0.05 }, { share: 0.5 }] }));
  const [few, many] = study.outcomes;
  expect(few.hits['hr@10'].clean).toEqual(many.hits['hr@10'].clean);
  expect(many.hits['hr@10'].poisoned.mean).toBeGreaterThan(few.hits['hr@10'].poisoned.mean);
  expect(many.hits['hr@10'].poisoned.mean).toBeGreaterThan(0.9);
  for (const { hits, rank } of study.outcomes) {
    const { clean, poisoned, difference } = hits['hr@10'];
    expect(difference.mean).toBeCloseTo(poisoned.mean - clean.mean, 12);
    expect(rank.difference.mean).toBeLessThan(0);
  }
  expect(few.cost.fakes).toBe(5); // 4.5 of 90
  expect(many.accuracy.clean.mean).toBeGreaterThan(0);
  expect(many.metric).toBe('ndcg@10');
  expect(renderAttacks(study)).toContain('popularity  random');
  expect(attackPlot(study)).toContain('<polyline');
  const again = await measureAttacks(engine, options({ budgets: [{ share: 0.05 }, { share: 0.5 }] }));
  expect(again.outcomes.map(({ hits, accuracy }) => ({ hits, accuracy }))).toEqual(
    study.outcomes.map(({ hits, accuracy }) => ({ hits, accuracy })),
  );
});

it('models of sequences, and of ratings with their prediction shift', async () => {
  const { outcomes } = await measureAttacks(
    engine,
    options({ victims: [victim('markov')], attacks: [attackNamed('bandwagon')], seeds: [1] }),
  );
  expect(outcomes[0].hits['hr@10'].poisoned.mean).toBeGreaterThan(outcomes[0].hits['hr@10'].clean.mean);
  const rating = parseRunSettings({ data: { files: ['x'] }, model: 'bias' });
  const shifted = async (goal: 'promote' | 'demote') =>
    (
      await measureAttacks(
        engine,
        options({ victims: [rating], attacks: [attackNamed('average')], goal, seeds: [1], budgets: [{ share: 0.3 }] }),
      )
    ).outcomes[0];
  const up = await shifted('promote');
  expect(up.predicted!.difference.mean).toBeGreaterThan(0.3);
  expect(up.predicted!.poisoned.mean).toBeLessThanOrEqual(5);
  expect(up.metric).toBe('rmse');
  expect((await shifted('demote')).predicted!.difference.mean).toBeLessThan(-0.3);
});

it('targets are named, or drawn from a part of the items', () => {
  const random = () => new RandomStream(5, 'targets');
  const counts = new Int32Array(40);
  for (const item of split.train.itemIndex) counts[item]++;
  const there = [...counts.keys()].filter((item) => counts[item] > 0).sort((a, b) => counts[b] - counts[a]);
  const unpopular = targetsOf(split, { drawn: 'unpopular', count: 5 }, random());
  expect(unpopular).toHaveLength(5);
  for (const item of unpopular) expect(counts[item]).toBeLessThanOrEqual(counts[there[Math.floor(there.length / 2)]]);
  for (const item of targetsOf(split, { drawn: 'popular', count: 3 }, random()))
    expect(there.slice(0, Math.ceil(there.length / 10))).toContain(item);
  expect([...targetsOf(split, { ids: ['i7', 'i3', 'i7'] }, random())]).toEqual([3, 7]);
  expect(() => targetsOf(split, { ids: ['i400'] }, random())).toThrow(expect.objectContaining({ code: 'not-found' }));
  expect(() => targetsOf(split, { drawn: 'popular', count: 30 }, random())).toThrow(
    expect.objectContaining({ code: 'config' }),
  );
});

it('visibility: nothing of fake people who are copies, all of those with one popular item', () => {
  const data = smallData({ nUsers: 100, ratings: false });
  const { userIndex, itemIndex } = data.interactions;
  const copies = Array.from({ length: 100 }, (_, user) => ({
    items: itemIndex.filter((_, row) => userIndex[row] === user),
    ratings: null,
  }));
  const context = { engine, random: new RandomStream(1, 'visibility') };
  const added = addFakes(data, copies, new RandomStream(1, 'fakes'));
  const { auc, distances } = visibilityOf(added.dataset, added.fakeUsers, context);
  expect(auc).toMatchObject({ length: 0.5, popularity: 0.5 });
  expect(distances.length.totalVariation).toBeCloseTo(0, 12);
  expect(distances.popularity.divergence).toBeCloseTo(0, 12);
  const plain = addFakes(
    data,
    copies.slice(0, 20).map(() => ({ items: Int32Array.of(0), ratings: null })),
    new RandomStream(1, 'fakes'),
  );
  const found = visibilityOf(plain.dataset, plain.fakeUsers, context);
  expect(found.auc.length).toBe(0);
  expect(Math.abs(found.auc.popularity - 0.5)).toBe(0.5);
  expect(found.distances.popularity.totalVariation).toBeGreaterThan(0.85);
});

it('an oracle answers with lists of spies, as often as it may', async () => {
  const oracle = openOracle(engine, split, victim('popularity'), 1, new RandomStream(1, 'spies'), {
    questions: 2,
    spies: 7,
    k: 5,
  });
  expect(oracle.spies).toHaveLength(7);
  const clean = await oracle.ask([]);
  expect(clean).toHaveLength(35);
  const many = Array.from({ length: 80 }, () => ({ items: Int32Array.of(39), ratings: Float32Array.of(5) }));
  const pushed = await oracle.ask(many);
  expect(oracle.left).toBe(0);
  const { userIndex, itemIndex } = split.dataset.interactions;
  const without = [...oracle.spies].filter(
    (user) => !itemIndex.some((item, row) => item === 39 && userIndex[row] === user),
  );
  expect(pushed.filter((item) => item === 39).length).toBeGreaterThanOrEqual(without.length);
  expect(clean.filter((item) => item === 39)).toHaveLength(0);
  await expect(oracle.ask([])).rejects.toMatchObject({ code: 'usage' });
});

it('fake people are made without a victim, too', async () => {
  const made = await craftFakes(engine, options(), 1);
  expect(made.fakeUsers).toHaveLength(9);
  expect([...made.targets]).toEqual([37, 39]);
});

it('refuses victims over fields, and splits that hold nothing out', async () => {
  expect(() => checkVictim({ model: 'fm' })).toThrow(expect.objectContaining({ code: 'config' }));
  const none = splitDataset(smallData(), { method: 'none' });
  await expect(measureAttacks(engine, options({ split: none }))).rejects.toMatchObject({ code: 'data' });
});
