/** Answers of a trained model: many lanes at once, one event at a time, from files of weights. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { RandomStream } from '../../src/core/random.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { gru4rec } from '../../src/models/gru4rec.ts';
import { type RecurrentScorer, trainedRecurrentScorer } from '../../src/scoring/recurrent-scorer.ts';
import { SequenceStream } from '../../src/scoring/sequence-stream.ts';
import { thrownCode } from '../engine/thrown-code.ts';

const engine = new Engine({ threads: 2, blas: 'off' });
const alone = new Engine({ threads: 1, blas: 'off' });
const nItems = 1333;
const config = gru4rec.options.parse({
  hidden: [12, 10],
  embedding: 'separate',
  factors: 6,
  cell: 'original',
  embeddingDropout: 0.5,
  hiddenDropout: 0.5,
});
const weights: NamedTensors = new Map(
  gru4rec.parameters(config, { nItems }).map(({ name, shape }) => {
    const random = new RandomStream(2, name);
    const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal() * 0.5);
    return [name, { shape, data }];
  }),
);
let scorer: RecurrentScorer;
beforeAll(() => {
  scorer = trainedRecurrentScorer(engine, gru4rec, config, nItems, weights);
});
afterAll(() => {
  scorer.free();
  engine.close();
  alone.close();
});

const random = new RandomStream(3, 'histories');
const histories = Array.from({ length: 300 }, () =>
  Array.from({ length: 1 + random.below(12) }, () => random.below(nItems)),
);

const lanesOf = (...lanes: number[]) => Int32Array.from(lanes);
const of = (name: string) => weights.get(name)?.data as Float32Array;
const sigma = (x: number) => 1 / (1 + Math.exp(-x));

/** x M by plain loops. */
const times = (x: readonly number[], m: Float32Array, width: number) =>
  Array.from({ length: width }, (_, j) => x.reduce((sum, v, k) => sum + v * m[k * width + j], 0));

/** Scores of all items after a history, in float64 from the formulas: no dropout, no correction. */
function plainScores(history: readonly number[]): number[] {
  const states = config.hidden.map((n) => Array.from({ length: n }, () => 0));
  for (const item of history) {
    let x = [...of('E').subarray(item * 6, item * 6 + 6)];
    config.hidden.forEach((n, l) => {
      const p = `gru${l + 1}`;
      const gx = times(x, of(`${p}.W`), 3 * n).map((v, j) => v + of(`${p}.b`)[j]);
      const gu = times(states[l], of(`${p}.U`), 2 * n);
      const gn = times(
        states[l].map((h, j) => h * sigma(gx[j] + gu[j])),
        of(`${p}.Un`),
        n,
      );
      states[l] = states[l].map((h, j) => {
        const z = sigma(gx[n + j] + gu[n + j]);
        return (1 - z) * h + z * Math.tanh(gx[2 * n + j] + gn[j]);
      });
      x = states[l];
    });
  }
  const h = states[1];
  return Array.from({ length: nItems }, (_, j) => h.reduce((sum, v, k) => sum + v * of('W')[j * 10 + k], of('b')[j]));
}

/** Scores of one history that runs alone in a lane of its own. */
function scoresAlone(history: readonly number[], by: RecurrentScorer = scorer): Float32Array {
  const running = by.open(1);
  for (const item of history) running.feed(lanesOf(0), lanesOf(item));
  const scores = new Float32Array(nItems);
  running.score(lanesOf(0), scores);
  running.free();
  return scores;
}

describe('scores', () => {
  it('are those of the formulas, with nothing dropped', () => {
    for (const history of histories.slice(0, 8)) {
      const want = plainScores(history);
      const got = scoresAlone(history);
      want.forEach((score, j) => {
        expect(Math.abs(got[j] - score)).toBeLessThan(2e-5);
      });
    }
  });

  it('of a lane do not depend on the lanes beside it, nor on the number of threads', () => {
    const running = scorer.open(histories.length);
    const longest = Math.max(...histories.map(({ length }) => length));
    for (let t = 0; t < longest; t++) {
      const lanes = lanesOf(...histories.keys()).filter((n) => histories[n].length > t);
      running.feed(
        lanes,
        lanes.map((n) => histories[n][t]),
      );
    }
    const scores = new Float32Array(histories.length * nItems);
    running.score(lanesOf(...histories.keys()), scores);
    const single = trainedRecurrentScorer(alone, gru4rec, config, nItems, weights);
    for (const n of [0, 1, 5, 255, 256, 299]) {
      const row = scores.subarray(n * nItems, (n + 1) * nItems);
      expect(row).toEqual(scoresAlone(histories[n]));
      expect(row).toEqual(scoresAlone(histories[n], single));
    }
    single.free();
    running.free();
  });

  it('begin anew after a reset, and of that lane alone', () => {
    const running = scorer.open(2);
    running.feed(lanesOf(0, 1), lanesOf(7, 8));
    running.reset(lanesOf(0));
    running.feed(lanesOf(1, 0), lanesOf(9, 10));
    const scores = new Float32Array(2 * nItems);
    running.score(lanesOf(0, 1), scores);
    expect(scores.subarray(0, nItems)).toEqual(scoresAlone([10]));
    expect(scores.subarray(nItems)).toEqual(scoresAlone([8, 9]));
    running.free();
  });

  it('take no notice of items unknown to training', () => {
    const running = scorer.open(3);
    running.feed(lanesOf(0, 1, 2), lanesOf(4, -1, 5));
    running.feed(lanesOf(0, 1, 2), lanesOf(-1, 6, -1));
    const scores = new Float32Array(3 * nItems);
    running.score(lanesOf(0, 1, 2), scores);
    expect(scores.subarray(0, nItems)).toEqual(scoresAlone([4]));
    expect(scores.subarray(nItems, 2 * nItems)).toEqual(scoresAlone([6]));
    expect(scores.subarray(2 * nItems)).toEqual(scoresAlone([5]));
    running.free();
  });

  it('refuse items that cannot be, weights that do not fit, and being freed under a running sequence', () => {
    const running = scorer.open(1);
    expect(thrownCode(() => running.feed(lanesOf(0), lanesOf(nItems)))).toBe('data');
    expect(thrownCode(() => scorer.free())).toBe('usage');
    running.free();
    expect(thrownCode(() => trainedRecurrentScorer(engine, gru4rec, config, nItems + 1, weights))).toBe('artifact');
  });
});

describe('a stream', () => {
  it('answers after every event as if the whole session were replayed', () => {
    const stream = new SequenceStream(scorer);
    for (const history of histories.slice(0, 20)) {
      stream.restart();
      history.forEach((item, n) => {
        expect(stream.add(item)).toBe(true);
        const scores = scoresAlone(history.slice(0, n + 1));
        const order = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
        const { items, scores: best } = stream.top(20);
        expect([...items]).toEqual(order.slice(0, 20));
        expect([...best]).toEqual(order.slice(0, 20).map((j) => scores[j]));
      });
    }
    stream.free();
  });

  it('skips unknown items and says so, leaves excluded items out, and gives all items when asked for more', () => {
    const stream = new SequenceStream(scorer);
    expect(thrownCode(() => stream.top(5))).toBe('data');
    expect(stream.add(-1)).toBe(false);
    expect(thrownCode(() => stream.top(5))).toBe('data');
    stream.add(3);
    expect(stream.add(-1)).toBe(false);
    expect(stream.length).toBe(1);
    const before = stream.top(3);
    const after = stream.top(3, new Set([before.items[0]]));
    expect([...after.items.subarray(0, 2)]).toEqual([...before.items.subarray(1)]);
    expect(new Set(stream.top(nItems + 5).items).size).toBe(nItems);
    expect([() => stream.add(1.5), () => stream.add(-2), () => stream.add(nItems)].map(thrownCode)).toEqual([
      'data',
      'data',
      'data',
    ]);
    expect([() => stream.top(0), () => stream.top(Number.NaN)].map(thrownCode)).toEqual(['usage', 'usage']);
    stream.free();
  });
});
