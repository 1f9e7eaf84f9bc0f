import { describe, expect, it } from 'vitest';
import { DurationEstimate, type DurationQuestion } from '../../src/training/duration-estimate.ts';

function estimate(question: Partial<DurationQuestion> = {}) {
  const lines: string[] = [];
  const progress = { start: () => ({ update() {}, end() {} }), log: (line: string) => void lines.push(line) };
  const asked = { progress, epochs: 40, rows: 100_000, unit: 'examples', looks: 0, canStopEarly: false, ...question };
  return { lines, duration: new DurationEstimate(asked) };
}

describe('how long a training takes', () => {
  it('is told once, from the steps after the first ones', () => {
    const { lines, duration } = estimate();
    duration.ran(10, 30, false);
    duration.ran(10_000, 1, true);
    expect(lines).toEqual([]);
    duration.ran(10_000, 1, true);
    duration.ran(10_000, 1, true);
    expect(lines).toEqual(['about 6 min 40 s for 40 epochs at 10.0 k examples/s']);
  });

  it('is not told of short runs', () => {
    const { lines, duration } = estimate({ epochs: 1, rows: 90_000 });
    duration.ran(30_000, 3, true);
    expect(lines).toEqual([]);
  });

  it('says that it may stop early, and takes looks at validation in once they are known', () => {
    const { lines, duration } = estimate({ looks: 40, canStopEarly: true, unit: 'events' });
    duration.ran(20_000, 2, true);
    duration.looked(10);
    duration.looked(10);
    expect(lines).toEqual([
      'about 6 min 40 s for 40 epochs at 10.0 k events/s (at most; stops early when validation stops rising; looks at validation come on top)',
      'about 13 min 20 s for 40 epochs at 10.0 k events/s (at most; stops early when validation stops rising; with 40 looks at validation of 10 s each)',
    ]);
  });

  it('is not told again for looks that cost little, and is told for looks alone', () => {
    const cheap = estimate({ looks: 40 });
    cheap.duration.ran(20_000, 2, true);
    cheap.duration.looked(0.1);
    expect(cheap.lines).toHaveLength(1);
    const dear = estimate({ epochs: 20, rows: 100, looks: 20 });
    dear.duration.ran(100, 0.1, true);
    dear.duration.looked(3);
    expect(dear.lines).toEqual([
      'about 1 min 02 s for 20 epochs at 1.00 k examples/s (with 20 looks at validation of 3.0 s each)',
    ]);
  });
});
