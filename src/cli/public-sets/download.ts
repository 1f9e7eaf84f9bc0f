/** Downloads one file and checks it; what does not hold leaves nothing behind. */
import { createHash, type Hash } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { DeepTasteError } from '../../core/errors.ts';
import type { Progress } from '../../core/progress.ts';

export interface DownloadRequest {
  readonly url: string;
  /** Must not exist yet. */
  readonly file: string;
  readonly sha256?: string;
  readonly md5?: string;
  /** How long to wait for the next bytes. */
  readonly idleSeconds: number;
  readonly progress: Progress;
}

/** @throws 'io': no answer, a status other than 200, an end before the announced length, a checksum that does not hold */
export async function download(request: DownloadRequest): Promise<void> {
  const { url, file, idleSeconds } = request;
  const idle = new IdleTimer(idleSeconds);
  try {
    const response = await fetch(url, { signal: idle.signal, redirect: 'follow' });
    if (!response.ok || response.body === null)
      throw badAnswer(url, `the server answered ${response.status} ${response.statusText}`.trim());
    await receive(request, response, response.body, idle);
  } catch (error) {
    await rm(file, { force: true });
    throw asIoError(url, error, idle);
  } finally {
    idle.stop();
  }
}

async function receive(
  { url, file, sha256, md5, progress }: DownloadRequest,
  response: Response,
  body: ReadableStream<Uint8Array>,
  idle: IdleTimer,
): Promise<void> {
  const length = announcedLength(response);
  const task = progress.start(`downloading ${url}`, length, 'bytes');
  const expected = { sha256, md5 };
  const hashes = Object.keys(expected).map((name): [string, Hash] => [name, createHash(name)]);
  let received = 0;
  const output = await open(file, 'wx');
  try {
    for await (const chunk of body) {
      idle.restart();
      for (const [, hash] of hashes) hash.update(chunk);
      await output.writeFile(chunk);
      received += chunk.length;
      task.update(received);
    }
    await output.sync();
  } finally {
    await output.close();
  }
  if (length !== undefined && received !== length)
    throw badAnswer(url, `${received} of ${length} bytes arrived; try again`);
  for (const [name, hash] of hashes) checkSum(url, name, hash.digest('hex'), expected[name as 'sha256' | 'md5']);
  task.end(`${received.toLocaleString('en-US')} bytes, checksum holds`);
}

/** The length of the body as it is written: of a packed answer the length on the wire says nothing about it. */
function announcedLength({ headers }: Response): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.get('content-encoding') !== null ? undefined : Number(length);
}

function checkSum(url: string, name: string, found: string, expected: string | undefined): void {
  if (expected === undefined || found === expected) return;
  throw badAnswer(
    url,
    `the ${name.toUpperCase()} must be ${expected}, found ${found}; the file was damaged on the way or is another one, nothing was kept`,
  );
}

function badAnswer(url: string, what: string): DeepTasteError {
  return new DeepTasteError('io', `data get ${url}: ${what}`, { url });
}

function asIoError(url: string, error: unknown, idle: IdleTimer): unknown {
  if (error instanceof DeepTasteError) return error;
  if (idle.signal.aborted) return badAnswer(url, `nothing arrived for ${idle.seconds} s; try again, or another --url`);
  if (!(error instanceof Error)) return error;
  const isNetwork = error instanceof TypeError || 'code' in error;
  if (!isNetwork || 'syscall' in error) return error;
  const cause = error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException).code;
  return new DeepTasteError(
    'io',
    `data get ${url}: the download failed (${code ?? cause.message}); check the network, or give a mirror with --url`,
    { url },
    { cause: error },
  );
}

/** Aborts when it is not restarted in time. */
class IdleTimer {
  readonly seconds: number;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout;

  constructor(seconds: number) {
    this.seconds = seconds;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), this.seconds * 1000);
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
