/** What fitting the feature pipeline found, as plain JSON: the part of an artifact that encodes rows. */
import { z } from 'zod';
import { fittedCross } from './cross.ts';
import { fittedEncoding } from './encodings.ts';

const fittedField = z.strictObject({
  name: z.string().min(1),
  owner: z.enum(['user', 'item', 'context']),
  source: z.enum(['id', 'field', 'time']),
  /** The column of the data set. */
  column: z.string(),
  /** The column's name in records. */
  key: z.string(),
  /** How the column's cells were read in training. */
  kind: z.enum(['categorical', 'multi', 'numeric', 'time']),
  crossOnly: z.boolean(),
  encoding: fittedEncoding,
});
export type FittedField = z.output<typeof fittedField>;

export const fittedFeatures = z.strictObject({
  version: z.literal(1),
  fields: z.array(fittedField),
  crosses: z.array(fittedCross),
  /** Columns that records may name although no field is made from them. */
  otherColumns: z.array(z.string()),
});
export type FittedFeatures = z.output<typeof fittedFeatures>;
