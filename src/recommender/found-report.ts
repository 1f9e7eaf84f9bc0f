/** What a search has left of a model's parts, in the order in which people read it. JSON-able. */
import { type FoundStructure, shareKept, sortedParts } from '../scoring/found-structure.ts';

export interface FoundReport {
  /** What the parts are called: `pairs of fields`. */
  readonly unit: string;
  /** What their numbers are called: `gate`. */
  readonly weight: string;
  /** `21 of 45 pairs of fields kept (47 %)` */
  readonly share: string;
  /** Greatest weight first. */
  readonly kept: readonly { readonly name: string; readonly weight: number }[];
  readonly leftOut: readonly string[];
}

export function foundReport(found: FoundStructure): FoundReport {
  const parts = sortedParts(found);
  return {
    unit: found.unit,
    weight: found.weight,
    share: shareKept(found),
    kept: parts.flatMap(({ name, weight, isKept }) => (isKept ? [{ name, weight }] : [])),
    leftOut: parts.flatMap(({ name, isKept }) => (isKept ? [] : [name])),
  };
}
