/**
 * Servers that die, are reloaded, and stand beside each other, in full; `npm test` does the same in short.
 * `node scripts/serving-faults.ts [--kills 50] [--reloads 20] [--rounds 50]`, after `npm run build`. Two servers need Postgres
 * (DEEPTASTE_POSTGRES) and Redis (DEEPTASTE_REDIS). Ends with code 1 where anything was lost.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { RandomStream } from '../src/core/random.ts';
import { agreement, killedUnderLoad, post, reloadedUnderLoad, type Started } from '../test/serving/faults.ts';
import { addressOf, onPostgres } from '../test/serving/postgres.ts';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    reloads: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '50' },
  },
});
const redis = process.env.DEEPTASTE_REDIS ?? 'redis://127.0.0.1:6379';
/** What two servers may need to agree. */
const AGREED_MS = 200;

const folder = mkdtempSync(join(tmpdir(), 'deeptaste-faults-'));
const running = new Set<ChildProcess>();
let isBad = false;

function said(what: string, isRight: boolean): void {
  console.log(`${isRight ? 'right' : 'WRONG'}: ${what}`);
  if (!isRight) isBad = true;
}

/** A week of films for two camps of people. */
function films(): string {
  const rows = Array.from({ length: 30 }, (_, user) => user).flatMap((user) =>
    Array.from({ length: 8 }, (_, n) => `u${user},f${(user % 2) * 12 + ((user * 5 + n * 7) % 12)},${n}`),
  );
  return `user,item,time\n${rows.join('\n')}\n`;
}

function train(model: string, out: string): void {
  const args = [main, 'train', '--data', 'films.csv', '--model', model, '--out', out, '--quiet'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

async function start(...args: string[]): Promise<Started> {
  const flags = [main, 'serve', 'run', '--port', '0', '--workers', '1', '--json', '--quiet', ...args];
  const child = spawn(process.execPath, flags, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('}')) resolve(JSON.parse(text).url);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    running.delete(child);
  };
  return { url, kill };
}

async function kills(): Promise<void> {
  const { acknowledged, lost } = await killedUnderLoad(
    () => start('--store', 'killed.db'),
    Number(values.kills),
    new RandomStream(1, 'kills'),
    (round, sum) => {
      if (round % 10 === 0) console.error(`killed ${round} times, ${sum} events acknowledged`);
    },
  );
  said(`killed ${values.kills} times: ${acknowledged} events acknowledged, ${lost} of them lost`, lost === 0);
}

async function reloads(): Promise<void> {
  const { url, kill } = await start('--store', 'reloaded.db');
  // as saving does: a complete folder takes the place of another
  const swap = (): void => {
    renameSync(join(folder, 'run'), join(folder, 'between'));
    renameSync(join(folder, 'other'), join(folder, 'run'));
    renameSync(join(folder, 'between'), join(folder, 'other'));
  };
  const { asked, failed, versions } = await reloadedUnderLoad(url, Number(values.reloads), swap);
  said(
    `reloaded ${values.reloads} times: ${asked} lists by ${versions.size} versions, ${failed.length} failed ${failed.slice(0, 3).join('; ')}`,
    failed.length === 0 && versions.size === 2,
  );
  const before = (await post(url, '/recommend', { user: 'u1', k: 3 })).body;
  cpSync(join(folder, 'run'), join(folder, 'whole'), { recursive: true });
  truncateSync(join(folder, 'run', 'weights.safetensors'), 10);
  const refused = await post(url, '/admin/reload', {});
  const after = await post(url, '/recommend', { user: 'u1', k: 3 });
  said(
    `a damaged artifact is refused (${refused.status}), the former one goes on (${after.status})`,
    refused.status === 409 && after.status === 200 && after.body.version === before.version,
  );
  rmSync(join(folder, 'run'), { recursive: true });
  renameSync(join(folder, 'whole'), join(folder, 'run'));
  await kill();
}

async function fleet(): Promise<void> {
  const database = `deeptaste_faults_${randomUUID().slice(0, 8)}`;
  if (!(await onPostgres(`CREATE DATABASE ${database}`))) {
    console.log('skipped: two servers, no Postgres answers (DEEPTASTE_POSTGRES)');
    return;
  }
  const args = ['--store', addressOf(database), '--bus', `${redis}?prefix=${database}`];
  const servers = await Promise.all([start(...args), start(...args)]);
  try {
    const { times, atOnce } = await agreement([servers[0].url, servers[1].url], Number(values.rounds));
    const slowest = times.at(-1) as number;
    said(
      `two servers agree on what either was told: ${times[times.length >> 1].toFixed(0)} ms in the middle, ${slowest.toFixed(0)} ms at most; ${atOnce} of ${times.length} first answers knew`,
      slowest <= AGREED_MS,
    );
  } finally {
    for (const { kill } of servers) await kill();
    await onPostgres(`DROP DATABASE ${database} WITH (FORCE)`);
  }
}

try {
  writeFileSync(join(folder, 'films.csv'), films());
  train('item-knn', 'run');
  train('popularity', 'other');
  await kills();
  await reloads();
  await fleet();
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = isBad ? 1 : 0;
