/** Losses of scores against their formulas in plain numbers, and their slopes against central differences in float64. */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import * as losses from '../../src/layers/losses.ts';
import { runExpression } from '../engine/run-expression.ts';
import { thrownCode } from '../engine/thrown-code.ts';

const engine = new Engine({ threads: 1 });
afterAll(() => engine.close());

const rows = 7;
const random = new RandomStream(4, 'losses');
const draw = (scale: number) => Float64Array.from({ length: rows }, () => Math.fround(scale * random.normal()));
const ln1p = (x: number) => Math.log1p(Math.exp(x));

/** Scores are 1 × 1 products of a parameter with an input, so that slopes reach a parameter. */
function scored(names: readonly string[], scale: number) {
  const w = o.parameter('w', [1]);
  const given = new Map<Tensor, Float64Array>([[w, Float64Array.of(1)]]);
  const inputs = names.map((name) => {
    const x = o.input(name, [1]);
    given.set(x, draw(scale));
    return x;
  });
  return { w, given, inputs, scores: inputs.map((x) => o.rowDot(x, o.broadcastRow(w))) };
}

interface Case {
  readonly scores: number;
  readonly labels: number;
  loss(scores: readonly Tensor[], labels: readonly Tensor[]): Tensor;
  value(scores: readonly number[], labels: readonly number[]): number;
}

const beta = losses.gbceExponent(0.75, { negatives: 4, nItems: 101 });
const cases: Readonly<Record<string, Case>> = {
  log: {
    scores: 1,
    labels: 1,
    loss: ([s], [y]) => losses.logLoss(s, y),
    value: ([s], [y]) => (y === 1 ? ln1p(-s) : ln1p(s)),
  },
  gbce: {
    scores: 1,
    labels: 1,
    loss: ([s], [y]) => losses.gbceLoss(s, y, beta),
    value: ([s], [y]) => (y === 1 ? beta * ln1p(-s) : ln1p(s)),
  },
  bpr: { scores: 2, labels: 0, loss: ([i, j]) => losses.bprLoss(i, j), value: ([i, j]) => ln1p(j - i) },
  hinge: {
    scores: 2,
    labels: 0,
    loss: ([i, j]) => losses.hingeLoss(i, j, 0.7),
    value: ([i, j]) => Math.max(0, 0.7 - i + j),
  },
  'sampled softmax': {
    scores: 6,
    labels: 0,
    loss: ([i, ...others]) => losses.sampledSoftmaxLoss(i, others),
    value: (s) => Math.log(s.reduce((sum, x) => sum + Math.exp(x), 0)) - s[0],
  },
  'sampled softmax with probabilities': {
    scores: 4,
    labels: 4,
    loss: ([i, ...others], [q, ...rest]) => losses.sampledSoftmaxLoss(i, others, { taken: q, others: rest }),
    value: (s, q) => Math.log(s.reduce((sum, x, k) => sum + Math.exp(x - q[k]), 0)) - (s[0] - q[0]),
  },
};

describe.each(Object.entries(cases))('%s', (name, { scores: nScores, labels: nLabels, loss, value }) => {
  const { w, given, inputs, scores } = scored(
    Array.from({ length: nScores }, (_, k) => `x${k}`),
    2,
  );
  const labels = Array.from({ length: nLabels }, (_, k) => o.input(`label${k}`, [1]));
  for (const label of labels)
    given.set(label, name.includes('prob') ? draw(1) : Float64Array.from({ length: rows }, (_, r) => r % 2));
  const y = loss(scores, labels);
  const at = (leaves: readonly Tensor[], r: number) => leaves.map((leaf) => given.get(leaf)![r]);

  it('has the value of its formula', () => {
    const computed = runExpression(engine, y, given, rows);
    for (let r = 0; r < rows; r++) expect(computed[r]).toBeCloseTo(value(at(inputs, r), at(labels, r)), 5);
  });

  it('has the slopes of central differences', () => {
    const slope = backward(y, o.fillRows(o.constant([1]), [1])).dense.get(w)!;
    const [found] = evaluateReference([slope], given, rows).get(slope)!;
    const sumAt = (weight: number) => {
      const values = new Map(given).set(w, Float64Array.of(weight));
      return evaluateReference([y], values, rows)
        .get(y)!
        .reduce((sum, v) => sum + v, 0);
    };
    const h = 1e-6;
    expect(found).toBeCloseTo((sumAt(1 + h) - sumAt(1 - h)) / (2 * h), 6);
  });

  it('is finite for scores as large as 10⁴', () => {
    const far = new Map([...given].map(([leaf, values]) => [leaf, leaf === w ? Float64Array.of(1e4) : values]));
    expect([...runExpression(engine, y, far, rows)].every(Number.isFinite)).toBe(true);
  });
});

describe('β of gBCE', () => {
  it('is 1 without calibration, the sampling rate with all of it', () => {
    const sizes = { negatives: 5, nItems: 51 };
    expect(losses.gbceExponent(0, sizes)).toBeCloseTo(1, 12);
    expect(losses.gbceExponent(1, sizes)).toBeCloseTo(0.1, 12);
    expect(losses.gbceExponent(0.5, sizes)).toBeCloseTo(0.55, 12);
  });

  it('is 1 where all items are negatives, and refuses a calibration outside of [0, 1]', () => {
    expect(losses.gbceExponent(0.9, { negatives: 80, nItems: 20 })).toBe(1);
    expect(thrownCode(() => losses.gbceExponent(1.1, { negatives: 1, nItems: 20 }))).toBe('config');
  });
});

it('sampled softmax needs a negative', () => {
  expect(thrownCode(() => losses.sampledSoftmaxLoss(o.input('s', [1]), []))).toBe('shape');
});
