/** Commands of deeptaste as processes of their own: what takes long never runs on the threads that answer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { createInterface } from 'node:readline';

/** The end of what a command wrote to standard error that is kept for its failure. */
const KEPT_LINES = 20;
/** From the request to end to the end by force. */
const PATIENCE_MS = 10_000;

export interface CommandOutcome {
  readonly code: number | null;
  readonly stdout: string;
  /** Its last lines on standard error that are no progress. */
  readonly lines: readonly string[];
}

export interface RunningCommand {
  readonly outcome: Promise<CommandOutcome>;
  /** Asks it to end, as Ctrl-C does, and ends it by force when it does not. */
  stop(): Promise<CommandOutcome>;
}

export interface CommandOptions {
  /** Bytes of standard output that are kept, default 8 MiB: more is no document of ours. */
  readonly mostOutput?: number;
  /** Told of every line on standard error. @returns whether it is done with */
  readonly onLine?: (line: string) => boolean;
  /** Where it works; default: where this process does. */
  readonly cwd?: string;
  /** Milliseconds after which it is ended; absent = as long as it takes. */
  readonly timeout?: number;
}

/** @param program what starts the command line, and its first arguments */
export function startCommand(
  [file, ...first]: readonly string[],
  args: readonly string[],
  { mostOutput = 8 << 20, onLine, timeout, cwd }: CommandOptions = {},
): RunningCommand {
  const child = spawn(file, [...first, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  yieldProcessor(child);
  const stdout: Buffer[] = [];
  let size = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= mostOutput) stdout.push(chunk);
  });
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (onLine?.(line)) return;
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  });
  const outcome = new Promise<CommandOutcome>((resolve) => {
    child.on('error', (error) => resolve({ code: null, stdout: '', lines: [error.message] }));
    child.on('close', (code) => resolve({ code, stdout: Buffer.concat(stdout).toString(), lines }));
  });
  const stop = (): Promise<CommandOutcome> => {
    child.kill('SIGINT');
    const force = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    return outcome.finally(() => clearTimeout(force));
  };
  if (timeout !== undefined) {
    const timer = setTimeout(() => void stop(), timeout);
    outcome.finally(() => clearTimeout(timer));
  }
  return { outcome, stop };
}

/** Whoever waits for an answer goes before. */
function yieldProcessor({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it may have ended; elsewhere it runs as it is
  }
}
