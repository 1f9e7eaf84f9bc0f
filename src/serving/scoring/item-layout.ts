/** Items as points of a plane, by the directions of their vectors. */
import { UMAP } from 'umap-js';
import { RandomStream } from '../../core/random.ts';
import { principalAxes } from '../../engine/linalg/principal-axes.ts';
import type { Directions, Layout, PlacedItems } from './question.ts';

/** The same map each time that it is drawn. */
const SEED = 1;
/** McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction. 2018; its defaults. */
const NEIGHBOURS = 15;
const LEAST_DISTANCE = 0.1;

/**
 * `axes`: along the two widest principal axes. `neighbours`: UMAP, which keeps those beside each other that are nearest; distances over
 * the plane say little, and it takes seconds. Items too few to have neighbours, or all alike, are laid out along axes.
 */
export function layOut({ items, width, unit }: Directions, method: Layout): PlacedItems {
  if (method === 'axes' || items.length <= NEIGHBOURS || isOnePoint(unit, width))
    return alongAxes(items.length, width, unit);
  const stream = new RandomStream(SEED, 'item-layout');
  const umap = new UMAP({
    nComponents: 2,
    nNeighbors: NEIGHBOURS,
    minDist: LEAST_DISTANCE,
    random: () => stream.uniform(),
  });
  const rows = items.map((_, n) => unit.slice(n * width, (n + 1) * width));
  return { layout: 'neighbours', coordinates: umap.fit(rows).flat(), explained: null };
}

function alongAxes(n: number, width: number, unit: readonly number[]): PlacedItems {
  const { coordinates, explained } = principalAxes(unit, n, width, 2);
  return { layout: 'axes', coordinates: [...coordinates], explained: [...explained] };
}

function isOnePoint(unit: readonly number[], width: number): boolean {
  return unit.every((value, k) => value === unit[k % width]);
}
