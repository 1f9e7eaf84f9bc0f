/** The biases that a row of training reads: fitted without it, by sums that are written out here. */
import { afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { findModel } from '../../src/models/index.ts';
import { fittedBiases } from '../../src/models/rating-biases.ts';
import { testRandom } from '../data/made-data.ts';
import { column } from './neighbourhood-helpers.ts';
import { type Rating, ratingSplit, trainRatings } from './rating-world.ts';
import { withFriends } from './social-world.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

const below = testRandom(12);
const [nUsers, nItems] = [8, 9];
// user 7 and item 8 have one rating each, a pair has two
const drawn: Rating[] = Array.from({ length: 40 }, (_, k) => [k % 7, below(8), 1 + below(5)]);
const train: Rating[] = [...drawn, [0, drawn[0][1], 2], [7, 1, 5], [3, 8, 1]];
const mean = train.reduce((sum, [, , r]) => sum + r, 0) / train.length;
const ratings = {
  user: column(train, 0),
  item: column(train, 1),
  value: Float32Array.from(train, ([, , r]) => r),
  mean,
};

/** Σ of what is left over all rows of somebody but the given one, shrunk by λ. */
function without(row: number, side: 0 | 1, lambda: number, others: Float32Array): number {
  const rest = train.filter((each, n) => n !== row && each[side] === train[row][side]);
  if (rest.length === 0) return 0;
  const sum = rest.reduce((total, each) => total + each[2] - mean - others[each[1 - side]], 0);
  return sum / (lambda + rest.length);
}

describe.each([
  [4, 3],
  [0.5, 8],
])('with λ_u = %d, λ_i = %d', (userRegularization, itemRegularization) => {
  const config = { biases: true, userRegularization, itemRegularization };
  const { users, items, withoutRow } = fittedBiases(ratings, { nUsers, nItems }, config);

  it('the biases without a row are sums over the other rows', () => {
    train.forEach((_, row) => {
      expect(withoutRow[2 * row]).toBeCloseTo(without(row, 0, userRegularization, items), 5);
      expect(withoutRow[2 * row + 1]).toBeCloseTo(without(row, 1, itemRegularization, users), 5);
    });
  });

  it.each(['dscf', 'graphrec'])('%s learns what they leave', async (name) => {
    const split = withFriends(ratingSplit(nUsers, nItems, { train }), [
      [0, 1],
      [1, 0],
    ]);
    // a network of zeros (without the LSTM, which starts otherwise) that hardly moves: its loss is what the biases leave
    const { log, recommender } = await trainRatings(engine, split, findModel(name) as never, {
      config: { deviation: 0, friends: false, userRegularization, itemRegularization, dropout: 0 },
      training: { epochs: 1, optimizer: { learningRate: 1e-12 } },
    });
    const left = train.map(([, , r], row) => (r - mean - withoutRow[2 * row] - withoutRow[2 * row + 1]) ** 2);
    expect(log[0].loss).toBeCloseTo(left.reduce((a, b) => a + b) / train.length, 4);
    // predictions read the biases of all rows
    const [{ output }] = recommender.predict([{ user: 'user 0', item: 'item 2' }]);
    expect(output).toBeCloseTo(mean + users[0] + items[2], 4);
    recommender.close();
  });
});
