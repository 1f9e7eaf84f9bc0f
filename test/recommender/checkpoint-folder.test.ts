import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeSafetensors } from '../../src/artifact/safetensors-writer.ts';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { freshMark } from '../../src/core/process-mark.ts';
import { CheckpointFolder } from '../../src/runs/checkpoint-folder.ts';
import { noProgress } from '../../src/training/checkpoint.ts';
import { failure, temporaryFolder } from '../artifact/temporary-folder.ts';

const progress = { ...noProgress, epochsDone: 2, bestValidation: 0.25, bestEpoch: 1, looksWithoutGain: 1 };
const tensors: NamedTensors = new Map([
  ['weights/P', { shape: [2, 3], data: new Float32Array(new SharedArrayBuffer(24)).fill(0.5) }],
  ['state/step', { shape: [], data: Float64Array.of(7) }],
  ['state/rows', { shape: [2], data: Int32Array.of(1, -2) }],
]);

async function saved(): Promise<{ folder: CheckpointFolder; file: string }> {
  const folder = new CheckpointFolder(join(temporaryFolder(), 'run'));
  await folder.save({ fingerprint: 'of this run', progress, tensors });
  return { folder, file: join(folder.path, 'checkpoint.safetensors') };
}

test('a checkpoint comes back as it was saved', async () => {
  const { folder } = await saved();
  const loaded = await folder.load();
  expect(loaded).toMatchObject({ fingerprint: 'of this run', progress });
  for (const [name, { shape, data }] of tensors) {
    const tensor = loaded?.tensors.get(name);
    expect(tensor?.shape).toEqual(shape);
    expect([...(tensor?.data ?? [])]).toEqual([...data]);
  }
  await folder.remove();
  expect(await folder.load()).toBeNull();
});

test('every flipped bit is refused', async () => {
  const { folder, file } = await saved();
  const bytes = readFileSync(file);
  for (let byte = 0; byte < bytes.length; byte++) {
    const altered = Buffer.from(bytes);
    altered[byte] ^= 1 << (byte % 8);
    writeFileSync(file, altered);
    const { code, message } = await failure(() => folder.load());
    expect(code, `byte ${byte}`).toBe('artifact');
    expect(message).not.toMatch(/\n/);
  }
});

test('so is a truncated one, one without a hash, and another file', async () => {
  const { folder, file } = await saved();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 1));
  expect((await failure(() => folder.load())).code).toBe('artifact');
  await writeSafetensors(file, tensors, { fingerprint: 'of this run', progress: JSON.stringify(progress) });
  expect((await failure(() => folder.load())).message).toMatch(/SHA-256.*start anew/);
  await writeSafetensors(file, tensors);
  expect((await failure(() => folder.load())).message).toMatch(/must be a checkpoint/);
});

test('that of a run which is going on is neither written over nor removed', async () => {
  const { folder, file } = await saved();
  const bytes = readFileSync(file);
  writeFileSync(join(folder.path, 'process'), freshMark().replace(/^\d+/, String(process.ppid)));
  const other = new CheckpointFolder(folder.path.replace(/\.partial$/, ''));
  const saving = () => other.save({ fingerprint: 'of another run', progress, tensors });
  for (const work of [saving, () => other.checkFree()]) {
    const { code, message } = await failure(work);
    expect(code).toBe('usage');
    expect(message).toMatch(/another run must not be writing its checkpoints there, found process \d+; choose another/);
  }
  await other.remove();
  expect(readFileSync(file).equals(bytes)).toBe(true);
  writeFileSync(join(folder.path, 'process'), 'nobody');
  await saving();
  expect((await other.load())?.fingerprint).toBe('of another run');
  await other.remove();
  expect(existsSync(folder.path)).toBe(false);
});

test('one that cannot be written leaves the former one, or nothing', async () => {
  const { folder } = await saved();
  const broken: NamedTensors = new Map([['weights/P', { shape: [3], data: new Float32Array(2) }]]);
  const fresh = new CheckpointFolder(join(temporaryFolder(), 'run'));
  for (const each of [folder, fresh])
    await expect(each.save({ fingerprint: 'broken', progress, tensors: broken })).rejects.toThrow();
  expect((await folder.load())?.fingerprint).toBe('of this run');
  expect([await folder.exists(), await fresh.exists(), existsSync(fresh.path)]).toEqual([true, false, false]);
  mkdirSync(fresh.path);
  expect([await fresh.exists(), await fresh.load()]).toEqual([false, null]);
  expect(readdirSync(fresh.path)).toEqual([]);
});
