/** The derivative through the last steps of a surrogate, against finite differences of the same steps written down here by themselves. */
import { expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { sparseRows } from '../../src/data/sparse-rows.ts';
import { exposureLoss } from '../../src/robustness/surrogates/exposure-loss.ts';
import { newAdamState, WmfDescent } from '../../src/robustness/surrogates/wmf-descent.ts';

const [nReal, nItems, nFakes, d] = [15, 9, 2, 3];
const n = nReal + nFakes;
const [a0, lambda, rate] = [0.2, 0.02, 0.05];
const draws = new RandomStream(9, 'world');
const taken = Array.from({ length: nReal }, () => Array.from({ length: nItems }, () => draws.uniform() < 0.3));
const pairs = taken.flatMap((row, u) => row.flatMap((t, i) => (t ? [[u, i]] : [])));
const real = sparseRows(
  nReal,
  Int32Array.from(pairs, ([u]) => u),
  Int32Array.from(pairs, ([, i]) => i),
);
const weights = Float64Array.from({ length: nFakes * nItems }, (_, k) => (k % 4 === 1 ? 1 : k % 4 === 2 ? 0.6 : 0));
const targets = Int32Array.of(2, 7);
const temperature = 0.2;

/** θ: vectors of people, then of items. */
type Theta = Float64Array;
const dot = (theta: Theta, u: number, i: number): number => {
  let sum = 0;
  for (let k = 0; k < d; k++) sum += theta[u * d + k] * theta[(n + i) * d + k];
  return sum;
};
const weightOf = (w: Float64Array, u: number, i: number): number =>
  u < nReal ? (taken[u][i] ? 1 : 0) : w[(u - nReal) * nItems + i];

/** F as it stands in the formula. */
function objective(theta: Theta, w: Float64Array): number {
  let f = 0;
  for (let u = 0; u < n; u++) {
    let mass = a0 * nItems;
    for (let i = 0; i < nItems; i++) {
      const score = dot(theta, u, i);
      f += 0.5 * weightOf(w, u, i) * (1 - score) ** 2 + 0.5 * a0 * score ** 2;
      mass += weightOf(w, u, i);
    }
    for (let k = 0; k < d; k++) f += 0.5 * lambda * mass * theta[u * d + k] ** 2;
  }
  for (let i = 0; i < nItems; i++) {
    let mass = a0 * n;
    for (let u = 0; u < n; u++) mass += weightOf(w, u, i);
    for (let k = 0; k < d; k++) f += 0.5 * lambda * mass * theta[(n + i) * d + k] ** 2;
  }
  return f;
}

/** ∇F by central differences. */
function slope(theta: Theta, w: Float64Array): Float64Array {
  const h = 1e-5;
  return theta.map((_, k) => {
    const moved = (by: number) => {
      const other = theta.slice();
      other[k] += by;
      return objective(other, w);
    };
    return (moved(h) - moved(-h)) / (2 * h);
  });
}

const joined = ({ users, items }: { users: Float64Array; items: Float64Array }): Theta =>
  Float64Array.from([...users, ...items]);
const parted = (theta: Theta) => ({ users: theta.slice(0, n * d), items: theta.slice(n * d) });
const relative = (a: readonly number[], b: readonly number[]) =>
  Math.hypot(...a.map((x, k) => x - b[k])) / Math.hypot(...b);

const surrogate = new WmfDescent(real, nItems, weights, {
  factors: d,
  unobservedWeight: a0,
  regularization: lambda,
  learningRate: rate,
});
const vectors = surrogate.start(new RandomStream(1, 'start'));
const state = newAdamState(vectors);
surrogate.train(vectors, state, 60);

it('descends, and its gradient is that of the objective', () => {
  const begun = surrogate.start(new RandomStream(1, 'start'));
  expect(objective(joined(vectors), weights)).toBeLessThan(0.8 * objective(joined(begun), weights));
  expect(relative([...joined(surrogate.gradient(begun))], [...slope(joined(begun), weights)])).toBeLessThan(1e-6);
});

it('curvature times a direction is how the gradient changes along it', () => {
  const z = joined(vectors).map((_, k) => Math.sin(k));
  const h = 1e-5;
  const at = (by: number) => joined(surrogate.gradient(parted(joined(vectors).map((x, k) => x + by * z[k]))));
  const [up, down] = [at(h), at(-h)];
  const found = joined(surrogate.curvatureTimes(vectors, parted(z)));
  expect(relative([...found], [...up.map((g, k) => (g - down[k]) / (2 * h))])).toBeLessThan(1e-6);
});

it('the derivative by what fake people take, through the unrolled steps: relative error below 1e-3', () => {
  const steps = surrogate.unroll(vectors, 8);
  const scale = joined(steps.scale);
  const lossOf = (theta: Theta) => {
    const { users, items } = parted(theta);
    return exposureLoss({
      vectors: { users, items },
      factors: d,
      real,
      targets,
      objective: 'softmax',
      temperature,
      sign: 1,
    });
  };
  /** The same steps by this file's own slope. */
  const after = (w: Float64Array): number => {
    let theta = joined(vectors);
    for (let step = 0; step < 8; step++) {
      const g = slope(theta, w);
      theta = theta.map((x, k) => x - scale[k] * g[k]);
    }
    return lossOf(theta).loss;
  };
  const last = steps.path[8];
  expect(after(weights)).toBeCloseTo(lossOf(joined(last)).loss, 6);
  const found = surrogate.backwards(steps, lossOf(joined(last)).gradient);
  const h = 1e-3;
  const expected = Array.from(weights, (_, k) => {
    const moved = (by: number) => after(weights.map((w, other) => (other === k ? w + by : w)));
    return (moved(h) - moved(-h)) / (2 * h);
  });
  expect(relative([...found], expected)).toBeLessThan(1e-3);
});

it('the loss is the one written down, and its gradient by the vectors', () => {
  const theta = joined(vectors);
  const written = (at: Theta): number => {
    let loss = 0;
    for (const t of targets) {
      const open = [...Array(nReal).keys()].filter((u) => !taken[u][t]);
      for (const u of open) {
        const scores = Array.from({ length: nItems }, (_, i) => dot(at, u, i) / temperature);
        loss -=
          (scores[t] - Math.log(scores.reduce((sum, s) => sum + Math.exp(s), 0))) / (targets.length * open.length);
      }
    }
    return loss;
  };
  const found = exposureLoss({ vectors, factors: d, real, targets, objective: 'softmax', temperature, sign: 1 });
  expect(found.loss).toBeCloseTo(written(theta), 10);
  const h = 1e-6;
  const expected = Array.from(theta, (_, k) => {
    const moved = (by: number) => written(theta.map((x, other) => (other === k ? x + by : x)));
    return (moved(h) - moved(-h)) / (2 * h);
  });
  expect(relative([...joined(found.gradient)], expected)).toBeLessThan(1e-5);
  const demoted = exposureLoss({ vectors, factors: d, real, targets, objective: 'softmax', temperature, sign: -1 });
  expect(demoted.loss).toBeCloseTo(-found.loss, 12);
});
