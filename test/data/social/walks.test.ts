/** Walks over people and the items nearest to the one in question, against direct formulas on small made graphs. */
import { describe, expect, it } from 'vitest';
import { nearestItems } from '../../../src/data/social/nearest-items.ts';
import { SocialWalks, type WalkTokens } from '../../../src/data/social/walks.ts';
import { type SparseRows, sparseRows } from '../../../src/data/sparse-rows.ts';
import { testRandom } from '../made-data.ts';

const key = [7, 11] as const;

interface World {
  readonly friends: SparseRows;
  readonly rated: SparseRows;
  readonly rating: Float32Array;
  readonly nItems: number;
}

/** @param ratings [user, item, rating], in any order */
function world(nUsers: number, nItems: number, edges: [number, number][], ratings: [number, number, number][]): World {
  const sorted = [...ratings].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const columns = (rows: readonly (readonly number[])[], at: number) => Int32Array.from(rows, (row) => row[at]);
  return {
    friends: sparseRows(nUsers, columns(edges, 0), columns(edges, 1)),
    rated: sparseRows(nUsers, columns(sorted, 0), columns(sorted, 1)),
    rating: Float32Array.from(sorted, (row) => row[2]),
    nItems,
  };
}

function walksOf({ friends, rated, rating, nItems }: World, walks: number, steps: number, near = 50) {
  const level = Int32Array.from(rating, (value) => value);
  const nearest = nearestItems(rated, rating, nItems, near);
  return new SocialWalks({ friends, rated, level, nItems }, nearest, { walks, steps, key });
}

function tokens(n: number): WalkTokens {
  const [user, item, level] = Array.from({ length: 3 }, () => new Int32Array(n).fill(-9));
  return { user, item, level };
}

function madeWorld(seed: number, nUsers = 30, nItems = 20): World {
  const draw = testRandom(seed);
  const pairs = new Set<number>();
  while (pairs.size < nUsers * 4) pairs.add(draw(nUsers) * nItems + draw(nItems));
  const edges = new Set<number>();
  while (edges.size < nUsers * 3) {
    const [a, b] = [draw(nUsers), draw(nUsers)];
    if (a !== b) edges.add(a * nUsers + b);
  }
  return world(
    nUsers,
    nItems,
    [...edges].map((edge) => [Math.floor(edge / nUsers), edge % nUsers]),
    [...pairs].map((pair) => [Math.floor(pair / nItems), pair % nItems, 1 + draw(5)]),
  );
}

const ratingOf = ({ rated, rating }: World, user: number, item: number): number | null => {
  for (let n = rated.rowStart[user]; n < rated.rowStart[user + 1]; n++) if (rated.columns[n] === item) return rating[n];
  return null;
};

function cosine(made: World, a: number, b: number): number {
  let [product, first, second] = [0, 0, 0];
  for (let user = 0; user < made.rated.nRows; user++) {
    const [x, y] = [ratingOf(made, user, a) ?? 0, ratingOf(made, user, b) ?? 0];
    product += x * y;
    first += x * x;
    second += y * y;
  }
  return product === 0 ? 0 : product / Math.sqrt(first * second);
}

describe('nearest items', () => {
  it('are those of the highest cosine of their columns of ratings', () => {
    const made = madeWorld(3);
    const { rows, cosine: found } = nearestItems(made.rated, made.rating, made.nItems, 4);
    for (let item = 0; item < made.nItems; item++) {
      const all = Array.from({ length: made.nItems }, (_, other) => ({ other, value: cosine(made, item, other) }))
        .filter(({ other, value }) => other !== item && value > 0)
        .sort((a, b) => b.value - a.value || a.other - b.other)
        .slice(0, 4)
        .sort((a, b) => a.other - b.other);
      const [from, to] = [rows.rowStart[item], rows.rowStart[item + 1]];
      expect([...rows.columns.subarray(from, to)]).toEqual(all.map(({ other }) => other));
      all.forEach(({ value }, n) => {
        expect(found[from + n]).toBeCloseTo(value, 6);
      });
    }
  });

  it('of an item that nobody rated, or that is rated 0 by all, are none', () => {
    const { rated, rating } = world(
      2,
      4,
      [],
      [
        [0, 0, 0],
        [0, 1, 3],
        [1, 1, 2],
        [1, 2, 4],
      ],
    );
    const { rows } = nearestItems(rated, rating, 4, 3);
    expect([...rows.rowStart]).toEqual([0, 0, 1, 2, 2]);
    expect([...rows.columns]).toEqual([2, 1]);
  });
});

describe('walks', () => {
  it('go from friend to friend and end at somebody without', () => {
    // 0 → 1 → 2, who has no friends; 3 is alone
    const made = world(
      4,
      3,
      [
        [0, 1],
        [1, 2],
      ],
      [
        [1, 0, 4],
        [1, 1, 2],
        [2, 1, 5],
        [0, 0, 1],
      ],
    );
    const out = tokens(8);
    walksOf(made, 2, 4).fill(0, 2, [0, 0], out, 0);
    expect([...out.user]).toEqual([1, 2, -1, -1, 1, 2, -1, -1]);
    walksOf(made, 2, 4).fill(3, 2, [0, 0], out, 0);
    expect([...out.user, ...out.item, ...out.level]).toEqual(Array(24).fill(-1));
  });

  it('pass by people who rated nothing', () => {
    const made = world(
      3,
      2,
      [
        [0, 1],
        [1, 2],
      ],
      [[2, 1, 5]],
    );
    const out = tokens(3);
    walksOf(made, 1, 3).fill(0, 0, [4, 2], out, 0);
    expect([[...out.user], [...out.item], [...out.level]]).toEqual([
      [2, -1, -1],
      [1, -1, -1],
      [5, -1, -1],
    ]);
  });

  it('show of everybody the item that is nearest, its rating, and nothing else', () => {
    const made = madeWorld(5);
    const [walks, steps] = [3, 6];
    const drawn = walksOf(made, walks, steps);
    const out = tokens(walks * steps);
    const popularity = (item: number) => made.rated.columns.filter((other) => other === item).length;
    for (let user = 0; user < 30; user++)
      for (let item = 0; item < 20; item++) {
        drawn.fill(user, item, [user, item], out, 0);
        out.user.forEach((person, n) => {
          if (person < 0) return;
          const own = Array.from({ length: 20 }, (_, other) => other).filter(
            (other) => ratingOf(made, person, other) !== null && !(person === user && other === item),
          );
          expect(own).toContain(out.item[n]);
          expect(out.level[n]).toBe(ratingOf(made, person, out.item[n]));
          const near = (other: number) => (other === item ? 2 : cosine(made, item, other));
          const best = Math.max(...own.map(near));
          expect(near(out.item[n])).toBeCloseTo(best, 6);
          const alike = own.filter((other) => Math.abs(near(other) - best) < 1e-9);
          expect(popularity(out.item[n])).toBe(Math.max(...alike.map(popularity)));
        });
      }
  });

  it('never show the rating that is asked for', () => {
    // a friend's friend is oneself, and there is hardly anything else to show
    const made = world(
      2,
      2,
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 0, 5],
        [0, 1, 3],
        [1, 0, 2],
      ],
    );
    const out = tokens(4);
    walksOf(made, 1, 4).fill(0, 0, [1, 1], out, 0);
    expect([...out.user]).toEqual([1, 0, 1, 0]);
    expect([...out.item]).toEqual([0, 1, 0, 1]);
    expect([...out.level]).toEqual([2, 3, 2, 3]);
    const lonely = world(
      2,
      2,
      [
        [0, 1],
        [1, 0],
      ],
      [
        [0, 0, 5],
        [1, 0, 2],
      ],
    );
    walksOf(lonely, 1, 4).fill(0, 0, [1, 1], out, 0);
    expect([...out.user]).toEqual([1, 1, -1, -1]);
  });

  it('choose friends uniformly, and are the same for the same numbers alone', () => {
    const nFriends = 5;
    const made = world(
      6,
      1,
      Array.from({ length: nFriends }, (_, n): [number, number] => [0, n + 1]),
      Array.from({ length: nFriends }, (_, n): [number, number, number] => [n + 1, 0, 1]),
    );
    const drawn = walksOf(made, 4, 1);
    const count = new Int32Array(6);
    const out = tokens(4);
    for (let example = 0; example < 5000; example++) {
      drawn.fill(0, 0, [example, 0], out, 0);
      for (const user of out.user) count[user]++;
    }
    for (let user = 1; user <= nFriends; user++)
      expect(Math.abs(count[user] - 4000)).toBeLessThan(4 * Math.sqrt(4000 * 0.8));
    const [first, again, other] = [tokens(4), tokens(4), tokens(4)];
    drawn.fill(0, 0, [3, 1], first, 0);
    drawn.fill(0, 0, [8, 1], other, 0);
    walksOf(made, 4, 1).fill(0, 0, [3, 1], again, 0);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('are the same whichever way the nearest item is looked for', () => {
    const made = madeWorld(9, 12, 60);
    // many own items and short lists, or the other way round
    for (const near of [1, 2, 50]) {
      const out = tokens(10);
      const drawn = walksOf(made, 2, 5, near);
      drawn.fill(0, 5, [0, 0], out, 0);
      out.user.forEach((person, n) => {
        if (person >= 0) expect(ratingOf(made, person, out.item[n])).toBe(out.level[n]);
      });
    }
  });
});
