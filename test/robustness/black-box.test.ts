/** Attacks from outside: they learn from lists alone, ask no more than they may, and keep to the budget. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type AttackOrder, carryOut, type Oracle } from '../../src/robustness/attacks/attack.ts';
import { attackNamed } from '../../src/robustness/attacks/index.ts';
import { hitsOf } from '../../src/robustness/attacks/spied-hits.ts';
import type { FakeProfile } from '../../src/robustness/fake-profiles.ts';
import { temporaryFolder } from '../data/temporary-files.ts';
import { smallData } from './small-data.ts';

const data = smallData({ nUsers: 90, ratings: false });
const target = 38;
const { write } = temporaryFolder();

/** A recommender of one's own: a spy's list holds the target in place p, the better the more fake people took it beside item 0. */
function madeOracle(questions: number, seen: FakeProfile[][] = []): Oracle {
  let left = questions;
  return {
    k: 10,
    spies: Int32Array.from({ length: 20 }, (_, u) => u),
    get left() {
      return left;
    },
    async ask(profiles) {
      left--;
      seen.push([...profiles]);
      const good = profiles.filter(({ items }) => items.includes(target) && items.includes(0)).length;
      const lists = new Int32Array(200).fill(-1);
      for (let spy = 0; spy < Math.min(20, 2 * good); spy++) lists[spy * 10 + (spy % 10)] = target;
      return lists;
    },
  };
}

const order = (oracle: Oracle | undefined, seed = 1, more: Partial<AttackOrder> = {}): AttackOrder => ({
  data,
  targets: Int32Array.of(target),
  goal: 'promote',
  budget: { lengths: new Int32Array(10).fill(5) },
  random: new RandomStream(seed, 'attack'),
  engine: () => {
    throw new Error('no engine');
  },
  oracle,
  ...more,
});

it('counts hits of targets, those in earlier places a little more', () => {
  const lists = Int32Array.of(5, 7, -1, 7, 1, 2);
  expect(hitsOf(lists, Int32Array.of(7), 3)).toBeCloseTo(1 + 0.1 * (2 / 3) + (1 + 0.1), 12);
  expect(hitsOf(lists, Int32Array.of(9), 3)).toBe(0);
});

describe('poisonrec', () => {
  const answers = (profiles: readonly FakeProfile[]) =>
    profiles.filter(({ items }) => items.includes(target) && items.includes(0)).length;

  it('learns what is rewarded, and gives the best of what it asked', async () => {
    const seen: FakeProfile[][] = [];
    const oracle = madeOracle(400, seen);
    const profiles = await carryOut(attackNamed('poisonrec'), order(oracle));
    expect(oracle.left).toBe(0);
    const good = seen.map(answers);
    const meanOf = (part: number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    expect(meanOf(good.slice(-80))).toBeGreaterThan(meanOf(good.slice(0, 40)) + 2);
    expect(answers(profiles)).toBe(Math.max(...good));
  });

  it('is the same with the same seed, and refuses to work without a victim', async () => {
    const craft = (seed: number) => carryOut(attackNamed('poisonrec'), order(madeOracle(24), seed));
    expect(await craft(1)).toEqual(await craft(1));
    expect(await craft(2)).not.toEqual(await craft(1));
    await expect(carryOut(attackNamed('poisonrec'), order(undefined))).rejects.toMatchObject({ code: 'config' });
  });
});

describe('copy-attack', () => {
  it('copies windows around the target of people of a source', async () => {
    const people = Array.from({ length: 6 }, (_, p) =>
      Array.from({ length: 9 }, (_, n) => (n === 4 ? target : (p * 3 + n) % 30)),
    );
    const rows = people.flatMap((items, p) => items.map((item, n) => `s${p},i${item},${1000 + n}`));
    const source = write('source.csv', `user,item,time\n${rows.join('\n')}\nother,elsewhere,1\n`);
    const profiles = await carryOut(attackNamed('copy-attack', { source }), order(madeOracle(20)));
    expect(profiles).toHaveLength(10);
    for (const { items } of profiles) {
      expect(items).toContain(target);
      const text = `,${[...items].join(',')},`;
      expect(people.some((own) => `,${own.join(',')},`.includes(text))).toBe(true);
    }
  });

  it('rates what it copies as whoever it copies did, and the target highest', async () => {
    const rated = smallData({ nUsers: 90 });
    const { userIndex, itemIndex, rating, length } = rated.interactions;
    const given = new Set(Array.from({ length }, (_, row) => `${userIndex[row]} ${itemIndex[row]} ${rating![row]}`));
    const people = [...new Set(userIndex)];
    const profiles = await carryOut(attackNamed('copy-attack'), order(madeOracle(12), 1, { data: rated }));
    for (const { items, ratings } of profiles) {
      const others = [...items].flatMap((item, n) => (item === target ? [] : [`${item} ${ratings![n]}`]));
      expect(people.some((user) => others.every((each) => given.has(`${user} ${each}`)))).toBe(true);
      expect(ratings![items.indexOf(target)]).toBe(5);
    }
  });

  it('puts a target that nobody took into a profile, and refuses a source about other things', async () => {
    const source = write('plain.csv', 'user,item\na,i1\na,i2\nb,i2\nb,i3\n');
    for (const { items } of await carryOut(attackNamed('copy-attack', { source }), order(madeOracle(6))))
      expect(items[items.length - 1]).toBe(target);
    const foreign = write('foreign.csv', 'user,item\na,x\na,y\nb,x\n');
    await expect(carryOut(attackNamed('copy-attack', { source: foreign }), order(madeOracle(6)))).rejects.toMatchObject(
      {
        code: 'data',
      },
    );
  });
});
