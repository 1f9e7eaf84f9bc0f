import { expect, it } from 'vitest';
import { FastRandom } from '../../src/core/fast-random.ts';
import { RandomStream } from '../../src/core/random.ts';

const open = (name = 'fast') => new FastRandom(new RandomStream(1, name));
const N = 200_000;

function moments(draw: () => number) {
  let [sum, squares] = [0, 0];
  for (let n = 0; n < N; n++) {
    const value = draw();
    sum += value;
    squares += value * value;
  }
  const mean = sum / N;
  return { mean, variance: squares / N - mean * mean };
}

it('a stream decides all draws', () => {
  const draws = (random: FastRandom) => Array.from({ length: 50 }, () => [random.uint32(), random.normal()]);
  expect(draws(open())).toEqual(draws(open()));
  expect(draws(open())).not.toEqual(draws(open('other')));
});

it('draws have the moments of their distributions (five standard errors)', () => {
  const random = open();
  const near = (found: { mean: number; variance: number }, mean: number, variance: number) => {
    expect(Math.abs(found.mean - mean)).toBeLessThan(5 * Math.sqrt(variance / N));
    expect(Math.abs(found.variance / variance - 1)).toBeLessThan(0.05);
  };
  near(
    moments(() => random.uniform()),
    1 / 2,
    1 / 12,
  );
  near(
    moments(() => random.normal()),
    0,
    1,
  );
  near(
    moments(() => random.below(4)),
    1.5,
    1.25,
  );
  near(
    moments(() => random.gamma(2.5)),
    2.5,
    2.5,
  );
  // a / (a + b), ab / ((a + b)² (a + b + 1))
  near(
    moments(() => random.beta(3, 2)),
    3 / 5,
    6 / (25 * 6),
  );
});
