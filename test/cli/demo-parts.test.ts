import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { demoContenders } from '../../src/cli/demo-contenders.ts';
import { referenceRows } from '../../src/cli/demo-references.ts';
import { simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { heldOutItem, optimalScores } from '../../src/data/simulated/optimal-scores.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { findModel } from '../../src/models/index.ts';

const world = simulateFilmClub({ nUsers: 60, nItems: 40, activity: 8 });

describe('references', () => {
  const [best, blind] = referenceRows(world, 5);

  it('are the expected metrics of ranking with and without context', () => {
    let hits = 0;
    let gain = 0;
    for (let user = 0; user < 60; user++) {
      const truth = optimalScores(world, user);
      const guess = [...optimalScores(world, user, { context: 'none' }).entries()].sort((a, b) => b[1] - a[1]);
      guess.slice(0, 5).forEach(([item], rank) => {
        hits += truth[item] / 60;
        gain += truth[item] / Math.log2(rank + 2) / 60;
      });
    }
    expect(blind.metrics['hr@5'].mean).toBeCloseTo(hits, 9);
    expect(blind.metrics['ndcg@5'].mean).toBeCloseTo(gain, 9);
    expect(best.metrics['ndcg@5'].mean).toBeGreaterThan(gain);
  });

  it('lie near what the same ranking measures on the films that were watched', () => {
    let hits = 0;
    for (let user = 0; user < 60; user++) {
      const scores = optimalScores(world, user);
      const held = scores[heldOutItem(world, user)];
      if (scores.filter((score) => score > held).length < 5) hits += 1 / 60;
    }
    const expected = best.metrics['hr@5'].mean;
    expect(Math.abs(hits - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / 60));
  });
});

describe('contenders', () => {
  it.each(demoContenders.map((contender) => [contender.model, contender] as const))('%s has valid settings', (_, c) => {
    const model = findModel(c.model);
    expect(() => (model.options as z.ZodType).parse(c.config ?? {})).not.toThrow();
    expect(() => resolveTraining(model, c.training ?? {})).not.toThrow();
  });

  it('hold all that the end-to-end check asks for', () => {
    const check = readFileSync(new URL('../../scripts/check-demo.ts', import.meta.url), 'utf8');
    const wanted = /wanted = \[([^\]]*)\]/.exec(check)?.[1].match(/[\w-]+/g);
    expect(demoContenders.map(({ model }) => model)).toEqual(expect.arrayContaining(wanted ?? ['none']));
  });
});
