/**
 * LinUCB with hybrid models (Li, Chu, Langford, Schapire 2010, algorithm 2): E[r] = zᵀβ + xᵀθ_a, β shared by all actions; here z is the
 * context and x the context with a 1. With u_a = z − B_aᵀA_a⁻¹x the algorithm's score is
 *
 *   u_aᵀβ + xᵀA_a⁻¹b_a + α √( xᵀA_a⁻¹x + u_aᵀA₀⁻¹u_a ),
 *
 * and since A₀ is a Schur complement, each reward changes all of it by one row: with s = 1 + xᵀA_a⁻¹x, g = A_a⁻¹x before the update
 *
 *   A₀ ← A₀ + u uᵀ / s,   b₀ ← b₀ + u (r − xᵀA_a⁻¹b_a) / s,   A_a⁻¹B_a ← A_a⁻¹B_a + g uᵀ / s.
 *
 * Of a context the score needs U = (u_a), one product of a matrix and a vector, and uᵀA₀⁻¹u of its rows. As long as nothing is learned
 * all of it is linear and quadratic in x: with N_a = (I, 0)ᵀ − A_a⁻¹B_a
 *
 *   xᵀ(N_aβ + A_a⁻¹b_a) + α √( xᵀ(A_a⁻¹ + N_a A₀⁻¹ N_aᵀ)x ),
 *
 * which costs no more than disjoint models. So after PATIENCE decisions without a reward these are made, and used until the next one.
 */
import { z } from 'zod';
import { FastRandom } from '../../core/fast-random.ts';
import { DoubleRows, evenLength } from '../../engine/runtime/double-rows.ts';
import { ArmInverses } from './arm-inverses.ts';
import { banditKind } from './bandit.ts';
import { bestOf } from './best-of.ts';

/** Making the matrices of all actions takes as long as so many decisions without them. */
const PATIENCE = 100;

export const hybridLinUcb = banditKind({
  name: 'linucb-hybrid',
  title: 'LinUCB (hybrid)',
  options: z.strictObject({
    alpha: z.number().min(0).default(1).meta({ doc: 'α: how many deviations above its mean an action is valued' }),
  }),
  open({ actions, features }, { alpha }, stream) {
    const random = new FastRandom(stream);
    const models = new HybridModels(actions, features);
    const scores = new Float64Array(actions);
    return {
      choose(context) {
        const { means, variances } = models.look(context);
        for (let a = 0; a < actions; a++) scores[a] = means[a] + alpha * Math.sqrt(Math.max(0, variances[a]));
        return bestOf(scores, random);
      },
      learn: (context, action, reward) => models.update(context, action, reward),
    };
  },
});

class HybridModels {
  readonly #d: number;
  readonly #features: number;
  readonly #own: ArmInverses;
  readonly #shared: ArmInverses;
  /** Elements from one row to the next, of what is as wide as the context and as x. */
  readonly #zStride: number;
  readonly #xStride: number;
  /** `mixed` (A_a⁻¹B_a)ᵀ [actions × zStride × xStride], `u` [actions × zStride], `square` A₀⁻¹ [zStride × zStride]. */
  readonly #direct: DoubleRows<'mixed' | 'x' | 'u' | 'square' | 'means' | 'variances' | 'ofShared'>;
  /** N_aβ + A_a⁻¹b_a in place of θ_a, A_a⁻¹ + N_a A₀⁻¹ N_aᵀ in place of A_a⁻¹; made where it is wanted. */
  #joint: ArmInverses | null = null;
  readonly #x: Float64Array;
  readonly #rest: Float64Array;
  #decisionsSinceReward = 0;
  #isSquareOld = true;
  #isJointNew = false;

  constructor(actions: number, features: number) {
    const d = features + 1;
    this.#d = d;
    this.#features = features;
    this.#own = new ArmInverses(actions, d, 1);
    this.#shared = new ArmInverses(1, features, 1);
    this.#zStride = evenLength(features);
    this.#xStride = evenLength(d);
    this.#direct = new DoubleRows({
      mixed: actions * this.#zStride * this.#xStride,
      x: this.#xStride,
      u: actions * this.#zStride,
      square: this.#zStride ** 2,
      means: actions,
      variances: actions,
      ofShared: actions,
    });
    this.#x = new Float64Array(d).fill(1);
    this.#rest = new Float64Array(features);
  }

  /** Means and variances of all actions, overwritten by the next context. */
  look(context: Float64Array): { readonly means: Float64Array; readonly variances: Float64Array } {
    this.#x.set(context);
    if (this.#decisionsSinceReward < PATIENCE) {
      this.#decisionsSinceReward++;
      return this.#lookDirectly(context);
    }
    if (!this.#isJointNew) this.#join();
    return (this.#joint as ArmInverses).look(this.#x);
  }

  #lookDirectly(context: Float64Array): { readonly means: Float64Array; readonly variances: Float64Array } {
    const { arrays } = this.#direct;
    const { x, u, means, variances, ofShared } = arrays;
    const [features, stride] = [this.#features, this.#zStride];
    x.set(this.#x);
    this.#direct.rowProducts(arrays.mixed, x, u);
    for (let a = 0, at = 0; a < means.length; a++, at += stride)
      for (let f = 0; f < features; f++) u[at + f] = context[f] - u[at + f];
    if (this.#isSquareOld) this.#squareOfShared();
    this.#direct.squareForms(arrays.square, u, ofShared);
    const own = this.#own.look(this.#x);
    const beta = this.#shared.theta;
    for (let a = 0, at = 0; a < means.length; a++, at += stride) {
      let mean = own.means[a];
      for (let f = 0; f < features; f++) mean += u[at + f] * beta[f];
      means[a] = mean;
      variances[a] = own.variances[a] + ofShared[a];
    }
    return arrays;
  }

  /** A₀⁻¹ from its triangle. */
  #squareOfShared(): void {
    const { square } = this.#direct.arrays;
    const [features, stride] = [this.#features, this.#zStride];
    for (let i = 0, at = 0; i < features; i++)
      for (let j = i; j < features; j++) square[i * stride + j] = square[j * stride + i] = this.#shared.inverse[at++];
    this.#isSquareOld = false;
  }

  /** What is linear and quadratic in x, of every action. */
  #join(): void {
    const [d, features] = [this.#d, this.#features];
    if (this.#isSquareOld) this.#squareOfShared();
    const { square, mixed } = this.#direct.arrays;
    this.#joint ??= new ArmInverses(this.#own.arms, d, 1);
    const { theta, inverse } = this.#joint;
    this.#isJointNew = true;
    const [n, ns] = [new Float64Array(d * features), new Float64Array(d * features)];
    const [xStride, zStride] = [this.#xStride, this.#zStride];
    const triangle = this.#own.triangleStride;
    for (let a = 0; a < this.#own.arms; a++) {
      for (let i = 0; i < d; i++)
        for (let f = 0; f < features; f++)
          n[i * features + f] = (i === f ? 1 : 0) - mixed[(a * zStride + f) * xStride + i];
      for (let i = 0; i < d; i++) {
        let mean = this.#own.theta[a * xStride + i];
        for (let f = 0; f < features; f++) {
          mean += n[i * features + f] * this.#shared.theta[f];
          let sum = 0;
          for (let g = 0; g < features; g++) sum += n[i * features + g] * square[g * zStride + f];
          ns[i * features + f] = sum;
        }
        theta[a * xStride + i] = mean;
      }
      for (let i = 0, at = a * triangle; i < d; i++)
        for (let j = i; j < d; j++, at++) {
          let sum = this.#own.inverse[at];
          for (let f = 0; f < features; f++) sum += ns[i * features + f] * n[j * features + f];
          inverse[at] = sum;
        }
    }
  }

  update(context: Float64Array, action: number, reward: number): void {
    const [d, features, x, u] = [this.#d, this.#features, this.#x, this.#rest];
    x.set(context);
    const { mixed } = this.#direct.arrays;
    const start = action * this.#zStride * this.#xStride;
    for (let f = 0; f < features; f++) {
      let sum = context[f];
      for (let i = 0, at = start + f * this.#xStride; i < d; i++, at++) sum -= mixed[at] * x[i];
      u[f] = sum;
    }
    let expected = 0;
    for (let i = 0; i < d; i++) expected += x[i] * this.#own.theta[action * this.#own.thetaStride + i];
    const s = this.#own.update(action, x, reward);
    for (let f = 0; f < features; f++) {
      const scaled = u[f] / s;
      for (let i = 0, at = start + f * this.#xStride; i < d; i++, at++) mixed[at] += this.#own.gain[i] * scaled;
    }
    const root = Math.sqrt(s);
    for (let f = 0; f < features; f++) u[f] /= root;
    this.#shared.update(0, u, (reward - expected) / root);
    this.#isSquareOld = true;
    this.#isJointNew = false;
    this.#decisionsSinceReward = 0;
  }
}
