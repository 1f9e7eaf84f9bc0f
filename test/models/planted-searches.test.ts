/** Searches in small worlds whose useful pairs and fields are known; the full ones: scripts/search-accuracy.ts. */
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/core/progress.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import type { RowModel } from '../../src/examples/rows.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { autoField } from '../../src/models/auto-field.ts';
import { autoFm } from '../../src/models/auto-fm.ts';
import { trainModel } from '../../src/training/train.ts';
import { type PlantedRows, plantedFields, plantedPairs } from './planted-rows.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

/** What is kept after both stages, and what the log says of the search. */
async function found<C>(model: RowModel<C>, given: object, settings: object, { data }: PlantedRows) {
  const config = model.options.parse(given);
  const told: string[] = [];
  const { weights } = await trainModel({
    engine,
    model: model as RowModel,
    config,
    training: resolveTraining(model as RowModel, settings).training,
    data,
    seed: 1,
    progress: { ...silent, log: (line) => void told.push(line) },
    fingerprint: 'planted',
  });
  const parts = model.found?.(config, data.layout, weights).parts ?? [];
  return { kept: parts.filter(({ isKept }) => isKept).map(({ name }) => name), told };
}

const optimizer = { name: 'adam', learningRate: 0.01 };

describe('planted worlds', () => {
  it('AutoFM finds the 4 pairs of 66 on which labels depend', async () => {
    const world = plantedPairs(20_000);
    const given = { factors: 6, searchEpochs: 6, gateShrinkage: 0.03 };
    const { kept, told } = await found(autoFm, given, { epochs: 1, batchSize: 500, optimizer }, world);
    expect(kept).toEqual(expect.arrayContaining([...world.useful]));
    expect(kept.length).toBeLessThanOrEqual(4 + 6);
    expect(told.join()).toContain(`search: ${kept.length} of 66 pairs of fields kept`);
    for (const pair of world.useful) expect(told.join()).toContain(pair);
  });

  it('AutoField finds the fields on which labels depend', async () => {
    const world = plantedFields(20_000);
    const given = { fields: 8, searchEpochs: 6, scoreLearningRate: 0.05, scoreEvery: 4, dropout: 0 };
    const { kept, told } = await found(autoField, given, { epochs: 1, batchSize: 256, optimizer }, world);
    expect(kept).toHaveLength(8);
    expect(kept.filter((name) => world.useful.includes(name)).length).toBeGreaterThanOrEqual(7);
    expect(told.join()).toContain('search: 8 of 30 fields kept (27 %)');
  });
});
