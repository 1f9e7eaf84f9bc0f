/** Where trainings make their runs: what has the name of a run, and is not theirs, they leave alone. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freshMark } from '../../src/core/process-mark.ts';
import { noLog } from '../../src/serving/log.ts';
import type { Job } from '../../src/serving/training/job.ts';
import { Jobs } from '../../src/serving/training/jobs.ts';
import type { TrainingMeans } from '../../src/serving/training/means.ts';
import { Uploads } from '../../src/serving/training/uploads.ts';
import { until } from '../cli/command-line.ts';

const place = mkdtempSync(join(tmpdir(), 'deeptaste-jobs-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** In place of the command line: makes a folder, waits for a file beside it, and ends as the experiment says. */
const program = join(place, 'program.mjs');
writeFileSync(
  program,
  `import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
const [, file, , out] = process.argv.slice(2);
const { seed } = JSON.parse(readFileSync(file, 'utf8'));
for (const folder of [out, out + '.partial']) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(folder + '/weights', 'made');
}
process.on('SIGINT', () => process.exit(130));
const timer = setInterval(() => {
  if (!existsSync(${JSON.stringify(join(place, 'go'))})) return;
  clearInterval(timer);
  console.log('{"out":"","next":"","answer":42}');
  process.exitCode = seed;
}, 10);
`,
);

function desk(folder: string): { readonly jobs: Jobs; readonly train: (name: string, seed?: number) => Promise<Job> } {
  const means: TrainingMeans = {
    ...{ folder, mostUpload: 1000, program: [process.execPath, program] },
    catalogue: () => Promise.reject(new Error('not asked for')),
    check: async () => {},
    dataArguments: () => [],
  };
  const jobs = new Jobs(means, noLog);
  const uploads = new Uploads(means, () => new Set());
  const request = { model: 'mf', data: 'film-club', config: {}, training: {}, read: {} } as const;
  return { jobs, train: (name, seed = 0) => jobs.add({ ...request, name, seed }, uploads) };
}

const runs = (name: string): string => {
  rmSync(join(place, 'go'), { force: true });
  return join(place, name);
};
const go = (): void => writeFileSync(join(place, 'go'), '');
const isMade = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => existsSync(join(folder, name, 'films', 'weights')));

/** A run of another process. */
function takeName(folder: string): void {
  mkdirSync(join(folder, 'films'));
  writeFileSync(join(folder, 'films', 'weights'), 'of somebody else');
}

it('a run gets its name when it is whole, and nothing else is left', async () => {
  const folder = runs('whole');
  const { train } = desk(folder);
  const job = await train('films');
  await until(() => isMade(folder));
  expect(existsSync(join(folder, 'films'))).toBe(false);
  go();
  await until(() => job.isOver);
  expect(job.shown(false)).toMatchObject({ state: 'done', result: { answer: 42 } });
  await until(() => readdirSync(folder).length === 1);
  expect(readFileSync(join(folder, 'films', 'weights'), 'utf8')).toBe('made');
  await expect(train('films')).rejects.toMatchObject({ status: 409, code: 'taken' });
});

for (const [how, seed, state] of [
  ['fails', 1, 'failed'],
  ['ends', 0, 'failed'],
  ['is cancelled', 0, 'cancelled'],
] as const)
  it(`a run that got the name meanwhile stays as it is when the training ${how}`, async () => {
    const folder = runs(`meanwhile-${how}`);
    const { jobs, train } = desk(folder);
    const job = await train('films', seed);
    await until(() => isMade(folder));
    takeName(folder);
    if (state === 'cancelled') await jobs.remove(job.id);
    else go();
    await until(() => job.isOver);
    await jobs.close();
    expect(job.state).toBe(state);
    if (how === 'ends') expect(job.problem).toContain('there is a run "films" already');
    expect(readdirSync(folder)).toEqual(['films']);
    expect(readFileSync(join(folder, 'films', 'weights'), 'utf8')).toBe('of somebody else');
  });

it('two trainings of one name that are asked for at once are one and a refusal', async () => {
  const folder = runs('twice');
  const { jobs, train } = desk(folder);
  const both = await Promise.allSettled([train('films'), train('films')]);
  expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await jobs.close();
});

it('what trainings of servers that were killed have left is removed, that of others stays', async () => {
  const folder = runs('left');
  const dead = `2147483646${freshMark().slice(freshMark().indexOf('-'))}`;
  const elsewhere = [`4242-${'0'.repeat(12)}`, `4243-${'0'.repeat(12)}`];
  for (const mark of [dead, freshMark(), ...elsewhere])
    mkdirSync(join(folder, `.job-${mark}`, 'x.partial'), { recursive: true });
  mkdirSync(join(folder, 'films'));
  const long = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  for (const name of ['', 'x.partial']) utimesSync(join(folder, `.job-${elsewhere[0]}`, name), long, long);
  await desk(folder).jobs.removeLeft();
  const left = readdirSync(folder);
  expect(left).toHaveLength(3);
  expect(left).toContain('films');
  expect(left).toContain(`.job-${elsewhere[1]}`);
  await desk(join(place, 'nowhere')).jobs.removeLeft();
});
