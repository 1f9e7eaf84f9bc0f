/**
 * LinUCB with hybrid models (Li, Chu, Langford, Schapire 2010, algorithm 2): E[r] = zᵀβ + xᵀθ_a, β shared by all actions; here z is the
 * context and x the context with a 1. With u_a = z − B_aᵀA_a⁻¹x the algorithm's score is
 *
 *   u_aᵀβ + xᵀA_a⁻¹b_a + α √( xᵀA_a⁻¹x + u_aᵀA₀⁻¹u_a ),
 *
 * and since A₀ is a Schur complement, each reward changes all of it by one row: with s = 1 + xᵀA_a⁻¹x, g = A_a⁻¹x before the update
 *
 *   A₀ ← A₀ + u uᵀ / s,   b₀ ← b₀ + u (r − xᵀA_a⁻¹b_a) / s,   A_a⁻¹B_a ← A_a⁻¹B_a + g uᵀ / s.
 */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { ArmInverses } from './arm-inverses.ts';
import { banditKind } from './bandit.ts';
import { bestOf } from './best-of.ts';

export const hybridLinUcb = banditKind({
  name: 'linucb-hybrid',
  title: 'LinUCB (hybrid)',
  options: z.strictObject({
    alpha: z.number().min(0).default(1).meta({ doc: 'α: how many deviations above its mean an action is valued' }),
  }),
  open({ actions, features }, { alpha }, stream) {
    const d = features + 1;
    const random = new FastRandom(stream);
    const own = new ArmInverses(actions, d, 1);
    const shared = new ArmInverses(1, features, 1);
    const mixed = new Float64Array(actions * d * features); // A_a⁻¹B_a
    const x = new Float64Array(d).fill(1);
    const u = new Float64Array(features);
    const scores = new Float64Array(actions);
    const mean = new Float64Array(1);

    /** u_a for the context in x. */
    const rest = (action: number): void => {
      for (let f = 0; f < features; f++) u[f] = x[f];
      for (let i = 0, at = action * d * features; i < d; i++)
        for (let f = 0; f < features; f++, at++) u[f] -= mixed[at] * x[i];
    };
    return {
      choose(context) {
        x.set(context);
        own.means(x, scores);
        own.look(x);
        for (let a = 0; a < actions; a++) {
          rest(a);
          shared.means(u, mean);
          shared.look(u);
          scores[a] += mean[0] + alpha * Math.sqrt(own.variance(a) + shared.variance(0));
        }
        return bestOf(scores, random);
      },
      learn(context, action, reward) {
        x.set(context);
        rest(action);
        let expected = 0;
        for (let i = 0; i < d; i++) expected += x[i] * own.theta[action * d + i];
        const s = own.update(action, x, reward);
        for (let i = 0, at = action * d * features; i < d; i++)
          for (let f = 0; f < features; f++, at++) mixed[at] += (own.gain[i] * u[f]) / s;
        const root = Math.sqrt(s);
        for (let f = 0; f < features; f++) u[f] /= root;
        shared.update(0, u, (reward - expected) / root);
      },
    };
  },
});
