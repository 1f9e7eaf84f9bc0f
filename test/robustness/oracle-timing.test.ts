/** What an attack from outside asks about is what is measured: its fake people act at the same times. */
import { afterAll, expect, it, vi } from 'vitest';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { attackNamed } from '../../src/robustness/attacks/index.ts';
import { addFakesToSplit, fakeTimings } from '../../src/robustness/fake-profiles.ts';
import { SeededAttacks } from '../../src/robustness/seeded-attacks.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { smallData } from './small-data.ts';

vi.mock('../../src/robustness/fake-profiles.ts', async (original) => {
  const real = await original<typeof import('../../src/robustness/fake-profiles.ts')>();
  return { ...real, addFakesToSplit: vi.fn(real.addFakesToSplit) };
});

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());

it.each([...fakeTimings, undefined])('times: %s', async (timing) => {
  const victim = parseRunSettings({ data: { files: ['x'] }, model: 'popularity' });
  const chosen = attackNamed('copy-attack');
  const place = new SeededAttacks(
    engine,
    {
      split: splitDataset(smallData(), { method: 'leave-one-out', by: 'random' }),
      victims: [victim],
      attacks: [chosen],
      budgets: [{ count: 5 }],
      targets: { ids: ['i37'] },
      goal: 'promote',
      seeds: [1],
      oracle: { questions: 3, spies: 5 },
      timing,
    },
    1,
  );
  const added = vi.mocked(addFakesToSplit);
  added.mockClear();
  await place.craft(chosen, { count: 5 }, victim);
  const poisoned = added.mock.results.map(({ value }) => value as ReturnType<typeof addFakesToSplit>);
  expect(added.mock.calls.map(([, , , how]) => how)).toEqual(new Array(4).fill(timing ?? 'people'));
  for (const { split, fakeUsers } of poisoned) {
    const { time, userIndex, length } = split.train;
    const own = Array.from(time!).filter((_, row) => userIndex[row] >= fakeUsers[0]);
    const span = Math.max(...time!) - Math.min(...time!);
    expect(length).toBeGreaterThan(own.length);
    expect(Math.max(...own) - Math.min(...own) <= 0.001 * span + 1).toBe(timing === 'burst');
  }
});
