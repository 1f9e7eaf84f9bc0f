/**
 * TrustSVD — SVD++ that also looks at whom somebody trusts.
 * Guo, Zhang, Yorke-Smith: TrustSVD: Collaborative Filtering with Both the Explicit and Implicit Influence of User Trust and of Item
 * Ratings. AAAI 2015 (eqs. 4 to 6).
 *
 *   r̂(u, i) = μ + b_u + b_i + q_iᵀ ( p_u + |I_u|^(−½) Σ_{j ∈ I_u} y_j + |T_u|^(−½) Σ_{v ∈ T_u} w_v )
 *   min  Σ_{(u,i)} (r_ui − r̂(u, i))²  +  λ_t Σ_{(u,v)} (1 − p_uᵀ w_v)²
 *        + λ [ Σ_u |I_u|^(−½) (b_u² + ‖p_u‖²)  +  Σ_i |U_i|^(−½) (b_i² + ‖q_i‖² + ‖y_i‖²)  +  Σ_v |T⁺_v|^(−½) ‖w_v‖² ]
 *        + λ_t Σ_u |T_u|^(−½) ‖p_u‖²
 *
 * I_u: the items that u rated, T_u: whom u trusts, U_i: who rated i, T⁺_v: who trusts v; edges (u, v). Every rating brings its share of
 * the edges and of the sums over users and items. By mini-batches with Adam; numbered differences: docs/models/trustsvd.md.
 */
import { z } from 'zod';
import { type SparseRows, transposeRows } from '../data/sparse-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import {
  add,
  affine,
  gatherRows,
  lookup,
  multiply,
  rowDot,
  sparseMatrix,
  sparseProduct,
  square,
} from '../engine/ops/index.ts';
import { ratingModel } from '../examples/ratings.ts';
import { normal } from '../layers/initializer.ts';
import { regularizationOption } from '../layers/options.ts';
import { biasedDot, factorDeclarations, factorOptions } from './biased-mf.ts';
import { batchFor, normalised, sumOfItems } from './svdpp.ts';

const options = z.strictObject({
  ...factorOptions,
  regularization: regularizationOption
    .max(1e3)
    .default(0.5)
    .meta({ doc: 'λ, of biases and vectors, each by the root of how often it occurs', search: [0.1, 0.5, 1, 2] }),
  socialRegularization: regularizationOption
    .max(1e3)
    .default(0.5)
    .meta({ doc: 'λ_t, weight of the edges between users that the vectors are to tell', search: [0, 0.1, 0.5, 1] }),
});

/** n^(−½) shared out among the `times` that it occurs. */
const share = (n: number, times = n): number => (n === 0 ? 0 : 1 / (Math.sqrt(n) * times));

const lengthsOf = ({ rowStart, nRows }: SparseRows): number[] =>
  Array.from({ length: nRows }, (_, row) => rowStart[row + 1] - rowStart[row]);

function timesOf(index: Int32Array, n: number): Int32Array {
  const times = new Int32Array(n);
  for (const row of index) times[row]++;
  return times;
}

const norm = (x: Tensor): Tensor => rowDot(x, x);

export const trustsvd = ratingModel({
  name: 'trustsvd',
  title: 'TrustSVD',
  paper: {
    authors: 'Guo, Zhang, Yorke-Smith',
    title:
      'TrustSVD: Collaborative Filtering with Both the Explicit and Implicit Influence of User Trust and of Item Ratings',
    venue: 'AAAI',
    year: 2015,
  },
  options,
  trainingDefaults: { optimizer: { learningRate: 0.002 } },
  defaultsForData: batchFor,
  readsFriends: true,
  parameters: (config, sizes) => [
    ...factorDeclarations(config, sizes),
    { name: 'Y', shape: [sizes.nItems, config.factors], initializer: normal(config.deviation) },
    { name: 'W', shape: [sizes.nUsers, config.factors], initializer: normal(config.deviation) },
  ],
  constants: ({ rows, friends, sizes }) => ({
    I: sparseMatrix('I', normalised(rows, sizes.nItems)),
    T: sparseMatrix('T', normalised(friends!, sizes.nUsers)),
  }),
  penalties: {
    weights: ({ rows, friends, sizes }, ratings) => {
      const ofUser = timesOf(ratings.user, sizes.nUsers);
      const ofItem = timesOf(ratings.item, sizes.nItems);
      const raters = lengthsOf(transposeRows(rows, sizes.nItems));
      const trusting = lengthsOf(transposeRows(friends!, sizes.nUsers));
      return {
        userWeight: Float32Array.from(lengthsOf(rows), (n, u) => share(n, ofUser[u])),
        itemWeight: Float32Array.from(raters, (n, i) => share(n, ofItem[i])),
        trustWeight: Float32Array.from(lengthsOf(friends!), (n) => share(n)),
        trustedWeight: Float32Array.from(trusting, (n) => share(n)),
      };
    },
    penalty: (p, { user, item, edges }, { regularization, socialRegularization }) => {
      const ofUser = add(norm(lookup(p.userBias, user)), norm(lookup(p.P, user)));
      const ofItem = [lookup(p.itemBias, item), lookup(p.Q, item), gatherRows(p.Y, item)].map(norm).reduce(add);
      const ofRating = add(multiply(lookup(p.userWeight, user), ofUser), multiply(lookup(p.itemWeight, item), ofItem));
      const ofEdges = edges.map(({ from, to, isThere }) => {
        const [u, v] = [lookup(p.P, from), gatherRows(p.W, to)];
        const told = add(square(affine(rowDot(u, v), -1, 1)), multiply(lookup(p.trustWeight, from), norm(u)));
        const kept = multiply(lookup(p.trustedWeight, to), norm(v));
        return multiply(isThere, add(affine(told, socialRegularization), affine(kept, regularization)));
      });
      return [affine(ofRating, regularization), ...ofEdges].reduce(add);
    },
  },
  userParts: ({ P, userBias, Y, I, W, T }, user) => [
    [lookup(P, user), gatherRows(sparseProduct(I, Y), user), gatherRows(sparseProduct(T, W), user)].reduce(add),
    lookup(userBias, user),
  ],
  itemParts: ({ Q, itemBias }, item) => [lookup(Q, item), lookup(itemBias, item)],
  score: (_, user, item) => biasedDot(user, item),
  foldInByItems: (weights, sizes, config, history) => sumOfItems(weights, sizes, config, history),
});
