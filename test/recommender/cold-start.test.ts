/** Items that nobody took in training, in a world whose members have tastes: their fields must tell more than popularity can. */
import { afterAll, expect, it } from 'vitest';
import { simulateFilmClub } from '../../src/data/simulated/film-club.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { isRowResult } from '../../src/evaluation/result.ts';
import { trainFieldRecommender, trainRecommender } from '../../src/runs/train-recommender.ts';
import { fieldDataOf } from '../../src/tasks/prepare-fields.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

const simulated = { nUsers: 500, nItems: 250 };
const split = splitDataset(simulateFilmClub(simulated).dataset, { method: 'cold-items', test: 0.2, validation: 0 });
const evaluation = { metrics: ['auc', 'hr@5'] };

it('are ranked by an FM from genres, director and year far better than by popularity, which is chance', async () => {
  const input = {
    data: { simulated },
    evaluation,
    final: false,
    training: { epochs: 30, batchSize: 1024, optimizer: { learningRate: 0.01 } },
  };
  const settings = parseFieldRunSettings({ ...input, model: 'fm', config: { factors: 8 } });
  const data = fieldDataOf(split, settings);
  const run = await trainFieldRecommender({ engine, data, settings });
  const popular = parseRunSettings({ data: { simulated }, evaluation, model: 'popularity' });
  const { result: byPopularity } = await trainRecommender({ engine, split, settings: popular });
  if (!run.result || isRowResult(run.result) || !byPopularity) throw new Error('nothing was ranked');
  const { metrics, protocol } = run.result;
  expect(protocol.candidates).toEqual({ listed: 'the held-out items', n: expect.any(Number) });
  expect(byPopularity.metrics.auc.mean).toBeCloseTo(0.5, 6);
  expect(metrics.auc.low).toBeGreaterThan(0.58);
  expect(metrics['hr@5'].low).toBeGreaterThan(byPopularity.metrics['hr@5'].high as number);
  // an item is named although no field knows its id: an item's fields speak for it
  const [cold] = split.test!.itemIndex;
  const { recommender } = run;
  const item = recommender.parts.items.idOf(cold);
  const { fields, notes } = recommender.explain({ user: 'm0001', item });
  expect(fields.map(({ field }) => field)).toEqual(expect.arrayContaining(['genres', 'year']));
  expect(fields.map(({ field }) => field)).not.toContain('item');
  expect(notes.join()).toMatch(/"item" has no value|"item": .* was not/);
  const all = recommender.recommend({ user: 'm0001' }, { k: 250, includeSeen: true }).recommendations;
  expect(all.map((each) => each.item)).toContain(item);
});
