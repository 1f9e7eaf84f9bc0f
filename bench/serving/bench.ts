/**
 * The server under load, its peers beside it: `npm run bench:serving -- [--runs FOLDER] [--python PYTHON] [--seconds 6] [--soak 60]`.
 * Needs the public data sets (DEEPTASTE_DATA) for MovieLens-1M; `--runs` keeps what was trained for the next time; `--python` (DEEPTASTE_PYTHON, else python3) names an
 * interpreter with torch, implicit, fastapi, uvicorn, numpy and pyarrow. Writes `docs/results/serving.md` and `.json`; with `--out FOLDER`
 * elsewhere. Numbers are worth something on an idle machine alone.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Load, type Measured, underLoad } from './load.ts';
import { askPeers } from './peers.ts';
import { goalsOf, markdown, type ServingResults } from './report.ts';
import { prepareRuns, type RunName, runNames } from './runs.ts';
import { type Served, serve } from './served.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({
  options: {
    runs: { type: 'string' },
    python: { type: 'string', default: process.env.DEEPTASTE_PYTHON ?? 'python3' },
    seconds: { type: 'string', default: '6' },
    soak: { type: 'string', default: '60' },
    out: { type: 'string', default: join(root, 'docs/results') },
  },
});
const CONNECTIONS = [1, 16, 64];
const K = 10;
const CANDIDATES = 1000;

const data = process.env.DEEPTASTE_DATA ?? join(root, '../shared/data');
if (!existsSync(join(data, 'ml-1m')))
  throw new Error(`needs the public data sets, found no ml-1m in ${data}; set DEEPTASTE_DATA`);
const folder = values.runs === undefined ? mkdtempSync(join(tmpdir(), 'deeptaste-serving-')) : resolve(values.runs);
mkdirSync(folder, { recursive: true });
const loadBefore = loadavg()[0];
prepareRuns(folder, data);

const times = { seconds: Number(values.seconds), warmUp: 2 };
const rows: ServingResults['rows'][number][] = [];
const firstAnswers: Record<string, number> = {};

/** Keeps what one kind of request is answered in. */
async function measure(
  run: RunName,
  request: string,
  served: Served,
  load: Pick<Load, 'path' | 'bodies' | 'connections'>,
) {
  const measured = await underLoad({ url: served.url, ...load, ...times }, served);
  console.error(
    `${run}, ${request}, ${load.connections} connections: ${measured.perSecond.toFixed(0)}/s, p99 ${measured.p99.toFixed(1)} ms`,
  );
  rows.push({ run, request, ...measured });
}

const any = <T>(list: readonly T[], n: number): T => list[(n * 7919) % list.length];
const many = <T>(n: number, make: (n: number) => T): T[] => Array.from({ length: n }, (_, place) => make(place));
const forUsers = (users: readonly string[], more: object = {}): Pick<Load, 'path' | 'bodies'> => ({
  path: '/recommend',
  bodies: users.map((user) => ({ user, k: K, ...more })),
});

for (const run of runNames) {
  const served = await serve(join(folder, run));
  firstAnswers[run] = served.firstAnswer;
  const { users, items } = served;
  const connections = run === 'million' ? [1] : run === 'neumf' ? [1, 4, 16, 64] : CONNECTIONS;
  for (const n of connections) await measure(run, 'recommend', served, { ...forUsers(users), connections: n });
  if (run === 'mf') {
    for (const n of CONNECTIONS)
      await measure(run, 'recommend, reasons off', served, { ...forUsers(users, { reasons: false }), connections: n });
    const others: Readonly<Record<string, Pick<Load, 'path' | 'bodies'>>> = {
      'recommend, by 5 items': {
        path: '/recommend',
        bodies: many(400, (n) => ({ history: many(5, (m) => any(items, 5 * n + m)), k: K })),
      },
      similar: { path: '/similar', bodies: many(400, (n) => ({ item: any(items, n), k: K })) },
      feedback: {
        path: '/feedback',
        bodies: many(400, (n) => [{ type: 'view', user: `visitor${n}`, item: any(items, n) }]),
      },
    };
    for (const [request, load] of Object.entries(others))
      await measure(run, request, served, { ...load, connections: 16 });
  }
  if (run === 'gru4rec') {
    const bodies = many(4000, (n) => ({ session: `s${n % 400}`, items: [any(items, n)], k: K }));
    await measure(run, 'next, an event each', served, { path: '/next', bodies, connections: 16 });
  }
  if (run === 'deepfm') {
    const ranked = users.map((user, n) => ({ user, items: many(CANDIDATES, (m) => items[(m + n) % items.length]) }));
    for (const n of CONNECTIONS)
      await measure(run, 'rank 1,000 candidates', served, { path: '/rank', bodies: ranked, connections: n });
  }
  await served.stop();
}

/** A minute of everything at once: does it grow, does it stutter? */
async function soak(): Promise<ServingResults['soak']> {
  const served = await serve(join(folder, 'mf'));
  const { users, items, url } = served;
  const telling = spawnFeedback(url, items);
  const load = { url, ...forUsers(users), connections: 16, warmUp: 0 };
  await underLoad({ ...load, seconds: 10 });
  const first = await served.measured();
  const parts: Measured[] = [];
  for (let n = 0; n < 3; n++) parts.push(await underLoad({ ...load, seconds: Number(values.soak) / 3 }, served));
  const last = await served.measured();
  telling();
  await served.stop();
  return {
    seconds: Number(values.soak),
    memoryAfter10s: first.memory,
    memoryAtEnd: last.memory,
    perSecond: parts.map(({ perSecond }) => perSecond),
    p99: Math.max(...parts.map(({ p99 }) => p99)),
    failed: parts.reduce((sum, { failed }) => sum + failed, 0),
    delay: Math.max(...parts.map(({ delay }) => delay ?? 0)),
    idleDelay: Math.max(...parts.map(({ idleDelay }) => idleDelay ?? 0)),
  };
}

/** Fifty events a second from a process of its own. @returns what ends it */
function spawnFeedback(url: string, items: readonly string[]): () => void {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const items = ${JSON.stringify(items.slice(0, 100))}; let n = 0;
       setInterval(() => fetch('${url}/feedback', { method: 'POST', headers: { 'content-type': 'application/json' },
         body: JSON.stringify([{ type: 'view', user: 'visitor' + n % 500, item: items[n++ % 100] }]) }).catch(() => {}), 20);`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  return () => void child.kill();
}

const soaked = await soak();
const served = await serve(join(folder, 'mf'));
const users = served.users;
await served.stop();
const peers = await askPeers({ python: values.python, folder, users, connections: CONNECTIONS, ...times });
const results: ServingResults = {
  machine: { cores: availableParallelism(), processor: cpus()[0].model, node: process.version, loadBefore },
  date: new Date().toISOString().slice(0, 10),
  firstAnswers,
  rows,
  soak: soaked,
  peers,
};
writeFileSync(
  join(values.out, 'serving.json'),
  `${JSON.stringify({ ...results, goals: goalsOf(results) }, null, 1)}\n`,
);
writeFileSync(join(values.out, 'serving.md'), markdown(results));
if (values.runs === undefined) rmSync(folder, { recursive: true });
console.error(`written: ${join(values.out, 'serving.md')}`);
