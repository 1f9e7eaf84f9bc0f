/** Telling: feedback, users, items. */

import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { shownName } from '../../core/shown.ts';
import {
  deleteReply,
  feedbackReply,
  feedbackRequest,
  idParameter,
  itemRequest,
  mergeReply,
  mergeRequest,
  userRequest,
} from '../api/telling.ts';
import { cells } from '../api/values.ts';
import type { Service } from '../service/service.ts';
import { deleteItem, feedback, putItem } from '../service/telling.ts';
import { type Route, route } from './route.ts';

const toldItem = z.object({ id: z.string(), fields: cells, available: z.boolean() }).meta({ id: 'ToldItem' });
const toldUser = z
  .object({
    id: z.string(),
    fields: cells,
    notes: z.array(z.string()).readonly().meta({ description: 'fields that no run that is served looks at' }),
  })
  .meta({ id: 'ToldUser' });

export function tellRoutes(service: Service): Route[] {
  const { store } = service;
  return [
    route({
      method: 'post',
      path: '/feedback',
      name: 'feedback',
      group: 'Telling',
      access: 'write',
      summary: 'What people did with items; it holds for the very next answer, and an event of a known id counts once',
      body: feedbackRequest,
      reply: feedbackReply,
      handle: ({ body }) => feedback(service, body),
    }),
    route({
      method: 'put',
      path: '/users/{id}',
      name: 'putUser',
      group: 'Telling',
      access: 'write',
      summary: 'What describes a user',
      parameters: idParameter,
      body: userRequest,
      reply: toldUser,
      handle: async ({ parameters, body }) => {
        const user = { id: parameters.id, fields: body.fields };
        await store.putUser(user);
        return { ...user, notes: unknownFields(service, Object.keys(body.fields)) };
      },
    }),
    route({
      method: 'delete',
      path: '/users/{id}',
      name: 'deleteUser',
      group: 'Telling',
      access: 'write',
      summary: 'Removes a person with everything about them; recommenders forget what training knew',
      parameters: idParameter,
      reply: deleteReply,
      handle: async ({ parameters }) => ({ removed: await store.deleteUser(parameters.id) }),
    }),
    route({
      method: 'post',
      path: '/users/merge',
      name: 'mergeUsers',
      group: 'Telling',
      access: 'write',
      summary: 'Two ids are one person from now on: what was known of either is known of both',
      body: mergeRequest,
      reply: mergeReply,
      handle: async ({ body: { from, into } }) => {
        if (from === into)
          throw new DeepTasteError('usage', `merge: from and into must be two ids, found "${shownName(from)}" twice`);
        return { events: await store.mergeUsers(from, into) };
      },
    }),
    route({
      method: 'put',
      path: '/items/{id}',
      name: 'putItem',
      group: 'Telling',
      access: 'write',
      summary: 'What describes an item, its categories, and whether it is available',
      parameters: idParameter,
      body: itemRequest,
      reply: toldItem,
      handle: async ({ parameters, body }) => {
        const { id, fields, available } = await putItem(service, parameters.id, body);
        return { id, fields: { ...fields }, available };
      },
    }),
    route({
      method: 'delete',
      path: '/items/{id}',
      name: 'deleteItem',
      group: 'Telling',
      access: 'write',
      summary: 'An item is not there any more: it is in no list, whatever the model knows',
      parameters: idParameter,
      reply: deleteReply,
      handle: async ({ parameters }) => {
        await deleteItem(service, parameters.id);
        return { removed: 1 };
      },
    }),
  ];
}

/** They are kept: a run that comes later may look at them. */
function unknownFields({ scoring }: Service, names: readonly string[]): string[] {
  const known = [...new Set(scoring.about.flatMap(({ userFields }) => userFields.map(({ name }) => name)))];
  return names
    .filter((name) => !known.includes(name))
    .map(
      (name) =>
        `no run that is served knows the field "${shownName(name)}" of users${suggestion(name, known)}; it is kept`,
    );
}
