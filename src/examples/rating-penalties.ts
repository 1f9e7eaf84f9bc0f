/**
 * What a training on ratings learns beside them: terms of the loss with weights that are not trained, and edges between users. Every rating
 * brings its share of the edges, so that in an epoch each edge stands once, as each rating does.
 */
import { rowNumbers, type SparseRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { indexInput, input, table } from '../engine/ops/index.ts';
import type { SlotSource } from '../engine/runtime/example-feed.ts';
import type { Parameters } from '../layers/parameters.ts';
import type { PairData } from '../scoring/pair-scorer.ts';
import { dataWithUnknown } from '../scoring/rating-scorer.ts';
import type { RatedRows, TakenPairs } from './forms.ts';

/** Terms of the loss beside the squared error. */
export interface PenaltyParts<C> {
  /** Numbers of the rows of tables, which no step changes; found by name beside the parameters as tables [n, 1]. */
  weights(data: PairData, ratings: RatedRows, config: C): Readonly<Record<string, Float32Array>>;
  /** What a row adds to its loss, [B, 1]. */
  penalty(parameters: Parameters, leaves: PenaltyLeaves, config: C): Tensor;
}

export interface PenaltyLeaves {
  /** Index leaves of the rating. */
  readonly user: Tensor;
  readonly item: Tensor;
  /** The edges of the row; none where the model reads no edges. */
  readonly edges: readonly EdgeLeaves[];
}

export interface EdgeLeaves {
  /** Index leaves: the two users. */
  readonly from: Tensor;
  readonly to: Tensor;
  /** [B, 1]: 1, or 0 where there is no edge any more, whatever the users. */
  readonly isThere: Tensor;
}

interface OpenPenalties {
  readonly tables: readonly { readonly tensor: Tensor; readonly values: Float32Array }[];
  readonly sources: readonly SlotSource[];
  readonly edges: readonly EdgeLeaves[];
}

/** Tables, leaves of the edges and what fills them; nothing of a model without such terms. */
export function openPenalties<C>(
  parts: PenaltyParts<C> | undefined,
  { sizes, rows, friends, ratings }: TakenPairs,
  config: C,
): OpenPenalties {
  if (!parts || !ratings) return { tables: [], sources: [], edges: [] };
  const data = dataWithUnknown({ sizes, rows, ...(friends && { friends }) });
  const tables = Object.entries(parts.weights(data, ratings, config)).map(([name, values]) => ({
    tensor: table(name, values.length, 1),
    values,
  }));
  return { tables, ...(friends ? edgesOfRows(friends, ratings.value.length) : { sources: [], edges: [] }) };
}

/** Of E edges row r of N has those with the numbers r, r + N, r + 2 N …, where there are so many. */
function edgesOfRows(friends: SparseRows, nRows: number): Pick<OpenPenalties, 'sources' | 'edges'> {
  const nEdges = friends.columns.length;
  const from = rowNumbers(friends);
  const places = Array.from({ length: Math.ceil(nEdges / nRows) }, (_, k) => {
    const ofRows = (value: (edge: number) => number): number[] =>
      Array.from({ length: nRows }, (_row, r) => (k * nRows + r < nEdges ? value(k * nRows + r) : 0));
    const leaves: EdgeLeaves = {
      from: indexInput(`edge ${k + 1} from`),
      to: indexInput(`edge ${k + 1} to`),
      isThere: input(`edge ${k + 1}`, [1]),
    };
    const sources: SlotSource[] = [
      {
        by: 'example',
        index: Int32Array.from(ofRows((edge) => from[edge])),
        value: null,
        leaves: { index: leaves.from, value: null },
      },
      {
        by: 'example',
        index: Int32Array.from(ofRows((edge) => friends.columns[edge])),
        value: Float32Array.from(ofRows(() => 1)),
        leaves: { index: leaves.to, value: leaves.isThere },
      },
    ];
    return { leaves, sources };
  });
  return { edges: places.map(({ leaves }) => leaves), sources: places.flatMap(({ sources }) => sources) };
}
