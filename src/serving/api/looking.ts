/** What can be looked at: models, items, users, scenarios. */
import { z } from 'zod';
import { cell, name, queryCount, textId } from './values.ts';

const search = z.string().max(200).default('').meta({ description: 'a part of the id or title' });

export const itemsQuery = z.strictObject({
  search,
  offset: queryCount(0, 100_000_000, 0),
  limit: queryCount(1, 200, 20),
  model: name.optional(),
});

export const usersQuery = z.strictObject({
  search: z.string().max(200).default('').meta({ description: 'a part of the id' }),
  item: textId.optional().meta({ description: 'only users of the training who took this item' }),
  limit: queryCount(1, 200, 20),
  model: name.optional(),
});

export const modelQuery = z.strictObject({ model: name.optional() });

const described = z.object({ name: z.string(), kind: z.string() });

export const modelReply = z
  .object({
    name: z.string().meta({ description: 'name of the run, by which it is asked' }),
    model: z.string(),
    title: z.string(),
    version: z.string(),
    created: z.string().nullable().meta({ description: 'when the artifact was made; null = it was never saved' }),
    form: z.string().meta({ description: 'pairs, sequences or rows' }),
    by: z.array(z.string()).readonly().meta({ description: 'what it can be asked by: user, history, row' }),
    users: z.int(),
    items: z.int(),
    interactions: z.int(),
    data: z.string(),
    metrics: z.record(z.string(), z.unknown()).meta({ description: 'as measured on held-out rows' }),
    itemFields: z.array(described).readonly(),
    userFields: z.array(described).readonly(),
  })
  .meta({ id: 'Model' });

export const modelsReply = z.object({ models: z.array(modelReply).readonly() });

const fields = z.record(z.string(), cell);

export const itemReply = z
  .object({
    id: z.string(),
    title: z.string(),
    fields,
    available: z.boolean(),
    trained: z.boolean().meta({ description: 'whether the model was trained on it' }),
    popularity: z.number().meta({ description: 'people, or events, of the training that have it' }),
  })
  .meta({ id: 'Item' });

export const itemsReply = z.object({ items: z.array(itemReply).readonly(), total: z.int() });

export const usersReply = z.object({ users: z.array(z.object({ id: z.string() })).readonly() });

export const userReply = z
  .object({
    id: z.string(),
    fields,
    trained: z.boolean(),
    route: z.string().meta({ description: 'how the person would be served' }),
    history: z.array(z.object({ id: z.string(), title: z.string() })).readonly(),
    events: z
      .array(
        z.object({
          id: z.string(),
          type: z.string(),
          item: z.string(),
          value: z.number().nullable(),
          time: z.string(),
          session: z.string().nullable(),
          recommendationId: z.string().nullable(),
        }),
      )
      .readonly()
      .meta({ description: 'feedback, the newest last' }),
  })
  .meta({ id: 'User' });

export const scenariosReply = z.object({
  scenarios: z.array(z.looseObject({ name: z.string() })).readonly(),
});

export const recommendationReply = z
  .object({
    id: z.string(),
    time: z.string(),
    user: z.string().nullable(),
    session: z.string().nullable(),
    model: z.string(),
    version: z.string(),
    scenario: z.string().nullable(),
    variant: z.string().nullable(),
    request: z.looseObject({}),
    items: z.array(z.object({ id: z.string(), route: z.string(), probability: z.number() })).readonly(),
  })
  .meta({ id: 'GivenRecommendation' });

export const recommendationParameter = z.strictObject({ id: textId });
