/** Runs the built command line as users do: as a child process in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

export const mainFile = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
}

/** A folder for one test file, removed afterwards, with ways to write files and run commands there. */
export function workplace() {
  const folder = mkdtempSync(join(tmpdir(), 'deeptaste-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const start = (
    args: readonly string[],
    { env = {}, node = process.execPath }: CommandOptions = {},
  ): RunningCommand => {
    const child = spawn(node, [mainFile, ...args], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { child, outcome: outcomeOf(child) };
  };
  return {
    folder,
    path: (...parts: string[]) => join(folder, ...parts),
    names: () => readdirSync(folder).sort(),
    write(name: string, content: string | Uint8Array): string {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
      return name;
    },
    start,
    run: (args: readonly string[], options?: CommandOptions) => start(args, options).outcome,
  };
}

function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString();
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...texts }));
  });
}

/** Ids that are hard on readers: commas, quotes, spaces, emoji, beyond 2^53. */
export const oddItems = ['a,b', 'say "hi"', 'two words', '🎬', '9007199254740993'];

/** 30 people in two camps; the camp decides which half of the films they take. Deterministic. */
export function filmsCsv(nUsers = 30, perUser = 8): string {
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const id = (item: number) => oddItems[item] ?? `f${item}`;
  const rows = ['user,item,time,title'];
  for (let user = 0; user < nUsers; user++)
    for (let n = 0; n < perUser; n++) {
      const item = (user % 2) * 12 + ((user * 5 + n * 7) % 12);
      rows.push(`u${user},${quote(id(item))},${1_600_000_000 + n * 1000 + user},${quote(`Film № ${item}`)}`);
    }
  return `${[...new Set(rows)].join('\n')}\n`;
}

/** Resolves when the condition holds. */
export async function until(condition: () => boolean, limitMs = 20_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
