/** Values and their places: every place has a value, every value its place, and neighbours stay neighbours. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cellOf,
  choice,
  type Domain,
  holds,
  isDiscrete,
  placeOf,
  range,
  sizeOf,
  valueAt,
} from '../../src/automl/domain.ts';

const domains: Readonly<Record<string, Domain>> = {
  linear: range(-2, 3),
  log: range(1e-5, 1e-1, { log: true }),
  'log with 0': range(1e-6, 1e-4, { log: true, zero: 0.25 }),
  whole: range(1, 10, { integer: true }),
  'whole, log': range(4, 256, { integer: true, log: true }),
  numbers: choice([16, 32, 64, 128], true),
  names: choice(['a', 'b', 'c']),
  lists: choice([[64], [128, 64]]),
};

describe.each(Object.entries(domains))('%s', (_, domain) => {
  it('has a value at every place, whose place that is', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999999, noNaN: true }), (place) => {
        const value = valueAt(domain, place);
        expect(holds(domain, value)).toBe(true);
        const { from, to } = cellOf(domain, value);
        if (isDiscrete(domain)) {
          expect(place).toBeGreaterThanOrEqual(from - 1e-9);
          expect(place).toBeLessThanOrEqual(to + 1e-9);
        } else if (value !== 0) expect(from).toBeCloseTo(place, 9);
        expect(valueAt(domain, placeOf(domain, value))).toEqual(value);
      }),
    );
  });
});

describe('a domain', () => {
  it('counts its values', () => {
    expect(sizeOf(domains.whole)).toBe(10);
    expect(sizeOf(domains.names)).toBe(3);
    expect(sizeOf(domains.log)).toBe(Number.POSITIVE_INFINITY);
  });

  it('gives 0 its share, and powers of ten even ones', () => {
    const zeros = Array.from({ length: 1000 }, (_, n) => valueAt(domains['log with 0'], n / 1000)).filter(
      (x) => x === 0,
    );
    expect(zeros).toHaveLength(250);
    expect(valueAt(domains.log, 0.5)).toBeCloseTo(1e-3, 12);
  });

  it('refuses what it does not hold', () => {
    expect([
      holds(domains.whole, 2.5),
      holds(domains.whole, 11),
      holds(domains.log, 0),
      holds(domains.names, 'd'),
    ]).toEqual([false, false, false, false]);
  });
});
