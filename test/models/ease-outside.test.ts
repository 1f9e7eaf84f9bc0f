/** EASE solved outside WebAssembly's memory against the solution inside of it. */
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { type SparseRows, sparseRows } from '../../src/data/sparse-rows.ts';
import { LargeSymmetricMatrix } from '../../src/engine/linalg/large-symmetric-matrix.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { rankingTables } from '../../src/engine/runtime/large-tables.ts';
import { RankingTables } from '../../src/engine/runtime/ranking.ts';
import { ease, fitByItems } from '../../src/models/ease.ts';
import { fitByUsers } from '../../src/models/ease-by-users.ts';
import { type EaseMatrix, easeMatrix } from '../../src/models/ease-matrix.ts';
import { randomLists } from './fitted.ts';
import { scorerOf } from './scorer-of.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

const [nUsers, nItems] = [90, 130];
const sizes = { nUsers, nItems };
const taken = randomLists(nUsers, nItems);
const pairs = taken.flatMap((items, user) => items.map((item) => [user, item]));
const train: SparseRows = sparseRows(
  nUsers,
  Int32Array.from(pairs, ([user]) => user),
  Int32Array.from(pairs, ([, item]) => item),
);
const users = Int32Array.from({ length: nUsers }, (_, u) => u);

const sides = {
  items: { n: nItems, solve: fitByItems },
  users: { n: nUsers, solve: fitByUsers },
};

/** In small blocks and tiles, so that there are several. */
const outside = (n: number, threads: number): EaseMatrix =>
  new LargeSymmetricMatrix(n, { library: engine.blas!, threads, block: 32, tile: 40 });

/** ‖a − b‖ / ‖b‖ */
function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [error, square] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    error += (a[i] - b[i]) ** 2;
    square += b[i] ** 2;
  }
  return a.length === b.length ? Math.sqrt(error / square) : Number.NaN;
}

const formOf = (weights: NamedTensors, regularization: number) =>
  scorerOf(engine, { model: ease, config: { regularization }, sizes, weights }, train).form;

describe.skipIf(!engine.blas)('EASE outside WebAssembly (skipped: no BLAS on this machine)', () => {
  for (const [side, { n, solve }] of Object.entries(sides))
    describe(`${side} × ${side}`, () => {
      it.each([500, 20, 2])('λ = %d: the weights and scores of the solution inside, to 1e-5', async (lambda) => {
        const inside = await solve(easeMatrix(engine, n, false), train, sizes, lambda, () => {});
        const found = await solve(outside(n, 2), train, sizes, lambda, () => {});
        expect([...found.keys()]).toEqual([...inside.keys()]);
        for (const [name, { shape, data }] of inside) {
          expect(found.get(name)!.shape).toEqual(shape);
          expect(relativeError(found.get(name)!.data, data), name).toBeLessThan(1e-5);
        }
        const whole = new RankingTables(engine, formOf(inside, lambda), nItems);
        const pieces = rankingTables(engine, formOf(found, lambda), nItems, { mostBytes: 0, bytesAtOnce: 20_000 });
        const request = { users, allScores: true };
        expect(relativeError(pieces.rank(request).scores, whole.rank(request).scores)).toBeLessThan(1e-5);
        for (const tables of [whole, pieces]) tables.free();
      });

      it('somebody new gets the scores of the solution inside', async () => {
        const history = Int32Array.of(2, 5, 77);
        const [inside, found] = [
          await solve(easeMatrix(engine, n, false), train, sizes, 20, () => {}),
          await solve(outside(n, 2), train, sizes, 20, () => {}),
        ];
        const scores = [inside, found].map((weights) => {
          const person =
            side === 'items'
              ? { history }
              : { vector: ease.foldIn!(weights, sizes, { regularization: 20 }, history).vector, history };
          const tables = rankingTables(engine, formOf(weights, 20), nItems, { mostBytes: 0, bytesAtOnce: 20_000 });
          const { scores: all } = tables.rank({ users: Int32Array.of(0), person, allScores: true });
          tables.free();
          return all;
        });
        expect(relativeError(scores[1], scores[0])).toBeLessThan(1e-5);
      });

      it('same bytes with one thread and with three', async () => {
        const [one, three] = [
          await solve(outside(n, 1), train, sizes, 20, () => {}),
          await solve(outside(n, 3), train, sizes, 20, () => {}),
        ];
        expect(one).toEqual(three);
      });
    });

  it('the model asks the engine for its library', () => {
    expect(easeMatrix(engine, 5, true)).toBeInstanceOf(LargeSymmetricMatrix);
  });
});
