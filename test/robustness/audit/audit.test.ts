/** The parts of an audit in worlds whose fakes are known, and on clean data. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { simulateFilmClub } from '../../../src/data/simulated/film-club.ts';
import { Engine } from '../../../src/engine/runtime/engine.ts';
import { binomialUpperTail } from '../../../src/evaluation/statistics/distributions.ts';
import { type Audit, audit } from '../../../src/robustness/audit/audit.ts';
import { auditMarkdown, auditText } from '../../../src/robustness/audit/audit-page.ts';
import { costOfPushing, defencesAgainst } from '../../../src/robustness/audit/cost.ts';
import { risesOf } from '../../../src/robustness/audit/rises.ts';
import { suspicionOf, suspiciousPeople } from '../../../src/robustness/audit/suspicion.ts';
import { commonItems, groupsOf, mostSuspicious } from '../../../src/robustness/audit/targets.ts';
import { profilesOf } from '../../../src/robustness/detection/profiles.ts';
import { prepareSplit } from '../../../src/tasks/prepare-split.ts';
import { parseRunSettings } from '../../../src/tasks/ranking-settings.ts';
import { datasetOf, type Row, shillingWorld } from '../made-profiles.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const audited = (rows: readonly Row[], nUsers: number, nItems: number, seed = 1) =>
  suspicionOf(datasetOf(rows, nUsers, nItems), { engine, random: new RandomStream(seed, 'audit') });

describe('binomialUpperTail', () => {
  it.each([
    [3, 7, 0.2],
    [1, 5, 0.9],
    [40, 300, 0.1],
  ])('is the sum of the probabilities: %i of %i at %f', (k, n, p) => {
    let term = (1 - p) ** n;
    let below = 0;
    for (let x = 0; x < k; x++) {
      below += term;
      term *= ((n - x) / (x + 1)) * (p / (1 - p));
    }
    expect(binomialUpperTail(k, n, p)).toBeCloseTo(1 - below, 11);
  });

  it('knows its ends', () => {
    expect([binomialUpperTail(0, 5, 0.3), binomialUpperTail(6, 5, 0.3), binomialUpperTail(2, 5, 1)]).toEqual([1, 0, 1]);
  });
});

describe('suspicion', () => {
  it('raises no alarm for more than one person in a hundred on clean data', async () => {
    const { dataset } = simulateFilmClub({ nUsers: 600, nItems: 300 });
    const suspicion = await suspicionOf(dataset, { engine, random: new RandomStream(1, 'audit') });
    expect(suspiciousPeople(suspicion, 0.5).length).toBeLessThanOrEqual(0.01 * dataset.users.size);
    expect(suspicion.score.every((p) => p >= 0 && p <= 1)).toBe(true);
  });

  it('ranks fakes that are there above real people', async () => {
    const [people, fakes, nItems] = [400, 24, 150];
    const { score, learned } = await audited(shillingWorld(people, fakes, nItems, 5), people + fakes, nItems);
    const ranked = Array.from(score.keys()).sort((a, b) => score[b] - score[a]);
    const found = ranked.slice(0, fakes).filter((user) => user >= people).length;
    expect(found).toBeGreaterThan(0.7 * fakes);
    expect(learned.map(({ from }) => from)).toEqual(['random', 'average', 'bandwagon', 'segment', 'all at once']);
  });

  it('learns from labels where there are some, gives the same for a seed, and refuses a handful of people', async () => {
    const [people, fakes, nItems] = [200, 30, 100];
    const data = datasetOf(shillingWorld(people, fakes, nItems, 6), people + fakes, nItems);
    const ofUser = Int8Array.from({ length: people + fakes }, (_, u) => (u >= people ? 1 : 0));
    const labels = { ofUser, nFake: fakes, nReal: people, nAbsent: 0 };
    const [one, again] = await Promise.all(
      [1, 1].map((seed) => suspicionOf(data, { engine, random: new RandomStream(seed, 'audit'), labels })),
    );
    expect(one.learned[0].from).toBe('labels');
    expect(one.learned[0].auc.low).toBeGreaterThan(0.9);
    expect(again.score).toEqual(one.score);
    await expect(audited(shillingWorld(20, 0, 30, 1), 20, 30)).rejects.toMatchObject({ code: 'data' });
  });
});

describe('items in common', () => {
  // 400 people with three of 200 items each, and twelve who all took items 0, 1 and 2, and one more each
  const rows: Row[] = [];
  const random = new RandomStream(9, 'common');
  for (let user = 0; user < 400; user++)
    for (let n = 0; n < 3; n++) rows.push({ user, item: random.below(200), time: random.uniform() * 1e7 });
  for (let user = 400; user < 412; user++)
    for (const item of [0, 1, 2, 3 + random.below(197)]) rows.push({ user, item, time: 5e6 + random.below(1000) });
  const profiles = profilesOf(datasetOf(rows, 412, 200));
  const score = Float64Array.from({ length: 412 }, (_, user) => (user >= 400 ? 0.9 : 0.1 * random.uniform()));

  it('are those of the group, at its time', () => {
    const suspicious = mostSuspicious(profiles, score);
    expect(suspicious.length).toBe(21);
    const found = commonItems(profiles, suspicious);
    expect(found.map(({ item }) => item).sort()).toEqual([0, 1, 2]);
    for (const { people, suspicious: n, expected, when } of found) {
      expect(n).toBeGreaterThanOrEqual(12);
      expect(people).toBeGreaterThanOrEqual(n);
      expect(expected).toBeLessThan(3);
      expect(when!.from).toBeGreaterThanOrEqual(5e6);
      expect(when!.to).toBeLessThanOrEqual(5e6 + 1000);
    }
    const groups = groupsOf(profiles, found, suspicious);
    expect(groups.length).toBe(1);
    expect([...groups[0].people].filter((user) => user >= 400).length).toBe(12);
  });

  it('are none by chance', () => {
    const drawn = score.map(() => random.uniform());
    expect(commonItems(profiles, mostSuspicious(profiles, drawn)).length).toBeLessThanOrEqual(1);
  });
});

describe('rises', () => {
  it('names items that new people raised, and not those that all raised', () => {
    const random = new RandomStream(3, 'rises');
    const rows: Row[] = [];
    for (let user = 0; user < 200; user++)
      for (let n = 0; n < 10; n++) rows.push({ user, item: random.below(40), time: random.uniform() * 1000 });
    // item 40 by people who were there, item 41 by people who came for it
    for (let n = 0; n < 30; n++) {
      rows.push({ user: n, item: 40, time: 960 + random.below(40) });
      rows.push({ user: 200 + n, item: 41, time: 960 + random.below(40) });
    }
    const found = risesOf(profilesOf(datasetOf(rows, 230, 42)))!;
    const of = (item: number) => found.items.find((each) => each.item === item)!;
    expect(of(41)).toMatchObject({ rows: 30, byNew: 1, byFew: 1 });
    expect(of(41).pValue).toBeLessThan(1e-6);
    expect(of(40).byNew).toBe(0);
    expect(of(40).pValue).toBeGreaterThan(0.05);
    expect(found.items[0].item).toBe(41);
  });

  it('needs times', () => {
    expect(
      risesOf(
        profilesOf(
          datasetOf(
            [
              { user: 0, item: 0 },
              { user: 1, item: 0 },
            ],
            2,
            1,
          ),
        ),
      ),
    ).toBeNull();
    const still = [0, 1].map((user) => ({ user, item: 0, time: 5 }));
    expect(risesOf(profilesOf(datasetOf(still, 2, 1)))).toBeNull();
  });
});

describe('an audit of a recommender', () => {
  const prepared = async (model: string, training: object = {}) => {
    const settings = parseRunSettings(
      {
        data: { simulated: { nUsers: 250, nItems: 80 } },
        split: { method: 'leave-one-out', by: 'time' },
        model,
        training,
        seed: 1,
      },
      'test',
    );
    return { split: await prepareSplit(settings), victim: settings };
  };

  it('finds how many fake people it takes, and that leaving them out helps', async () => {
    const { split, victim } = await prepared('popularity');
    const cost = await costOfPushing({ engine, split, victim, attack: 'random', seed: 1 });
    expect(cost.clean.hits).toBeLessThan(cost.wanted);
    expect(cost.tried.map(({ fakes }) => fakes)).toEqual(
      [...cost.tried.map(({ fakes }) => fakes)].sort((a, b) => a - b),
    );
    const enough = cost.tried.find(({ hits }) => hits >= cost.wanted);
    expect(cost.enough).toBe(enough?.fakes ?? null);
    expect(cost.tried[cost.tried.length - 1].fakes).toBeLessThanOrEqual(25);
    expect(cost.fakes).toBe(cost.enough ?? 25);
  });

  it('asks for the defences that the training of the model has', async () => {
    const { split, victim } = await prepared('bpr-mf', { epochs: 2 });
    const outcomes = await defencesAgainst(
      { engine, split, victim, attack: 'bandwagon', seed: 1, threshold: 0.5 },
      { item: 70, fakes: 10 },
    );
    expect(outcomes.map(({ name }) => name)).toEqual([
      'none',
      'suspicious people left out',
      'people weighted by trust',
      'trimmed by 5 %',
      'adversarial, ε = 0.5',
    ]);
    for (const { hits, accuracy } of outcomes) {
      expect(hits).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeGreaterThan(0);
    }
    expect(outcomes[1].leftOut!.real + outcomes[1].leftOut!.fake).toBeLessThan(0.2 * 250);
  });

  it('is one page, as text and as Markdown', async () => {
    const { split } = await prepared('popularity');
    const found = await audit({ engine, split, victim: null, seed: 1 });
    expect(found.suspects.length).toBe(13);
    expect(found.trust.length).toBe(split.dataset.users.size);
    expect(found.trust.filter(([, trust]) => trust < 1).length).toBeLessThanOrEqual(found.suspicious);
    expect(found.suspects.filter(({ isSuspicious }) => isSuspicious).length).toBe(Math.min(20, found.suspicious));
    expect(found.above).toBeGreaterThanOrEqual(found.suspicious);
    expect(found.pushing).toBeNull();
    const pushing: Audit['pushing'] = {
      item: 'i|1',
      title: 'i|1',
      model: 'ease',
      metric: 'ndcg@10',
      attack: 'bandwagon',
      wanted: 0.01,
      clean: { hits: 0, accuracy: 0.1 },
      tried: [{ fakes: 3, hits: 0.02, accuracy: 0.1 }],
      enough: 3,
      fakes: 3,
      defences: [{ name: 'none|', how: '', hits: 0.02, accuracy: null }],
    };
    const whole = { ...found, pushing };
    const none = auditText({
      ...found,
      pushing: { ...pushing, tried: [], enough: 0, clean: { hits: 0.04, accuracy: 0 } },
    });
    expect(none).toContain('no fake people are needed: it is in 4.0 % without any');
    expect(none).not.toContain('Tried');
    expect(auditText(whole)).toContain('it takes 3 fake people (bandwagon); without any it is in 0.0 %');
    expect(auditMarkdown(whole)).toContain('| none\\| | 2.0 % |');
    expect(auditMarkdown(whole).startsWith(`# Audit of ${found.data}\n`)).toBe(true);
  });
});
