/** What a recommender over feature fields knows of its fields: `features.json` of its folder. */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import type { FeatureEncoder } from '../data/features/feature-encoder.ts';
import { parseFeatures } from '../data/features/parse-features.ts';

export const FEATURES_FILE = 'features.json';

const storedShape = {
  task: z.enum(['click', 'rating', 'ranking']),
  offset: z.number().meta({ doc: 'added to every predicted rating' }),
  ratingRange: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
  unnamed: z.array(z.enum(['user', 'item'])).meta({ doc: 'what the rows of the training did not name' }),
};
const storedSchema = z.strictObject({ ...storedShape, encoder: z.unknown() });

/** What a prediction needs to know beside the weights. */
export type FieldFile = z.output<z.ZodObject<typeof storedShape>> & { readonly encoder: FeatureEncoder };

export function writeFieldFile({ task, offset, ratingRange, unnamed, encoder }: FieldFile): string {
  return `${JSON.stringify({ task, offset, ratingRange, unnamed, encoder })}\n`;
}

/** @param path of the folder, for messages. @throws 'artifact' */
export function parseFieldFile(bytes: Uint8Array | null, path: string): FieldFile {
  const fail = (found: string) =>
    new DeepTasteError(
      'artifact',
      `${path}: must hold ${FEATURES_FILE} with the fields of the model, found ${found}; train again`,
      { file: FEATURES_FILE },
    );
  if (bytes === null) throw fail('none');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw fail((cause as Error).message);
  }
  const parsed = storedSchema.safeParse(json);
  if (!parsed.success) throw fail(`"${parsed.error.issues[0].path.join('.')}": ${parsed.error.issues[0].message}`);
  return { ...parsed.data, encoder: parseFeatures(parsed.data.encoder) };
}
