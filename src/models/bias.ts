/**
 * Bias — what a rating is without taste: the mean, how generous the person is, how well liked the item is.
 * Koren: Factorization Meets the Neighborhood. KDD 2008, §2.1 (eq. 1); Koren, Bell, Volinsky: IEEE Computer 42(8), 2009.
 *
 *   r̂(u, i) = μ + b_u + b_i
 *   min Σ_{(u,i)} (r_ui − μ − b_u − b_i)² + λ_u Σ_u b_u² + λ_i Σ_i b_i²
 *
 * For fixed b_u every b_i is a mean of what is left, shrunk towards 0, and the other way round:
 *   b_i = Σ_u (r_ui − μ − b_u) / (λ_i + n_i)          b_u = Σ_i (r_ui − μ − b_i) / (λ_u + n_u)
 * In turn, in float64, until no bias moves; μ is the mean rating of training. docs/models/bias.md has the numbers.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import type { RatedRows } from '../examples/forms.ts';
import { rankingBytes, solverMemory } from '../examples/memory-estimate.ts';
import { ratingSolver } from '../examples/solvers.ts';

const weight = z.number().min(0).max(1e6);

export const biasOptions = {
  userRegularization: weight.default(4).meta({
    doc: 'λ_u: ratings of 0 difference that every user has besides their own',
    search: [0.5, 1, 2, 5, 10],
  }),
  itemRegularization: weight.default(3).meta({
    doc: 'λ_i: ratings of 0 difference that every item has besides its own',
    search: [0.5, 1, 2, 5, 10],
  }),
};

const options = z.strictObject(biasOptions);

/** How far any bias may still be from rest, as a share of the range of the ratings, when the alternation ends; and rounds at most. */
const TOLERANCE = 1e-7;
const MOST_ROUNDS = 10_000;

/**
 * Σ (what is left of a rating) / (λ + n) for every row.
 * @returns the largest change of `biases`, which are replaced
 */
function shrunkMeans(
  biases: Float64Array,
  own: Int32Array,
  counts: Float64Array,
  regularization: number,
  rest: (row: number) => number,
): number {
  const sums = new Float64Array(biases.length);
  for (let row = 0; row < own.length; row++) sums[own[row]] += rest(row);
  let largest = 0;
  for (let n = 0; n < biases.length; n++) {
    const bias = counts[n] === 0 ? 0 : sums[n] / (regularization + counts[n]);
    largest = Math.max(largest, Math.abs(bias - biases[n]));
    biases[n] = bias;
  }
  return largest;
}

function countsOf(index: Int32Array, n: number): Float64Array {
  const counts = new Float64Array(n);
  for (const row of index) counts[row]++;
  return counts;
}

function spread(values: Float32Array): number {
  let [low, high] = [values[0], values[0]];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return high - low;
}

/** The biases of users and items; shared with models that learn what these leave. @throws 'numeric' when the alternation does not come to rest */
export function fitBiases(
  { user, item, value, mean }: RatedRows,
  nUsers: number,
  nItems: number,
  { userRegularization, itemRegularization }: z.output<typeof options>,
): { readonly users: Float64Array; readonly items: Float64Array } {
  const [users, items] = [new Float64Array(nUsers), new Float64Array(nItems)];
  const [userCounts, itemCounts] = [countsOf(user, nUsers), countsOf(item, nItems)];
  const still = TOLERANCE * spread(value);
  let before = Number.NaN;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const restOfItem = (row: number) => value[row] - mean - users[user[row]];
    const restOfUser = (row: number) => value[row] - mean - items[item[row]];
    const ofItems = shrunkMeans(items, item, itemCounts, itemRegularization, restOfItem);
    const ofUsers = shrunkMeans(users, user, userCounts, userRegularization, restOfUser);
    const step = Math.max(ofItems, ofUsers);
    // steps shrink by a factor that stays: what is left to go is their geometric series
    const shrinks = step / before;
    if (step === 0 || (shrinks < 1 && (step * shrinks) / (1 - shrinks) <= still)) return { users, items };
    before = step;
  }
  throw new DeepTasteError(
    'numeric',
    `bias: the biases must come to rest, found them moving after ${MOST_ROUNDS} rounds; raise userRegularization or itemRegularization`,
  );
}

export const bias = ratingSolver({
  name: 'bias',
  title: 'Bias',
  paper: {
    authors: 'Koren',
    title: 'Factorization Meets the Neighborhood: a Multifaceted Collaborative Filtering Model',
    venue: 'KDD',
    year: 2008,
  },
  options,
  fit: (ratings, { nUsers, nItems }, config) => {
    const { users, items } = fitBiases(ratings, nUsers, nItems, config);
    return new Map([
      ['userBias', { shape: [nUsers], data: Float32Array.from(users) }],
      ['itemBias', { shape: [nItems], data: Float32Array.from(items) }],
    ]);
  },
  // biases, counts and sums of a side at a time in float64; rows of two numbers to rank by
  memory: (sizes, _, engine) =>
    solverMemory(
      { ranking: rankingBytes('dot', sizes, 0, engine) },
      { biases: 8 * 3 * (sizes.nUsers + sizes.nItems), rows: 4 * 3 * (sizes.nUsers + sizes.nItems) },
    ),
  scorer: (weights, { nUsers, nItems }) => {
    const users = float32Tensor(weights, 'userBias', [nUsers]);
    const items = float32Tensor(weights, 'itemBias', [nItems]);
    return {
      // (b_u, 1) · (1, b_i)
      form: { form: 'dot', users: interleaved(users, 1, 0), items: interleaved(items, 0, 1), width: 2 },
      itemVectors: null,
      values: (user, item) =>
        Float32Array.from(user, (u, row) => (u < 0 ? 0 : users[u]) + (item[row] < 0 ? 0 : items[item[row]])),
      foldIn: () => ({
        vector: Float32Array.of(0, 1),
        how: 'no rating of the person is known: as somebody of whom nothing is known',
        ignoresHistory: true,
      }),
      free: () => {},
    };
  },
});

/** Rows of two numbers, 1 and the value, the 1 at the place `one`. */
function interleaved(values: Float32Array, one: 0 | 1, place: 0 | 1): Float32Array {
  const rows = new Float32Array(2 * values.length);
  values.forEach((value, n) => {
    rows[2 * n + one] = 1;
    rows[2 * n + place] = value;
  });
  return rows;
}
