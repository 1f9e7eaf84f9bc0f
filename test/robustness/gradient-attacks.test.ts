/** Attacks by gradients on a small world: within their budget, the same with the same seed, and stronger than simple ones on the kind of victim that they know. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { type AttackOrder, carryOut } from '../../src/robustness/attacks/attack.ts';
import { attackNamed } from '../../src/robustness/attacks/index.ts';
import { drawBudget } from '../../src/robustness/budget.ts';
import { measureAttacks } from '../../src/robustness/measure-attacks.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { smallData } from './small-data.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const quick = { steps: 6, factors: 8 };
const known: readonly (readonly [string, object])[] = [
  ['als-gradient', quick],
  ['revadv', { ...quick, epochs: 60, unrolled: 10 }],
  ['pga', { ...quick, factors: 4 }],
];

function order(goal: AttackOrder['goal'], seed = 1): AttackOrder {
  const data = smallData({ nUsers: 80, nItems: 120 });
  const random = new RandomStream(seed, 'attack');
  return {
    data,
    targets: Int32Array.of(110, 115),
    goal,
    budget: drawBudget(data, { count: 4 }, 'matched', random.child('budget')),
    random,
    engine: () => engine,
  };
}

describe.each(known)('%s', (name, options) => {
  it.each(['promote', 'demote'] as const)(
    'to %s: profiles as long as the budget says, the same with the same seed',
    async (goal) => {
      const craft = (seed: number) => carryOut(attackNamed(name, options), order(goal, seed));
      const profiles = await craft(1);
      expect(profiles.map(({ items }) => items.length)).toEqual([...order(goal).budget.lengths]);
      for (const { items, ratings } of profiles) {
        const isHeld = [110, 115].filter((target) => items.includes(target));
        if (goal === 'promote') expect(isHeld).toHaveLength(2);
        if (goal === 'promote' || name === 'pga')
          for (const target of isHeld) expect(ratings![items.indexOf(target)]).toBe(goal === 'promote' ? 5 : 1);
      }
      expect(await craft(1)).toEqual(profiles);
      expect(await craft(2)).not.toEqual(profiles);
    },
  );
});

it('the exact gradient lifts targets further than a simple attack on the victim that it knows', async () => {
  const world = simulateFilmClub({ nUsers: 400, nItems: 300 }).dataset;
  const { outcomes } = await measureAttacks(engine, {
    split: splitDataset(world, { method: 'ratio', by: 'random' }),
    victims: [parseRunSettings({ data: { files: ['x'] }, model: 'ials', config: { factors: 16 } })],
    attacks: [attackNamed('bandwagon'), attackNamed('als-gradient', { steps: 8, factors: 16, temperature: 0.1 })],
    budgets: [{ share: 0.02 }],
    targets: { drawn: 'unpopular', count: 5 },
    goal: 'promote',
    seeds: [1, 2],
  });
  const [simple, exact] = outcomes.map(({ hits }) => hits['hr@50'].difference.mean);
  expect(simple).toBeGreaterThan(0);
  expect(exact / simple).toBeGreaterThan(1.25);
}, 60_000);

it('refuses gradients of a victim that has none, and names the grey box', async () => {
  const split = splitDataset(smallData(), { method: 'ratio', by: 'random' });
  const measured = (options: object) =>
    measureAttacks(engine, {
      split,
      victims: [parseRunSettings({ data: { files: ['x'] }, model: 'popularity' })],
      attacks: [attackNamed('als-gradient', { ...quick, steps: 1, ...options })],
      budgets: [{ count: 2 }],
      targets: { ids: ['i30'] },
      goal: 'promote',
      seeds: [1],
    });
  await expect(measured({})).rejects.toThrow(/revadv/);
  expect((await measured({ greyBox: true })).outcomes).toHaveLength(1);
});
