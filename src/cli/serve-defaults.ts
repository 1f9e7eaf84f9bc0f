/** How runs are served when nothing else is said. */
import { availableParallelism } from 'node:os';

export const serveDefaults = {
  host: '127.0.0.1',
  port: 8080,
  /** One thread is left for HTTP and the store. */
  workers: Math.max(1, Math.min(4, availableParallelism() - 1)),
  queue: 1000,
  /** Bytes. */
  maxBody: 1 << 20,
  /** Bytes. */
  maxUpload: 256 << 20,
  /** Days. */
  keep: 30,
  /** Seconds. */
  drain: 1,
} as const;
