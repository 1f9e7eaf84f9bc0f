/** What is asked, and what is answered: schemas of requests and replies. */
import { z } from 'zod';
import { ROUTES } from '../scoring/question.ts';
import { cell, cells, count, id, name, queryCount, textId } from './values.ts';

const where = z
  .string()
  .min(1)
  .max(10_000)
  .meta({ description: `a condition on the fields of items: genre = 'Comedy' and year >= 1990` });

export const boost = z
  .strictObject({
    where,
    by: z.number().min(-10).max(10).meta({
      description: 'added to the scores of items of which the condition holds, in standard deviations of the 100 best',
    }),
  })
  .meta({ id: 'Boost' });

const among = z.int().min(1).max(1000).default(50).meta({ description: 'best items that are drawn from' });

export const explore = z
  .discriminatedUnion('method', [
    z.strictObject({
      method: z.literal('epsilon'),
      epsilon: z.number().min(0).max(1).default(0.1).meta({ description: 'share of places that go to any item' }),
      among,
    }),
    z.strictObject({
      method: z.literal('boltzmann'),
      temperature: z.number().min(0.01).max(100).default(0.2).meta({
        description: 'probability ∝ exp(score / (temperature · standard deviation of the scores))',
      }),
      among,
    }),
    z.strictObject({
      method: z.literal('thompson'),
      scale: z.number().min(0).max(10).default(0.25).meta({
        description: 'v: how far what is drawn may be from what was learned; 0 = only what was learned',
      }),
      ridge: z.number().min(0.01).max(1e6).default(20).meta({
        description: 'λ: how much feedback outweighs the order of the model',
      }),
      among,
    }),
  ])
  .meta({ id: 'Explore' });

/** How a list is made; a scenario gives what a request leaves open. */
export const listShape = {
  where: where.optional(),
  boost: z.array(boost).max(3).optional().meta({ description: 'conditions whose items move up or down' }),
  diversity: z.number().min(0).max(1).optional().meta({
    description: 'from 0, the best items, to 1, those most unlike each other (MMR); default 0',
  }),
  explore: explore.optional().meta({ description: 'lets chance choose places; their probabilities are told and kept' }),
  reasons: z.boolean().optional().meta({
    description:
      'whether "because" names items of the person that speak for each; without, lists cost less; default true',
  }),
  includeSeen: z.boolean().optional().meta({
    description: 'also items that the person took; default: as the model was measured, of users and items no',
  }),
} as const;

/** Somebody who is asked for. */
const personShape = {
  user: id.optional().meta({ description: 'somebody by id, known or not' }),
  history: z
    .array(id)
    .max(1000)
    .optional()
    .meta({ description: 'instead: items that somebody took, the oldest first' }),
  row: cells.optional().meta({ description: 'cells that describe somebody, for models over fields' }),
  context: cells.optional().meta({ description: 'cells of the situation, for models over fields: hour, device …' }),
  model: name
    .optional()
    .meta({ description: 'name of a run that is served; default: that of the scenario, else the first' }),
  scenario: name.optional().meta({ description: 'name of a scenario of the settings' }),
} as const;

const exclude = z.array(id).max(10_000).optional().meta({ description: 'items that may not be in the list' });

export const recommendRequest = z
  .strictObject({
    ...personShape,
    k: count(1000, 10).meta({ description: 'number of items' }),
    ...listShape,
    exclude,
    trial: z.boolean().optional().meta({
      description: 'true: the answer is only looked at; it is neither kept nor counted, and has no next page',
    }),
    after: textId.optional().meta({
      description: 'recommendationId of a page: the next one of the same request, without what its pages had',
    }),
  })
  .meta({ id: 'RecommendRequest' });

export const userQuery = z.strictObject({
  k: queryCount(1, 1000, 10),
  model: name.optional(),
  scenario: name.optional(),
  where: where.optional(),
});

const namedItem = z.object({ id: z.string(), title: z.string() }).meta({ id: 'NamedItem' });

const route = z.enum(ROUTES).meta({
  id: 'Route',
  description:
    'model = the person as training knew it; fold-in = the model, by items told since or given; content = by what describes ' +
    'the items or the person; popular = what most people took',
});

const servedItem = z
  .object({
    id: z.string(),
    title: z.string().meta({ description: 'the title where the data has one, else the id' }),
    score: z.number().meta({ description: 'comparable within one route of one answer' }),
    probability: z
      .number()
      .meta({ description: 'with which the item got its place, those before it given; 1 without chance' }),
    route,
    because: z.array(namedItem).readonly().meta({ description: 'items of the person that speak most for it' }),
  })
  .meta({ id: 'ServedItem' });

export const recommendReply = z
  .object({
    recommendationId: z.string().meta({ description: 'goes with feedback, and asks for the next page' }),
    model: z.string(),
    version: z.string().meta({ description: 'of the artifact' }),
    scenario: z.string().nullable(),
    variant: z.string().nullable(),
    how: z.string().meta({ description: 'how the person was represented' }),
    items: z.array(servedItem).readonly(),
    unknownItems: z.array(z.string()).readonly(),
    notes: z.array(z.string()).readonly(),
  })
  .meta({ id: 'RecommendReply' });

export const rankRequest = z
  .strictObject({
    ...personShape,
    items: z.array(id).min(1).max(1000).meta({ description: 'the items to put in order' }),
    boost: listShape.boost,
    diversity: listShape.diversity,
    explore: listShape.explore,
    reasons: listShape.reasons,
  })
  .meta({ id: 'RankRequest' });

export const nextRequest = z
  .strictObject({
    session: textId.meta({ description: 'name of the session; its events are those that feedback told with it' }),
    user: id.optional().meta({ description: 'whose session it is' }),
    items: z.array(id).max(100).default([]).meta({
      description: 'items that the session goes on with; they are kept as feedback of the type "view"',
    }),
    k: count(1000, 10),
    model: name.optional(),
    scenario: name.optional(),
    ...listShape,
    exclude,
  })
  .meta({ id: 'NextRequest' });

export const similarRequest = z
  .strictObject({
    item: id,
    k: count(1000, 10),
    where: where.optional(),
    exclude,
    model: name.optional(),
  })
  .meta({ id: 'SimilarRequest' });

export const similarReply = z
  .object({
    model: z.string(),
    version: z.string(),
    how: z.string().meta({ description: 'what likeness means here' }),
    items: z.array(z.object({ id: z.string(), title: z.string(), score: z.number(), route })).readonly(),
    notes: z.array(z.string()).readonly(),
  })
  .meta({ id: 'SimilarReply' });

export const predictRequest = z
  .strictObject({
    rows: z
      .array(z.record(z.string().max(200), cell))
      .min(1)
      .max(1000),
    model: name.optional(),
  })
  .meta({ id: 'PredictRequest' });

export const predictReply = z
  .object({
    model: z.string(),
    version: z.string(),
    predictions: z
      .array(z.object({ value: z.number(), output: z.number(), notes: z.array(z.string()).readonly() }))
      .readonly(),
  })
  .meta({ id: 'PredictReply' });

export const explainRequest = z
  .strictObject({
    user: personShape.user,
    history: personShape.history,
    item: id.optional().meta({ description: 'why this item for the person' }),
    row: z.record(z.string().max(200), cell).optional().meta({
      description: 'instead: why this row is predicted as it is, of models over fields',
    }),
    model: name.optional(),
  })
  .meta({ id: 'ExplainRequest' });

export const explainReply = z
  .object({
    model: z.string(),
    version: z.string(),
    item: servedItem.nullable(),
    how: z.string().nullable(),
    row: z.looseObject({}).nullable().meta({ description: 'what each value of the row adds' }),
  })
  .meta({ id: 'ExplainReply' });

const MOST_AT_ONCE = 100;

/** Several requests at once; an answer may be an error without the others being one. */
export const recommendBatch = z
  .strictObject({ requests: z.array(recommendRequest).min(1).max(MOST_AT_ONCE) })
  .meta({ id: 'RecommendBatch' });
export const similarBatch = z
  .strictObject({ requests: z.array(similarRequest).min(1).max(MOST_AT_ONCE) })
  .meta({ id: 'SimilarBatch' });

export const errorReply = z
  .object({
    error: z.object({
      code: z.string().meta({ description: 'what scripts may look at' }),
      message: z.string().meta({ description: 'where: what must hold, what was found; how to mend it' }),
      requestId: z.string(),
    }),
  })
  .meta({ id: 'Error' });

const failed = z.object({ error: z.object({ code: z.string(), message: z.string() }) });
export const recommendReplies = z.object({ replies: z.array(z.union([recommendReply, failed])).readonly() });
export const similarReplies = z.object({ replies: z.array(z.union([similarReply, failed])).readonly() });

export type RecommendRequest = z.output<typeof recommendRequest>;
export type RecommendReply = z.output<typeof recommendReply>;
export type RankRequest = z.output<typeof rankRequest>;
export type NextRequest = z.output<typeof nextRequest>;
export type SimilarRequest = z.output<typeof similarRequest>;
export type SimilarReply = z.output<typeof similarReply>;
export type PredictRequest = z.output<typeof predictRequest>;
export type PredictReply = z.output<typeof predictReply>;
export type ExplainRequest = z.output<typeof explainRequest>;
export type ExplainReply = z.output<typeof explainReply>;
