/**
 * The two stages of AutoFIS (KDD 2020, § 3.2): a search that trains a gate for every pair of fields by GRDA, in the same steps as the
 * weights by the optimizer of the run, and a training from scratch with the pairs whose gates were not exactly 0.
 */
import { z } from 'zod';
import { float32Tensor, type NamedTensors } from '../core/named-tensors.ts';
import type { LabelledRows } from '../examples/forms.ts';
import type { PretrainingStage } from '../examples/model.ts';
import { fieldPairs } from '../layers/gated-pairs.ts';
import { type FoundStructure, foundLines } from '../scoring/found-structure.ts';

export const pairSearchOptions = {
  search: z.boolean().default(true).meta({
    doc: 'true: search, then train anew with the pairs found; false: the search stage alone, whose gates are part of the model',
  }),
  searchEpochs: z
    .int()
    .min(1)
    .max(100_000)
    .default(10)
    .meta({ doc: 'epochs of the search stage, all of them', search: [5, 10, 20] }),
  gateLearningRate: z.number().positive().default(1).meta({ doc: 'η of GRDA, by which gates are trained' }),
  gateShrinkage: z
    .number()
    .min(0)
    .default(0.01)
    .meta({ doc: 'c of GRDA: the greater, the fewer pairs are kept', search: [0.002, 0.005, 0.01, 0.02] }),
  gateShrinkagePower: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .meta({ doc: 'μ of GRDA: how the threshold grows with the steps' }),
};

export interface PairSearchOptions {
  readonly search: boolean;
  readonly searchEpochs: number;
  readonly gateLearningRate: number;
  readonly gateShrinkage: number;
  readonly gateShrinkagePower: number;
}

/** The search: the model itself with all pairs, to its last epoch. */
export function searchStage(model: string, config: PairSearchOptions): readonly PretrainingStage[] {
  if (!config.search) return [];
  const training = { epochs: config.searchEpochs, patience: 0, keepBest: false };
  return [{ model, config: { ...config, search: false }, training }];
}

/** GRDA for the gates of the search; afterwards they are weights like others. */
export function gateOptimizer(config: PairSearchOptions, parameter: string): Readonly<Record<string, unknown>> | null {
  if (config.search || parameter !== 'pairs.gate') return null;
  const { gateLearningRate: learningRate, gateShrinkage: shrinkage, gateShrinkagePower: shrinkagePower } = config;
  return { name: 'grda', learningRate, shrinkage, shrinkagePower };
}

/** The mask of the pairs that the search has left; all other weights start anew. */
export function maskOfSearch(
  [searched]: readonly NamedTensors[],
  { layout }: LabelledRows,
): { readonly weights: NamedTensors; readonly notes: readonly string[] } {
  const shape = [fieldPairs(layout).length];
  const data = float32Tensor(searched, 'pairs.gate', shape).map((gate) => (gate === 0 ? 0 : 1));
  const notes = foundLines(foundPairs(layout, searched));
  return { weights: new Map([['pairs.mask', { shape, data }]]), notes };
}

/** The pairs of a model by the names of their fields, with α_ij m_ij. */
export function foundPairs(layout: LabelledRows['layout'], weights: NamedTensors): FoundStructure {
  const pairs = fieldPairs(layout);
  const [gate, mask] = ['pairs.gate', 'pairs.mask'].map((name) => float32Tensor(weights, name, [pairs.length]));
  return {
    unit: 'pairs of fields',
    weight: 'gate',
    parts: pairs.map(([a, b], n) => {
      const weight = gate[n] * mask[n];
      return { name: `${a.name} × ${b.name}`, weight, isKept: weight !== 0 };
    }),
  };
}
