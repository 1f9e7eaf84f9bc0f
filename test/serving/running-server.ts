/** `deeptaste serve` as a child process, and requests to it. */
import { expect } from 'vitest';
import { type RunningCommand, until, type workplace } from '../cli/command-line.ts';

/** The machine may be busy with other tests. */
const START_MS = 120_000;

export interface RunningServer {
  readonly command: RunningCommand;
  readonly url: string;
  log(): { readonly event: string; readonly [name: string]: unknown }[];
  ask(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Sends bytes. */
  send(path: string, bytes: string | Uint8Array<ArrayBuffer>, type?: string): Promise<Reply>;
  stop(): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is read is what the test expects
  readonly body: any;
}

/** @param args of `serve`, the runs among them */
export async function startServer(place: ReturnType<typeof workplace>, ...args: string[]): Promise<RunningServer> {
  const command = place.start(['serve', ...args, '--port', '0', '--workers', '1', '--drain', '0', '--json']);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    command.child[name]?.on('data', (chunk) => {
      texts[name] += chunk;
    });
  await until(() => texts.stdout.includes('}') || command.child.exitCode !== null, START_MS);
  expect(command.child.exitCode, texts.stderr).toBeNull();
  const url: string = JSON.parse(texts.stdout).url;
  const replyOf = async (reply: Response): Promise<Reply> => {
    const text = await reply.text();
    return { status: reply.status, text, body: text.startsWith('{') ? JSON.parse(text) : null };
  };
  return {
    command,
    url,
    log: () => texts.stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : [])),
    ask: async (method, path, body) =>
      replyOf(
        await fetch(`${url}${path}`, {
          method,
          ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
        }),
      ),
    send: async (path, bytes, type = 'application/octet-stream') =>
      replyOf(await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': type }, body: bytes })),
    stop: async () => {
      command.child.kill('SIGTERM');
      await command.outcome;
    },
  };
}
