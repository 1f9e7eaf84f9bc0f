import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { declareParameters, lossExpression } from '../../src/models/expression.ts';
import { findModel } from '../../src/models/index.ts';
import type { GradientModel } from '../../src/models/model.ts';
import { checkMemory, estimateMemory } from '../../src/training/memory-estimate.ts';
import { resolveTraining } from '../../src/training/options.ts';

const engines: Engine[] = [];
afterAll(() => {
  for (const engine of engines) engine.close();
});

/** What an engine really takes for the same run, without ranking. */
function taken(name: string, given: object, nUsers: number, nItems: number, nDrawn: number) {
  const engine = new Engine({ threads: 1, blas: 'off' });
  engines.push(engine);
  const before = engine.peakBytes;
  const model = findModel(name) as GradientModel;
  const config = model.options.parse(given);
  const sizes = { nUsers, nItems };
  const declared = declareParameters(model, config, sizes);
  const training = resolveTraining(model.trainingDefaults, {});
  const random = new RandomStream(1, 'memory');
  const users = Int32Array.from({ length: nDrawn }, () => random.below(nUsers));
  const items = Int32Array.from({ length: nDrawn }, () => random.below(nItems));
  const rows = sparseRows(nUsers, users, items, true);
  const store = new ParameterStore(engine, declared.list);
  const sampler = new SamplerRecord(engine, {
    ...{
      users: users.subarray(0, rows.columns.length),
      items: rows.columns,
      ...sizes,
      negatives: 4,
      reject: training.rejectTaken,
    },
    ...{ rowStart: rows.rowStart, columns: rows.columns, popularityExponent: 0, key: [1, 2] },
  });
  const { loss, leaves } = lossExpression(model, declared.tensors, config);
  new StepPlan({
    ...{ engine, store, loss, feed: sampler.pointwise(...leaves), batchSize: training.batchSize },
    ...{ totalRows: sampler.rowsPointwise, optimizer: training.optimizer, totalSteps: 1000 },
  });
  const request = {
    ...{ declarations: declared.declarations, training, ...sizes, nInteractions: rows.columns.length, threads: 1 },
  };
  return { bytes: engine.peakBytes - before, request };
}

describe('estimateMemory', () => {
  it.each([
    ['mf', { factors: 64 }, 20_000, 8000, 300_000],
    ['neumf', { factors: 32, layers: [64, 32, 16] }, 9000, 5000, 200_000],
    ['gmf', { factors: 5 }, 30_000, 1000, 400_000],
  ])('is within a sixth of what %s takes', (name, config, nUsers, nItems, nDrawn) => {
    const { bytes, request } = taken(name, config, nUsers, nItems, nDrawn);
    const { total, ranking } = estimateMemory(request);
    expect((total - ranking) / bytes).toBeGreaterThan(5 / 6);
    expect((total - ranking) / bytes).toBeLessThan(7 / 6);
  });
});

describe('checkMemory', () => {
  const model = findModel('neumf') as GradientModel;
  const request = (nUsers: number, factors: number, optimizer = 'adam') => ({
    declarations: model.parameters(model.options.parse({ factors, layers: [2 * factors, 8] }), {
      nUsers,
      nItems: 1000,
    }),
    training: resolveTraining(model.trainingDefaults, { optimizer: { name: optimizer } }),
    ...{ nUsers, nItems: 1000, nInteractions: 1000, threads: 2 },
  });

  it('lets pass what fits, and refuses what does not, saying what would', () => {
    checkMemory(request(100_000, 64));
    const big = request(3_000_000, 128);
    expect(() => checkMemory(big)).toThrow(
      /about .* GiB are needed .*WebAssembly has 4\.0 GiB; what would fit: rows of/,
    );
    expect(() => checkMemory(big)).toThrow(expect.objectContaining({ code: 'memory' }));
  });

  it('names a width that fits when the next one does not', () => {
    const message = (() => {
      try {
        checkMemory(request(3_000_000, 128));
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    })();
    const width = Number(/rows of (\d+) numbers/.exec(message)?.[1]);
    expect(() => checkMemory(request(3_000_000, width))).not.toThrow();
    // rows are padded to whole vectors of four
    expect(() => checkMemory(request(3_000_000, width + 1))).toThrow();
  });

  it('proposes fewer users and items when no width fits', () => {
    expect(() => checkMemory(request(400_000_000, 8))).toThrow(/fewer users and items/);
  });
});
