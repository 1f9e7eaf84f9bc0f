/**
 * Load on a server: `node bench/serving/load.ts RUN [--seconds 10] [--connections 16] [--workers 1]`, after `npm run build`.
 * Starts `deeptaste serve RUN` with a store of its own, asks each kind of request for a while, and prints rate, latency, what was not
 * answered with 200, and the delay of the server's event loop meanwhile. The load comes from the same machine and takes its share of it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '16' },
    workers: { type: 'string', default: '1' },
  },
});
const [run] = positionals;
if (run === undefined) throw new Error('which run? node bench/serving/load.ts RUN');
const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-load-'));

function startServer(): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const args = [
    'serve',
    run,
    '--port',
    '0',
    '--json',
    '--quiet',
    '--workers',
    values.workers,
    '--store',
    join(folder, 'load.db'),
  ];
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('}')) resolve({ child, url: JSON.parse(text).url });
    });
    child.on('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}

const { child, url } = await startServer();
const json = async (path: string) => (await fetch(`${url}${path}`)).json();
const users = (await json('/users?limit=200')).users.map(({ id }: { id: string }) => id);
const items = (await json('/items?limit=200')).items.map(({ id }: { id: string }) => id);
const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)];
let nEvents = 0;

const kinds: Readonly<Record<string, () => { readonly path: string; readonly body: unknown }>> = {
  'recommend, known users': () => ({ path: '/recommend', body: { user: any(users), k: 10 } }),
  'recommend, by 5 items (fold-in)': () => ({
    path: '/recommend',
    body: { history: [1, 2, 3, 4, 5].map(() => any(items)), k: 10 },
  }),
  similar: () => ({ path: '/similar', body: { item: any(items), k: 10 } }),
  feedback: () => ({
    path: '/feedback',
    body: [{ id: `e${nEvents++}`, type: 'view', user: any(users), item: any(items) }],
  }),
  'next, sessions of 1 to 10 events': () => ({
    path: '/next',
    body: { session: `s${Math.floor(nEvents / 10)}`, items: [any(items)].slice(0, nEvents++ && 1), k: 10 },
  }),
};

/** A process that does nothing: what the machine alone does to an event loop meanwhile. */
const idle = spawn(
  process.execPath,
  [
    '-e',
    `const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 5 }); delay.enable();
     process.on('message', () => { process.send(Math.max(0, delay.percentile(99) / 1e6 - 5)); delay.reset(); });`,
  ],
  { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
);

/** Delay of the event loop since the last call, in ms, and processor time until now, in s. */
async function measured(): Promise<{ readonly delay: number; readonly idle: number; readonly cpu: number }> {
  const answer = new Promise<number>((resolve) => idle.once('message', (message) => resolve(Number(message))));
  idle.send('tell');
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
  return {
    idle: await answer,
    delay: 1000 * value('deeptaste_event_loop_delay_p99_seconds'),
    cpu: value('deeptaste_cpu_seconds'),
  };
}

console.log(
  `${availableParallelism()} cores, load average ${loadavg()[0].toFixed(1)} before; ${values.workers} scoring thread(s), ` +
    `${values.connections} connections, ${values.seconds} s each`,
);
console.log(
  '| request | per second | p50 ms | p97.5 ms | p99 ms | CPU ms a request | not 200 | event loop delay p99 ms | of an idle process |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
for (const [kind, make] of Object.entries(kinds)) {
  const before = await measured();
  const result = await autocannon({
    url,
    connections: Number(values.connections),
    duration: Number(values.seconds),
    requests: [
      {
        method: 'POST',
        setupRequest: (request) => {
          const { path, body } = make();
          return { ...request, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
        },
      },
    ],
  });
  const after = await measured();
  const cpu = (1000 * (after.cpu - before.cpu)) / result.requests.total;
  const { latency, requests, non2xx, errors, timeouts } = result;
  console.log(
    `| ${kind} | ${requests.average.toFixed(0)} | ${latency.p50} | ${latency.p97_5} | ${latency.p99} | ${cpu.toFixed(2)} | ${non2xx + errors + timeouts} | ${after.delay.toFixed(1)} | ${after.idle.toFixed(1)} |`,
  );
}
idle.kill();
child.removeAllListeners('exit');
child.kill('SIGTERM');
await new Promise((resolve) => child.once('exit', resolve));
rmSync(folder, { recursive: true, force: true });
