/** Protecting: feedback that is held back, and items whose exposure jumps. */
import { alarmsReply, dropReply, heldQuery, heldReply, heldRequest, releaseReply } from '../api/protecting.ts';
import type { ExposureWatch } from '../service/exposure-watch.ts';
import type { Service } from '../service/service.ts';
import { releaseHeld } from '../service/telling.ts';
import { type Route, route } from './route.ts';

const moment = (milliseconds: number): string => new Date(milliseconds).toISOString();

export function protectRoutes(service: Service, exposure: ExposureWatch): Route[] {
  const { store } = service;
  return [
    route({
      method: 'get',
      path: '/operate/held',
      name: 'heldFeedback',
      group: 'Operating',
      access: 'admin',
      summary: 'Feedback that is held back, and why: it counts for nothing until it is released',
      query: heldQuery,
      reply: heldReply,
      handle: async ({ query }) => {
        const [held, total] = await Promise.all([store.heldEvents(query.limit), store.nHeld()]);
        const events = held.map(({ event: { recommendation: _, time, ...event }, reason, held: when }) => ({
          ...event,
          reason,
          held: moment(when),
          time: moment(time),
        }));
        return { total, events };
      },
    }),
    route({
      method: 'post',
      path: '/operate/held/release',
      name: 'releaseFeedback',
      group: 'Operating',
      access: 'admin',
      summary: 'Lets held events count, as if they were told now',
      body: heldRequest,
      reply: releaseReply,
      handle: async ({ body }) => ({ released: await releaseHeld(service, body.ids) }),
    }),
    route({
      method: 'post',
      path: '/operate/held/drop',
      name: 'dropFeedback',
      group: 'Operating',
      access: 'admin',
      summary: 'Removes held events for good',
      body: heldRequest,
      reply: dropReply,
      handle: async ({ body }) => ({ dropped: await store.dropHeld(body.ids) }),
    }),
    route({
      method: 'get',
      path: '/operate/alarms',
      name: 'exposureAlarms',
      group: 'Operating',
      access: 'admin',
      summary: 'Items whose exposure jumped in the last 24 hours, against the 24 hours before, on this server',
      reply: alarmsReply,
      handle: () => ({ alarms: exposure.alarms.map((alarm) => ({ ...alarm, time: moment(alarm.time) })) }),
    }),
  ];
}
