/**
 * A density over a space from points that were observed: a mixture of one part for each of them and one, wide, for the prior. In a part the
 * parameters are independent: numbers are normal, cut off at the ends of their interval; of values without order the observed one is the
 * likeliest. A parameter that an observed point does not have is as wide in its part as in the prior. Bergstra, Bardenet, Bengio, Kégl:
 * Algorithms for Hyper-Parameter Optimization. NIPS 2011, §4; parts over all parameters together: Falkner, Klein, Hutter: BOHB. ICML 2018.
 */
import type { RandomStream } from '../core/random.ts';
import { cellOf, type Domain, indexOf, isOrdered, placeOf, valueAt } from './domain.ts';
import { normalBelow, normalDensity } from './normal.ts';
import { chooseEach, type Parameter, type Point, type Space } from './sampler.ts';

/** A value in one of the parts. */
interface Kernel {
  draw(random: RandomStream): unknown;
  /** Probability of a value, or the density at it. */
  at(value: unknown): number;
}

export class Density {
  readonly #space: Space;
  /** Part → the kernel of each parameter; the last part is the prior. */
  readonly #parts: ReadonlyMap<string, Kernel>[];
  /** Of the parts; that of the prior is 1. */
  readonly #weights: readonly number[];
  readonly #total: number;

  /** @param weights of the points beside that of the prior, which is 1; absent = 1 each */
  constructor(space: Space, observed: readonly Point[], weights: readonly number[] = observed.map(() => 1)) {
    this.#space = space;
    this.#weights = [...weights, 1];
    this.#total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    const columns = space.map((parameter) => kernelsOf(parameter, observed));
    this.#parts = Array.from(
      { length: observed.length + 1 },
      (_, part) => new Map(space.map(({ name }, k) => [name, columns[k][part]])),
    );
  }

  draw(random: RandomStream): Point {
    const part = this.#parts[this.#drawPart(random.uniform() * this.#total)];
    return chooseEach(this.#space, ({ name }) => part.get(name)!.draw(random));
  }

  #drawPart(at: number): number {
    let left = at;
    const found = this.#weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    return found < 0 ? this.#weights.length - 1 : found;
  }

  /** ln of the density at a point. */
  logOf(point: Point): number {
    const values = Object.entries(point);
    let sum = 0;
    this.#parts.forEach((part, k) => {
      let product = this.#weights[k];
      for (const [name, value] of values) product *= part.get(name)!.at(value);
      sum += product;
    });
    return Math.log(Math.max(sum / this.#total, Number.MIN_VALUE));
  }
}

/** One for each point, and that of the prior. */
function kernelsOf({ name, domain }: Parameter, observed: readonly Point[]): Kernel[] {
  const prior = isOrdered(domain) ? normalKernel(domain, 0.5, 1) : uniformKernel(domain);
  const having = observed.flatMap((point, part) => (name in point ? [{ part, value: point[name] }] : []));
  const kernels = new Array<Kernel>(observed.length + 1).fill(prior);
  if (isOrdered(domain)) {
    const places = having.map(({ value }) => placeOf(domain, value));
    const widths = bandwidths(places, observed.length + 1);
    having.forEach(({ part }, k) => {
      kernels[part] = normalKernel(domain, places[k], widths[k]);
    });
  } else for (const { part, value } of having) kernels[part] = favouring(domain, value, 1 / (observed.length + 1));
  return kernels;
}

/** The larger of the distances to the neighbours on both sides; those at the ends have one. Within bounds that shrink with the parts. */
function bandwidths(places: readonly number[], nParts: number): Float64Array {
  const order = places.map((_, k) => k).sort((a, b) => places[a] - places[b]);
  const narrowest = 1 / Math.min(100, nParts + 1);
  const widths = new Float64Array(places.length);
  order.forEach((k, rank) => {
    const below = rank > 0 ? places[k] - places[order[rank - 1]] : places.length === 1 ? places[k] : 0;
    const above =
      rank + 1 < order.length ? places[order[rank + 1]] - places[k] : places.length === 1 ? 1 - places[k] : 0;
    widths[k] = Math.min(1, Math.max(narrowest, below, above));
  });
  return widths;
}

function normalKernel(domain: Domain, center: number, width: number): Kernel {
  const below = (place: number): number => normalBelow((place - center) / width);
  const mass = below(1) - below(0);
  return {
    draw: (random) => {
      // by rejection: the center lies in the interval, so that a third of the draws do
      for (;;) {
        const place = center + width * random.normal();
        if (place >= 0 && place < 1) return valueAt(domain, place);
      }
    },
    at: (value) => {
      const { from, to } = cellOf(domain, value);
      if (from === to) return normalDensity((from - center) / width) / (width * mass);
      return (below(to) - below(from)) / mass;
    },
  };
}

function uniformKernel(domain: Domain): Kernel {
  return {
    draw: (random) => valueAt(domain, random.uniform()),
    at: (value) => {
      const { from, to } = cellOf(domain, value);
      return to - from;
    },
  };
}

/** @param spare shared by all values, the favoured one too */
function favouring(domain: Domain, value: unknown, spare: number): Kernel {
  const even = uniformKernel(domain);
  return {
    draw: (random) => (random.uniform() < 1 / (1 + spare) ? value : even.draw(random)),
    at: (other) =>
      ((domain.kind === 'choice' && indexOf(domain, other) === indexOf(domain, value) ? 1 : 0) +
        spare * even.at(other)) /
      (1 + spare),
  };
}
