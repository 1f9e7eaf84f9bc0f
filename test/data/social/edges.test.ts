/** Edges between users: what is read, what is dropped and said, and what their statistics show of made graphs. */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../../src/core/random.ts';
import { describeData } from '../../../src/data/describe.ts';
import { renderDescription } from '../../../src/data/describe-text.ts';
import { loadDataset } from '../../../src/data/load.ts';
import { shuffledEdges } from '../../../src/data/social/shuffled-edges.ts';
import { describeSocial } from '../../../src/data/social/statistics.ts';
import { testRandom } from '../made-data.ts';
import { messageOf, temporaryFolder } from '../temporary-files.ts';

const { write } = temporaryFolder();
const ratings = write('r.csv', 'user,item\na,x\na,y\nb,x\nb,y\nc,z\nd,z\n');

async function edges(text: string, options: object = {}): Promise<string[]> {
  const { social, users } = await loadDataset({ files: [ratings], social: write('edges.csv', text), ...options });
  const { from, to, weight } = social!;
  return Array.from(from, (user, n) => `${users.idOf(user)}${users.idOf(to[n])}${weight ? weight[n] : ''}`);
}

async function warnings(text: string): Promise<string> {
  const dataset = await loadDataset({ files: [ratings], social: write('edges.csv', text) });
  return dataset.warnings.join('\n');
}

describe('a file of edges', () => {
  it('is kept without repeats, loops and strangers, ordered by its ends', async () => {
    const text = 'source,target\nc,a\na,b\na,a\na,b\na,ghost\nb,a\n';
    expect(await edges(text)).toEqual(['ab', 'ba', 'ca']);
    const told = await warnings(text);
    expect(told).toMatch(/1 edge to or from users without interactions left out/);
    expect(told).toMatch(/1 edge from a user to itself dropped/);
    expect(told).toMatch(/1 edge repeating another/);
  });

  it('has the last weight of a repeated edge, and none that says distrust', async () => {
    const text = 'truster,trustee,trust\na,b,1\na,b,3\nb,c,-1\nc,d,0.5\nd,a,\n';
    expect(await edges(text)).toEqual(['ab3', 'cd0.5', 'da1']);
    expect(await warnings(text)).toMatch(/1 edge with a weight of 0 or less dropped \(distrust\)/);
    expect(await edges(text, { socialColumns: ['truster', 'trustee'] })).toEqual(['ab', 'bc', 'cd', 'da']);
    expect(await edges('p,q,w\na,b,7\n', { socialColumns: ['q', 'p', 'w'] })).toEqual(['ba7']);
  });

  it('counts both ways where that is said; what is written decides the weight', async () => {
    const text = 'from,to,weight\na,b,1\nc,d,4\nb,a,2\n';
    expect(await edges(text, { socialBothWays: true })).toEqual(['ab1', 'ba2', 'cd4', 'dc4']);
    expect(await edges('from,to\na,b\nc,d\n', { socialBothWays: true })).toEqual(['ab', 'ba', 'cd', 'dc']);
  });

  it.each([
    ['user\na\nb\n', /needs two columns of users, found one \(user\)/],
    ['source,target\nx,y\n', /none of its 1 edges joins two users of the interactions \(1 edge to or from/],
    ['source,target\na,a\n', /none of its 1 edges joins two users of the interactions \(1 edge from a user to itself/],
    ['source,target,weight\na,b,much\n', /edge 1: the weight of an edge must be a number, found "much"/],
    ['who,whom,when\na,b,1\n', /need a source and a target column/],
  ])('%j is refused', async (text, message) => {
    expect(await messageOf(() => edges(text))).toMatch(message);
  });
});

describe('shuffled edges', () => {
  // 60 people: 400 edges, about a third of them both ways
  const draw = testRandom(8);
  const drawn = Array.from({ length: 300 }, () => [draw(60), draw(60)] as const).filter(([a, b]) => a !== b);
  const back = drawn.slice(0, 70).map(([a, b]) => [b, a] as const);
  const distinct = [...new Set([...drawn, ...back].map(([a, b]) => 100 * a + b))].sort((a, b) => a - b);
  const from = Int32Array.from(distinct, (key) => Math.floor(key / 100));
  const to = Int32Array.from(distinct, (key) => key % 100);
  const weight = from.map((a) => a + 1);
  const real = { from, to, weight: Float32Array.from(weight) };
  const keys = (edges: { from: Int32Array; to: Int32Array }) => Array.from(edges.from, (a, n) => 100 * a + edges.to[n]);
  const counts = (index: Iterable<number>): number[] => {
    const n = Array(60).fill(0);
    for (const user of index) n[user]++;
    return n;
  };
  const mutual = (edges: { from: Int32Array; to: Int32Array }): number[] => {
    const all = new Set(keys(edges));
    return counts(edges.from.filter((a, n) => all.has(100 * edges.to[n] + a)));
  };

  it('leave everybody as many out, in and both ways, with other people', () => {
    const shuffled = shuffledEdges(real, 60, new RandomStream(3, 'edges'));
    expect(counts(shuffled.from)).toEqual(counts(from));
    expect(counts(shuffled.to)).toEqual(counts(to));
    expect(mutual(shuffled)).toEqual(mutual(real));
    expect(mutual(real).reduce((a, b) => a + b)).toBeGreaterThan(100);
    expect(shuffled.from.every((a, n) => a !== shuffled.to[n] && shuffled.weight![n] === a + 1)).toBe(true);
    const found = keys(shuffled);
    expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
    // of 400 edges among 60 people some 400 · 400 / 3,540 = 45 are among the real ones by chance
    const old = new Set(keys(real));
    expect(found.filter((key) => old.has(key)).length).toBeLessThan(90);
  });

  it('depend on the seed alone, and are said', async () => {
    const shuffle = (seed: number) => keys(shuffledEdges(real, 60, new RandomStream(seed, 'edges')));
    expect(shuffle(3)).toEqual(shuffle(3));
    expect(shuffle(4)).not.toEqual(shuffle(3));
    const social = write('four.csv', 'source,target\na,b\nc,d\n');
    const dataset = await loadDataset({ files: [ratings], social, socialShuffle: 1 });
    expect(dataset.warnings.join('\n')).toMatch(/edges shuffled \(socialShuffle 1\): everybody has as many as before/);
    const without = loadDataset({ files: [ratings], social: null, socialShuffle: 1 });
    await expect(without).rejects.toThrow('socialShuffle: must be about a file of edges');
  });
});

describe('what a graph shows', () => {
  it('known shares and counts', async () => {
    const social = write('some.csv', 'source,target\na,b\nb,a\na,c\n');
    const description = await describeData({ files: [ratings], social });
    expect(description.social).toMatchObject({
      nEdges: 3,
      columns: { from: 'source', to: 'target', weight: null },
      mutual: 2 / 3,
      withFriends: 0.5,
      friendsPerUser: { min: 1, median: 1.5, max: 2 },
      largestGroup: 0.75,
    });
    expect(renderDescription(description)).toMatch(/3 social edges \(source → target\), 66\.7 % of them go back too/);
    expect((await describeData({ files: [ratings], social: null })).social).toBeNull();
  });

  it('friends of one club are alike, friends at random are not', () => {
    const draw = testRandom(5);
    const nUsers = 200;
    const rows = Array.from({ length: nUsers * 20 }, (_, n) => n % nUsers);
    // people of a club take half of the items each
    const userIndex = Int32Array.from(rows);
    const itemIndex = Int32Array.from(rows, (user) => 2 * draw(40) + (user % 2));
    const graph = (friend: (user: number) => number) => {
      const from = Int32Array.from({ length: 1000 }, (_, n) => n % nUsers);
      return { from, to: from.map(friend), weight: null };
    };
    const alike = graph((user) => (user + 2 * (1 + draw(90))) % nUsers);
    const random = graph((user) => (user + 1 + draw(nUsers - 1)) % nUsers);
    const [near, far] = [alike, random].map((each) => {
      const { homophily } = describeSocial(each, nUsers, 80, { userIndex, itemIndex });
      return homophily!.friends / homophily!.strangers;
    });
    expect(near).toBeGreaterThan(1.7);
    expect(far).toBeGreaterThan(0.85);
    expect(far).toBeLessThan(1.15);
  });

  it('one user with very many friends', () => {
    const n = 300_000;
    const from = new Int32Array(n);
    const to = Int32Array.from({ length: n }, (_, k) => k + 1);
    const one = new Int32Array(1);
    const shown = describeSocial({ from, to, weight: null }, n + 1, 1, { userIndex: one, itemIndex: one });
    expect(shown).toMatchObject({
      nEdges: n,
      mutual: 0,
      largestGroup: 1,
      friendsPerUser: { min: n, median: n, max: n },
    });
    expect(shown.homophily).toBeNull();
  });
});
