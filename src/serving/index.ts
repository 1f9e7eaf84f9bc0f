/** What `deeptaste/server` exports: the server within a program of one's own. */
export { type App, type AppOptions, createApp } from './app.ts';
export { jsonLog, type Log } from './log.ts';
export { memoryStore, openStore } from './store/open-store.ts';
export type { Store } from './store/store.ts';
