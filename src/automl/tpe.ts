/**
 * The tree-structured Parzen estimator. Bergstra, Bardenet, Bengio, Kégl: Algorithms for Hyper-Parameter Optimization. NIPS 2011, §4.
 *
 *   l(x) the density of the best trials, g(x) that of the others; of 24 draws from l the one with the largest l(x) / g(x)
 */

import { valueAt } from './domain.ts';
import { Density } from './parzen.ts';
import { chooseEach, type Sampler } from './sampler.ts';

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
      const points = [...observed].sort((a, b) => b.value - a.value).map(({ point }) => point);
      const n = nBest(points.length);
      const best = new Density(space, points.slice(0, n));
      const others = new Density(space, points.slice(n));
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
