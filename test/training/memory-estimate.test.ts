import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Progress, silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { Sequences } from '../../src/data/sequences/sequences.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { checkMemory, tellMemory, withFactorAdvice } from '../../src/examples/memory-estimate.ts';
import { type PairModel, pairMemory, pairSettings, pairs } from '../../src/examples/pairs.ts';
import { overDefaults, resolveTraining } from '../../src/examples/settings.ts';
import { findModelOf } from '../../src/models/index.ts';
import { trainModel } from '../../src/training/train.ts';

const engines: Engine[] = [];
afterAll(() => {
  for (const engine of engines) engine.close();
});
const random = new RandomStream(1, 'memory');
const below = (n: number, bound: number) => Int32Array.from({ length: n }, () => random.below(bound));

const pairData = (nUsers: number, nItems: number, n: number) => ({
  sizes: { nUsers, nItems },
  rows: sparseRows(nUsers, below(n, nUsers), below(n, nItems), true),
});
const sequenceData = (nSequences: number, length: number, nItems: number): Sequences => ({
  nItems,
  start: Int32Array.from({ length: nSequences + 1 }, (_, s) => s * length),
  items: below(nSequences * length, nItems),
  time: null,
  owner: null,
});

/** What is estimated of an engine's memory without ranking, over what open examples really take. */
function shareOf<F extends 'pairs' | 'sequences'>(
  form: F,
  name: string,
  given: { readonly config?: object; readonly training?: object },
  data: F extends 'pairs' ? ReturnType<typeof pairData> : Sequences,
): number {
  const model = findModelOf(form, name);
  const { learn } = model;
  if (learn.by === 'solver') throw new Error('a model that is trained by gradients was expected');
  const engine = new Engine({ threads: 2, blas: 'off' });
  engines.push(engine);
  const config = model.options.parse(given.config ?? {});
  const training = resolveTraining(model, given.training ?? {}).training as object;
  const request = { engine, config, training, data: data as never };
  const { ranking, ...parts } = learn.memory(request).engine;
  expect(ranking).toBeGreaterThan(0);
  const before = engine.peakBytes;
  learn.open({ ...request, random });
  const taken = engine.peakBytes - before;
  return Object.values(parts).reduce((sum, bytes) => sum + bytes, 0) / taken;
}

describe('the estimate of the engine’s memory', () => {
  it.each([
    ['mf', { config: { factors: 64 } }, pairData(20_000, 8000, 300_000)],
    ['neumf', { config: { factors: 32, mlpFactors: 32, hidden: [32, 16] } }, pairData(9000, 5000, 200_000)],
    ['bpr-mf', { training: { optimizer: { name: 'adagrad' } } }, pairData(30_000, 1000, 400_000)],
    ['irgan', { config: { factors: 64 } }, pairData(9000, 5000, 200_000)],
    ['irgan', { training: { baseline: 'moving', generatorBatchSize: 256 } }, pairData(3000, 20_000, 100_000)],
    ['kbgan', {}, pairData(20_000, 8000, 300_000)],
    ['daso', {}, { ...pairData(9000, 5000, 200_000), friends: pairData(9000, 9000, 50_000).rows }],
  ])('is within a sixth of what %s takes', (name, given, data) => {
    expect(shareOf('pairs', name, given, data)).toBeGreaterThan(5 / 6);
    expect(shareOf('pairs', name, given, data)).toBeLessThan(7 / 6);
  });

  it.each([
    ['gru4rec', { config: { hidden: [100], sharedNegatives: 2048 }, training: { batchSize: 240 } }, [3000, 12, 9000]],
    ['gru4rec', { config: { hidden: [64] } }, [3000, 12, 2000]],
    ['sasrec', { config: { maxLength: 200 } }, [2000, 30, 9000]],
    ['sasrec', { config: { loss: 'cross-entropy' } }, [2000, 30, 3000]],
  ] as const)('is within a sixth of what %s takes: %j', (name, given, sizes) => {
    const share = shareOf('sequences', name, given, sequenceData(...(sizes as readonly [number, number, number])));
    expect(share).toBeGreaterThan(5 / 6);
    expect(share).toBeLessThan(7 / 6);
  });
});

const script = fileURLToPath(new URL('./peak-of-training.ts', import.meta.url));

describe('the whole estimate', () => {
  // of each kind of examples, and the solvers whose memory matters
  it.each([
    ['mf', { factors: 64 }, { epochs: 1 }, 1],
    ['deepfm', {}, { epochs: 1 }, 1],
    ['gru4rec', { hidden: [64], sharedNegatives: 512 }, { epochs: 1, batchSize: 240 }, 1],
    ['sasrec', {}, { epochs: 1 }, 1],
    ['ease', {}, {}, 8],
    ['ials', { epochs: 1 }, {}, 1],
    ['item-knn', {}, {}, 1],
    ['vsknn', {}, {}, 1],
  ])(
    'is near the growth of a process that trains %s and ranks by it',
    (name, config, training, divisor) => {
      const args = [script, name, JSON.stringify(config), JSON.stringify(training), String(divisor)];
      const { estimate, grown } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
      expect(grown / estimate).toBeGreaterThan(0.4);
      // what comes on top is the heap that is not collected yet, and compiled code
      expect(grown).toBeLessThan(1.5 * estimate + 32 * 1024 ** 2);
    },
    120_000,
  );

  it('is told with what it is for, and with a warning where the machine has less', () => {
    const told: string[] = [];
    const progress: Progress = { ...silent, log: (line) => void told.push(line) };
    const estimate = { engine: { weights: 3 * 1024 ** 2 }, outside: { batches: 1024 ** 3 }, total: 1027 * 1024 ** 2 };
    tellMemory(estimate, progress, 2 * 1024 ** 3);
    expect(told).toEqual(['memory: about 1.0 GiB besides the data (weights 3 MiB, batches 1.0 GiB)']);
    tellMemory(estimate, progress, 1024 ** 3 / 2);
    expect(told.at(-1)).toMatch(/^warning: this machine has 512 MiB of memory left, .*; free memory, or keep fewer/);
    const before = told.length;
    tellMemory({ engine: { weights: 2e8 }, outside: {}, total: 2e8 }, progress, 2 * 1024 ** 3);
    expect(told.length, 'little is not worth a line').toBe(before);
  });
});

function messageOf(estimate: Parameters<typeof checkMemory>[0]): string {
  try {
    checkMemory(estimate);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

describe('checkMemory', () => {
  const engine = { threads: 2, blas: null };
  const model = findModelOf('pairs', 'neumf') as PairModel;
  const request = (nUsers: number, factors: number, optimizer = 'adam') =>
    pairMemory(model, {
      engine,
      config: model.options.parse({ factors, mlpFactors: factors, hidden: [8] }),
      training: pairSettings.parse(overDefaults(pairs, model.trainingDefaults, { optimizer: { name: optimizer } })),
      sizes: { nUsers, nItems: 1000 },
      nInteractions: 1000,
      rows: null,
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
    const bpr = findModelOf('pairs', 'bpr-mf') as PairModel;
    const training = pairSettings.parse(overDefaults(pairs, bpr.trainingDefaults, { optimizer: { name: optimizer } }));
    const sizes = { nUsers: 1_000_000, nItems };
    return pairMemory(bpr, {
      engine,
      config: bpr.options.parse({ factors }),
      training,
      sizes,
      nInteractions,
      rows: null,
    });
  };

  it('lets pass a hundred million interactions, and ten million items of 16 numbers', () => {
    checkMemory(atScale(20_000, 64, 100_000_000));
    checkMemory(atScale(10_000_000, 16, 20_000_000));
    expect(() => checkMemory(atScale(10_000_000, 64, 20_000_000))).toThrow(/rows of \d+ numbers instead of 64/);
  });

  it('proposes how many interactions fit where they are what is too much', () => {
    const big = (nInteractions: number) => atScale(20_000, 4, nInteractions);
    const message = messageOf(big(900_000_000));
    const fitting = /what would fit: ([\d,]+) interactions instead of 900,000,000/.exec(message)?.[1];
    const nInteractions = Number(fitting?.replaceAll(',', ''));
    expect(() => checkMemory(big(nInteractions))).not.toThrow();
    expect(() => checkMemory(big(nInteractions + 1))).toThrow();
  });

  it('proposes how many factors fit where a whole step grows with them', () => {
    const bpr = (factors: number) => atScale(10_000_000, factors, 20_000_000);
    const advised = withFactorAdvice({ ...bpr(64), whatFits: undefined }, 64, bpr);
    const factors = Number(/what would fit: factors=(\d+) instead of 64/.exec(messageOf(advised))?.[1]);
    expect(() => checkMemory(bpr(factors))).not.toThrow();
    expect(() => checkMemory(bpr(factors + 1))).toThrow();
    const never = () => request(400_000_000, 8);
    expect(messageOf(withFactorAdvice(never(), 8, never))).toMatch(/fewer users and items/);
  });

  it('is asked before anything is allocated', async () => {
    const own = new Engine({ threads: 1, blas: 'off' });
    engines.push(own);
    const before = own.peakBytes;
    const bpr = findModelOf('pairs', 'bpr-mf') as PairModel;
    const rows = { nRows: 20_000_000, rowStart: new Int32Array(20_000_001), columns: Int32Array.of(0) };
    rows.rowStart.fill(1, 1);
    const run = trainModel({
      engine: own,
      model: bpr,
      config: bpr.options.parse({ factors: 128 }),
      training: pairSettings.parse(bpr.trainingDefaults),
      data: { sizes: { nUsers: 20_000_000, nItems: 1000 }, rows },
      seed: 1,
      progress: silent,
      fingerprint: 'refused',
    });
    await expect(run).rejects.toMatchObject({ code: 'memory', message: expect.stringMatching(/what would fit/) });
    expect(own.peakBytes).toBe(before);
  });

  it('proposes fewer users and items when no width fits', () => {
    expect(() => checkMemory(request(400_000_000, 8))).toThrow(/fewer users and items/);
  });
});

it('counts the graph and what is propagated of it', () => {
  const lightgcn = findModelOf('pairs', 'lightgcn');
  if (lightgcn.learn.by === 'solver') throw new Error('a model that is trained by gradients was expected');
  const engine = new Engine({ threads: 1, blas: 'off' });
  engines.push(engine);
  const config = lightgcn.options.parse({ layers: 3, factors: 32 });
  const training = resolveTraining(lightgcn, {}).training as object;
  const request = { engine, config, training, data: pairData(6000, 9000, 200_000) };
  const { ranking, ...parts } = lightgcn.learn.memory(request).engine;
  const estimated = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
  const before = engine.peakBytes;
  const examples = lightgcn.learn.open({ ...request, random });
  examples.run(0, 0, 1);
  const taken = engine.peakBytes - before;
  expect(estimated / taken).toBeGreaterThan(5 / 6);
  expect(estimated / taken).toBeLessThan(7 / 6);
  examples.scorer().free();
  expect((estimated + ranking) / (engine.peakBytes - before)).toBeGreaterThan(5 / 6);
  examples.free();
});
