import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, it } from 'vitest';
import { interactionLogSql, writeInteractionLog } from '../../src/data/simulated/interaction-log.ts';
import { thrownCode } from '../engine/thrown-code.ts';

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Row = readonly [user: number, item: number, time: number];

async function rowsOf(sql: string, threads = 2): Promise<Row[]> {
  const connection = await (await DuckDBInstance.create(':memory:', { threads: `${threads}` })).connect();
  const rows = (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(Number) as unknown as Row);
  connection.closeSync();
  return rows;
}

/** lowbias32 in this language's 32-bit integers. */
function lowbias(x: number): number {
  let h = x >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad) >>> 0;
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97) >>> 0;
  return (h ^ (h >>> 15)) >>> 0;
}

describe('a simulated log', () => {
  const size = { nInteractions: 20_000, nUsers: 300, nItems: 1000, seed: 7 };

  it('draws users as the formula says', async () => {
    const seed = lowbias(7 + 0x9e3779b9);
    const rows = await rowsOf(interactionLogSql(size));
    const users = rows.map((_, i) => Math.floor(300 * (lowbias(((i * 4) ^ seed) >>> 0) / 2 ** 32) ** 1.5));
    expect(rows.map(([user]) => user)).toEqual(users);
  });

  it('is the same for the same seed on any number of threads, and another one for another seed', async () => {
    const rows = await rowsOf(interactionLogSql(size), 1);
    expect(await rowsOf(interactionLogSql(size), 3)).toEqual(rows);
    expect(await rowsOf(interactionLogSql({ ...size, seed: 8 }))).not.toEqual(rows);
  });

  it('has every item once at least, popular ones often, and users with tastes', async () => {
    const rows = await rowsOf(interactionLogSql(size));
    const counts = new Int32Array(size.nItems);
    const ofUser = new Map<number, Int32Array>();
    for (const [user, item, time] of rows) {
      counts[item]++;
      const clusters = ofUser.get(user) ?? new Int32Array(50);
      clusters[item % 50]++;
      ofUser.set(user, clusters);
      expect(time).toBeGreaterThanOrEqual(1_672_531_200);
    }
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1);
    const sorted = counts.toSorted((a, b) => b - a);
    expect(sorted.subarray(0, 100).reduce((a, b) => a + b)).toBeGreaterThan(0.3 * rows.length);
    const [busiest] = [...ofUser.values()].sort((a, b) => sum(b) - sum(a));
    expect(Math.max(...busiest)).toBeGreaterThan(0.6 * sum(busiest));
  });

  it('is written as the same bytes again', async () => {
    const paths = ['a', 'b'].map((name) => join(folder, `${name}.parquet`));
    for (const path of paths) await writeInteractionLog(path, size);
    expect(readFileSync(paths[0]).equals(readFileSync(paths[1]))).toBe(true);
    expect(await rowsOf(`SELECT * FROM '${paths[0]}'`)).toEqual(await rowsOf(interactionLogSql(size)));
  });

  it.each([{ nItems: 0 }, { nUsers: 1.5 }, { nInteractions: 2e9 }, { loyalty: 2 }, { colour: 'red' }])(
    'refuses %o',
    (wrong) => {
      expect(thrownCode(() => interactionLogSql({ ...size, ...wrong } as typeof size))).toBe('config');
    },
  );
});

function sum(values: Int32Array): number {
  return values.reduce((a, b) => a + b, 0);
}
