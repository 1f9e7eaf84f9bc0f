/** From the answers of a server to a log of decisions, and what `policy evaluate` makes of it. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { openStore } from '../../src/serving/store/open-store.ts';
import { workplace } from '../cli/command-line.ts';

const place = workplace();
const items = ['f1', 'f2', 'f3'];
const nLists = 600;

it('holds lists with probabilities and what came of them, and judges another policy', async () => {
  const random = new RandomStream(3, 'lists');
  const store = await openStore(place.path('told.db'));
  const given = (
    n: number,
    shown: readonly string[],
    probabilities: readonly number[],
    before: readonly string[] = [],
  ) => ({
    ...{ id: `list${n}`, time: 1_700_000_000_000 + n, user: n % 2 === 0 ? `u${n % 7}` : null, session: null },
    ...{ model: 'films', version: 'v', scenario: 'home', variant: n % 3 === 0 ? 'bold' : null, request: {}, before },
    items: shown.map((id, k) => ({ id, route: 'model', probability: probabilities[k] })),
  });
  let taken = 0;
  for (let n = 0; n < nLists; n++) {
    const item = items[random.below(3)];
    await store.addRecommendation(given(n, [item], [1 / 3]));
    const about = { item, value: 2, time: 1_700_000_000_000 + n, session: null, recommendation: `list${n}` };
    const user = `u${n % 7}`;
    await store.addEvents([{ ...about, id: `i${n}`, user, type: 'impression' }]);
    if (random.uniform() >= (item === 'f1' ? 0.8 : 0.2)) continue;
    taken++;
    await store.addEvents([
      { ...about, id: `a${n}`, user, type: 'view' },
      { ...about, id: `b${n}`, user, type: 'buy' },
      { ...about, id: `c${n}`, user, type: 'view', item: 'elsewhere', recommendation: null },
    ]);
  }
  await store.addRecommendation({ ...given(nLists, ['f2', 'f3'], [0.5, 1], ['f1']), scenario: 'shelf' });
  await store.close();

  const args = ['policy', 'log', '--store', 'told.db', '--out'];
  const { code, stderr, stdout } = await place.run([...args, 'decisions.csv', '--scenario', 'home', '--json']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({ lists: nLists, rows: nLists, rewarded: taken, byChance: nLists });
  const [head, ...rows] = readFileSync(place.path('decisions.csv'), 'utf8').trim().split('\n');
  expect(head).toBe('list_id,position,user_id,item_id,propensity,reward,time,model,scenario,scenario_variant');
  expect(rows).toHaveLength(nLists);
  expect(rows[0]).toMatch(/^list0,1,u0,f\d,0\.3333333333333333,[01],1700000000,films,home,bold$/);
  expect(rows[1]).toMatch(/^list1,1,,f\d,0\.33\d+,[01],1700000000,films,home,$/);
  const evaluate = ['policy', 'evaluate', 'decisions.csv', '--policy', 'always:f1', '--reward-model', 'mean'];
  const judged = await place.run([...evaluate, '--json', '--quiet']);
  expect(judged.code, judged.stderr).toBe(0);
  const { estimates, support } = JSON.parse(judged.stdout).policies[0];
  const snips = estimates.find(({ estimator }: { estimator: string }) => /snips/i.test(estimator));
  expect(support.refusals).toEqual([]);
  expect(snips.low).toBeLessThan(0.8);
  expect(snips.high).toBeGreaterThan(0.8);
  expect(snips.low).toBeGreaterThan(0.5);

  // pages go on where the ones before ended; values are added up, but not of what was only shown
  await place.run([...args, 'all.jsonl', '--reward', 'value']);
  const all = readFileSync(place.path('all.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(all.slice(-2)).toMatchObject([
    { list_id: `list${nLists}`, position: 2, item_id: 'f2', propensity: 0.5, reward: 0, scenario: 'shelf' },
    { list_id: `list${nLists}`, position: 3, item_id: 'f3', propensity: 1, reward: 0 },
  ]);
  expect(all.reduce((sum, { reward }) => sum + reward, 0)).toBe(4 * taken);

  const none = await place.run([...args, 'none.csv', '--scenario', 'nowhere']);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('lists of the scenario "nowhere", found none')]);
  expect((await place.run([...args, 'none.csv', '--since', 'yesterday'])).stderr).toContain('--since: must be a date');
});
