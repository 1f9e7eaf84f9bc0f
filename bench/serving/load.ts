/** Requests by autocannon, from this process: the load takes its share of the machine. */
import autocannon from 'autocannon';
import type { Served } from './served.ts';

export interface Load {
  readonly url: string;
  readonly path: string;
  /** Asked in turn, from the first one. */
  readonly bodies: readonly unknown[];
  readonly connections: number;
  readonly seconds: number;
  /** Seconds before that, of which nothing is told. */
  readonly warmUp: number;
}

export interface Measured {
  readonly connections: number;
  readonly perSecond: number;
  /** Milliseconds from request to answer. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Answers other than 200, and requests without any. */
  readonly failed: number;
  /** Processor time of the server for a request, in µs; null where it does not tell. */
  readonly cpu: number | null;
  /** Delay of the server's event loop, 99th percentile in ms, and that of an idle process meanwhile; null as `cpu`. */
  readonly delay: number | null;
  readonly idleDelay: number | null;
}

/** @param served absent for servers that tell nothing of themselves */
export async function underLoad(load: Load, served?: Pick<Served, 'measured' | 'settled'>): Promise<Measured> {
  const { connections } = load;
  if (load.warmUp > 0) await asked(load, load.warmUp);
  await served?.settled();
  const before = await served?.measured();
  const { times, failed, seconds } = await asked(load, load.seconds);
  const after = await served?.measured();
  return {
    connections,
    perSecond: times.length / seconds,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
    failed,
    cpu: before && after ? (1e6 * (after.cpu - before.cpu)) / times.length : null,
    delay: after?.delay ?? null,
    idleDelay: after?.idleDelay ?? null,
  };
}

/** @returns times from request to answer in ms, ascending */
function asked(
  { url, path, bodies, connections }: Load,
  duration: number,
): Promise<{ readonly times: Float64Array; readonly failed: number; readonly seconds: number }> {
  const headers = { 'content-type': 'application/json' };
  const requests = bodies.map((body) => ({ method: 'POST' as const, path, headers, body: JSON.stringify(body) }));
  const times: number[] = [];
  return new Promise((resolve, reject) => {
    const instance = autocannon({ url, connections, duration, requests }, (error, result) => {
      if (error) reject(error);
      else
        resolve({
          times: Float64Array.from(times).sort(),
          failed: result.non2xx + result.errors + result.timeouts,
          seconds: result.duration,
        });
    });
    instance.on('response', (_client, _status, _bytes, milliseconds) => void times.push(milliseconds));
  });
}

/** NaN of nothing. */
function percentile(ascending: Float64Array, share: number): number {
  if (ascending.length === 0) return Number.NaN;
  return ascending[Math.min(ascending.length - 1, Math.floor(share * ascending.length))];
}
