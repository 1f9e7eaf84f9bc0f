/**
 * A matrix factorisation by alternating least squares with fake people in it, and the exact gradient of any loss of its vectors with respect
 * to what these take. At the solution users x = X(y), items y = Y(x); with Jacobians J of the two half-steps the gradient is the sum of the
 * series that goes back through ever earlier half-steps,
 *   ḡ_y ← ∂L/∂y + J_Xᵀ ∂L/∂x,   then again and again   ḡ_x = J_Yᵀ ḡ_y,   ḡ_y ← J_Xᵀ ḡ_x,
 * each adding what the entries of fake people do in that half-step (implicit differentiation by fixed-point iteration: Christianson 1994). It
 * converges as fast as the alternation itself. Directions in which users and items turn together change no score and no loss.
 */
import type { RandomStream } from '../../core/random.ts';
import type { SparseRows } from '../../data/sparse-rows.ts';
import { RidgeHalfStep, type RidgeOptions } from './ridge-half-step.ts';
import { dotRows } from './vectors.ts';
import { type FakeEntries, transposed, withFakeRows } from './weighted-rows.ts';

export interface AlsOptions extends RidgeOptions {
  /** Standard deviation of the start values, divided by √d. */
  readonly deviation: number;
}

/** Vectors of people, fake ones last, and of items, each [n × d]. */
export interface Vectors {
  readonly users: Float64Array;
  readonly items: Float64Array;
}

/** Gradients of a loss by what fake people take, dense [A × items]. */
export interface FakeGradient {
  /** By the weights of entries; of those that are not there, as if their value were 1. */
  readonly weight: Float64Array;
  /** By the values of entries, of weight 1 where they are not there. */
  readonly value: Float64Array;
}

export class Als {
  readonly #options: AlsOptions;
  readonly #nItems: number;
  readonly #nReal: number;
  readonly #nFakes: number;
  readonly #userStep: RidgeHalfStep;
  readonly #itemStep: RidgeHalfStep;
  #vectors: Vectors;

  /**
   * @param start items' vectors from which to go on; absent = drawn
   * @param value ratings of real people in the order of the columns; null = all 1
   */
  constructor(
    real: SparseRows,
    nItems: number,
    value: Float64Array | null,
    fakes: FakeEntries,
    options: AlsOptions,
    start: Float64Array | RandomStream,
  ) {
    const rows = withFakeRows(real, nItems, value, fakes);
    this.#options = options;
    this.#nItems = nItems;
    this.#nReal = real.nRows;
    this.#nFakes = rows.nRows - real.nRows;
    this.#userStep = new RidgeHalfStep(rows, options);
    this.#itemStep = new RidgeHalfStep(transposed(rows), options);
    const items = start instanceof Float64Array ? start.slice() : startValues(nItems, options, start);
    this.#vectors = { items, users: this.#userStep.solve(items) };
  }

  get vectors(): Vectors {
    return this.#vectors;
  }

  /** So many times all items and then all people are solved. */
  sweep(times: number): void {
    for (let n = 0; n < times; n++) {
      const items = this.#itemStep.solve(this.#vectors.users);
      this.#vectors = { items, users: this.#userStep.solve(items) };
    }
  }

  /**
   * @param users, items gradient of the loss by the vectors of people (fake ones too) and of items
   * @param rounds how many half-steps back the series goes, or as many as change it by more than 1e-10 of itself
   */
  gradient({ users: toUsers, items: toItems }: Vectors, rounds: number): FakeGradient {
    const { users, items } = this.#vectors;
    const n = this.#nFakes * this.#nItems;
    const total: FakeGradient = { weight: new Float64Array(n), value: new Float64Array(n) };
    // items as they were solved for these people: the factored systems of both half-steps are those of the solution
    const solvedItems = this.#itemStep.solve(users);
    let back = toUsers;
    let direct: Float64Array | null = toItems;
    for (let round = 0; round < rounds; round++) {
      const v = this.#userStep.solveAdjoint(back);
      const before = size(total);
      this.#addFromPeople(total, users, items, v);
      const toFeatures = this.#userStep.toFeatures(items, users, v);
      if (direct) for (let k = 0; k < toFeatures.length; k++) toFeatures[k] += direct[k];
      direct = null;
      const vItems = this.#itemStep.solveAdjoint(toFeatures);
      this.#addFromItems(total, users, solvedItems, vItems);
      back = this.#itemStep.toFeatures(users, solvedItems, vItems);
      if (round > 0 && Math.abs(size(total) - before) <= 1e-10 * before) break;
    }
    return total;
  }

  /** What entries do to the vector of the fake person who has them. */
  #addFromPeople(total: FakeGradient, users: Float64Array, items: Float64Array, v: Float64Array): void {
    const d = this.#options.factors;
    for (let k = 0; k < this.#nFakes; k++)
      for (let item = 0; item < this.#nItems; item++) {
        const at = k * this.#nItems + item;
        total.weight[at] += this.#userStep.toWeight(this.#nReal + k, item, 1, items, users, v);
        total.value[at] += dotRows(v, this.#nReal + k, items, item, d);
      }
  }

  /** What entries do to the vectors of the items. */
  #addFromItems(total: FakeGradient, users: Float64Array, items: Float64Array, v: Float64Array): void {
    const d = this.#options.factors;
    for (let k = 0; k < this.#nFakes; k++)
      for (let item = 0; item < this.#nItems; item++) {
        const at = k * this.#nItems + item;
        total.weight[at] += this.#itemStep.toWeight(item, this.#nReal + k, 1, users, items, v);
        total.value[at] += dotRows(v, item, users, this.#nReal + k, d);
      }
  }
}

function startValues(nItems: number, { factors, deviation }: AlsOptions, random: RandomStream): Float64Array {
  const scale = deviation / Math.sqrt(factors);
  return Float64Array.from({ length: nItems * factors }, () => scale * random.normal());
}

const size = ({ weight, value }: FakeGradient): number =>
  weight.reduce((sum, g) => sum + Math.abs(g), 0) + value.reduce((sum, g) => sum + Math.abs(g), 0);
