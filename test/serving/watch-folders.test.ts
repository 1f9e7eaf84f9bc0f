/** Folders of runs that are watched. */
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { saveArtifact } from '../../src/artifact/artifact.ts';
import { versionOf } from '../../src/artifact/manifest.ts';
import { noLog } from '../../src/serving/log.ts';
import { watchFolders } from '../../src/serving/watch-folders.ts';
import { exampleArtifact } from '../artifact/example-artifact.ts';
import { temporaryFolder } from '../artifact/temporary-folder.ts';
import { until } from '../cli/command-line.ts';

it('a run that is saved anew is noticed, also while another one is gone, and before the first look', async () => {
  const place = temporaryFolder();
  let made = 0;
  const save = async (name: string): Promise<string> =>
    versionOf(await saveArtifact(join(place, name), exampleArtifact(), new Date(1_600_000_000_000 + 1000 * made++)));
  const versions: Record<string, string> = { gone: 'none', a: await save('a'), b: await save('b') };
  const runs = () => Object.entries(versions).map(([name, version]) => ({ path: join(place, name), version }));
  let changes = 0;
  const watch = () => watchFolders(runs, () => changes++, noLog);
  const stop = watch();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(changes).toBe(0);
  versions.b = await save('b');
  await until(() => changes === 1, 20_000);
  // one that is away for a moment is compared with what it was
  renameSync(join(place, 'a'), join(place, 'aside'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  versions.a = await save('a');
  await until(() => changes === 2, 20_000);
  stop();
  // saved anew between loading and the first look
  await save('b');
  const next = watch();
  await until(() => changes === 3, 20_000);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(changes).toBe(3);
  next();
});
