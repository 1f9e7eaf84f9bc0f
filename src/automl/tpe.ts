/**
 * The tree-structured Parzen estimator. Bergstra, Bardenet, Bengio, Kégl: Algorithms for Hyper-Parameter Optimization. NIPS 2011, §4.
 *
 *   l(x) the density of the best trials, g(x) that of the others; of 24 draws from l the one with the largest l(x) / g(x)
 */

import { valueAt } from './domain.ts';
import { Density } from './parzen.ts';
import { chooseEach, type Observation, type Sampler } from './sampler.ts';

export interface TpeOptions {
  /** Trials before the densities are asked. */
  readonly startup: number;
  readonly candidates: number;
  /** How many of n trials are the best. */
  readonly nBest: (n: number) => number;
}

export const tpeDefaults: TpeOptions = {
  startup: 10,
  candidates: 24,
  nBest: (n) => Math.min(Math.ceil(0.1 * n), 25),
};

export function tpe(options: Partial<TpeOptions> = {}): Sampler {
  const { startup, candidates, nBest } = { ...tpeDefaults, ...options };
  return {
    name: 'tpe',
    propose: (space, observed, random) => {
      if (observed.length < startup) return chooseEach(space, ({ domain }) => valueAt(domain, random.uniform()));
      const isBest = bestOf(observed, nBest(observed.length));
      const points = (which: boolean) => observed.filter((_, k) => isBest.has(k) === which).map(({ point }) => point);
      const best = new Density(space, points(true));
      const rest = points(false);
      const others = new Density(space, rest, fading(rest.length));
      let chosen = best.draw(random);
      let most = best.logOf(chosen) - others.logOf(chosen);
      for (let draw = 1; draw < candidates; draw++) {
        const point = best.draw(random);
        const gain = best.logOf(point) - others.logOf(point);
        if (gain > most) [chosen, most] = [point, gain];
      }
      return chosen;
    },
  };
}

/** Places of the n best. */
function bestOf(observed: readonly Observation[], n: number): Set<number> {
  const places = observed.map((_, k) => k).sort((a, b) => observed[b].value - observed[a].value || a - b);
  return new Set(places.slice(0, n));
}

/** Trials that count in full. */
const RECENT = 25;

/** Weights of n trials, the oldest first: all but the last 25 fade away evenly (Bergstra, Yamins, Cox: Making a Science of Model Search. ICML 2013). */
function fading(n: number): number[] {
  return Array.from({ length: n }, (_, k) => Math.min(1, (k + 1) / Math.max(1, n - RECENT)));
}
