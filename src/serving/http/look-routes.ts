/** Looking: models, items, users, scenarios, answers that were given. */
import { DeepTasteError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import {
  itemReply,
  itemsQuery,
  itemsReply,
  modelQuery,
  modelReply,
  modelsReply,
  recommendationParameter,
  recommendationReply,
  scenariosReply,
  userReply,
  usersQuery,
  usersReply,
} from '../api/looking.ts';
import { idParameter } from '../api/telling.ts';
import type { Question } from '../scoring/question.ts';
import { personAsKnown } from '../service/asking.ts';
import type { Service } from '../service/service.ts';
import { type Route, route } from './route.ts';

const EVENTS_SHOWN = 100;

export function lookRoutes(service: Service): Route[] {
  const { store, scoring, settings } = service;
  const modelOf = (name: string | undefined): string => name ?? scoring.about[0].name;
  return [
    route({
      method: 'get',
      path: '/models',
      name: 'models',
      group: 'Looking',
      access: 'read',
      summary: 'The recommenders that are served, the first one the default: data, fields, metrics',
      reply: modelsReply,
      handle: () => ({ models: scoring.about }),
    }),
    route({
      method: 'get',
      path: '/models/{id}',
      name: 'model',
      group: 'Looking',
      access: 'read',
      summary: 'One recommender',
      parameters: idParameter,
      reply: modelReply,
      handle: ({ parameters }) => {
        const model = scoring.about.find(({ name }) => name === parameters.id);
        if (!model) throw unknown('models', 'one that is served', parameters.id);
        return model;
      },
    }),
    route({
      method: 'get',
      path: '/scenarios',
      name: 'scenarios',
      group: 'Looking',
      access: 'read',
      summary: 'The scenarios of the settings',
      reply: scenariosReply,
      handle: () => ({
        scenarios: Object.entries(settings.scenarios).map(([name, scenario]) => ({ name, ...scenario })),
      }),
    }),
    route({
      method: 'get',
      path: '/items',
      name: 'items',
      group: 'Looking',
      access: 'read',
      summary: 'Items whose id or title holds a text',
      query: itemsQuery,
      reply: itemsReply,
      handle: ({ query: { search, offset, limit, model } }) =>
        scoring.ask({ kind: 'items', model: modelOf(model), search, offset, limit }),
    }),
    route({
      method: 'get',
      path: '/items/{id}',
      name: 'item',
      group: 'Looking',
      access: 'read',
      summary: 'One item: title, fields, availability',
      parameters: idParameter,
      query: modelQuery,
      reply: itemReply,
      handle: async ({ parameters, query }) => {
        const item = await scoring.ask({ kind: 'item', model: modelOf(query.model), id: parameters.id });
        if (item === null) throw unknown('items', 'an item that the model or the store knows', parameters.id);
        return item;
      },
    }),
    route({
      method: 'get',
      path: '/users',
      name: 'users',
      group: 'Looking',
      access: 'read',
      summary: 'Users of the training and of the store whose ids hold a text, or those who took an item in training',
      query: usersQuery,
      reply: usersReply,
      handle: async ({ query: { search, item, limit, model } }) => {
        const [stored, known] = await Promise.all([
          item === undefined ? store.users(search, limit) : [],
          trainedUsers(service, { model: modelOf(model), search, item: item ?? null }, limit),
        ]);
        const ids = [...new Set([...stored.map(({ id }) => id), ...known])].slice(0, limit);
        return { users: ids.map((id) => ({ id })) };
      },
    }),
    route({
      method: 'get',
      path: '/users/{id}',
      name: 'user',
      group: 'Looking',
      access: 'read',
      summary: 'What is known of somebody: fields, history, feedback, and how the person would be served',
      parameters: idParameter,
      query: modelQuery,
      reply: userReply,
      handle: async ({ parameters: { id }, query }) => {
        const [person, known] = await Promise.all([
          store.person(id, EVENTS_SHOWN),
          personAsKnown(service, id, query.model),
        ]);
        return {
          id: person.id,
          fields: { ...known.fields, ...person.fields },
          trained: known.isTrained,
          route: known.route,
          history: known.items,
          events: person.events.map(({ id: eventId, type, item, value, time, session, recommendation }) => ({
            id: eventId,
            type,
            item,
            value,
            session,
            time: new Date(time).toISOString(),
            recommendationId: recommendation,
          })),
        };
      },
    }),
    route({
      method: 'get',
      path: '/recommendations/{id}',
      name: 'recommendation',
      group: 'Looking',
      access: 'read',
      summary: 'An answer that was given: its request, items and probabilities',
      parameters: recommendationParameter,
      reply: recommendationReply,
      handle: async ({ parameters }) => {
        const given = await store.recommendation(parameters.id);
        if (given === null)
          throw unknown('recommendations', 'the recommendationId of an answer that is kept', parameters.id);
        const { before: _before, time, ...shown } = given;
        return { ...shown, request: { ...given.request }, time: new Date(time).toISOString() };
      },
    }),
  ];
}

function unknown(where: string, what: string, found: string): DeepTasteError {
  return new DeepTasteError('not-found', `${where}: must be ${what}, found "${shownName(found)}"`);
}

/** Users of the training whose ids hold the text, without those that were deleted since. */
async function trainedUsers(
  { scoring, store }: Service,
  wanted: Omit<Extract<Question, { kind: 'users' }>, 'kind' | 'limit'>,
  most: number,
): Promise<readonly string[]> {
  for (let limit = most; ; limit *= 2) {
    const trained = await scoring.ask({ kind: 'users', ...wanted, limit });
    const known = await store.withoutForgotten(trained);
    // where deletion took some out, more are asked for
    if (known.length >= most || trained.length < limit) return known.slice(0, most);
  }
}
