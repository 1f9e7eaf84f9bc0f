/** What requests are made of. */
import { z } from 'zod';

const LONGEST_ID = 512;

/** No text of a database may hold NUL, nor halves of surrogate pairs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what is looked for
const unkeepable = /\u0000|\p{Surrogate}/u;

const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine((value) => !unkeepable.test(value), 'must hold neither NUL nor halves of characters');

/** An id as in the data; a whole number is taken as its text. */
export const id = z
  .union([text(LONGEST_ID), z.int()])
  .transform(String)
  .meta({ description: 'an id, as in the data' });

/** Ids in paths and names. */
export const textId = text(LONGEST_ID);

export const name = text(100);

const plain = z.union([z.string().max(10_000), z.number(), z.boolean()]);

/** A cell of what describes a user, an item or the context. */
export const cell = z.union([plain, z.array(z.string().max(1_000)).max(1_000).readonly(), z.null()]);

export const cells = z
  .record(text(200), cell)
  .refine((value) => Object.keys(value).length <= 200, 'must have at most 200 cells')
  .meta({ description: 'cells by the names of their columns' });

export const count = (most: number, usual: number) => z.int().min(1).max(most).default(usual);

/** A number in the query of an address. */
export const queryCount = (least: number, most: number, usual: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .default(usual);
