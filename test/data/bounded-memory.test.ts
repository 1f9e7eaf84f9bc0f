import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { writeInteractionLog } from '../../src/data/simulated/interaction-log.ts';
import { temporaryFolder } from './temporary-files.ts';

const { folder } = temporaryFolder();
const script = fileURLToPath(new URL('./peak-of-reading.ts', import.meta.url));

/** Peak of a process that reads and splits a log, bytes. */
async function peakOf(nInteractions: number): Promise<number> {
  const file = `${folder}/${nInteractions}.parquet`;
  await writeInteractionLog(file, { nInteractions, nUsers: 20_000, nItems: 5000 });
  return Number(execFileSync(process.execPath, [script, file], { encoding: 'utf8' }));
}

describe('reading', () => {
  // Columns take 16 bytes a row, looking for repeated pairs 9; the rest is DuckDB's buffers and what the collector has not found yet.
  it('takes less than 80 bytes more for each further row', async () => {
    const [few, many] = [await peakOf(300_000), await peakOf(2_300_000)];
    expect((many - few) / 2_000_000).toBeLessThan(80);
  }, 60_000);
});
