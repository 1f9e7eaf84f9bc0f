/** The server as a fetch handler, for programs that have a server of their own. */
import { randomUUID } from 'node:crypto';
import type { Recommender } from '../recommender/recommender.ts';
import { askRoutes } from './http/ask-routes.ts';
import { httpApp } from './http/http-app.ts';
import { Keys } from './http/keys.ts';
import { lookRoutes } from './http/look-routes.ts';
import { measureRoutes } from './http/measure-routes.ts';
import { operateRoutes } from './http/operate-routes.ts';
import { protectRoutes } from './http/protect-routes.ts';
import { RateLimit } from './http/rate-limit.ts';
import { type Running, runRoutes } from './http/run-routes.ts';
import { studioFiles } from './http/studio-files.ts';
import { tellRoutes } from './http/tell-routes.ts';
import { trainingRoutes } from './http/training-routes.ts';
import { type Log, noLog } from './log.ts';
import { Metrics } from './metrics.ts';
import { LocalScoring } from './scoring/local-scoring.ts';
import type { Scoring } from './scoring/question.ts';
import { Bandits } from './service/bandits.ts';
import { ExposureWatch } from './service/exposure-watch.ts';
import { Guard } from './service/guard.ts';
import type { Service } from './service/service.ts';
import { parseServerSettings, type ServerSettings } from './settings.ts';
import { memoryStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import type { TrainingDesk } from './training/training-desk.ts';

export interface App {
  /** Takes a request of the web standard; `environment` is what the server of Node gives beside it. */
  fetch(request: Request, environment?: object): Response | Promise<Response>;
  /** Gives back the store, where it is the handler's own. The recommender stays open. */
  close(): Promise<void>;
}

export interface AppOptions {
  /** Name under which the recommender is asked; default: that of its model. */
  readonly name?: string;
  /** Default: the memory of this process. */
  readonly store?: Store;
  /** Scenarios and the meaning of feedback, as the settings file has them. */
  readonly settings?: object;
  /** Asks for keys, those of the store, even where there is none; default: everybody may ask while there is none. */
  readonly requireKeys?: boolean;
  /** Requests a second of one caller; default: no limit. */
  readonly rate?: number;
  /** Bytes of a body, default 1 MiB. */
  readonly mostBody?: number;
  /** Origins of pages that may ask. */
  readonly origins?: readonly string[];
  /** False: the page of the Studio is not served at `/`. */
  readonly studio?: boolean;
  readonly log?: Log;
}

export const MOST_BODY = 1 << 20;

/** What the parts of a server are made from. */
export interface AppParts {
  readonly store: Store;
  readonly scoring: Scoring;
  readonly settings: ServerSettings;
  readonly metrics: Metrics;
  readonly running: Pick<Running, 'isReady' | 'reload'>;
  readonly requireKeys: boolean;
  readonly rate: number | null;
  readonly mostBody: number;
  readonly origins: readonly string[] | null;
  readonly studio: boolean;
  /** Absent = the server trains nothing. */
  readonly training?: TrainingDesk;
  readonly log: Log;
  /** Told when an item has changed. */
  readonly onItems?: () => void;
}

export function appOf(parts: AppParts): Pick<App, 'fetch'> & { readonly service: Service } {
  const { store, scoring, settings, metrics, running, log, mostBody, origins } = parts;
  const exposure = new ExposureWatch(settings, log, Date.now);
  const service: Service = {
    store,
    scoring,
    settings,
    watcher: {
      listed: (model, list) => {
        metrics.listed(model, list);
        exposure.listed(list.items);
      },
      fedBack: (type, events) => metrics.fedBack(type, events),
    },
    guard: new Guard(settings, Date.now),
    log,
    bandits: new Bandits(store, settings, log),
    now: Date.now,
    newId: randomUUID,
    onItems: parts.onItems,
  };
  const routes = [
    ...askRoutes(service),
    ...tellRoutes(service),
    ...lookRoutes(service),
    ...measureRoutes(service),
    ...operateRoutes(service, metrics.traffic),
    ...protectRoutes(service, exposure),
    ...trainingRoutes(parts.training ?? null, scoring),
    ...runRoutes(service, { ...running, metrics: () => metrics.text() }),
  ];
  const app = httpApp({
    routes,
    log,
    mostBody,
    origins,
    studio: parts.studio ? studioFiles() : null,
    keys: new Keys(store, !parts.requireKeys),
    rate: parts.rate === null ? null : new RateLimit(parts.rate),
    newId: randomUUID,
    isStopping: () => !running.isReady(),
    observe: (route, status, seconds) => metrics.observe(route, status, seconds),
  });
  return { service, fetch: (request, environment) => app.fetch(request, environment) };
}

/**
 * A fetch handler for one recommender, in this process and thread.
 * @throws DeepTasteError `config`: wrong settings, or no `store` where this Node has no SQLite
 */
export async function createApp(recommender: Recommender, options: AppOptions = {}): Promise<App> {
  const { name = recommender.model.name, rate = null, origins = null, mostBody = MOST_BODY, log = noLog } = options;
  const settings = parseServerSettings(options.settings);
  const scoring = new LocalScoring(name, recommender);
  const store = options.store ?? (await memoryStore());
  await tellItems(store, scoring);
  const metrics = new Metrics(scoring, Date.now);
  const { fetch } = appOf({
    store,
    scoring,
    settings,
    metrics,
    rate,
    mostBody,
    origins,
    log,
    studio: options.studio ?? true,
    requireKeys: options.requireKeys ?? false,
    running: { isReady: () => true, reload: null },
  });
  return {
    fetch,
    close: async () => {
      metrics.close();
      if (options.store === undefined) await store.close();
    },
  };
}

const ITEMS_AT_ONCE = 10_000;

/** Tells the recommenders what the store says of items after a version. @returns the newest version */
export async function tellItems(store: Store, scoring: Scoring, after = 0): Promise<number> {
  let version = after;
  for (;;) {
    const items = await store.itemsAfter(version, ITEMS_AT_ONCE);
    if (items.length === 0) return version;
    await scoring.itemsChanged(items);
    version = items[items.length - 1].version;
  }
}
