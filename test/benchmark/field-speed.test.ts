/** The bench of fields, in small. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOG_FIELDS, writeClickLog } from '../../src/benchmark/field-files.ts';
import { fieldSections } from '../../src/benchmark/field-report.ts';
import { measureFields } from '../../src/benchmark/field-speed.ts';
import { sectionsMarkdown } from '../../src/benchmark/report.ts';
import { benchFields } from '../../src/cli/bench-fields.ts';
import { Terminal } from '../../src/cli/terminal.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-field-speed-'));
afterAll(() => rmSync(folder, { recursive: true }));

// the Frappe files, if there are any, would take minutes
const data = process.env.DEEPTASTE_DATA;
beforeEach(() => {
  process.env.DEEPTASTE_DATA = folder;
});
afterEach(() => {
  if (data === undefined) delete process.env.DEEPTASTE_DATA;
  else process.env.DEEPTASTE_DATA = data;
});

it('the invented file has a label and 40 columns, empty cells, and is the same again', async () => {
  const write = async (name: string, seed: number) => {
    const path = join(folder, name);
    await writeClickLog(path, 400, new RandomStream(seed, 'test'));
    return readFileSync(path, 'utf8');
  };
  const text = await write('a.csv', 1);
  expect(await write('b.csv', 1)).toBe(text);
  expect(await write('c.csv', 2)).not.toBe(text);
  const rows = text
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  expect(rows.map((cells) => cells.length)).toEqual(Array.from({ length: 401 }, () => LOG_FIELDS + 1));
  const cells = rows.slice(1).flatMap((row) => row.slice(1));
  const empty = cells.filter((cell) => cell === '').length / cells.length;
  expect(empty).toBeGreaterThan(0.04);
  expect(empty).toBeLessThan(0.06);
  expect(new Set(rows.slice(1).map(([label]) => label))).toEqual(new Set(['0', '1']));
});

describe('the bench', () => {
  it('measures reading, prediction and latency, and says why an experiment is left out', async () => {
    const engines = [new Engine({ threads: 1, blas: 'off' })];
    const predicted = { rows: 300, items: 12, requests: 5 };
    const speed = await measureFields({ engines, rows: 500, predicted, progress: silent });
    engines[0].close();
    expect(speed.reading).toMatchObject({ rows: 500, fields: LOG_FIELDS, encodedBytes: 500 * LOG_FIELDS * 4 });
    expect(speed.prediction).toMatchObject({ rows: 300, threads: 1 });
    expect(speed.prediction.encodedRowsPerSecond).toBeGreaterThan(speed.prediction.rowsPerSecond);
    expect(speed.latency).toMatchObject([{ items: 12, requests: 5, threads: 1 }]);
    expect(speed.latency[0].p99Ms).toBeGreaterThanOrEqual(speed.latency[0].p50Ms);
    expect(speed.experiment).toMatchObject({ skipped: expect.stringMatching(/DEEPTASTE_DATA|checkout/) });
    const page = sectionsMarkdown('Speed', 'deeptaste bench fields', 'here.', fieldSections(speed));
    expect(page).toContain('## One row against many items\n');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  }, 60_000);

  it.each([
    [['fields', 'machine'], {}],
    [['fields'], { peers: true }],
    [['fields'], { python: 'python3' }],
  ])('refuses %j %j', async (names, request) => {
    await expect(benchFields(names, request, new Terminal({ quiet: true }))).rejects.toMatchObject({ code: 'usage' });
  });
});
