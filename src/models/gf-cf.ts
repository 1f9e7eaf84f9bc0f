/**
 * GF-CF — collaborative filtering as a low-pass filter of the graph of who took what, without training.
 * Shen, Wu, Zhang, Shan, Zhang, Letaief, Li: How Powerful is Graph Convolution for Recommendation? CIKM 2021.
 *
 *   R̃ = D_U^−½ R D_I^−½          ŷ_u = r_u ( R̃ᵀ R̃  +  α D_I^−½ V Vᵀ D_I^½ )
 *
 * R: who took what, 0 or 1; r_u: its row of a user; D_U, D_I: how many items each user and how many users each item has. V: the
 * right singular vectors of R̃ with the largest singular values. Numbers and differences: docs/models/gf-cf.md.
 */
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor } from '../core/named-tensors.ts';
import { rowOf, type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import { svdBytes, truncatedSvd } from '../engine/linalg/truncated-svd.ts';
import { rankingBytes, solverMemory } from '../examples/memory-estimate.ts';
import { pairSolver } from '../examples/solvers.ts';
import { normalisedRows } from '../layers/interaction-graph.ts';
import { factorsOption } from '../layers/options.ts';
import type { WeightsTo } from '../scoring/scorer.ts';

const options = z.strictObject({
  factors: factorsOption
    .default(256)
    .meta({ doc: 'singular vectors of the ideal low-pass filter, at most', search: [64, 128, 256, 512] }),
  lowPass: z
    .number()
    .min(0)
    .max(1e3)
    .default(0.3)
    .meta({ doc: 'α, weight of the ideal low-pass filter beside the linear one', search: [0, 0.1, 0.3, 1] }),
});

export const gfCf = pairSolver({
  name: 'gf-cf',
  title: 'GF-CF',
  paper: {
    authors: 'Shen, Wu, Zhang, Shan, Zhang, Letaief, Li',
    title: 'How Powerful is Graph Convolution for Recommendation?',
    venue: 'CIKM',
    year: 2021,
  },
  options,
  memory: (train, sizes, { factors }, engine) => {
    const { nUsers, nItems } = sizes;
    const width = Math.min(factors, nUsers, nItems);
    return solverMemory(
      {
        'singular vectors': svdBytes(nItems, width),
        ranking: 4 * (nUsers + nItems) * width + rankingBytes('two-steps', sizes, 2 * train.columns.length, engine),
      },
      { weights: 12 * nItems * width, graph: 12 * train.columns.length },
    );
  },
  fit: (train, { nItems }, { factors }, { engine, random, progress }) => {
    if (train.columns.length === 0)
      throw new DeepTasteError('data', 'gf-cf: there must be an interaction to learn from, found none');
    const rank = Math.min(factors, train.nRows, nItems);
    const task = progress.start('gf-cf: singular vectors', undefined, 'vectors');
    const { values, right } = truncatedSvd(engine, normalisedRows(train, nItems), {
      rank,
      random,
      onProgress: (size) => task.update(size),
    });
    task.end(
      `${values.length} singular vectors, from ${values[0].toFixed(3)} to ${values[values.length - 1].toFixed(3)}`,
    );
    const degree = degrees(train, nItems);
    const width = values.length;
    const data = Float32Array.from(right, (value, k) => {
      const d = degree[Math.floor(k / width)];
      return d === 0 ? 0 : value / Math.sqrt(d);
    });
    // D_I^−½ V, of which rows of items add up to the row of a user
    return new Map([['P', { shape: [nItems, width], data }]]);
  },
  score: (weights, { nUsers, nItems }, { lowPass }, rows) => {
    const p = float32Tensor(weights, 'P', [nItems, -1]);
    const width = p.length / nItems;
    const degree = degrees(rows, nItems);
    const items = Float32Array.from(p, (value, k) => lowPass * degree[Math.floor(k / width)] * value);
    const users = new Float32Array(nUsers * width);
    for (let u = 0; u < nUsers; u++) users.set(rowOfPerson(p, width, rowOf(rows, u)), u * width);
    const takers = transposeRows(rows, nItems);
    const userScale = Float32Array.from({ length: nUsers }, (_, u) => inverse(rowOf(rows, u).length));
    const itemScale = Float32Array.from(degree, (d) => Math.sqrt(inverse(d)));
    const weightsTo: WeightsTo = (item) => {
      const reached = new Float64Array(nUsers);
      for (const v of rowOf(takers, item)) reached[v] = userScale[v] * itemScale[item];
      return (from) => {
        let sum = 0;
        for (const v of rowOf(takers, from)) sum += reached[v];
        let low = 0;
        for (let k = 0; k < width; k++) low += p[from * width + k] * items[item * width + k];
        return sum * itemScale[from] + low;
      };
    };
    return { form: 'two-steps', users, items, width, rows, takers, userScale, itemScale, weightsTo };
  },
  foldIn: (weights, { nItems }, _, history) => {
    const p = float32Tensor(weights, 'P', [nItems, -1]);
    return {
      vector: rowOfPerson(p, p.length / nItems, history),
      how: 'the filter of the given items, as for every user',
    };
  },
});

/** r_u D_I^−½ V */
function rowOfPerson(p: Float32Array, width: number, history: Int32Array): Float32Array {
  const row = new Float64Array(width);
  for (const j of history) for (let k = 0; k < width; k++) row[k] += p[j * width + k];
  return Float32Array.from(row);
}

function degrees({ columns }: SparseRows, nItems: number): Int32Array {
  const degree = new Int32Array(nItems);
  for (const item of columns) degree[item]++;
  return degree;
}

const inverse = (d: number): number => (d === 0 ? 0 : 1 / d);
