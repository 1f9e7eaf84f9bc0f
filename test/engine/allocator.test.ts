import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { RangeAllocator } from '../../src/engine/runtime/allocator.ts';

interface Range {
  readonly start: number;
  readonly bytes: number;
}

const overlaps = (a: Range, b: Range): boolean => a.start < b.start + b.bytes && b.start < a.start + a.bytes;

describe('RangeAllocator', () => {
  it.each([1, 2, 3, 4, 5, 6])('never gives out the same byte twice, whatever the order of calls (seed %i)', (seed) => {
    const random = new RandomStream(seed, 'allocator');
    const [start, end, align] = [128, 128 + 64 * 200, 64];
    const allocator = new RangeAllocator(start, end, align);
    const taken: Range[] = [];
    let highest = start;
    for (let n = 0; n < 2000; n++) {
      if (random.uniform() < 0.55) {
        const bytes = random.below(seed % 2 === 0 ? 2000 : 300);
        const at = allocator.allocate(bytes);
        if (at < 0) {
          const used = taken.reduce((sum, range) => sum + Math.max(align, Math.ceil(range.bytes / align) * align), 0);
          // full, or cut up: never refused while less than half is used and the request is small
          expect(used > (end - start) / 4 || bytes > 300).toBe(true);
          continue;
        }
        const range = { start: at, bytes };
        expect(at % align).toBe(0);
        expect(at >= start && at + bytes <= end).toBe(true);
        expect(taken.some((other) => overlaps(range, other))).toBe(false);
        taken.push(range);
        highest = Math.max(highest, at + Math.max(align, Math.ceil(bytes / align) * align));
      } else if (taken.length > 0) allocator.release(taken.splice(random.below(taken.length), 1)[0].start);
      expect(allocator.highWater).toBe(highest);
    }
    for (const range of random.shuffle(taken)) allocator.release(range.start);
    // all neighbours have merged: the whole is one range again
    expect(allocator.allocate(end - start)).toBe(start);
    expect(allocator.allocate(1)).toBe(-1);
  });

  it('takes the first range that fits', () => {
    const allocator = new RangeAllocator(0, 640, 64);
    const [a, b, c] = [128, 64, 128].map((bytes) => allocator.allocate(bytes));
    expect([a, b, c]).toEqual([0, 128, 128 + 64]);
    allocator.release(a);
    expect(allocator.allocate(256)).toBe(128 + 64 + 128);
    expect(allocator.allocate(100)).toBe(0);
    expect(allocator.allocate(640)).toBe(-1);
  });

  it('refuses to release what is not allocated', () => {
    const allocator = new RangeAllocator(0, 640, 64);
    const at = allocator.allocate(10);
    allocator.release(at);
    expect(() => allocator.release(at)).toThrow();
    expect(() => allocator.release(64)).toThrow();
  });
});
