/** How good the served runs are, and what they do: schemas of requests and replies. */
import { z } from 'zod';
import { negativeStudySchema } from '../../runs/negative-study-schema.ts';
import { tuningStudySchema } from '../../runs/tuning-study-schema.ts';
import { cell, name, queryCount } from './values.ts';

const share = (description: string) => z.number().meta({ description });

const summary = z.object({
  mean: z.number().nullable().meta({ description: 'null = undefined' }),
  low: z.number().nullable().meta({ description: 'of the interval; null where there is none' }),
  high: z.number().nullable(),
});

const calibration = z.object({
  bins: z
    .array(
      z.object({
        low: z.number(),
        high: z.number(),
        nRows: z.int(),
        predicted: z.number().nullable().meta({ description: 'mean probability' }),
        observed: z.number().nullable().meta({ description: 'share that came true' }),
        interval: z.tuple([z.number(), z.number()]).readonly().nullable().meta({ description: '95 %, Wilson' }),
      }),
    )
    .readonly(),
  expectedError: z.number(),
  ratio: z.number().nullable().meta({ description: 'promised clicks for each one that came' }),
});

export const measuresReply = z
  .object({
    model: z.string(),
    version: z.string(),
    unit: z
      .string()
      .nullable()
      .meta({ description: 'users, sequences or rows: what intervals go over; null = not measured' }),
    protocol: z.looseObject({}).nullable(),
    metrics: z.record(z.string(), summary),
    seconds: z.number().nullable(),
    notes: z.array(z.string()).readonly(),
    epochs: z
      .array(
        z.object({
          model: z.string().meta({ description: 'differs from that of the run in stages of pre-training' }),
          epoch: z.int(),
          loss: z.number(),
          validation: z.number().nullable(),
          seconds: z.number(),
        }),
      )
      .readonly(),
    validationMetric: z.string().nullable(),
    calibration: calibration.nullable(),
    negatives: negativeStudySchema.nullable().meta({
      description: 'what the negatives of several samplers taught, where `deeptaste negatives RUN --save` studied it',
    }),
    tuning: tuningStudySchema.nullable().meta({
      description: 'the study of `deeptaste tune` that chose the run; null where none did',
    }),
    missing: z.array(z.string()).readonly().meta({ description: 'what is not there, and why' }),
  })
  .meta({ id: 'Measures' });

/** `a,b,c` */
const nameList = z
  .string()
  .max(2000)
  .transform((text) => text.split(',').filter((each) => each !== ''))
  .pipe(z.array(name).max(20));

export const compareQuery = z.strictObject({
  models: nameList.optional().meta({ description: 'names of served runs, with commas; default: all' }),
  metric: z.string().max(100).optional().meta({ description: 'default: the first that all have' }),
  baseline: name.optional().meta({ description: 'the run that others are compared with; default: the best' }),
  slices: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .meta({ description: 'in slices of users and items, too' }),
});

const difference = z
  .object({
    mean: z.number(),
    low: z.number(),
    high: z.number(),
    nPairs: z.int(),
    pValue: z.number(),
    adjustedP: z.number().meta({ description: "with Holm's adjustment" }),
    significant: z.boolean(),
  })
  .meta({ id: 'Difference' });

export const compareReply = z
  .object({
    metric: z.string(),
    lowerIsBetter: z.boolean(),
    baseline: z.string(),
    test: z.string(),
    alpha: z.number(),
    unit: z.string(),
    shared: z.array(z.string()).readonly().meta({ description: 'metrics that all have' }),
    rows: z
      .array(
        summary.extend({
          name: z.string(),
          isBaseline: z.boolean(),
          difference: difference
            .nullable()
            .meta({ description: 'from the baseline; null for itself, and for metrics of whole runs' }),
        }),
      )
      .readonly()
      .meta({ description: 'best first' }),
    notes: z.array(z.string()).readonly(),
    slices: z
      .object({
        nTests: z.int(),
        slices: z
          .array(
            z.object({
              trait: z.string(),
              name: z.string(),
              nUnits: z.int(),
              isTested: z.boolean(),
              runs: z
                .array(z.object({ name: z.string(), mean: z.number().nullable(), difference: difference.nullable() }))
                .readonly(),
            }),
          )
          .readonly(),
      })
      .nullable(),
  })
  .meta({ id: 'Comparison' });

export const exposureQuery = z.strictObject({
  k: queryCount(1, 100, 10),
  users: queryCount(1, 5000, 500),
});

export const exposureReply = z
  .object({
    model: z.string(),
    version: z.string(),
    k: z.int(),
    users: z.int().meta({ description: 'from all over those of the training' }),
    nItems: z.int(),
    coverage: share('of the items: those that are in a list'),
    gini: z.number().nullable().meta({ description: '0 = all items are shown alike; null = none is shown' }),
    tenths: z
      .array(
        z.object({
          items: z.int(),
          taken: share('of what was taken in training'),
          shown: share('of the places of the lists'),
          covered: z.int().meta({ description: 'items in a list' }),
        }),
      )
      .readonly()
      .meta({ description: 'of the items, the popular ones first' }),
    points: z
      .array(z.object({ id: z.string(), title: z.string(), popularity: z.number(), shown: z.int() }))
      .readonly()
      .meta({ description: 'the items that are shown most' }),
  })
  .meta({ id: 'Exposure' });

const layout = z.enum(['axes', 'neighbours']);

export const mapQuery = z.strictObject({
  layout: layout.default('axes').meta({
    description: 'along the two widest principal axes, or by UMAP: neighbours stay beside each other; it takes seconds',
  }),
  color: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'a field of the items, whose values come with the points' }),
});

export const mapReply = z
  .object({
    model: z.string(),
    version: z.string(),
    color: z.string().nullable(),
    items: z.int().meta({ description: 'with a vector; points are those that most people took' }),
    layout: layout.meta({ description: 'few items are laid out along axes in any case' }),
    explained: z
      .array(z.number())
      .readonly()
      .nullable()
      .meta({ description: 'share of the variance along x, and y; null where the plane is not one of axes' }),
    points: z
      .array(
        z.object({
          id: z.string(),
          title: z.string(),
          x: z.number(),
          y: z.number(),
          popularity: z.number(),
          value: cell,
        }),
      )
      .readonly(),
  })
  .meta({ id: 'ItemMap' });
