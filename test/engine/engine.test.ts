import { afterAll, describe, expect, it } from 'vitest';
import * as code from '../../src/engine/kernels/opcodes.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { canRun, loadKernels } from '../../src/engine/runtime/kernel-file.ts';
import { thrownCode } from './thrown-code.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

describe('settings', () => {
  it.each([0, -1, 1.5, 257, Number.NaN])('refuses %d threads', (threads) => {
    expect(thrownCode(() => new Engine({ threads }))).toBe('config');
  });

  it('takes the best build that the runtime has, or the one asked for', () => {
    expect(canRun('relaxed')).toBe(Number(process.versions.node.split('.')[0]) >= 24);
    expect(loadKernels().build).toBe(canRun('wide') ? 'wide' : canRun('relaxed') ? 'relaxed' : 'simd');
    expect(loadKernels('simd').build).toBe('simd');
    if (canRun('relaxed')) expect(loadKernels('relaxed').build).toBe('relaxed');
    if (canRun('wide')) expect(loadKernels('wide').build).toBe('wide');
    else expect(() => loadKernels('wide')).toThrow('AVX2');
  });
});

describe('memory', () => {
  it('is zeroed, aligned and reused', () => {
    const a = engine.allocate(100);
    expect(a % 64).toBe(0);
    engine.f32(a, 25).fill(1);
    engine.free(a);
    const b = engine.allocate(100);
    expect(b).toBe(a);
    expect(engine.f32(b, 25).every((x) => x === 0)).toBe(true);
    engine.free(b);
  });

  it('grows, and what was written stays', () => {
    const a = engine.place(Int32Array.of(1, 2, 3));
    const big = engine.allocate(20 * 1024 ** 2);
    engine.i32(big, 5 * 1024 ** 2)[5 * 1024 ** 2 - 1] = 7;
    expect([...engine.i32(a, 3)]).toEqual([1, 2, 3]);
    expect(engine.peakBytes).toBeGreaterThan(20 * 1024 ** 2);
    engine.free(big);
    engine.free(a);
  });

  it.each([4 * 1024 ** 3, 1e12])('refuses %d bytes and goes on', (bytes) => {
    const peak = engine.peakBytes;
    expect(thrownCode(() => engine.allocate(bytes))).toBe('memory');
    expect(engine.peakBytes).toBe(peak);
    engine.free(engine.allocate(64));
  });
});

describe('a closed engine', () => {
  it('refuses work and may be closed again', () => {
    for (const threads of [1, 2]) {
      const closed = new Engine({ threads });
      closed.close();
      closed.close();
      expect(thrownCode(() => closed.run(code.JOB_STEPS, 0))).toBe('config');
    }
  });
});

/** A plan of one dense update, cut in two: thread 0 updates the first half of the weights, thread 1 the second. */
function updateOf(target: Engine, weights: number): number {
  const [plan, stage, dense, optimizer, rest] = [256, 64, 64, 64, 1024].map((bytes) => target.allocate(bytes));
  target.i32(dense, code.DENSE_WORDS).set([weights, rest, rest, rest, 64]);
  target.i32(optimizer, code.OPTIMIZER_WORDS)[code.OPTIMIZER_KIND] = code.SGD;
  target.i32(stage, code.STAGE_WORDS).set([code.STAGE_UPDATE_DENSE, dense, optimizer, 0, 0, 0, 0, 1]);
  const words = target.i32(plan, code.PLAN_WORDS);
  words[code.PLAN_STAGES] = stage;
  words[code.PLAN_N_STAGES] = 1;
  words[code.PLAN_BATCH] = 1;
  words[code.PLAN_TILE] = 32;
  words[code.PLAN_TOTAL_ROWS] = 1;
  words[code.PLAN_N_STEPS] = 1;
  for (const n of [code.PLAN_SCHEDULE, code.PLAN_NORMS, code.PLAN_LANES, code.PLAN_SCRATCH]) words[n] = rest;
  return plan;
}

describe('a thread that fails', () => {
  it.each([
    ['the thread of the caller', (end: number) => end + 64],
    ['another thread', (end: number) => end - 128],
  ])('closes the engine instead of hanging: %s', async (_which, weightsAt) => {
    const failing = new Engine({ threads: 2 });
    const end = failing.memory.buffer.byteLength;
    const plan = updateOf(failing, weightsAt(end));
    expect(failing.memory.buffer.byteLength).toBe(end);
    const started = performance.now();
    expect(thrownCode(() => failing.run(code.JOB_STEPS, plan))).toBe('numeric');
    expect(performance.now() - started).toBeLessThan(5000);
    expect(thrownCode(() => failing.run(code.JOB_STEPS, plan))).toBe('config');
  });

  it('does not happen in the same plan with weights inside the memory', () => {
    const weights = engine.allocate(256);
    expect(() => engine.run(code.JOB_STEPS, updateOf(engine, weights))).not.toThrow();
  });
});
