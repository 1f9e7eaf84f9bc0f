/** What killed processes have left is known by its mark and removed by the next process; what may still be in use stays. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { freshMark, isGone, isRunningElsewhere, markPattern } from '../../src/core/process-mark.ts';
import { temporaryFolder } from '../artifact/temporary-folder.ts';

const source = (path: string) => JSON.stringify(new URL(`../../src/core/${path}`, import.meta.url).href);

/** Runs a script in a process of its own. */
function ran(script: string, env: NodeJS.ProcessEnv = process.env): { signal: string | null; stdout: string } {
  const { signal, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env,
  });
  expect(stderr).not.toMatch(/Error/);
  return { signal, stdout };
}

const markOfAnother = ran(
  `import { freshMark } from ${source('process-mark.ts')}; process.stdout.write(freshMark());`,
).stdout;

test('marks tell who is gone', () => {
  expect(freshMark()).not.toBe(freshMark());
  expect(freshMark()).toMatch(markPattern);
  expect(isGone(markOfAnother)).toBe(true);
  expect(isGone(freshMark())).toBe(false);
  const ofParent = freshMark().replace(/^\d+/, String(process.ppid));
  expect([isGone(ofParent), isRunningElsewhere(ofParent), isRunningElsewhere(freshMark())]).toEqual([
    false,
    true,
    false,
  ]);
});

test('nothing is known of processes elsewhere, nor of what is no mark', () => {
  const elsewhere = markOfAnother.replace(/-(.)/, (_, digit: string) => `-${digit === '0' ? '1' : '0'}`);
  for (const mark of [elsewhere, '', 'x', '1', `${markOfAnother}0`, `x${markOfAnother}`])
    expect([mark, isGone(mark), isRunningElsewhere(mark)]).toEqual([mark, false, false]);
});

test('a file that was being written when its process was killed goes with the next write', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.json');
  const killed = ran(`
    import { writeFileAtomic } from ${source('atomic-file.ts')};
    function* pieces() { yield new Uint8Array(9); process.kill(process.pid, 'SIGKILL'); }
    await writeFileAtomic(${JSON.stringify(path)}, pieces());`);
  expect(killed.signal).toBe('SIGKILL');
  const left = readdirSync(folder);
  expect(left).toHaveLength(1);
  for (const other of ['a.json.tmp-notes', 'b.json.tmp-1-000000000000']) writeFileSync(join(folder, other), '');
  await writeFileAtomic(path, '{}');
  expect(readdirSync(folder).sort()).toEqual(['a.json', 'a.json.tmp-notes', 'b.json.tmp-1-000000000000']);
});

test('temporary folders of killed processes go with the next one', () => {
  const folder = temporaryFolder();
  const env = { ...process.env, TMPDIR: folder, TEMP: folder, TMP: folder };
  const make = `import { makeTemporaryFolder } from ${source('temporary-folder.ts')};
    process.stdout.write(makeTemporaryFolder('copies'));`;
  const abandoned = ran(make, env).stdout;
  writeFileSync(join(abandoned, 'copy'), 'x');
  mkdirSync(join(folder, `deeptaste-copies-${freshMark()}`));
  mkdirSync(join(folder, 'deeptaste-notes'));
  const made = ran(make, env).stdout;
  expect(existsSync(abandoned)).toBe(false);
  expect(readdirSync(folder)).toHaveLength(3);
  expect(readdirSync(folder)).toContain(basename(made));
});
