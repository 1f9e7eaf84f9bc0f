/** Folders of runs that are watched. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { noLog } from '../../src/serving/log.ts';
import { watchFolders } from '../../src/serving/watch-folders.ts';
import { temporaryFolder } from '../artifact/temporary-folder.ts';
import { until } from '../cli/command-line.ts';

it('a run that is saved anew is noticed, also while another one is gone', async () => {
  const place = temporaryFolder();
  const save = (name: string, text: string): void => {
    mkdirSync(join(place, 'new'));
    writeFileSync(join(place, 'new', 'manifest.json'), text);
    rmSync(join(place, name), { recursive: true, force: true });
    renameSync(join(place, 'new'), join(place, name));
  };
  const folders = ['gone', 'a', 'b'].map((name) => join(place, name));
  save('a', 'one');
  save('b', 'one');
  let changes = 0;
  const stop = watchFolders(
    () => folders,
    () => changes++,
    noLog,
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect(changes).toBe(0);
  save('b', 'another');
  await until(() => changes === 1, 20_000);
  // one that is away for a moment is compared with what it was
  renameSync(join(place, 'a'), join(place, 'aside'));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  save('a', 'the next');
  await until(() => changes === 2, 20_000);
  stop();
});
