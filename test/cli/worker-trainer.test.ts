/** Trials in processes of their own: what takes too long is ended, and the next one is trained all the same. */
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { studyOfFlags } from '../../src/cli/study-settings.ts';
import { WorkerTrainer } from '../../src/cli/worker-trainer.ts';
import { filmsCsv, workplace } from './command-line.ts';

const place = workplace();
beforeAll(() => {
  place.write('films.csv', filmsCsv());
});

describe('a trainer', () => {
  it('ends a model that is fitted at once when its time is over, and trains the next one', async () => {
    const flags = {
      data: [place.path('films.csv')],
      models: ['ease'],
      split: 'leave-one-out',
      minutes: 1,
      blas: 'off',
      final: false,
    };
    const { models } = await studyOfFlags(flags as never);
    const trainer = new WorkerTrainer({ models, engine: { threads: 1, blas: 'off' } }, () => {}, 0);
    const job = {
      ...{
        model: 'ease',
        settings: { config: {}, training: {} },
        seed: 1,
        isFitted: true,
        from: 0,
        until: null,
        others: null,
      },
      ...{ number: 1, path: place.path('0001') },
    };
    const { signal } = new AbortController();
    try {
      const overdue = await trainer.train({ ...job, seconds: 0 }, signal);
      expect(overdue).toMatchObject({
        status: 'stopped',
        value: null,
        reason: expect.stringMatching(/time of the search was over/),
      });
      const trained = await trainer.train({ ...job, seconds: null }, signal);
      expect(trained).toMatchObject({ status: 'finished', bestEpoch: 0 });
      expect(trained.value).toBeGreaterThan(0);
      expect(existsSync(place.path('0001.safetensors'))).toBe(true);
    } finally {
      trainer.close();
    }
  });
});
