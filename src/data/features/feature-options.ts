/** What a caller may say about how columns become the fields of feature models. */
import { z } from 'zod';

const minCount = z.int().min(1).meta({ doc: 'fewest training rows of a value that gets a row of its own' });
const pooling = z
  .enum(['sum', 'mean'])
  .default('mean')
  .meta({ doc: 'how the values of one cell are put together: their sum, or their mean' });
const maxValues = z
  .int()
  .min(1)
  .max(4096)
  .optional()
  .meta({ doc: 'most values of one cell that are looked at; default: featureOptions.maxValues' });
const column = z
  .string()
  .min(1)
  .optional()
  .meta({ doc: 'the column that the field is made from; default: the one of the same name' });
const crossOnly = z.boolean().default(false).meta({ doc: 'make the field for crosses alone' });
const shared = { column, crossOnly };

export const fieldOptions = z.discriminatedUnion('encode', [
  z.strictObject({ encode: z.literal('category'), ...shared, minCount: minCount.optional(), pooling, maxValues }),
  z.strictObject({
    encode: z.literal('hash'),
    ...shared,
    pooling,
    maxValues,
    nBuckets: z
      .int()
      .min(1)
      .max(2 ** 30)
      .meta({ doc: 'number of rows that all values share' }),
  }),
  z.strictObject({ encode: z.literal('standard'), ...shared }),
  z.strictObject({ encode: z.literal('log'), ...shared }),
  z.strictObject({ encode: z.literal('value'), ...shared }),
  z.strictObject({
    encode: z.literal('quantile'),
    ...shared,
    nQuantiles: z.int().min(2).max(10_000).default(100).meta({ doc: 'number of quantiles, n_q of the paper' }),
  }),
  z.strictObject({
    encode: z.literal('buckets'),
    ...shared,
    nBuckets: z.int().min(2).max(10_000).optional().meta({ doc: 'number of equally full buckets' }),
    boundaries: z
      .array(z.number())
      .min(1)
      .refine((values) => values.every((value, k) => k === 0 || values[k - 1] < value), 'must ascend')
      .optional()
      .meta({ doc: 'where buckets begin, ascending; instead of nBuckets' }),
  }),
  z.strictObject({ encode: z.literal('log2'), ...shared, minCount: minCount.optional() }),
  z.strictObject({ encode: z.literal('hour'), ...shared }),
  z.strictObject({ encode: z.literal('weekday'), ...shared }),
  z.strictObject({ encode: z.literal('none'), column }),
]);

const crossOptions = z.strictObject({
  fields: z.array(z.string().min(1)).min(2).max(4).meta({ doc: 'the fields whose values are combined' }),
  minCount: minCount.optional().meta({ doc: 'fewest training rows of a combination that is kept; default 1' }),
  nBuckets: z
    .int()
    .min(1)
    .max(2 ** 30)
    .optional()
    .meta({ doc: 'hash the combinations to so many rows' }),
  maxValues: z.int().min(1).max(4096).default(16).meta({ doc: 'most combinations of one row' }),
});

export const featureOptions = z.strictObject({
  userId: z.boolean().default(true).meta({ doc: 'the user itself is a field' }),
  itemId: z.boolean().default(true).meta({ doc: 'the item itself is a field' }),
  minCount: z
    .int()
    .min(1)
    .default(2)
    .meta({ doc: 'fewest training rows of a category (not a user or item) that gets a row of its own' }),
  numeric: z
    .enum(['buckets', 'quantile', 'standard', 'log', 'log2', 'value'])
    .default('buckets')
    .meta({ doc: 'what numeric columns become when nothing is said about them' }),
  nBuckets: z.int().min(2).max(10_000).default(32).meta({ doc: 'number of buckets of a numeric column' }),
  maxValues: z.int().min(1).max(4096).default(16).meta({ doc: 'most values of one cell that are looked at' }),
  fields: z
    .record(z.string().min(1), fieldOptions)
    .default({})
    .meta({ doc: 'what single columns become; further fields can be made from a column by giving it' }),
  crosses: z.array(crossOptions).default([]).meta({ doc: 'combinations of fields for the wide part' }),
});

/** Options as a caller writes them. */
export type FeatureOptions = z.input<typeof featureOptions>;
/** Options with their defaults filled in. */
export type ResolvedFeatureOptions = z.output<typeof featureOptions>;
export type FieldOptions = z.output<typeof fieldOptions>;
export type CrossOptions = z.output<typeof crossOptions>;
