/** Fits one field: chooses the encoding's vocabulary, boundaries or moments from the training rows. */
import type { ValueColumn } from '../value-columns.ts';
import { fitBuckets } from './bucket-encoding.ts';
import { fitCalendar } from './calendar-encoding.ts';
import { countValues, fitCategory, fitHash, type ValueCounts } from './category-encoding.ts';
import { type FittedEncoding, textsOf } from './encodings.ts';
import { type asCategories, asNumbers } from './feature-columns.ts';
import type { FieldOptions, ResolvedFeatureOptions } from './feature-options.ts';
import { fitScale } from './scale-encoding.ts';

/** How a field is to be encoded; `none` is none. */
export type EncodingOptions = Exclude<FieldOptions, { encode: 'none' }>;

/** What a person should know of a fitted field. */
export interface FitNotes {
  /** Different values of the training rows that share the row of rare ones. */
  readonly nRare: number;
  /** Training cells with more values than slots. */
  readonly nLongCells: number;
}

/** @param weight training rows of each row of the column; null = 1 */
export function fitEncoding(
  column: ValueColumn,
  weight: ArrayLike<number> | null,
  options: EncodingOptions,
  defaults: Pick<ResolvedFeatureOptions, 'minCount' | 'nBuckets' | 'maxValues'>,
): { fitted: FittedEncoding; notes: FitNotes } {
  const plain = { nRare: 0, nLongCells: 0 };
  switch (options.encode) {
    case 'category':
    case 'log2':
    case 'hash':
      return fitTexts(column, weight, options, defaults);
    case 'buckets': {
      const { nBuckets = defaults.nBuckets, boundaries } = options;
      return { fitted: fitBuckets(asNumbers(column, 'numeric'), weight, { nBuckets, boundaries }), notes: plain };
    }
    case 'hour':
    case 'weekday':
      return { fitted: fitCalendar(asNumbers(column, 'time'), weight, options.encode), notes: plain };
    default:
      return { fitted: fitScale(asNumbers(column, 'numeric'), weight, options), notes: plain };
  }
}

function fitTexts(
  column: ValueColumn,
  weight: ArrayLike<number> | null,
  options: Extract<EncodingOptions, { encode: 'category' | 'log2' | 'hash' }>,
  defaults: Pick<ResolvedFeatureOptions, 'minCount' | 'maxValues'>,
): { fitted: FittedEncoding; notes: FitNotes } {
  const texts = textsOf(column, options.encode);
  const counts = countValues(texts, weight);
  const maxValues = ('maxValues' in options ? options.maxValues : undefined) ?? defaults.maxValues;
  const notes = { nRare: 0, nLongCells: longCells(texts, maxValues) };
  if (options.encode === 'hash') {
    const { nBuckets, pooling } = options;
    return { fitted: fitHash(texts, counts, { nBuckets, pooling, maxValues }), notes };
  }
  const minCount = options.minCount ?? defaults.minCount;
  const pooling = options.encode === 'category' ? options.pooling : 'sum';
  const fitted = fitCategory(texts, counts, { encode: options.encode, minCount, pooling, maxValues });
  return { fitted, notes: { ...notes, nRare: rareValues(counts, minCount) } };
}

function rareValues({ count }: ValueCounts, minCount: number): number {
  return count.filter((n) => n > 0 && n < minCount).length;
}

function longCells(column: ReturnType<typeof asCategories>, maxValues: number): number {
  if (column.kind !== 'multi') return 0;
  const { rowStart } = column;
  let n = 0;
  for (let row = 0; row < rowStart.length - 1; row++) if (rowStart[row + 1] - rowStart[row] > maxValues) n++;
  return n;
}
