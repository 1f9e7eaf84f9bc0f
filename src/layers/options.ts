/**
 * Options that mean the same in several models: one name, one range, one explanation. A model gives the default, and a doc of its
 * own where it can say more. docs/conventions.md lists the names.
 */
import { z } from 'zod';

/** Length of the vector of an id. */
export const factorsOption = z
  .int()
  .min(1)
  .max(4096)
  .meta({ doc: 'length of the vectors', search: [16, 32, 64, 128] });

/** Sizes of hidden layers from the bottom up; the input is not among them. */
export const hiddenOption = z
  .array(z.int().min(1).max(8192))
  .max(16)
  .meta({ doc: 'sizes of the hidden layers', search: [[400, 400, 400], [200, 200], [64]] });

export const dropoutOption = z
  .number()
  .min(0)
  .lt(1)
  .meta({ doc: 'share of the units that each step drops, after each hidden layer', search: [0, 0.2, 0.4] });

export const batchNormOption = z
  .boolean()
  .meta({ doc: 'batch normalisation between each hidden layer and its activation' });

export const deviationOption = z.number().min(0).meta({ doc: 'standard deviation of the initial embeddings' });

/** Weight of a penalty in the loss, or of what is added to a diagonal. */
export const regularizationOption = z.number().min(0);

/** Negatives that all examples of a step share. */
export const sharedNegativesOption = z.int().min(0).max(1_000_000);

/** α of drawing ∝ (number of the item)^α. */
export const popularityExponentOption = z.number().min(0).max(2);

/** Most similar items, users or sessions that are looked at. */
export const neighboursOption = z.int().min(1).max(100_000);

export const friendsOption = z
  .boolean()
  .default(true)
  .meta({ doc: 'false: without friends, to see what they tell; the data need none then' });

export const attentionOption = z
  .boolean()
  .default(true)
  .meta({ doc: 'false: means in place of the attentions, to see what these tell' });
