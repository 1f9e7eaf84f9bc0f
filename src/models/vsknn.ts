/**
 * V-SKNN — vector multiplication session-kNN: what was in past sessions that share the latest items of this one.
 * Ludewig & Jannach: Evaluation of session-based recommendation algorithms. UMUAI 28, 2018, §3.2; with the idf weighting of
 * Ludewig, Mauro, Latifi, Jannach: Empirical analysis of session-based recommendation algorithms. UMUAI 31, 2021.
 *
 *   ŷ(i | S) = Σ_{N ∈ kNN(S), i ∈ N} sim(S, N) · decay(t_N) · (1 + λ · ln(n_sessions / n_i))
 *   sim(S, N) = Σ_{j ∈ S ∩ N} w_j  ('vector'),   the same divided by ‖w‖ √|N|  ('cosine')
 *
 * S: the running session as a set, w_j: the weight of the last place of j in it, from 0 for long ago to 1 for the last event;
 * t_N: how many events ago the latest item stood that N shares (1 = the last event). kNN: the k most similar among the `sample`
 * most recent past sessions that share an item with w_j > 0; of equally similar ones the more recent.
 * The weights are the past sessions themselves. Numbers and limits: docs/models/vsknn.md.
 */
import { z } from 'zod';
import { int32Tensor, type NamedTensor } from '../core/named-tensors.ts';
import { distinctItems } from '../data/sequences/distinct-items.ts';
import { nSequences } from '../data/sequences/select-sequences.ts';
import type { Sequences } from '../data/sequences/sequences.ts';
import { type SparseRows, sparseRows } from '../data/sparse-rows.ts';
import { heldScores, solverMemory } from '../examples/memory-estimate.ts';
import { sequenceSolver } from '../examples/solvers.ts';
import { neighboursOption } from '../layers/options.ts';
import { checkRows } from '../scoring/item-lists.ts';
import { prefixScorer, type ScorePrefix, whatScores } from '../scoring/prefix-scorer.ts';
import { SessionNeighbours } from './session-neighbours.ts';

const decays = ['same', 'linear', 'div', 'log', 'quadratic'] as const;
type Decay = (typeof decays)[number];

const options = z.strictObject({
  neighbours: neighboursOption.default(500).meta({ doc: 'k, past sessions that vote', search: [100, 200, 500, 1500] }),
  sample: z
    .int()
    .min(1)
    .max(10_000_000)
    .default(2500)
    .meta({ doc: 'most recent sessions with a common item that are compared', search: [500, 1000, 2000, 5000] }),
  similarity: z
    .enum(['vector', 'cosine'])
    .default('cosine')
    .meta({ doc: 'dot product (the paper), or cosine, which prefers short sessions', search: ['vector', 'cosine'] }),
  weighting: z
    .enum(decays)
    .default('quadratic')
    .meta({ doc: 'w_j, how items of the running session fade with the events since (see docs)', search: [...decays] }),
  scoreDecay: z
    .enum(decays)
    .default('quadratic')
    .meta({ doc: 'how the vote of a session fades with the events since the shared item', search: [...decays] }),
  idf: z
    .number()
    .min(0)
    .max(1000)
    .default(1)
    .meta({ doc: 'λ, how much rare items are preferred; 0 = not', search: [0, 1, 2, 5, 10] }),
  lastEvents: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .meta({ doc: 'events of the running session that are looked at, the last ones' }),
});

export const vsknn = sequenceSolver({
  name: 'vsknn',
  title: 'V-SKNN',
  paper: {
    authors: 'Ludewig, Jannach',
    title: 'Evaluation of session-based recommendation algorithms',
    venue: 'UMUAI',
    year: 2018,
  },
  options,
  fit: (train) => {
    const { rowStart, columns } = mostRecentLast(distinctItems(train), train);
    return new Map<string, NamedTensor>([
      ['sessionStart', { shape: [rowStart.length], data: rowStart }],
      ['sessionItems', { shape: [columns.length], data: columns }],
    ]);
  },
  memory: ({ items, start, nItems }) =>
    solverMemory(
      {},
      {
        // distinct, in the order of time, and by item; what is met of each session
        sessions: 24 * items.length + 36 * start.length,
        items: 32 * nItems,
        scores: heldScores(nItems, 16),
      },
    ),
  scorer: (weights, nItems, config) => {
    const rowStart = int32Tensor(weights, 'sessionStart', [-1]);
    const columns = int32Tensor(weights, 'sessionItems', [-1]);
    checkRows(rowStart, columns, nItems, 'vsknn');
    const sessions = { nRows: rowStart.length - 1, rowStart, columns };
    const neighbours = new SessionNeighbours(sessions, nItems, {
      k: config.neighbours,
      sample: config.sample,
      cosine: config.similarity === 'cosine',
      weight: (ago, length) => weightOf(config.weighting, ago, length),
    });
    const votes = new Votes(sessions, nItems, config);
    const score: ScorePrefix = (prefix, scores) => {
      const found = neighbours.find(prefix.subarray(Math.max(0, prefix.length - config.lastEvents)));
      votes.count(neighbours, found, scores);
    };
    return prefixScorer(nItems, score, whatScores);
  },
});

/** Adds up what the neighbours hold. Only the items that they hold are touched. */
class Votes {
  readonly #sessions: SparseRows;
  readonly #decay: Decay;
  readonly #rarity: Float64Array;
  readonly #sum: Float64Array; // [nItems] 0 between calls
  readonly #touched: Int32Array; // [nItems]

  constructor(sessions: SparseRows, nItems: number, { idf, scoreDecay }: z.output<typeof options>) {
    this.#sessions = sessions;
    this.#decay = scoreDecay;
    this.#rarity = inverseFrequencies(sessions, nItems, idf);
    this.#sum = new Float64Array(nItems);
    this.#touched = new Int32Array(nItems);
  }

  count({ session, similarity, ago }: SessionNeighbours, found: number, scores: Float32Array): void {
    const { rowStart, columns } = this.#sessions;
    const [sum, touched] = [this.#sum, this.#touched];
    let nTouched = 0;
    for (let n = 0; n < found; n++) {
      const vote = similarity[n] * decayOf(this.#decay, ago[n]);
      if (vote === 0) continue;
      for (let k = rowStart[session[n]]; k < rowStart[session[n] + 1]; k++) {
        if (sum[columns[k]] === 0) touched[nTouched++] = columns[k];
        sum[columns[k]] += vote;
      }
    }
    scores.fill(0);
    for (let n = 0; n < nTouched; n++) {
      scores[touched[n]] = sum[touched[n]] * this.#rarity[touched[n]];
      sum[touched[n]] = 0;
    }
  }
}

/** w of the item t = `ago` events ago in a session of n events: div (n − t + 1)/n, quadratic its square, others as `decayOf`. */
function weightOf(kind: Decay, ago: number, length: number): number {
  if (kind === 'div') return (length - ago + 1) / length;
  if (kind === 'quadratic') return ((length - ago + 1) / length) ** 2;
  return decayOf(kind, ago);
}

/** For t events ago: same 1 · linear max(0, 1 − 0.1 (t − 1)) · div 1/t · log 1/log₂(1 + t) · quadratic 1/t² */
function decayOf(kind: Decay, ago: number): number {
  switch (kind) {
    case 'same':
      return 1;
    case 'linear':
      return Math.max(0, 1 - 0.1 * (ago - 1));
    case 'div':
      return 1 / ago;
    case 'log':
      return Math.LN2 / Math.log(1 + ago);
    case 'quadratic':
      return 1 / ago ** 2;
  }
}

/** 1 + λ ln(n_sessions / n_i) [nItems]; 1 for items in no session. */
function inverseFrequencies(sessions: SparseRows, nItems: number, lambda: number): Float64Array {
  const count = new Float64Array(nItems);
  for (const item of sessions.columns) count[item]++;
  return count.map((n) => (n === 0 ? 1 : 1 + lambda * Math.log(sessions.nRows / n)));
}

/** The sessions by the time of their last event; without times as they stand. */
function mostRecentLast(rows: SparseRows, train: Sequences): SparseRows {
  const { time, start } = train;
  if (time === null) return rows;
  const order = Int32Array.from({ length: nSequences(train) }, (_, s) => s);
  order.sort((a, b) => time[start[a + 1] - 1] - time[start[b + 1] - 1] || a - b);
  const place = new Int32Array(order.length);
  order.forEach((s, n) => {
    place[s] = n;
  });
  const row = new Int32Array(rows.columns.length);
  for (let s = 0; s < rows.nRows; s++) row.fill(place[s], rows.rowStart[s], rows.rowStart[s + 1]);
  return sparseRows(rows.nRows, row, rows.columns);
}
