/** What the server writes about its work: one line of JSON for each event. */

export type LogLevel = 'info' | 'warn' | 'error';

export interface Log {
  write(level: LogLevel, event: string, details?: Readonly<Record<string, unknown>>): void;
}

/** @param write takes a line without its end */
export function jsonLog(write: (line: string) => void, now: () => number = Date.now): Log {
  return {
    write: (level, event, details = {}) =>
      write(JSON.stringify({ time: new Date(now()).toISOString(), level, event, ...details })),
  };
}

export const noLog: Log = { write: () => {} };
