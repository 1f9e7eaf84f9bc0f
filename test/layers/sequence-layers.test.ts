/** The layers of sequences put together as DSCF does, against plain numbers: Bi-LSTM, attention over steps, then over sequences. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { attentionParameters, attentionPooling } from '../../src/layers/attention-pooling.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { lstmLayer, lstmParameters } from '../../src/layers/lstm.ts';
import { hiddenStates, hiddenStatesBackwards, oracleWeights } from '../engine/lstm-oracle.ts';
import { runExpression } from '../engine/run-expression.ts';
import { wideEngines } from '../engine/wide-engines.ts';

const engines = [
  new Engine({ threads: 1, kernels: 'relaxed', blas: 'off' }),
  new Engine({ threads: 1, kernels: 'simd', blas: 'off' }),
  ...wideEngines(),
];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const [rows, walks, steps, d, units, a, q] = [3, 2, 4, 3, 2, 5, 6];
const random = new RandomStream(9, 'layers');
const draw = (n: number) => Float64Array.from({ length: n }, () => Math.fround(random.normal()));

/** Tables and weights with values; walks of lengths 4, 2, 0, 1, 3, 4. */
function problem() {
  const declared = declaredAs([
    ...lstmParameters('lstm', d, units, 2),
    ...attentionParameters('step', { width: 2 * units, units: a, query: q }),
    ...attentionParameters('walk', { width: 2 * units, units: a }),
  ]);
  const given = new Map<Tensor, Float64Array>(declared.list.map((tensor) => [tensor, draw(tensor.size)]));
  const [e, index, query, count] = [
    o.table('E', 9, d),
    o.indexInput('i', walks * steps),
    o.input('q', [q]),
    o.input('n', [1]),
  ];
  const lengths = o.sequenceLengths(index, steps);
  const x = o.lookupFields(e, index, Array<number>(walks * steps).fill(1));
  const h = lstmLayer(declared.tensors, 'lstm', 2, x, lengths, { steps, forget: 1 });
  const ofWalks = attentionPooling(declared.tensors, 'step', h, lengths, query);
  const y = attentionPooling(declared.tensors, 'walk', ofWalks, count);
  given.set(e, draw(9 * d));
  given.set(index, Float64Array.from([4, 2, 0, 1, 3, 4].flatMap((n) => [7, 1, 8, 5].map((i, t) => (t < n ? i : -1)))));
  given.set(query, draw(rows * q));
  given.set(count, Float64Array.of(2, 1, 2));
  return { declared, given, e, index, query, count, y };
}

type Problem = ReturnType<typeof problem>;

/** Σ α v, α = softmax of w · tanh(v W + q V + b). */
function pooled({ given, declared }: Problem, prefix: string, vectors: number[][], query: number[]): number[] {
  const of = (name: string) => given.get(declared.tensors[`${prefix}.${name}`]) as Float64Array;
  const scores = vectors.map((v) => {
    let score = 0;
    for (let k = 0; k < a; k++) {
      let sum = of('b')[k];
      for (let p = 0; p < v.length; p++) sum += v[p] * of('W')[p * a + k];
      for (let p = 0; p < query.length; p++) sum += query[p] * of('V')[p * a + k];
      score += Math.tanh(sum) * of('w')[k];
    }
    return Math.exp(score);
  });
  const total = scores.reduce((sum, v) => sum + v, 0);
  return Array.from({ length: 2 * units }, (_, k) =>
    vectors.reduce((sum, v, t) => sum + (scores[t] / total) * v[k], 0),
  );
}

function byHand(p: Problem): number[] {
  const of = (tensor: Tensor) => p.given.get(tensor) as Float64Array;
  const weights = ['forward', 'backward'].map((name) =>
    oracleWeights(of(p.declared.tensors[`lstm.${name}`]), d, units),
  );
  return Array.from({ length: rows }, (_, r) => {
    const query = [...of(p.query).subarray(r * q, (r + 1) * q)];
    const ofWalks = Array.from({ length: walks }, (_, s) => {
      const items = [...of(p.index).subarray((r * walks + s) * steps, (r * walks + s + 1) * steps)].filter(
        (i) => i >= 0,
      );
      const x = items.map((i) => [...of(p.e).subarray(i * d, (i + 1) * d)]);
      const [forward, back] = [hiddenStates(x, weights[0], 1), hiddenStatesBackwards(x, weights[1], 1)];
      return pooled(
        p,
        'step',
        forward.map((h, t) => [...h, ...back[t]]),
        query,
      );
    });
    return pooled(p, 'walk', ofWalks.slice(0, of(p.count)[r]), []);
  }).flat();
}

describe('Bi-LSTM with two attentions', () => {
  it('is what plain numbers say, in float64 and in both builds', () => {
    const p = problem();
    const want = byHand(p);
    const exact = evaluateReference([p.y], p.given, rows).get(p.y) as Float64Array;
    want.forEach((v, k) => {
      expect(Math.abs(v - exact[k])).toBeLessThan(1e-12);
      for (const engine of engines)
        expect(Math.abs(v - runExpression(engine, p.y, p.given, rows)[k])).toBeLessThan(3e-6);
    });
  });

  it('has the derivatives of plain numbers in every weight (float64, ≤ 1e-6)', () => {
    const p = problem();
    const seed = o.input('seed', p.y.shape);
    p.given.set(seed, draw(rows * p.y.size));
    const { dense } = backward(p.y, seed);
    const total = () => byHand(p).reduce((sum, v, k) => sum + v * (p.given.get(seed) as Float64Array)[k], 0);
    for (const parameter of p.declared.list) {
      const gradient = dense.get(parameter) as Tensor;
      const exact = evaluateReference([gradient], p.given, rows).get(gradient) as Float64Array;
      const weights = p.given.get(parameter) as Float64Array;
      weights.forEach((kept, k) => {
        const at = (shift: number): number => {
          weights[k] = kept + shift;
          const sum = total();
          weights[k] = kept;
          return sum;
        };
        const slope = (8 * (at(1e-4) - at(-1e-4)) - (at(2e-4) - at(-2e-4))) / 12e-4;
        expect(Math.abs(slope - exact[k])).toBeLessThanOrEqual(1e-6);
      });
    }
  });
});
