/**
 * Edges between anybody in place of the real ones, as a control: what a model gains by friends it must lose with these. Everybody keeps as many edges
 * out, as many in, and as many that go both ways; who is at their other end is chance.
 *
 * Two edges drawn at random exchange their ends, again and again, unless that made a loop or an edge twice (Maslov, Sneppen: Science 296, 2002). Edges that go both ways
 * exchange ends with such edges alone.
 */
import type { RandomStream } from '../../core/random.ts';
import type { SocialGraph } from '../dataset.ts';

type Edges = Pick<SocialGraph, 'from' | 'to' | 'weight'>;

/** Exchanges that are tried for each edge: enough that no more of the old edges are left than chance makes (Milo et al., 2003: 100 are safe, about 10 do). */
const TRIES = 10;

/**
 * @param edges without loops and repeats
 * @returns ordered by their ends; a weight stays with the user from whom its edge goes
 */
export function shuffledEdges({ from, to, weight }: Edges, nUsers: number, random: RandomStream): Edges {
  const keyOf = (a: number, b: number): number => a * nUsers + b;
  const edgeOf = new Map<number, number>();
  for (let edge = 0; edge < from.length; edge++) edgeOf.set(keyOf(from[edge], to[edge]), edge);
  const target = to.slice();
  const isFree = (a: number, b: number): boolean => a !== b && !edgeOf.has(keyOf(a, b)) && !edgeOf.has(keyOf(b, a));
  const move = (edge: number, end: number): void => {
    edgeOf.delete(keyOf(from[edge], target[edge]));
    target[edge] = end;
    edgeOf.set(keyOf(from[edge], end), edge);
  };
  const back = Int32Array.from(from, (a, edge) => edgeOf.get(keyOf(to[edge], a)) ?? -1);
  const edges = Array.from(from, (_, edge) => edge);
  const oneWay = edges.filter((edge) => back[edge] < 0);
  const mutual = edges.filter((edge) => back[edge] >= 0);
  for (const kind of [oneWay, mutual])
    for (let n = 0; n < TRIES * kind.length; n++) {
      const [first, second] = [kind[random.below(kind.length)], kind[random.below(kind.length)]];
      const [a, b, c, d] = [from[first], target[first], from[second], target[second]];
      if (!isFree(a, d) || !isFree(c, b)) continue;
      if (kind === oneWay) {
        move(first, d);
        move(second, b);
        continue;
      }
      // {a, b} and {c, d} become {a, d} and {c, b}: the edges back go with them
      const [toA, toC] = [back[first], back[second]];
      move(first, d);
      move(toC, a);
      move(second, b);
      move(toA, c);
      [back[first], back[toC], back[second], back[toA]] = [toC, first, toA, second];
    }
  const order = Int32Array.from(edges).sort((x, y) => from[x] - from[y] || target[x] - target[y]);
  return {
    from: Int32Array.from(order, (edge) => from[edge]),
    to: Int32Array.from(order, (edge) => target[edge]),
    weight: weight && Float32Array.from(order, (edge) => weight[edge]),
  };
}
