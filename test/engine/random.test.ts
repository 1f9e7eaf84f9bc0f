import { afterAll, describe, expect, it } from 'vitest';
import { philox } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { chiSquare, chiSquareLimit } from './chi-square.ts';
import { wideEngines } from './wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed' }),
  new Engine({ threads: 1, kernels: 'simd' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

type Four = readonly [number, number, number, number];
type Two = readonly [number, number];

/** Known answers of Philox4x32-10 that its authors publish with Random123 (file kat_vectors). */
const knownAnswers: { counter: Four; key: Two; block: Four }[] = [
  { counter: [0, 0, 0, 0], key: [0, 0], block: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff],
    block: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0],
    block: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
  },
];

const kernelBlock = ({ kernels }: Engine, counter: Four, key: Two): number[] => {
  kernels.philoxBlock(...counter, ...key);
  return [0, 1, 2, 3].map((n) => kernels.philoxValue(n) >>> 0);
};

describe('Philox4x32-10', () => {
  it.each(knownAnswers)('gives the published block $block', ({ counter, key, block }) => {
    expect([...philox(counter, key, new Uint32Array(4))]).toEqual(block);
    for (const engine of engines) expect(kernelBlock(engine, counter, key)).toEqual(block);
  });

  it('is the same generator in TypeScript and in the kernels', () => {
    for (let n = 0; n < 2000; n++) {
      const words = Array.from({ length: 6 }, (_, k) => Math.imul(n * 6 + k + 1, 0x9e3779b1) >>> 0);
      const counter = words.slice(0, 4) as unknown as Four;
      const key = words.slice(4) as unknown as Two;
      expect(kernelBlock(engines[0], counter, key)).toEqual([...philox(counter, key, new Uint32Array(4))]);
    }
  });
});

describe('permute', () => {
  const { kernels } = engines[0];

  it('is a bijection of 0 … n−1 for every n to 2,000, and for others', () => {
    const sizes = [...Array.from({ length: 2000 }, (_, k) => k + 1), 4095, 4096, 4097, 65536, 99991];
    for (const n of sizes) {
      const seen = new Uint8Array(n);
      for (let k = 0; k < n; k++) seen[kernels.permute(k, n, 7, n, 3)]++;
      expect(seen.every((count) => count === 1)).toBe(true);
    }
  });

  it('scatters distinct values over the whole range up to the largest n', () => {
    for (const n of [2 ** 31, 2 ** 31 + 5, 2 ** 32 - 70000, 2 ** 32 - 1]) {
      const values = Array.from({ length: 4000 }, (_, k) => kernels.permute(n - 1 - k, n, 1, 2, 3) >>> 0);
      expect(new Set(values).size).toBe(4000);
      const counts = new Float64Array(16);
      for (const value of values) counts[Math.floor((value / n) * 16)]++;
      expect(counts.reduce((sum, count) => sum + count)).toBe(4000);
      expect(
        chiSquare(
          counts,
          counts.map(() => 4000 / 16),
        ),
      ).toBeLessThan(chiSquareLimit(15));
    }
  });

  it('puts every position everywhere, over the rounds (χ²)', () => {
    const n = 20;
    const rounds = 20000;
    for (const position of [0, 7, 19]) {
      const counts = new Float64Array(n);
      for (let round = 0; round < rounds; round++) counts[kernels.permute(position, n, 11, 5, round)]++;
      expect(
        chiSquare(
          counts,
          counts.map(() => rounds / n),
        ),
      ).toBeLessThan(chiSquareLimit(n - 1));
    }
  });

  it('moves neighbours independently: differences of successive values are spread (χ²)', () => {
    const n = 2 ** 16;
    const cells = 64;
    const counts = new Float64Array(cells);
    for (let k = 0; k + 1 < n; k++) {
      const step = kernels.permute(k + 1, n, 3, 4, 0) - kernels.permute(k, n, 3, 4, 0);
      counts[((step + n) % n) >> 10]++;
    }
    expect(
      chiSquare(
        counts,
        counts.map(() => (n - 1) / cells),
      ),
    ).toBeLessThan(chiSquareLimit(cells - 1));
  });

  it('differs between rounds and keys', () => {
    const order = (k0: number, k1: number, round: number) =>
      Array.from({ length: 50 }, (_, k) => kernels.permute(k, 50, k0, k1, round)).join();
    expect(new Set([order(1, 2, 0), order(1, 2, 1), order(2, 2, 0), order(1, 3, 0)]).size).toBe(4);
    expect(order(1, 2, 0)).toBe(order(1, 2, 0));
  });
});
