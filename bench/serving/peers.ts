/** Servers in Python over the same vectors, asked as ours is. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Measured, underLoad } from './load.ts';
import { main } from './runs.ts';
import { post } from './served.ts';

export interface PeerResult {
  readonly title: string;
  readonly measured: readonly Measured[] | null;
  /** Why nothing was measured. */
  readonly skipped: string | null;
}

const peers = [
  { title: 'FastAPI + PyTorch', script: 'serving_torch.py' },
  { title: 'FastAPI + implicit', script: 'serving_implicit.py' },
] as const;

export interface PeerRequest {
  readonly python: string;
  /** With the run `mf` and the tables it was trained on. */
  readonly folder: string;
  readonly users: readonly string[];
  readonly connections: readonly number[];
  readonly seconds: number;
  readonly warmUp: number;
}

export async function askPeers(request: PeerRequest): Promise<PeerResult[]> {
  const { python, folder } = request;
  for (const [file, flags] of [
    ['items.parquet', []],
    ['users.parquet', ['--users']],
  ] as const) {
    if (existsSync(join(folder, file))) continue;
    const args = [main, 'export', 'mf', '--embeddings', file, ...flags, '--quiet'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`export ended with code ${status}: ${stderr}`);
  }
  const results: PeerResult[] = [];
  for (const { title, script } of peers) {
    try {
      results.push({ title, measured: await askPeer(request, script), skipped: null });
    } catch (error) {
      results.push({ title, measured: null, skipped: `${python}: ${(error as Error).message}` });
    }
  }
  return results;
}

async function askPeer(
  { python, folder, users, connections, ...times }: PeerRequest,
  script: string,
): Promise<Measured[]> {
  const path = fileURLToPath(new URL(`../peers/${script}`, import.meta.url));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(python, [path, folder, String(port)], { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await answering(child, url, users[0]);
    const bodies = users.map((user) => ({ user, k: 10 }));
    const measured: Measured[] = [];
    for (const each of connections)
      measured.push(await underLoad({ url, path: '/recommend', bodies, connections: each, ...times }));
    return measured;
  } finally {
    child.kill();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Waits until it answers with ten items. */
async function answering(child: ChildProcess, url: string, user: string): Promise<void> {
  let failure: Error | null = null;
  child.once('error', (error) => {
    failure = error;
  });
  child.once('exit', (code) => {
    failure ??= new Error(`ended with code ${code}`);
  });
  for (let attempt = 0; attempt < 600; attempt++) {
    if (failure) throw failure;
    const reply = await post(`${url}/recommend`, { user, k: 10 }).catch(() => null);
    if (reply?.ok) {
      const { items } = (await reply.json()) as { readonly items: readonly unknown[] };
      if (items.length === 10) return;
      throw new Error(`must answer with 10 items, found ${items.length}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('does not answer');
}
