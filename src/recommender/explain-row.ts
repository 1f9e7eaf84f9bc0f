/**
 * Why a row is predicted as it is, in the words of the data. The output of the model is the sum of
 *
 *   base + Σ linear terms + Σ pairs + Σ crosses + Σ parts of the layers, by field + remainder
 *
 * base: the output for a row without any value, which is also the baseline of the integrated gradients that share the part of the
 * layers out among the fields. remainder: the error of integrating along a path of finitely many points.
 */

import type { FieldFile } from '../artifact/field-file.ts';
import type { EncodedRow, FeatureEncoder } from '../data/features/feature-encoder.ts';
import type { FieldExamples } from '../data/features/field-examples.ts';
import type { FieldOwner, FieldRows } from '../data/features/field-rows.ts';
import type { FeatureAttribution, RowAttribution } from '../scoring/row-attribution.ts';
import type { RowPredictor } from '../scoring/row-scorer.ts';
import { probabilityOf } from '../scoring/row-scorer.ts';
import { examplesOfRows } from './named-rows.ts';

/** A value of the row and its linear term, e.g. `genre = Comedy`. */
export interface ExplainedValue {
  readonly name: string;
  readonly linear: number;
}

export interface ExplainedField {
  readonly field: string;
  readonly owner: FieldOwner;
  readonly values: readonly ExplainedValue[];
  /** Sum of the linear terms. */
  readonly linear: number;
  /** Half of each pair that a value of the field is in, so that pairs count once over all fields. */
  readonly pairs: number;
  /** By integrated gradients: what the field adds through the layers. */
  readonly layers: number;
  /** linear + pairs + layers. */
  readonly contribution: number;
  /** The output less that of the same row without this field (crosses that it is in go too). */
  readonly withoutField: number;
}

export interface ExplainedPair {
  readonly a: string;
  readonly b: string;
  readonly value: number;
}

/** JSON-able. All numbers but `probability` are in the units of the output: a logit, or a rating. */
export interface Explanation {
  readonly output: number;
  /** Of a click; null for ratings. */
  readonly probability: number | null;
  readonly base: number;
  /** Strongest contribution first. */
  readonly fields: readonly ExplainedField[];
  /** Strongest first, as many as asked for; `nPairs` there are in all. */
  readonly pairs: readonly ExplainedPair[];
  readonly nPairs: number;
  readonly crosses: readonly { readonly name: string; readonly value: number }[];
  readonly remainder: number;
  readonly method: {
    readonly baseline: 'a row without any value: every embedding is zero';
    /** The exact terms of the model; the rest is shared out by integrated gradients. */
    readonly exact: readonly ('linear' | 'pairs' | 'crosses')[];
  };
  /** Cells that are missing or were never seen in training, names that are no field. */
  readonly notes: readonly string[];
}

export function explanationOf(
  { encoder, task, offset }: FieldFile,
  predictor: RowPredictor,
  row: EncodedRow,
  nPairs: number,
): Explanation {
  const attribution = predictor.attribution(examplesOfRows([row]));
  const fields = explainedFields(encoder, attribution, lossesWithout(encoder, predictor, row, attribution.logit));
  const nameOf = (n: number) => encoder.fieldValueName(attribution.features[n].row);
  const pairs = attribution.pairs.map(({ a, b, value }) => ({ a: nameOf(a), b: nameOf(b), value }));
  const crosses = attribution.features
    .filter(({ owner }) => owner === 'cross' || owner === 'itemCross')
    .map(({ row: at, linear }) => ({ name: encoder.crossValueName(at), value: linear }));
  const told = [...fields.map(({ contribution }) => contribution), ...crosses.map(({ value }) => value)];
  const sum = told.reduce((total, value) => total + value, attribution.baseline);
  return {
    output: attribution.logit + offset,
    probability: task === 'rating' ? null : probabilityOf(attribution.logit),
    base: attribution.baseline + offset,
    fields: fields.sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)),
    pairs: pairs.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, nPairs),
    nPairs: pairs.length,
    crosses: crosses.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)),
    remainder: attribution.logit - sum,
    method: {
      baseline: 'a row without any value: every embedding is zero',
      exact: [
        ...(attribution.hasLinear ? (['linear'] as const) : []),
        ...(attribution.hasPairs ? (['pairs'] as const) : []),
        ...(crosses.length > 0 ? (['crosses'] as const) : []),
      ],
    },
    notes: row.notes,
  };
}

function explainedFields(
  encoder: FeatureEncoder,
  { features, pairs }: RowAttribution,
  withoutField: ReadonlyMap<string, number>,
): ExplainedField[] {
  const half = new Float64Array(features.length);
  for (const { a, b, value } of pairs) {
    half[a] += value / 2;
    half[b] += value / 2;
  }
  return encoder.layout.fields.flatMap(({ name, owner, firstSlot, slots }) => {
    const isOwn = (feature: FeatureAttribution) =>
      feature.owner === owner && feature.slot >= firstSlot && feature.slot < firstSlot + slots;
    const own = features.flatMap((feature, n) => (isOwn(feature) ? [n] : []));
    if (own.length === 0) return [];
    const total = (of: (n: number) => number) => own.reduce((sum, n) => sum + of(n), 0);
    const linear = total((n) => features[n].linear);
    const paired = total((n) => half[n]);
    const layers = total((n) => features[n].embedded - half[n]);
    const values = own.map((n) => ({ name: encoder.fieldValueName(features[n].row), linear: features[n].linear }));
    return [
      {
        field: name,
        owner,
        values,
        linear,
        pairs: paired,
        layers,
        contribution: linear + paired + layers,
        withoutField: withoutField.get(name)!,
      },
    ];
  });
}

/** For each field of the row the logit less that without it. */
function lossesWithout(
  encoder: FeatureEncoder,
  predictor: RowPredictor,
  row: EncodedRow,
  logit: number,
): Map<string, number> {
  const fields = encoder.layout.fields;
  const examples: FieldExamples = examplesOfRows(fields.map(({ name }) => rowWithout(encoder, row, name)));
  const logits = predictor.logits(examples);
  return new Map(fields.map(({ name }, n) => [name, logit - logits[n]]));
}

/** The row as if the field, and the crosses that it is in, had no value. */
export function rowWithout(encoder: FeatureEncoder, row: EncodedRow, name: string): EncodedRow {
  const { fields, crosses } = encoder.layout;
  const { owner, firstSlot, slots } = fields.find((field) => field.name === name)!;
  const own = crosses.filter((cross) => encoder.crossedFields(cross).includes(name));
  return {
    ...row,
    [owner]: emptied(row[owner], [{ firstSlot, slots }]),
    crosses: emptied(row.crosses, own),
  };
}

function emptied(
  rows: FieldRows,
  ranges: readonly { readonly firstSlot: number; readonly slots: number }[],
): FieldRows {
  const index = rows.index.slice();
  for (const { firstSlot, slots } of ranges) index.fill(-1, firstSlot, firstSlot + slots);
  return { ...rows, index };
}
