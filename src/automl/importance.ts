/**
 * How much each option mattered: how unlike the good trials are all trials along it. Watanabe, Bansal, Hutter: PED-ANOVA: Efficiently
 * Quantifying Hyperparameter Importance in Arbitrary Subspaces. IJCAI 2023, eq. (9): the Pearson divergence of the density of the good
 * trials from that of all,
 *
 *   v = Σ_x p(x) (p_good(x) / p(x) − 1)²          good: the best quarter of the trials of a model
 *
 * as shares of their sum over the options of a model.
 */
import { type Domain, isDiscrete, valueAt } from './domain.ts';
import { Density } from './parzen.ts';
import type { Parameter } from './sampler.ts';
import { ranked, type Trial } from './trial.ts';

export interface OptionImportance {
  /** Address of the option. */
  readonly name: string;
  /** Of the sum over the options of the model. */
  readonly share: number;
}

/** Trials of a model with an option before anything is said of it. */
export const LEAST_TRIALS = 10;
const GOOD_SHARE = 0.25;
const GRID = 64;

/** The options of a model, those that mattered most first; empty where there are too few trials. */
export function importances(trials: readonly Trial[], model: string, space: readonly Parameter[]): OptionImportance[] {
  const own = ranked(trials.filter((trial) => trial.model === model));
  const found = space.flatMap(({ name, domain }) => {
    const having = own.filter(({ point }) => name in point).map(({ point }) => ({ [name]: point[name] }));
    if (having.length < LEAST_TRIALS) return [];
    const alone = [{ name, domain }];
    const good = new Density(alone, having.slice(0, Math.ceil(GOOD_SHARE * having.length)));
    const all = new Density(alone, having);
    return [
      {
        name,
        value: divergence(
          domain,
          (value) => good.logOf({ [name]: value }),
          (value) => all.logOf({ [name]: value }),
        ),
      },
    ];
  });
  const total = found.reduce((sum, { value }) => sum + value, 0);
  return found
    .map(({ name, value }) => ({ name, share: total > 0 ? value / total : 0 }))
    .sort((a, b) => b.share - a.share || (a.name < b.name ? -1 : 1));
}

type LogDensity = (value: unknown) => number;

function divergence(domain: Domain, good: LogDensity, all: LogDensity): number {
  const values = gridOf(domain);
  const p = normalised(values.map((value) => Math.exp(all(value))));
  const q = normalised(values.map((value) => Math.exp(good(value))));
  return p.reduce((sum, each, k) => sum + each * (q[k] / each - 1) ** 2, 0);
}

/** Every value where there are few, else places at even distances. */
function gridOf(domain: Domain): unknown[] {
  const places = Array.from({ length: GRID }, (_, k) => (k + 0.5) / GRID);
  const values = domain.kind === 'choice' ? [...domain.values] : places.map((place) => valueAt(domain, place));
  return isDiscrete(domain) || domain.kind === 'number'
    ? [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
    : values;
}

function normalised(values: readonly number[]): number[] {
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
}
