import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { measureScale, type ScaleReport, scaleCurves } from '../../src/benchmark/scale.ts';
import type { ScalePoint } from '../../src/benchmark/scale-point.ts';
import { scaleMarkdown, scaleSections } from '../../src/benchmark/scale-report.ts';
import { benchScale } from '../../src/cli/bench-scale.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { silent } from '../../src/core/progress.ts';

const point = (nInteractions: number, model = 'bpr-mf'): ScalePoint => ({
  nInteractions,
  nUsers: 50,
  nItems: 100,
  model,
  factors: 4,
  evalUsers: 10,
  threads: 1,
  batchSize: 1024,
});

describe('growth curves', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptaste-test-'));
    vi.stubEnv('TMPDIR', folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  it('measure each point in a process of its own and leave no files', async () => {
    const curves = {
      interactions: [point(2000), point(4000)],
      items: [point(2000)],
      models: [point(3000, 'neumf')],
      graphs: [point(3000, 'lightgcn')],
    };
    const report: ScaleReport = await measureScale({ progress: silent, curves });
    expect(report.interactions.map((each) => each.nInteractions)).toEqual([2000, 4000]);
    expect(report.items[0]).toEqual(report.interactions[0]);
    for (const result of [...report.interactions, ...report.models, ...report.graphs]) {
      expect(result.phases.map(({ name }) => name)).toEqual(['reading', 'training', 'ranking', 'saving']);
      expect(result.nItemsFound).toBe(100);
      expect(result.nKept).toBeLessThan(result.nInteractions);
      expect(result.nTraining).toBeLessThan(result.nKept);
      expect(result.nExamples).toBe(result.nTraining * (result.model === 'neumf' ? 2 : 1));
      expect(result.phases[3].peakBytes).toBeGreaterThan(result.startBytes);
      expect(result.engineBytes).toBeGreaterThan(8 * result.nTraining);
    }
    expect(readdirSync(folder)).toEqual([]);
    expect(scaleSections(report).map(({ rows }) => rows.length)).toEqual([2, 1, 1, 1, report.fits.length]);
    for (const { header, rows } of scaleSections(report))
      for (const row of rows) expect(row).toHaveLength(header.length);
    const page = scaleMarkdown(report, 'deeptaste bench scale', 'what it means');
    expect(page).toMatch(/^# Scale\n\n`deeptaste bench scale`/);
    expect(page).not.toMatch(/NaN|undefined/);
    expect(report.fits.map(({ advice }) => advice !== null)).toEqual([false, false, true, false, true, true, true]);
  }, 120_000);

  it('tell why a process failed', async () => {
    const curves = { interactions: [{ ...point(2000), model: 'nothing' }], items: [], models: [], graphs: [] };
    await expect(measureScale({ progress: silent, curves })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('nothing'),
    });
  }, 30_000);

  it.each([
    [['scale', 'training'], {}],
    [['scale'], { peers: true }],
    [['scale'], { rows: 1000 }],
    [['scale'], { kernels: 'simd' as const }],
    [['scale'], { blas: 'off' }],
    [['scale'], { python: 'python3' }],
  ])('do not go with workloads %o and options %o', async (names, request) => {
    const run = benchScale(names, request as object, new Terminal({ quiet: true }));
    await expect(run).rejects.toMatchObject({ code: 'usage' });
  });

  it('reach the sizes they are for, and small ones where quick', () => {
    const full = scaleCurves(false, 2);
    expect(full.interactions.map((each) => each.nInteractions)).toEqual([1e5, 1e6, 1e7, 1e8]);
    expect(full.items.map((each) => each.nItems)).toEqual([1e4, 1e5, 1e6, 1e7]);
    expect(Math.max(...scaleCurves(true, 2).interactions.map((each) => each.nInteractions))).toBe(1e6);
  });
});
