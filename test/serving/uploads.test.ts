/** Tables that are uploaded: how many are kept, what is removed when, and what ends with the server. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Uploads } from '../../src/serving/training/uploads.ts';
import { until } from '../cli/command-line.ts';

const place = mkdtempSync(join(tmpdir(), 'deeptaste-uploads-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** In place of the command line: `slow.csv` is looked at until a file is there. */
const program = join(place, 'program.mjs');
writeFileSync(
  program,
  `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const [, name] = process.argv.slice(2);
const end = () => { console.log(JSON.stringify({ size: readFileSync(name).length })); process.exit(); };
if (name !== 'slow.csv') end();
writeFileSync(${JSON.stringify(join(place, 'looking'))}, '');
setInterval(() => existsSync(${JSON.stringify(join(place, 'go'))}) && end(), 10);
`,
);

const desk = () =>
  new Uploads(
    {
      ...{ folder: place, mostUpload: 1000, program: [process.execPath, program] },
      catalogue: () => Promise.reject(new Error('not asked for')),
      check: async () => {},
      dataArguments: () => [],
    },
    () => new Set(),
  );

const bytes = (text: string) => new Response(text).body;
const isLooking = (): boolean => existsSync(join(place, 'looking'));
const fresh = (): void => {
  for (const name of ['looking', 'go']) rmSync(join(place, name), { force: true });
};

it('a table that is looked at is not removed, neither by request nor to make room', async () => {
  fresh();
  const uploads = desk();
  const slow = uploads.add('slow.csv', bytes('abc'));
  await until(isLooking);
  const [{ id, folder }] = uploads.all;
  await expect(uploads.remove(id)).rejects.toMatchObject({ status: 409, code: 'in-use' });
  // nor one that waits for its look
  const others = Array.from({ length: 7 }, (_, n) => uploads.add(`t${n}.csv`, bytes('abcd')));
  await until(() => uploads.all.length === 8);
  await expect(uploads.add('more.csv', bytes('a'))).rejects.toMatchObject({ status: 409, code: 'full' });
  expect(existsSync(folder)).toBe(true);
  writeFileSync(join(place, 'go'), '');
  expect(await slow).toMatchObject({ id, name: 'slow.csv', bytes: 3, data: { size: 3 }, problem: null });
  await Promise.all(others);
  // now the oldest makes room
  await uploads.add('more.csv', bytes('a'));
  expect(uploads.all).toHaveLength(8);
  expect(existsSync(folder)).toBe(false);
  await uploads.close();
});

it('tables that arrive at once take places before they are there', async () => {
  fresh();
  const uploads = desk();
  const gates: (() => void)[] = [];
  const gated = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        gates.push(() => {
          controller.enqueue(new TextEncoder().encode('abc'));
          controller.close();
        });
      },
    });
  const arriving = Array.from({ length: 12 }, (_, n) => uploads.add(`t${n}.csv`, gated()));
  const settled = Promise.allSettled(arriving);
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (const open of gates) open();
  const status = (await settled).map((each) => each.status);
  expect(status.filter((each) => each === 'fulfilled')).toHaveLength(8);
  // a place of one that breaks off is free again
  const broken = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('aborted')) });
  await expect(uploads.add('broken.csv', broken)).rejects.toMatchObject({ status: 400 });
  await uploads.add('last.csv', bytes('abc'));
  await uploads.close();
});

it('what is being looked at, or waits for it, ends with the server, and nothing is left', async () => {
  fresh();
  const uploads = desk();
  const looks = Promise.allSettled(['slow.csv', 'slow.csv'].map((name) => uploads.add(name, bytes('abc'))));
  await until(isLooking);
  await until(() => uploads.all.length === 2);
  const root = join(uploads.all[0].folder, '..');
  const started = performance.now();
  await uploads.close();
  expect(performance.now() - started).toBeLessThan(9_000);
  for (const each of await looks) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'stopping' } });
  await expect(uploads.add('late.csv', bytes('abc'))).rejects.toMatchObject({ status: 503 });
  expect(existsSync(root)).toBe(false);
});
