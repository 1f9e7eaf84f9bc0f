import { describe, expect, it } from 'vitest';
import { minimise } from '../../src/training/minimise.ts';

const options = { evaluations: 300, tolerance: 1e-14 };

describe('the minimum of a smooth function', () => {
  it('of a badly scaled quadratic one is found', () => {
    const scales = [1, 30, 0.02, 500, 4];
    const target = [1, -2, 30, 0.5, 7];
    const x = new Float64Array(5);
    minimise(
      (at, gradient) => {
        let value = 0;
        at.forEach((v, k) => {
          value += (scales[k] * (v - target[k]) ** 2) / 2;
          gradient[k] = scales[k] * (v - target[k]);
        });
        return value;
      },
      x,
      options,
    );
    x.forEach((v, k) => {
      expect(v).toBeCloseTo(target[k], 4);
    });
  });

  it('of a curved valley that is not convex is found (Rosenbrock)', () => {
    const x = Float64Array.of(-1.2, 1);
    const value = minimise(
      ([a, b], gradient) => {
        gradient[0] = -400 * a * (b - a * a) - 2 * (1 - a);
        gradient[1] = 200 * (b - a * a);
        return 100 * (b - a * a) ** 2 + (1 - a) ** 2;
      },
      x,
      options,
    );
    expect(value).toBeLessThan(1e-9);
    expect(x[0]).toBeCloseTo(1, 3);
  });

  it('never ends above its start, and takes no more evaluations than it may', () => {
    let calls = 0;
    const x = Float64Array.of(3);
    const value = minimise(
      ([a], gradient) => {
        calls++;
        gradient[0] = a ** 3;
        return a ** 4 / 4;
      },
      x,
      { evaluations: 4, tolerance: 0 },
    );
    expect(calls).toBe(4);
    expect(value).toBeLessThan(81 / 4);
    expect(value).toBe(x[0] ** 4 / 4);
  });

  it('stays where there is no slope', () => {
    const x = Float64Array.of(2, 3);
    expect(minimise(() => 5, x, options)).toBe(5);
    expect([...x]).toEqual([2, 3]);
  });
});
