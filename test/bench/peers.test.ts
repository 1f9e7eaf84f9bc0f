import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainLoops } from '../../bench/peers/plain-loops.ts';
import { tfjsPeer } from '../../bench/peers/tfjs.ts';
import { randomBatches, randomWeights } from '../../bench/peers/workload.ts';
import { RandomStream } from '../../src/core/random.ts';

const small = { nUsers: 20, nItems: 10, dim: 4, hidden: [4, 2] };
const script = fileURLToPath(new URL('../../bench/peers/neumf_torch.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deeptaste-peers-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('workload', () => {
  it('is the same for the same seed, other for another, and in range', () => {
    const make = (seed: number) => {
      const random = new RandomStream(seed, 'test');
      return { weights: randomWeights(small, random), batches: randomBatches(small, 50, 2, random) };
    };
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
    const { weights, batches } = make(1);
    expect(weights.layers.map(({ W, b }) => [W.length, b.length])).toEqual([
      [8 * 4, 4],
      [4 * 2, 2],
    ]);
    expect(weights.h.length).toBe(4 + 2);
    expect(new Set(batches[0].users).size).toBeGreaterThan(10);
    expect(Math.max(...batches[0].users, ...batches[1].users)).toBeLessThan(20);
    expect(new Set(batches[0].labels)).toEqual(new Set([0, 1]));
  });
});

describe('plainLoops', () => {
  it('counts the examples of the timed steps', () => {
    const timing = plainLoops({ batchSize: 8, seconds: 0.02, shape: small });
    expect(timing.steps).toBeGreaterThanOrEqual(1);
    expect((timing.examplesPerSecond * timing.stepMs) / 1000).toBeCloseTo(8, 9);
  });

  it.each([{ batchSize: 0 }, { batchSize: 1.5 }, { seconds: 0 }, { seconds: Number.NaN }])('refuses %o', (options) => {
    expect(() => plainLoops(options)).toThrow(expect.objectContaining({ code: 'config' }));
  });
});

describe('tfjsPeer', () => {
  it('says why it is skipped where tfjs is not installed', async () => {
    expect(await tfjsPeer({ from: folder, shape: small })).toEqual({
      skipped: expect.stringContaining("Cannot find module '@tensorflow/tfjs'"),
    });
  });

  it('refuses impossible settings', async () => {
    await expect(tfjsPeer({ from: folder, seconds: -1 })).rejects.toMatchObject({ code: 'config' });
  });
});

describe.skipIf(!hasPython)('neumf_torch.py (needs python3)', () => {
  const run = (...flags: string[]) =>
    spawnSync('python3', [script, ...flags], { encoding: 'utf8', env: { ...process.env, PYTHONPATH: folder } });

  it('prints one JSON document that says why it is skipped where torch is not installed', () => {
    writeFileSync(join(folder, 'torch.py'), 'raise ImportError("no torch here")\n');
    const { status, stdout, stderr } = run('--json', '--seconds', '0.1');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ skipped: 'torch cannot be imported: ImportError: no torch here' });
  });

  it.each([
    ['--batch', '0'],
    ['--seconds', '0'],
    ['--seconds', 'nan'],
    ['--rounds', 'x'],
    ['--unknown', '1'],
  ])('refuses %s %s with exit code 2', (...flags) => {
    const { status, stdout, stderr } = run(...flags);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain('error:');
    expect(stderr).not.toContain('Traceback');
  });
});
