import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder that is removed after the test file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deeptaste-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The `code` and `message` of the error that `work` throws; fails when it does not throw one of ours. */
export async function failure(work: () => unknown): Promise<{ code: string; message: string; details: object }> {
  try {
    await work();
  } catch (error) {
    const { name, code, message, details } = error as { name: string; code: string; message: string; details: object };
    if (name !== 'DeepTasteError') throw error;
    return { code, message, details };
  }
  throw new Error('no error was thrown');
}
