/** Asking: recommendations, similar items, predictions. */
import { DeepTasteError } from '../../core/errors.ts';
import {
  explainReply,
  explainRequest,
  nextRequest,
  predictReply,
  predictRequest,
  rankRequest,
  recommendBatch,
  recommendReplies,
  recommendReply,
  recommendRequest,
  similarBatch,
  similarReplies,
  similarReply,
  similarRequest,
  userQuery,
} from '../api/asking.ts';
import { idParameter } from '../api/telling.ts';
import { explain, next, predict, rank, recommend, similar } from '../service/asking.ts';
import { Refused, toldOf } from '../service/errors-to-status.ts';
import type { Service } from '../service/service.ts';
import { type Route, route } from './route.ts';

export function askRoutes(service: Service): Route[] {
  return [
    route({
      method: 'post',
      path: '/recommend',
      name: 'recommend',
      group: 'Asking',
      access: 'read',
      summary: 'Items for somebody: by id, by the items taken, or by cells that describe the person; known or not',
      body: recommendRequest,
      reply: recommendReply,
      handle: ({ body, signal }) => recommend({ ...service, signal }, body),
    }),
    route({
      method: 'post',
      path: '/recommend/batch',
      name: 'recommendBatch',
      group: 'Asking',
      access: 'read',
      summary: 'Several recommendations at once, each answered or refused by itself',
      body: recommendBatch,
      reply: recommendReplies,
      handle: async ({ body, signal }) => ({
        replies: await eachOf(body.requests, (request) => recommend({ ...service, signal }, request)),
      }),
    }),
    route({
      method: 'get',
      path: '/users/{id}/recommendations',
      name: 'userRecommendations',
      group: 'Asking',
      access: 'read',
      summary: 'Items for a user',
      parameters: idParameter,
      query: userQuery,
      reply: recommendReply,
      handle: ({ parameters, query, signal }) => recommend({ ...service, signal }, { ...query, user: parameters.id }),
    }),
    route({
      method: 'post',
      path: '/next',
      name: 'next',
      group: 'Asking',
      access: 'read',
      summary: 'What comes next in a session; telling items of it needs a key that may write',
      body: nextRequest,
      reply: recommendReply,
      handle: ({ body, access, signal }) => {
        if (body.items.length > 0 && access === 'read')
          throw new Refused(
            403,
            'forbidden',
            'next: "items" are kept as feedback, which needs a key with write access',
          );
        return next({ ...service, signal }, body);
      },
    }),
    route({
      method: 'post',
      path: '/rank',
      name: 'rank',
      group: 'Asking',
      access: 'read',
      summary: 'Puts given items in the order in which somebody is likely to want them',
      body: rankRequest,
      reply: recommendReply,
      handle: ({ body, signal }) => rank({ ...service, signal }, body),
    }),
    route({
      method: 'post',
      path: '/similar',
      name: 'similar',
      group: 'Asking',
      access: 'read',
      summary: 'Items most alike to one',
      body: similarRequest,
      reply: similarReply,
      handle: ({ body, signal }) => similar({ ...service, signal }, body),
    }),
    route({
      method: 'post',
      path: '/similar/batch',
      name: 'similarBatch',
      group: 'Asking',
      access: 'read',
      summary: 'Items most alike to each of several',
      body: similarBatch,
      reply: similarReplies,
      handle: async ({ body, signal }) => ({
        replies: await eachOf(body.requests, (request) => similar({ ...service, signal }, request)),
      }),
    }),
    route({
      method: 'post',
      path: '/predict',
      name: 'predict',
      group: 'Asking',
      access: 'read',
      summary: 'The probability of a click, or the rating, of each row',
      body: predictRequest,
      reply: predictReply,
      handle: ({ body, signal }) => predict({ ...service, signal }, body),
    }),
    route({
      method: 'post',
      path: '/explain',
      name: 'explain',
      group: 'Asking',
      access: 'read',
      summary: 'Why an item for somebody, or why a row is predicted as it is',
      body: explainRequest,
      reply: explainReply,
      handle: ({ body, signal }) => explain({ ...service, signal }, body),
    }),
  ];
}

/** What is wrong with one request is its own answer; what is wrong with the server fails the whole. */
function eachOf<Q, R>(
  requests: readonly Q[],
  answer: (request: Q) => Promise<R>,
): Promise<(R | { readonly error: { readonly code: string; readonly message: string } })[]> {
  return Promise.all(
    requests.map(async (request) => {
      try {
        return await answer(request);
      } catch (error) {
        const { status, code, message } = toldOf(error);
        if (!(error instanceof DeepTasteError) || status >= 500) throw error;
        return { error: { code, message } };
      }
    }),
  );
}
