/** A server as a process of its own, with a store of its own, and what it says of itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from './runs.ts';

export interface Served {
  readonly url: string;
  /** Seconds from the start of the process to its first answer. */
  readonly firstAnswer: number;
  readonly users: readonly string[];
  readonly items: readonly string[];
  measured(): Promise<Standing>;
  /** Resolves when it has nothing to answer any more: questions of connections that are gone are answered, too. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** What a server has used until now, and the delay of its event loop since the last reading. */
export interface Standing {
  /** Processor time of all threads, in s. */
  readonly cpu: number;
  /** Resident memory, in MiB. */
  readonly memory: number;
  /** 99th percentile, in ms. */
  readonly delay: number;
  /** The same of a process that does nothing: what the machine does to an event loop meanwhile. */
  readonly idleDelay: number;
}

export async function serve(run: string, workers = 1): Promise<Served> {
  const store = join(tmpdir(), `deeptaste-load-${process.pid}-${Date.now()}.db`);
  const args = ['serve', run, '--port', '0', '--json', '--quiet', '--workers', String(workers), '--store', store];
  const start = performance.now();
  const child = spawn(process.execPath, [main, ...args, '--drain', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await addressOf(child);
  const json = async (path: string) => (await fetch(`${url}${path}`)).json();
  const users = (await json('/users?limit=200')).users.map(({ id }: { readonly id: string }) => id);
  const answer = await post(`${url}/recommend`, { user: users[0] });
  if (!answer.ok) throw new Error(`${run}: ${await answer.text()}`);
  const firstAnswer = (performance.now() - start) / 1000;
  const items: string[] = [];
  for (let offset = 0; offset < 1000; offset += 200)
    items.push(...(await json(`/items?limit=200&offset=${offset}`)).items.map(({ id }: { readonly id: string }) => id));
  const idle = idleProcess();
  const metrics = async (): Promise<(name: string) => number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return (name) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
  };
  const settled = async (): Promise<void> => {
    while ((await metrics())('deeptaste_queue') > 0) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  const measured = async (): Promise<Standing> => {
    const idleDelay = idle.delay();
    const value = await metrics();
    return {
      cpu: value('deeptaste_cpu_seconds'),
      memory: value('deeptaste_memory_bytes\\{kind="resident"\\}') / 2 ** 20,
      delay: 1000 * value('deeptaste_event_loop_delay_p99_seconds'),
      idleDelay: await idleDelay,
    };
  };
  const stop = async (): Promise<void> => {
    idle.end();
    child.removeAllListeners('exit');
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
    for (const end of ['', '-wal', '-shm']) rmSync(`${store}${end}`, { force: true });
  };
  return { url, firstAnswer, users, items, measured, settled, stop };
}

export function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** The address that a server prints as its JSON document. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += chunk;
      if (text.includes('}')) resolve(JSON.parse(text).url);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with code ${code}`)));
  });
}

function idleProcess(): { delay(): Promise<number>; end(): void } {
  const child = spawn(
    process.execPath,
    [
      '-e',
      `const delay = require('node:perf_hooks').monitorEventLoopDelay({ resolution: 5 }); delay.enable();
       process.on('message', () => { process.send(Math.max(0, delay.percentile(99) / 1e6 - 5)); delay.reset(); });`,
    ],
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  return {
    delay: () => {
      const answer = new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
      child.send('tell');
      return answer;
    },
    end: () => child.kill(),
  };
}
