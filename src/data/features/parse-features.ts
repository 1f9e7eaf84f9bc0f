/** The feature encoder of an artifact, checked. */
import { DeepTasteError } from '../../core/errors.ts';
import { encodingRows, isDiscrete } from './encodings.ts';
import { FeatureEncoder } from './feature-encoder.ts';
import { type FittedFeatures, fittedFeatures } from './fitted-features.ts';

/** An encoder from its stored form. @throws DeepTasteError `artifact`: malformed, or parts that do not fit together */
export function parseFeatures(stored: unknown): FeatureEncoder {
  const parsed = fittedFeatures.safeParse(stored);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw malformed(`at ${path.join('.') || 'the top'}: ${message}`);
  }
  checkTogether(parsed.data);
  return new FeatureEncoder(parsed.data);
}

function checkTogether({ fields, crosses }: FittedFeatures): void {
  const names = [...fields, ...crosses].map(({ name }) => name);
  const repeated = names.find((name, k) => names.indexOf(name) !== k);
  if (repeated !== undefined) throw malformed(`two fields called "${repeated}"`);
  for (const cross of crosses) {
    const parts = cross.fields.map((name) => fields.find((field) => field.name === name));
    if (!parts.every((field) => field && isDiscrete(field.encoding)))
      throw malformed(`cross "${cross.name}" of a field that is not there or has no categories`);
    const { combinations, nBuckets } = cross;
    if ((combinations === null) === (nBuckets === null))
      throw malformed(`cross "${cross.name}" neither listed nor hashed`);
    const sizes = parts.map((field) => encodingRows(field!.encoding));
    if (combinations && combinations.length % sizes.length !== 0) throw malformed(`cross "${cross.name}" cut short`);
    if (combinations?.some((row, k) => row >= sizes[k % sizes.length]))
      throw malformed(`cross "${cross.name}" of values that its fields do not have`);
  }
}

function malformed(found: string): DeepTasteError {
  return new DeepTasteError(
    'artifact',
    `features: the stored encoder must have the form of this version, found ${found}; train again`,
  );
}
