import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { StepPlan } from '../../src/engine/plan/step-plan.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../../src/engine/runtime/sampler.ts';
import { checkMemory, estimateMemory, sharedWorkOf } from '../../src/examples/memory-estimate.ts';
import type { PairModel } from '../../src/examples/pairs.ts';
import { lossExpression, pairSettings, pairs } from '../../src/examples/pairs.ts';
import { overDefaults } from '../../src/examples/settings.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { findModel } from '../../src/models/index.ts';
import { lightgcn } from '../../src/models/lightgcn.ts';
import { namedTensors } from '../../src/scoring/pair-scorer.ts';
import { trainModel } from '../../src/training/train.ts';

const engines: Engine[] = [];
afterAll(() => {
  for (const engine of engines) engine.close();
});

/** What an engine really takes for the same run, without ranking. */
function taken(name: string, given: object, nUsers: number, nItems: number, nDrawn: number) {
  const engine = new Engine({ threads: 1, blas: 'off' });
  engines.push(engine);
  const before = engine.peakBytes;
  const model = findModel(name) as PairModel;
  const config = model.options.parse(given);
  const sizes = { nUsers, nItems };
  const declared = declaredAs(model.parameters(config, sizes));
  const training = pairSettings.parse(model.trainingDefaults);
  const random = new RandomStream(1, 'memory');
  const users = Int32Array.from({ length: nDrawn }, () => random.below(nUsers));
  const items = Int32Array.from({ length: nDrawn }, () => random.below(nItems));
  const rows = sparseRows(nUsers, users, items, true);
  const store = new ParameterStore(engine, declared.list);
  const sampler = new SamplerRecord(engine, {
    users: users.subarray(0, rows.columns.length),
    items: rows.columns,
    ...sizes,
    negatives: 4,
    reject: training.rejectTaken,
    rowStart: rows.rowStart,
    columns: rows.columns,
    popularityExponent: 0,
    key: [1, 2],
  });
  const { loss, leaves } = lossExpression(model, declared.tensors, config);
  new StepPlan({
    engine,
    store,
    loss,
    feed: sampler.pointwise(...leaves),
    batchSize: training.batchSize,
    totalRows: sampler.rowsPointwise,
    optimizer: training.optimizer,
    totalSteps: 1000,
  });
  const request = {
    declarations: declared.declarations,
    training,
    ...sizes,
    nInteractions: rows.columns.length,
    threads: 1,
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

function messageOf(request: Parameters<typeof checkMemory>[0]): string {
  try {
    checkMemory(request);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('checkMemory', () => {
  const model = findModel('neumf') as PairModel;
  const request = (nUsers: number, factors: number, optimizer = 'adam') => ({
    declarations: model.parameters(model.options.parse({ factors, layers: [2 * factors, 8] }), {
      nUsers,
      nItems: 1000,
    }),
    training: pairSettings.parse(overDefaults(pairs, model.trainingDefaults, { optimizer: { name: optimizer } })),
    nUsers,
    nItems: 1000,
    nInteractions: 1000,
    threads: 2,
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
    const message = messageOf(request(3_000_000, 128));
    const width = Number(/rows of (\d+) numbers/.exec(message)?.[1]);
    expect(() => checkMemory(request(3_000_000, width))).not.toThrow();
    // rows are padded to whole vectors of four
    expect(() => checkMemory(request(3_000_000, width + 1))).toThrow();
  });

  /** BPR-MF with a million users. */
  const atScale = (nItems: number, factors: number, nInteractions: number, optimizer = 'adam') => {
    const bpr = findModel('bpr-mf') as PairModel;
    const sizes = { nUsers: 1_000_000, nItems };
    return {
      declarations: bpr.parameters(bpr.options.parse({ factors }), sizes),
      training: pairSettings.parse(overDefaults(pairs, bpr.trainingDefaults, { optimizer: { name: optimizer } })),
      ...sizes,
      nInteractions,
      threads: 2,
    };
  };

  it('lets pass a hundred million interactions, and ten million items of 16 numbers', () => {
    checkMemory(atScale(20_000, 64, 100_000_000));
    checkMemory(atScale(10_000_000, 16, 20_000_000));
    expect(() => checkMemory(atScale(10_000_000, 64, 20_000_000))).toThrow(/rows of \d+ numbers instead of 64/);
  });

  it('proposes how many interactions fit where they are what is too much', () => {
    const big = atScale(20_000, 4, 900_000_000);
    const fitting = /what would fit: ([\d,]+) interactions instead of 900,000,000/.exec(messageOf(big))?.[1];
    const nInteractions = Number(fitting?.replaceAll(',', ''));
    expect(() => checkMemory({ ...big, nInteractions })).not.toThrow();
    expect(() => checkMemory({ ...big, nInteractions: nInteractions + 1 })).toThrow();
  });

  it('is asked before anything is allocated', async () => {
    const engine = new Engine({ threads: 1, blas: 'off' });
    engines.push(engine);
    const before = engine.peakBytes;
    const model = findModel('bpr-mf') as PairModel;
    const rows = { nRows: 20_000_000, rowStart: new Int32Array(20_000_001), columns: Int32Array.of(0) };
    rows.rowStart.fill(1, 1);
    const run = trainModel({
      engine,
      model,
      config: model.options.parse({ factors: 128 }),
      training: pairSettings.parse(model.trainingDefaults),
      data: { sizes: { nUsers: 20_000_000, nItems: 1000 }, rows },
      seed: 1,
      progress: silent,
      fingerprint: 'refused',
    });
    await expect(run).rejects.toMatchObject({ code: 'memory', message: expect.stringMatching(/what would fit/) });
    expect(engine.peakBytes).toBe(before);
  });

  it('proposes fewer users and items when no width fits', () => {
    expect(() => checkMemory(request(400_000_000, 8))).toThrow(/fewer users and items/);
  });
});

it('counts the graph and what is propagated of it', () => {
  const engine = new Engine({ threads: 1, blas: 'off' });
  engines.push(engine);
  const before = engine.peakBytes;
  const sizes = { nUsers: 6000, nItems: 9000 };
  const random = new RandomStream(1, 'graph');
  const column = (n: number) => Int32Array.from({ length: 200_000 }, () => random.below(n));
  const rows = sparseRows(sizes.nUsers, column(sizes.nUsers), column(sizes.nItems), true);
  const config = lightgcn.options.parse({ layers: 3, factors: 32 });
  const training = pairSettings.parse(lightgcn.trainingDefaults);
  const data = { sizes, rows };
  const examples = lightgcn.learn.open({ engine, config, training, data, random });
  examples.run(0, 0, 1);
  const taken = engine.peakBytes - before;
  const declared = declaredAs(lightgcn.parameters(config, sizes));
  const { loss } = lossExpression(lightgcn, namedTensors(lightgcn, declared.tensors, config, data), config);
  const estimated = estimateMemory({
    declarations: declared.declarations,
    training,
    ...sizes,
    nInteractions: rows.columns.length,
    threads: 1,
    sharedWork: sharedWorkOf(loss),
  });
  expect((estimated.total - estimated.ranking) / taken).toBeGreaterThan(5 / 6);
  expect((estimated.total - estimated.ranking) / taken).toBeLessThan(7 / 6);
  examples.scorer().free();
  expect(estimated.total / (engine.peakBytes - before)).toBeGreaterThan(5 / 6);
  examples.free();
});
