/** Operating: traffic, feedback in time, variants of scenarios compared, keys. */
import { DeepTasteError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import {
  experimentsQuery,
  experimentsReply,
  feedbackCountsQuery,
  feedbackCountsReply,
  keyParameter,
  keyReply,
  keyRequest,
  keysReply,
  trafficQuery,
  trafficReply,
} from '../api/operating.ts';
import { deleteReply } from '../api/telling.ts';
import { Refused } from '../service/errors-to-status.ts';
import { experiments, feedbackInTime } from '../service/operating.ts';
import type { Service } from '../service/service.ts';
import type { StoredKey } from '../store/records.ts';
import type { TrafficRing } from '../traffic.ts';
import { makeKey } from './keys.ts';
import { type Route, route } from './route.ts';

export function operateRoutes(service: Service, traffic: TrafficRing): Route[] {
  const { store } = service;
  return [
    route({
      method: 'get',
      path: '/operate/traffic',
      name: 'traffic',
      group: 'Operating',
      access: 'admin',
      summary: 'Requests of this server in the last hours: numbers, percentiles of times, share of fallbacks',
      query: trafficQuery,
      reply: trafficReply,
      handle: ({ query }) => {
        const { routes, series } = traffic.read(query.minutes, query.step);
        return { routes, series: series.map((point) => ({ ...point, time: new Date(point.time).toISOString() })) };
      },
    }),
    route({
      method: 'get',
      path: '/operate/feedback',
      name: 'feedbackCounts',
      group: 'Operating',
      access: 'admin',
      summary: 'Events of the store by type, in time',
      query: feedbackCountsQuery,
      reply: feedbackCountsReply,
      handle: ({ query }) => feedbackInTime(service, query),
    }),
    route({
      method: 'get',
      path: '/operate/experiments',
      name: 'experiments',
      group: 'Operating',
      access: 'admin',
      summary:
        'What became of the lists of each scenario, by variant: people to whom they were shown, and who followed one',
      query: experimentsQuery,
      reply: experimentsReply,
      handle: ({ query }) => experiments(service, query.days),
    }),
    route({
      method: 'get',
      path: '/keys',
      name: 'keys',
      group: 'Operating',
      access: 'admin',
      summary: 'Keys by their ids; the keys themselves are kept nowhere',
      reply: keysReply,
      handle: async () => ({ keys: (await store.keys()).map(shownKey) }),
    }),
    route({
      method: 'post',
      path: '/keys',
      name: 'addKey',
      group: 'Operating',
      access: 'admin',
      summary: 'Makes a key and shows it, once; the first one must be of admin, for it closes the server',
      body: keyRequest,
      reply: keyReply,
      handle: async ({ body }) => {
        const keys = await store.keys();
        if (body.access !== 'admin' && keys.every(({ access }) => access !== 'admin'))
          throw new Refused(
            409,
            'no-admin',
            'keys: the first key must have admin access, or nobody could make another one here; make that first',
          );
        const { key, stored } = makeKey(body.access, body.name);
        await store.addKey(stored);
        return { key, ...shownKey(stored) };
      },
    }),
    route({
      method: 'delete',
      path: '/keys/{id}',
      name: 'deleteKey',
      group: 'Operating',
      access: 'admin',
      summary:
        'Ends a key: servers refuse it within 5 seconds; the last one of admin can be removed by the command line alone',
      parameters: keyParameter,
      reply: deleteReply,
      handle: async ({ parameters: { id } }) => {
        const keys = await store.keys();
        const found = keys.find((each) => each.id === id);
        if (!found) throw new DeepTasteError('not-found', `keys: must be the id of a key, found "${shownName(id)}"`);
        const admins = keys.filter(({ access }) => access === 'admin');
        if (found.access === 'admin' && admins.length === 1)
          throw new Refused(
            409,
            'last-admin',
            'keys: this is the last key with admin access; make another one first, or remove it with "deeptaste keys remove"',
          );
        await store.removeKey(id);
        return { removed: 1 };
      },
    }),
  ];
}

function shownKey({ id, access, name, created }: StoredKey) {
  return { id, access, name, created: new Date(created).toISOString() };
}
