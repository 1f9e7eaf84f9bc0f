/** An overwrite that was killed between its two renames leaves the name empty; what is whole takes its place by itself. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cp, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspectArtifact, loadArtifact, saveArtifact } from '../../src/artifact/artifact.ts';
import { exampleArtifact } from './example-artifact.ts';
import { failure, temporaryFolder } from './temporary-folder.ts';

/** No process has this number. */
const DEAD = 999_999_999;
const aside = (path: string) => `${path}.old-${DEAD}-0123456789ab`;
const written = (path: string, processId = DEAD) => `${path}.tmp-${processId}-0123456789ab`;
const firstWeight = async (path: string) => (await loadArtifact(path)).weights.get('userEmbedding')?.data[0];

/** The state between the two renames: the former one stands aside, the new one is written and has no name. */
async function interrupted(path: string): Promise<void> {
  await saveArtifact(path, exampleArtifact(0.5));
  await rename(path, aside(path));
  await saveArtifact(`${path}-new`, exampleArtifact(0.75));
  await rename(`${path}-new`, written(path));
}

test('loading finds the new folder when it is whole', async () => {
  const path = join(temporaryFolder(), 'run');
  await interrupted(path);
  expect(await firstWeight(path)).toBe(0.75);
  expect(existsSync(written(path))).toBe(false);
});

test('loading falls back to the former one when the new one is not whole', async () => {
  for (const damage of ['manifest.json', 'weights.safetensors', 'seen.parquet']) {
    const path = join(temporaryFolder(), 'run');
    await interrupted(path);
    writeFileSync(join(written(path), damage), 'x');
    expect(await firstWeight(path), damage).toBe(0.5);
  }
});

test('several at once find the same', async () => {
  const path = join(temporaryFolder(), 'run');
  await interrupted(path);
  const loaded = await Promise.all(Array.from({ length: 4 }, () => inspectArtifact(path)));
  expect(new Set(loaded.map(({ created }) => created)).size).toBe(1);
});

test('saving puts it back first, so that a failure leaves it', async () => {
  const path = join(temporaryFolder(), 'run');
  await interrupted(path);
  const broken = { ...exampleArtifact(1), attachments: new Map([['new-attachment', '']]) };
  await saveArtifact(path, broken);
  expect(await firstWeight(path)).toBe(1);
  expect(existsSync(written(path))).toBe(false);
});

test('what another process is about to rename is waited for, then taken', async () => {
  const path = join(temporaryFolder(), 'run');
  await saveArtifact(path, exampleArtifact(0.5));
  const other = `${path}.old-${process.pid}-0123456789ab`;
  await rename(path, other);
  const loading = firstWeight(path);
  setTimeout(() => rename(other, path), 120);
  expect(await loading).toBe(0.5);
});

test('a first save that was killed leaves nothing to load, and a folder that is there is never replaced', async () => {
  const base = temporaryFolder();
  const path = join(base, 'run');
  await saveArtifact(path, exampleArtifact(0.5));
  await rename(path, written(path));
  expect((await failure(() => loadArtifact(path))).code).toBe('not-found');
  await cp(written(path), path, { recursive: true });
  await cp(written(path), aside(path), { recursive: true });
  rmSync(join(path, 'manifest.json'));
  expect((await failure(() => loadArtifact(path))).code).toBe('artifact');
  expect(readdirSync(base)).toHaveLength(3);
});
