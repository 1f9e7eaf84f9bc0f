/** Where a server listens: which addresses need keys, taking an address, letting go of it. */
import type { Server as NetServer } from 'node:net';
import { DeepTasteError } from '../core/errors.ts';
import type { Store } from './store/store.ts';

/** @throws DeepTasteError `usage`: open to a network without keys */
export async function requireSafeAddress(host: string, store: Store): Promise<void> {
  if (isLoopback(host) || (await store.keys()).length > 0) return;
  throw new DeepTasteError(
    'usage',
    `serve: an address that other machines reach (${host}) needs keys, found none in the store; make one with ` +
      '"deeptaste keys add --access admin", or serve on 127.0.0.1',
  );
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** @throws DeepTasteError `io` for an address that is taken */
export function listen(http: NetServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message;
      reject(
        new DeepTasteError(
          'io',
          `serve: ${host}:${port} must be free to listen at, found otherwise (${why}); choose another --port`,
        ),
      );
    });
    http.listen(port, host, resolve);
  });
}

/** How long whoever sends a request, or reads an answer, may take for the rest of it. */
const PATIENCE_MS = 10_000;

/**
 * Connections that nobody asks on are closed at once, the others when they are answered, or when `patience` (milliseconds) is over: a
 * request that never comes to its end would keep the server for ever.
 */
export function closed(
  http: NetServer & { closeIdleConnections?(): void; closeAllConnections?(): void },
  patience = PATIENCE_MS,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => http.closeIdleConnections?.(), 50);
    const last = setTimeout(() => http.closeAllConnections?.(), patience);
    http.close(() => {
      clearInterval(timer);
      clearTimeout(last);
      resolve();
    });
    http.closeIdleConnections?.();
  });
}
