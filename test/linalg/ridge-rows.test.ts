import { afterAll, describe, expect, it } from 'vitest';
import { KERNEL_BUILDS } from '../../src/core/kernel-build.ts';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { RidgeRows } from '../../src/engine/linalg/ridge-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { canRun } from '../../src/engine/runtime/kernel-file.ts';
import { thrownCode } from '../evaluation/thrown-code.ts';
import { inverseOf } from './gauss-jordan.ts';

const engines = [1, 2].map((threads) => new Engine({ threads }));
afterAll(() => {
  for (const engine of engines) engine.close();
});

interface Problem {
  readonly features: number[][];
  readonly taken: number[][];
  readonly penalties: number[];
  readonly shared: number[][];
}

/** Rows with 0, 1, few and more than 128 features (the pieces in which they are gathered). */
function problem(width: number): Problem {
  const random = new RandomStream(3, `ridge ${width}`);
  const features = Array.from({ length: 300 }, () => Array.from({ length: width }, () => Math.fround(random.normal())));
  const counts = [0, 1, 2, 5, 127, 128, 129, 290, 0, 3, 17];
  const taken = counts.map((n) =>
    [...random.shuffle(Int32Array.from(features.keys())).subarray(0, n)].sort((a, b) => a - b),
  );
  const shared = Array.from({ length: width }, (_, i) => Array.from({ length: width }, (_, j) => (i === j ? 2 : 0.5)));
  return { features, taken, penalties: counts.map((n) => 0.1 + n / 10), shared };
}

function solved(engine: Engine, { features, taken, penalties, shared }: Problem) {
  const width = shared.length;
  const ridge = new RidgeRows(engine, width);
  const table = ridge.table(features.length);
  ridge.values(table).set(features.flat());
  const out = ridge.table(taken.length);
  ridge.values(out).fill(7);
  const pairs = taken.flatMap((items, r) => items.map((item) => [r, item]));
  const lists = sparseRows(
    taken.length,
    Int32Array.from(pairs, (p) => p[0]),
    Int32Array.from(pairs, (p) => p[1]),
  );
  try {
    const gram = ridge.gram(table);
    ridge.solve(ridge.target(out, lists, Float64Array.from(penalties)), table, Float64Array.from(shared.flat()));
    return { x: ridge.values(out).slice(), gram };
  } finally {
    ridge.free();
  }
}

/** (M + Σ yyᵀ + λI)⁻¹ Σ y by elimination. */
function expectedRow({ features, taken, penalties, shared }: Problem, r: number): number[] {
  const matrix = shared.map((row, i) =>
    row.map(
      (m, j) => taken[r].reduce((sum, t) => sum + features[t][i] * features[t][j], m) + (i === j ? penalties[r] : 0),
    ),
  );
  const right = shared.map((_, i) => taken[r].reduce((sum, t) => sum + features[t][i], 0));
  return inverseOf(matrix).map((row) => row.reduce((sum, x, i) => sum + x * right[i], 0));
}

describe('ridge regressions that share a table', () => {
  // widths around the multiples of four, six and eight of the kernels
  it.each([1, 2, 3, 4, 5, 8, 13, 24, 33])('width %i: every row equals elimination', (width) => {
    const task = problem(width);
    const { x } = solved(engines[1], task);
    task.taken.forEach((_, r) => {
      const expected = expectedRow(task, r);
      for (let i = 0; i < width; i++) {
        const error = Math.abs(x[r * width + i] - expected[i]);
        expect(error).toBeLessThanOrEqual(1e-7 * Math.abs(expected[i]) + 1e-12); // one rounding to float32
      }
    });
  });

  it('a row without features is zero', () => {
    const { x } = solved(engines[0], problem(5));
    expect([...x.subarray(0, 5)]).toEqual([0, 0, 0, 0, 0]);
  });

  it.each([1, 6, 13])('Gram matrix of width %i equals the definition', (width) => {
    const task = problem(width);
    const { gram } = solved(engines[1], task);
    for (let i = 0; i < width; i++)
      for (let j = 0; j < width; j++) {
        const expected = task.features.reduce((sum, row) => sum + row[i] * row[j], 0);
        expect(Math.abs(gram[i * width + j] - expected)).toBeLessThan(1e-10);
      }
  });

  it('same bytes with one thread and with two', () => {
    const [one, two] = engines.map((engine) => solved(engine, problem(33)));
    expect(Buffer.from(one.x.buffer).equals(Buffer.from(two.x.buffer))).toBe(true);
    expect(Buffer.from(one.gram.buffer).equals(Buffer.from(two.gram.buffer))).toBe(true);
  });

  it.each(KERNEL_BUILDS.filter(canRun))('kernel build %s', (kernels) => {
    const engine = new Engine({ threads: 1, kernels });
    const task = problem(10);
    const { x } = solved(engine, task);
    engine.close();
    expectedRow(task, 6).forEach((value, i) => {
      expect(x[6 * 10 + i]).toBeCloseTo(value, 6);
    });
  });

  it.each([
    ['not positive definite', -1000],
    ['not a number', Number.NaN],
  ])('a system that is %s is refused with "numeric"', (_, penalty) => {
    const task = problem(4);
    expect(thrownCode(() => solved(engines[1], { ...task, penalties: task.penalties.map(() => penalty) }))).toBe(
      'numeric',
    );
  });

  it('gives its memory back', () => {
    const engine = new Engine({ threads: 1 });
    solved(engine, problem(8));
    const peak = engine.peakBytes;
    solved(engine, problem(8));
    engine.close();
    expect(engine.peakBytes).toBe(peak);
  });
});
