/** What the columns of a data set become in models that use fields. */
import type { Dataset } from './dataset.ts';
import { encodingRows, encodingSummary } from './features/encodings.ts';
import type { FeatureOptions } from './features/feature-options.ts';
import type { FieldOwner } from './features/field-rows.ts';
import { fitFeatures } from './features/fit-features.ts';

/** JSON-able. */
export interface FieldDescription {
  readonly name: string;
  /** The column that the field is made from. */
  readonly column: string;
  readonly owner: FieldOwner;
  /** The encoding; null = the column becomes no field. */
  readonly encode: string | null;
  /** In words: the encoding with its sizes, or why there is none. */
  readonly becomes: string;
  /** Rows of an embedding table. */
  readonly nRows: number;
}

interface FieldsDescription {
  readonly fields: readonly FieldDescription[];
  readonly warnings: readonly string[];
}

/** Sizes are those of all rows; a training part may have fewer. @throws DeepTasteError `config`, `data`: as `fitFeatures` */
export function describeFields(dataset: Dataset, options: FeatureOptions = {}): FieldsDescription {
  const { encoder, unused, warnings } = fitFeatures(dataset, dataset.interactions, options);
  const fields = encoder.fitted.fields.map(({ name, key, owner, encoding }) => ({
    name,
    column: key,
    owner,
    encode: encoding.encode,
    becomes: encodingSummary(encoding),
    nRows: encodingRows(encoding),
  }));
  const others = unused.map(({ column: { key, owner }, reason }) => ({
    name: key,
    column: key,
    owner,
    encode: null,
    becomes: `not used: ${reason}`,
    nRows: 0,
  }));
  return { fields: [...fields, ...others], warnings };
}
