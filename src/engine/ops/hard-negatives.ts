/**
 * Negatives that are chosen by the scores of the present weights: the best of several candidates (Zhang, Chen, Wang, Yu: Optimizing
 * Top-N Collaborative Filtering via Dynamic Negative Item Sampling. SIGIR 2013), or an item by its rank along a factor of the user
 * (Rendle & Freudenthaler: Improving Pairwise Learning for Item Recommendation from Implicit Feedback. WSDM 2014). The result is
 * an index by which tables are looked up; no gradient flows through the choice.
 */
import { philox } from '../../core/random.ts';
import { shapeError, Tensor } from '../expression.ts';
import * as code from '../kernels/opcodes.ts';
import { isIndex } from './leaves.ts';
import { noGradients, opFamily } from './op.ts';

/**
 * The `best` candidates of each row so far by their scores, batch [B, 2 · best]: (score, row number) each, highest first, those
 * that are missing (−∞, −1). Of equal scores the one that came first stays ahead.
 * @param item index [B]
 * @param score [B, 1]
 * @param before what this op gave for the candidates before; null for the first one
 */
export function bestCandidates(item: Tensor, score: Tensor, best: number, before: Tensor | null): Tensor {
  const fits = isIndex(item, 1) && score.rows === 'batch' && score.size === 1 && Number.isInteger(best) && best >= 1;
  if (!fits || (before && (before.op !== hardNegativeOps.bestCandidates || before.size !== 2 * best)))
    throw shapeError('bestCandidates', 'needs an index [B], scores [B, 1] and the candidates before', [item, score]);
  const inputs = before ? [item, score, before] : [item, score];
  return new Tensor(hardNegativeOps.bestCandidates, inputs, 'batch', [2 * best], { best });
}

/** Candidate number choice[r] of the best ones, first[r] where it is −1: index [B]. */
export function takenCandidate(kept: Tensor, choice: Tensor, first: Tensor): Tensor {
  if (kept.op !== hardNegativeOps.bestCandidates || !isIndex(choice, 1) || !isIndex(first, 1))
    throw shapeError('takenCandidate', 'needs the best candidates and two indices [B]', [kept, choice, first]);
  return new Tensor(hardNegativeOps.takenCandidate, [kept, choice, first], 'batch', [1]);
}

/** Where items are ranked by factor, see runtime/factor-ranks.ts. */
export interface FactorRanking {
  /** Address of the record; 0 in expressions whose memory is only estimated. */
  readonly record: number;
  /** Key of the draws. */
  readonly key: readonly [number, number];
  /** Ranks are drawn ∝ e^(−rank / scale). */
  readonly scale: number;
  readonly nItems: number;
  /** For each factor: all items, those of the highest values first; standard deviation of the values; without rejection. */
  readonly now?: () => { readonly order: Int32Array; readonly spread: Float32Array };
}

/**
 * An item for each row by its rank along a factor of the user's vector: index [B]. The factor f is drawn ∝ |x_f| · its standard
 * deviation over the items, the rank ∝ e^(−rank / scale), counted from the end that the sign of x_f prefers.
 * @param x the users' vectors [B, width]
 * @param user index [B], whose taken items are not drawn where the sampler rejects them
 * @param choice index [B]: −1 = the row takes `first`
 */
export function drawnByFactor(x: Tensor, user: Tensor, choice: Tensor, first: Tensor, ranking: FactorRanking): Tensor {
  if (x.rows !== 'batch' || ![user, choice, first].every((index) => isIndex(index, 1)))
    throw shapeError('drawnByFactor', 'needs vectors [B, n] and three indices [B]', [x, user, choice, first]);
  const drawn = new Tensor(hardNegativeOps.drawnByFactor, [x, user, choice, first], 'batch', [1], {
    record: ranking.record,
  });
  rankings.set(drawn, ranking);
  return drawn;
}

const rankings = new WeakMap<Tensor, FactorRanking>();

/** The factor whose share of Σ |x_f| spread_f a draw in [0, 1) falls into. */
function factorOf(x: Float64Array, spread: ArrayLike<number>, share: number): number {
  const weights = x.map((v, f) => Math.abs(v) * spread[f]);
  let left = share * weights.reduce((sum, w) => sum + w, 0);
  if (!(left >= 0) || weights.every((w) => w === 0)) return Math.min(x.length - 1, Math.floor(share * x.length));
  for (let f = 0; f < x.length; f++) {
    left -= weights[f];
    if (weights[f] > 0 && left < 0) return f;
  }
  return weights.findLastIndex((w) => w > 0);
}

export const hardNegativeOps = opFamily({
  bestCandidates: {
    formula: 'y = the best `best` of those before and (score, item), highest first',
    derivative: 'none: a choice',
    gradient: noGradients,
    // missing candidates have −∞
    mayBeInfinite: true,
    chooses: true,
    kernel: (y) => {
      const [item, score, before = null] = y.inputs;
      const parameters = [y.attributes.best as number, before ? 1 : 0];
      return { opcode: code.KEEP_BEST, parameters, operands: [item, score, before, y] };
    },
    reference: (y, [items, scores, before], rows) => {
      const best = y.attributes.best as number;
      const out = new Float64Array(rows * y.size);
      for (let r = 0; r < rows; r++) {
        const kept = Array.from({ length: before ? best : 0 }, (_, n) => [
          before[r * y.size + 2 * n],
          before[r * y.size + 2 * n + 1],
        ]).filter(([, item]) => item >= 0);
        const score = Number.isNaN(scores[r]) ? Number.NEGATIVE_INFINITY : scores[r];
        const place = kept.findIndex(([other]) => score > other);
        kept.splice(place < 0 ? kept.length : place, 0, [score, items[r]]);
        for (let n = 0; n < best; n++) out.set(kept[n] ?? [Number.NEGATIVE_INFINITY, -1], r * y.size + 2 * n);
      }
      return out;
    },
  },
  takenCandidate: {
    formula: 'y = the item of the best candidates that `choice` says, `first` where it is −1',
    derivative: 'none: a choice',
    gradient: noGradients,
    integers: true,
    mayBeInfinite: true,
    chooses: true,
    kernel: (y) => ({ opcode: code.TAKE_CANDIDATE, operands: [...y.inputs, y] }),
    reference: (y, [kept, choice, first], rows) => {
      const width = y.inputs[0].size;
      return Float64Array.from({ length: rows }, (_, r) =>
        choice[r] < 0 ? first[r] : kept[r * width + 2 * choice[r] + 1],
      );
    },
  },
  drawnByFactor: {
    formula: 'y = item at rank n along factor f, P(f) ∝ |x_f| σ_f, P(n) ∝ e^(−n/λ); `first` where `choice` is −1',
    derivative: 'none: a draw',
    gradient: noGradients,
    integers: true,
    mayBeInfinite: true,
    chooses: true,
    kernel: (y) => ({
      opcode: code.DRAW_BY_FACTOR,
      parameters: [y.attributes.record as number],
      operands: [...y.inputs, y],
    }),
    // the rows are the first of epoch 0, and nothing is rejected
    reference: (y, [x, , choice, first], rows) => {
      const { key, scale, nItems, now } = rankings.get(y) as FactorRanking;
      if (!now) throw shapeError('drawnByFactor', 'has no ranking of items to draw from', [y]);
      const { order, spread } = now();
      const width = y.inputs[0].size;
      const block = new Uint32Array(4);
      return Float64Array.from({ length: rows }, (_, r) => {
        if (choice[r] < 0) return first[r];
        philox([r, 0, 0, code.DRAWS_FACTOR], key, block);
        const own = x.slice(r * width, (r + 1) * width);
        const factor = factorOf(own, spread, block[0] / 2 ** 32);
        const reach = 1 - Math.exp(-nItems / scale);
        const rank = Math.min(nItems - 1, Math.floor(-scale * Math.log(1 - (block[1] / 2 ** 32) * reach)));
        return order[factor * nItems + (own[factor] >= 0 ? rank : nItems - 1 - rank)];
      });
    },
  },
});
