/** Looking at runs: their numbers, tests against each other, whom they show what. */
import {
  compareQuery,
  compareReply,
  exposureQuery,
  exposureReply,
  mapQuery,
  mapReply,
  measuresReply,
} from '../api/measuring.ts';
import { idParameter } from '../api/telling.ts';
import { Measuring } from '../service/measuring.ts';
import type { Service } from '../service/service.ts';
import { type Route, route } from './route.ts';

export function measureRoutes(service: Service): Route[] {
  const measuring = new Measuring(service);
  return [
    route({
      method: 'get',
      path: '/models/{id}/measures',
      name: 'measures',
      group: 'Looking',
      access: 'read',
      summary: 'How a run was measured: metrics with intervals, protocol, epochs, calibration',
      parameters: idParameter,
      reply: measuresReply,
      handle: ({ parameters }) => measuring.measures(parameters.id),
    }),
    route({
      method: 'get',
      path: '/models/{id}/exposure',
      name: 'exposure',
      group: 'Looking',
      access: 'read',
      summary: 'How the lists of a model for some users of the training are spread over popular and other items',
      parameters: idParameter,
      query: exposureQuery,
      reply: exposureReply,
      handle: ({ parameters, query }) => measuring.exposure(parameters.id, query.k, query.users),
    }),
    route({
      method: 'get',
      path: '/models/{id}/map',
      name: 'map',
      group: 'Looking',
      access: 'read',
      summary: 'Items as points of a plane, by the directions of their vectors',
      parameters: idParameter,
      query: mapQuery,
      reply: mapReply,
      handle: ({ parameters, query }) => measuring.map(parameters.id, query.layout, query.color ?? null),
    }),
    route({
      method: 'get',
      path: '/compare',
      name: 'compare',
      group: 'Looking',
      access: 'read',
      summary:
        'Served runs beside each other, with paired tests; runs that were not measured alike are refused with 409',
      query: compareQuery,
      reply: compareReply,
      handle: ({ query: { models, ...how } }) => measuring.compare(models, how),
    }),
  ];
}
