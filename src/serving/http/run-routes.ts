/** Running: is it alive, is it ready, what is it doing. */
import { z } from 'zod';
import { Refused } from '../service/errors-to-status.ts';
import type { Service } from '../service/service.ts';
import { type Route, route } from './route.ts';

export interface Running {
  /** False while it starts and from the signal to stop on. */
  isReady(): boolean;
  /** Loads the artifacts anew; null where they are not files. */
  readonly reload: (() => Promise<void>) | null;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
}

const state = z.object({ status: z.string() });

export function runRoutes(service: Service, running: Running): Route[] {
  return [
    route({
      method: 'get',
      path: '/health/live',
      name: 'live',
      group: 'Running',
      access: 'open',
      summary: 'Answers as long as the process does',
      reply: state,
      handle: () => ({ status: 'live' }),
    }),
    route({
      method: 'get',
      path: '/health/ready',
      name: 'ready',
      group: 'Running',
      access: 'open',
      summary:
        'Whether store and recommenders answer; refused with 503 while it stops, and while the store takes no writing',
      reply: state,
      handle: async () => {
        if (!running.isReady()) throw new Refused(503, 'stopping', 'the server is stopping', 5);
        if (!service.scoring.isThere)
          throw new Refused(503, 'busy', 'no thread that scores is there; the log of the server tells why', 5);
        await service.store.counts();
        await service.store.requireWritable();
        return { status: 'ready' };
      },
    }),
    route({
      method: 'get',
      path: '/metrics',
      name: 'metrics',
      group: 'Running',
      access: 'read',
      summary: 'Latency by route, queue, memory, age of models, share of fallbacks, in the text format of Prometheus',
      reply: z.string(),
      text: 'text/plain; version=0.0.4; charset=utf-8',
      handle: () => running.metrics(),
    }),
    ...(running.reload === null ? [] : [reloadRoute(service, running.reload)]),
  ];
}

function reloadRoute({ scoring }: Service, reload: () => Promise<void>): Route {
  return route({
    method: 'post',
    path: '/admin/reload',
    name: 'reload',
    group: 'Running',
    access: 'admin',
    summary: 'Loads the artifacts anew; where they cannot be loaded, the former ones stay',
    reply: z.object({ models: z.array(z.object({ name: z.string(), version: z.string() })) }),
    handle: async () => {
      try {
        await reload();
      } catch {
        throw new Refused(
          409,
          'artifact',
          'the artifacts cannot be loaded, the former ones stay; the log of the server tells why',
        );
      }
      return { models: scoring.about.map(({ name, version }) => ({ name, version })) };
    },
  });
}
