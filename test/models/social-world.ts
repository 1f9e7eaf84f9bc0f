/** Made ratings of people who know each other. */
import type { Split } from '../../src/data/dataset.ts';
import { testRandom } from '../data/made-data.ts';
import { type Rating, ratingSplit } from './rating-world.ts';

/** Directed edges. */
export type Edge = readonly [number, number];

export function withFriends(split: Split, edges: readonly Edge[]): Split {
  const social = {
    from: Int32Array.from(edges, ([from]) => from),
    to: Int32Array.from(edges, ([, to]) => to),
    weight: null,
  };
  return { ...split, dataset: { ...split.dataset, social } };
}

/**
 * Circles of people with one taste each: half of the circles like the even items and dislike the odd ones, the others the other way
 * round. Somebody's few ratings are so noisy that they hardly tell the taste; those of the whole circle do. Nobody is more generous
 * and no item better than others, so that biases say nothing.
 * @param friends `circle`: everybody names some of the own circle; `random`: as many of anybody
 * @param isNoisy false: everybody's own ratings tell the taste without error
 */
export function tasteWorld(friends: 'circle' | 'random', isNoisy = true): Split {
  const [nUsers, nCircles, nItems] = [400, 20, 20];
  const below = testRandom(17);
  const edges: Edge[] = [];
  const [train, validation, test]: Rating[][] = [[], [], []];
  for (let user = 0; user < nUsers; user++) {
    const circle = user % nCircles;
    const seen = new Set<number>();
    while (seen.size < 7) seen.add(below(nItems));
    [...seen].forEach((item, n) => {
      const isLiked = circle % 2 === item % 2;
      // right four times out of five
      const isTrue = below(5) > 0 || !isNoisy;
      const part = n < 4 ? train : n < 5 ? validation : test;
      part.push([user, item, isLiked === isTrue ? 5 : 1]);
    });
    for (let k = 0; k < 5; k++) {
      const inCircle = circle + nCircles * below(nUsers / nCircles);
      const anybody = below(nUsers);
      const friend = friends === 'circle' ? inCircle : anybody;
      if (friend !== user) edges.push([user, friend]);
    }
  }
  return withFriends(ratingSplit(nUsers, nItems, { train, validation, test }), edges);
}
