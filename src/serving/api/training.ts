/** Tables that are uploaded, and trainings on them. */
import { z } from 'zod';
import { dataOptions } from '../../data/data-options.ts';
import { textId } from './values.ts';

/** Names of runs are names of folders: nothing else of a path may come from a request. */
const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be of small letters, digits and hyphens, 63 at most, the first no hyphen')
  .meta({ description: 'name of a run: small letters, digits and hyphens' });

/** The same without its default: what is not said is not said. */
const said = <S extends z.ZodType>(schema: z.ZodDefault<S>) =>
  schema
    .removeDefault()
    .optional()
    .meta(schema.meta() ?? {});

const column = z.string().min(1).max(200).nullable().optional();
const {
  format,
  delimiter,
  header,
  encoding,
  skipBadRows,
  decimal,
  idsAsWritten,
  idsIgnoreCase,
  minRating,
  positive,
  duplicates,
} = dataOptions.shape;

/** How a table is read: what of the options of the command line names no files. */
export const readOptions = z
  .strictObject({
    columns: z
      .strictObject({
        user: column,
        item: column,
        rating: column,
        label: column,
        time: column,
        session: column,
        title: column,
      })
      .optional()
      .meta({ description: 'which column plays which role; null = none; what is not said is guessed' }),
    format: said(format),
    delimiter,
    header,
    encoding,
    skipBadRows: said(skipBadRows),
    decimal,
    dateFormat: z.string().min(1).max(100).optional().meta({ description: 'how the times of the rows are written' }),
    idsAsWritten: said(idsAsWritten),
    idsIgnoreCase: said(idsIgnoreCase),
    minRating,
    positive,
    duplicates,
    kCore: z.int().min(0).max(1000).optional().meta({ description: 'fewest interactions of a kept user and item' }),
  })
  .meta({ id: 'ReadOptions' });

export type ReadOptions = z.output<typeof readOptions>;

export const uploadQuery = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    .meta({ description: 'name of the file; its end says the format: csv, tsv, json, jsonl, parquet' }),
});

const spread = z.object({ min: z.number(), median: z.number(), max: z.number() }).nullable();
const histogram = z
  .array(z.object({ from: z.number(), to: z.number(), n: z.int() }))
  .readonly()
  .nullable();

/** The part of it that the page of the Studio shows; there is more. */
const tableData = z.looseObject({
  name: z.string(),
  columns: z
    .array(
      z.looseObject({
        name: z.string(),
        role: z.string(),
        kind: z.string(),
        guessed: z.boolean(),
        samples: z.array(z.string()).readonly(),
        nMissing: z.number().nullable(),
        nDistinct: z.number().nullable(),
      }),
    )
    .readonly(),
  fields: z.array(z.looseObject({ name: z.string(), becomes: z.string() })).readonly(),
  nUsers: z.int(),
  nItems: z.int(),
  nInteractions: z.int(),
  density: z.number().nullable(),
  interactionsPerUser: spread,
  interactionsPerItem: spread,
  rating: z.object({ min: z.number(), mean: z.number(), max: z.number() }).nullable(),
  time: z.looseObject({ from: z.string(), to: z.string() }).nullable(),
  histograms: z.object({ perUser: histogram, perItem: histogram, rating: histogram, time: histogram }),
  warnings: z.array(z.string()).readonly(),
});

export const uploadReply = z
  .object({
    id: z.string().meta({ description: 'by which trainings name it' }),
    name: z.string(),
    bytes: z.int(),
    data: tableData
      .nullable()
      .meta({ description: 'what "deeptaste data FILE --json" says; null where it cannot be read so' }),
    problem: z.string().nullable().meta({ description: 'why it cannot be read so' }),
  })
  .meta({ id: 'Upload' });

export const uploadsReply = z.object({
  uploads: z.array(z.object({ id: z.string(), name: z.string(), bytes: z.int() })).readonly(),
});

export const uploadParameter = z.strictObject({ id: textId });

const settings = z.record(z.string().min(1).max(100), z.unknown()).default({});

/** Ways of splitting that name no files. */
const splitMethods = [
  'leave-one-out',
  'ratio',
  'time',
  'session',
  'last-session',
  'cold-items',
  'last-days',
  'none',
] as const;

export const jobRequest = z
  .strictObject({
    name: slug,
    model: z.string().min(1).max(100).meta({ description: 'one of the catalogue' }),
    upload: textId.optional().meta({ description: 'id of the table of interactions' }),
    data: z.literal('film-club').optional().meta({ description: 'instead: the simulated film club' }),
    items: textId.optional().meta({ description: 'id of an upload that describes the items' }),
    users: textId.optional().meta({ description: 'id of an upload that describes the users' }),
    read: readOptions.default({}),
    config: settings.meta({ description: 'options of the model, as the catalogue describes them' }),
    training: settings.meta({ description: 'settings of the training, as the catalogue describes them' }),
    split: z
      .looseObject({ method: z.enum(splitMethods) })
      .optional()
      .meta({ description: 'what is held out; default: as the command line chooses' }),
    metrics: z.array(z.string().min(1).max(50)).min(1).max(20).optional(),
    seed: z.int().min(0).max(4294967295).default(1),
  })
  .refine(({ upload, data }) => (upload === undefined) !== (data === undefined), 'must name either "upload" or "data"')
  .meta({ id: 'JobRequest' });

export type JobRequest = z.output<typeof jobRequest>;

export const JOB_STATES = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;

export const jobReply = z
  .object({
    id: z.string(),
    name: z.string().meta({ description: 'name of the run that it makes' }),
    model: z.string(),
    data: z.string().meta({ description: 'name of the table' }),
    state: z.enum(JOB_STATES),
    created: z.string(),
    started: z.string().nullable(),
    ended: z.string().nullable(),
    stage: z.string().nullable().meta({ description: 'what is being done' }),
    share: z.number().nullable().meta({ description: 'of the stage that is done, 0 … 1; null = not known' }),
    secondsLeft: z
      .number()
      .nullable()
      .meta({ description: 'of the stage, at its present speed; epochs may end earlier' }),
    epochs: z
      .array(
        z.object({
          stage: z.string(),
          model: z.string(),
          epoch: z.int(),
          loss: z.number().nullable(),
          validation: z.number().nullable(),
          seconds: z.number(),
        }),
      )
      .readonly()
      .meta({ description: 'loss and validation metric after each epoch' }),
    notes: z.array(z.string()).readonly(),
    result: z
      .looseObject({})
      .nullable()
      .meta({ description: 'of the document of "deeptaste train --json"; null until it is done' }),
    problem: z.string().nullable().meta({ description: 'why it failed' }),
    served: z.boolean().meta({ description: 'whether the run is served under this name' }),
  })
  .meta({ id: 'Job' });

export type JobReply = z.output<typeof jobReply>;

export const jobsReply = z.object({ jobs: z.array(jobReply).readonly() });

export const runsReply = z.object({
  runs: z
    .array(
      z.object({
        name: z.string(),
        model: z.string(),
        created: z.string(),
        data: z.string(),
        served: z.boolean(),
      }),
    )
    .readonly(),
});

export const serveRequest = z.strictObject({ run: slug }).meta({ id: 'ServeRequest' });

export const modelNamesReply = z.object({ models: z.array(z.object({ name: z.string(), version: z.string() })) });

const schema = z.looseObject({}).meta({ description: 'JSON Schema' });

export const catalogueReply = z
  .object({
    models: z
      .array(
        z.object({
          name: z.string(),
          title: z.string(),
          kind: z.string().meta({ description: 'what it learns from, in words' }),
          form: z.string(),
          tasks: z.array(z.string()).readonly(),
          options: schema,
          training: schema.nullable().meta({ description: 'null = fitted at once, without epochs' }),
        }),
      )
      .readonly(),
    read: schema,
    limits: z.object({ uploadBytes: z.int() }),
  })
  .meta({ id: 'Catalogue' });

export type Catalogue = z.output<typeof catalogueReply>;
