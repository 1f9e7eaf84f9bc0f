/** The one table of encodings: how each is fitted, how many rows it takes, how it writes cells and names its rows. */
import { z } from 'zod';
import { hashName } from '../../core/random.ts';
import { counted } from '../counted.ts';
import type { ValueColumn } from '../value-columns.ts';
import { bucketName, bucketRows, fittedBuckets, writeBuckets } from './bucket-encoding.ts';
import { calendarName, calendarRows, fittedCalendar, writeCalendar } from './calendar-encoding.ts';
import {
  categoryName,
  categoryRows,
  cellsAreWeighted,
  fittedCategory,
  fittedHash,
  hashBucketName,
  hashRows,
  log2Bucket,
  rowsOfValues,
  writeCells,
} from './category-encoding.ts';
import { asCategories, asNumbers } from './feature-columns.ts';
import { fittedScale, scaleNames, scaleRowName, scaleRows, writeScale } from './scale-encoding.ts';
import type { SlotTarget } from './slots.ts';

/** What training showed of a field; JSON. */
export const fittedEncoding = z.union([fittedCategory, fittedHash, fittedBuckets, fittedCalendar, fittedScale]);
export type FittedEncoding = z.output<typeof fittedEncoding>;

/** The cells as categories. */
export function textsOf(column: ValueColumn, encode: string): ReturnType<typeof asCategories> {
  return encode === 'log2' ? asCategories(asNumbers(column, 'numeric'), log2Bucket) : asCategories(column);
}

export function encodingRows(fitted: FittedEncoding): number {
  switch (fitted.encode) {
    case 'category':
    case 'log2':
      return categoryRows(fitted);
    case 'hash':
      return hashRows(fitted);
    case 'buckets':
      return bucketRows(fitted);
    case 'hour':
    case 'weekday':
      return calendarRows(fitted);
    default:
      return scaleRows(fitted);
  }
}

export function encodingSlots(fitted: FittedEncoding): number {
  return 'slots' in fitted ? fitted.slots : 1;
}

export function isWeighted(fitted: FittedEncoding): boolean {
  if ('slots' in fitted) return cellsAreWeighted(fitted);
  return 'mean' in fitted || 'cuts' in fitted || fitted.encode === 'value';
}

/** What the cells of a column are read as; null = categories, as texts. */
export function readsNumbers({ encode }: FittedEncoding): 'numeric' | 'time' | null {
  if (encode === 'hour' || encode === 'weekday') return 'time';
  return encode === 'category' || encode === 'hash' ? null : 'numeric';
}

/** True when each slot stands for one of a number of categories, as crosses need. */
export function isDiscrete(fitted: FittedEncoding): boolean {
  return !(fitted.encode in scaleNames);
}

/** Writes a column's cells. Cells of another kind are read as the fitted kind, and are missing when they cannot be. */
export function writeEncoding(fitted: FittedEncoding, column: ValueColumn, target: SlotTarget): void {
  switch (fitted.encode) {
    case 'category':
    case 'log2': {
      const texts = textsOf(column, fitted.encode);
      const missing = fitted.missing ? encodingRows(fitted) - 1 : -1;
      writeCells(texts, rowsOfValues(fitted, texts), missing, fitted, target);
      break;
    }
    case 'hash': {
      const texts = asCategories(column);
      const buckets = Int32Array.from(texts.values, (text) => hashName(text) % fitted.nBuckets);
      writeCells(texts, buckets, fitted.missing ? fitted.nBuckets : -1, fitted, target);
      break;
    }
    case 'buckets':
      writeBuckets(fitted, asNumbers(column, 'numeric'), target);
      break;
    case 'hour':
    case 'weekday':
      writeCalendar(fitted, asNumbers(column, 'time'), target);
      break;
    default:
      writeScale(fitted, asNumbers(column, 'numeric'), target);
  }
}

/** An encoding, and what the cells of its column are. */
export interface NamedEncoding {
  readonly encoding: FittedEncoding;
  readonly kind: ValueColumn['kind'];
}

/** What a row of the field stands for, as it follows the field's name: ` = Comedy`, ` in [25, 32)`. */
export function encodingRowName({ encoding: fitted, kind }: NamedEncoding, row: number): string {
  switch (fitted.encode) {
    case 'category':
    case 'log2':
      return ` = ${categoryName(fitted, row)}`;
    case 'hash':
      return ` = ${hashBucketName(fitted, row)}`;
    case 'buckets':
      return bucketName(fitted, row, kind === 'time');
    case 'hour':
    case 'weekday':
      return ` = ${calendarName(fitted, row)}`;
    default:
      return ` ${scaleRowName(fitted, row)}`;
  }
}

/** What a column becomes, for people: `32 buckets`, `21 categories + rare`. */
export function encodingSummary(fitted: FittedEncoding): string {
  const missing = fitted.missing ? ' + missing' : '';
  const several = 'slots' in fitted && fitted.slots > 1 ? `, ${fitted.pooling} of up to ${fitted.slots}` : '';
  switch (fitted.encode) {
    case 'category':
    case 'log2': {
      const n = fitted.values.length;
      const noun = fitted.encode === 'log2' ? counted(n, 'log² bucket') : n === 1 ? '1 category' : `${n} categories`;
      return `${noun}${fitted.unknown ? ' + rare' : ''}${missing}${several}`;
    }
    case 'hash':
      return `hashed to ${fitted.nBuckets} rows${missing}${several}`;
    case 'buckets':
      return `${counted(fitted.boundaries.length + 1, 'bucket')}${missing}`;
    case 'hour':
    case 'weekday':
      return `${fitted.encode}${missing}`;
    default:
      return `number (${scaleNames[fitted.encode]})${missing}`;
  }
}
