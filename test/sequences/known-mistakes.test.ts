/**
 * What third-party versions of GRU4Rec got wrong (Hidasi & Czapp: The Effect of Third Party Implementations on Reproducibility.
 * RecSys 2023), one test each, with values by hand where that is possible. The oracle of whole epochs is in
 * gru4rec-training.test.ts, the losses in ../engine/candidate-losses.test.ts.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import type { Tensor } from '../../src/engine/expression.ts';
import * as code from '../../src/engine/kernels/opcodes.ts';
import * as o from '../../src/engine/ops/index.ts';
import { RowWork } from '../../src/engine/plan/row-work.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { SessionFeed } from '../../src/engine/runtime/session-feed.ts';
import { OpenSessions, sessionSettings } from '../../src/examples/sessions.ts';
import { sampleWeights, supportOf } from '../../src/examples/shared-negatives.ts';
import { weightsOf } from '../../src/layers/declared-parameters.ts';
import { gru4rec } from '../../src/models/gru4rec.ts';
import { RecurrentScorer, trainedRecurrentScorer } from '../../src/scoring/recurrent-scorer.ts';
import { chiSquare, chiSquareLimit } from '../engine/chi-square.ts';
import { oracleSteps } from './gru4rec-oracle.ts';
import { sequencesOf, sessions } from './made-sessions.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());
const model = gru4rec;

function stepOf(
  list: readonly (readonly number[])[],
  nItems: number,
  options: object = {},
  settings: object = {},
): OpenSessions {
  return new OpenSessions({
    engine,
    model,
    config: gru4rec.options.parse({ hidden: [4], sharedNegatives: 0, logQ: 0, ...options }),
    training: sessionSettings.parse({ batchSize: 2, ...settings }),
    sequences: sequencesOf(list, nItems),
    random: new RandomStream(6, 'mistakes'),
  });
}

const read = (step: OpenSessions, name: string) => step.store.read(step.declared.tensors[name]);
const write = (step: OpenSessions, name: string, values: readonly number[]) =>
  step.store.write(step.declared.tensors[name], values);
const zero = (step: OpenSessions, name: string) =>
  step.store.write(step.declared.tensors[name], read(step, name).fill(0));
const stateOf = (step: OpenSessions, name: string) =>
  step.plan.state.read().find((array) => array.name === name)?.data as Float32Array;

/** Two lanes, both scores by hand: W = 0, so that a score is the item's bias. */
function biased(options: object, biases: readonly number[]): OpenSessions {
  const step = stepOf(
    [
      [0, 1],
      [2, 3],
    ],
    4,
    options,
  );
  zero(step, 'W');
  write(step, 'b', biases);
  return step;
}

describe('hidden states', () => {
  it('in training are those of the lane’s session, from its first event on, wherever lanes move', () => {
    // so small a rate that the weights stay what they are
    const step = stepOf(
      sessions,
      9,
      { hidden: [5, 3], sharedNegatives: 4 },
      { batchSize: 3, optimizer: { learningRate: 1e-30 } },
    );
    const config = gru4rec.options.parse({ hidden: [5, 3] });
    const scorer = new RecurrentScorer(engine, model, config, 9, step.declared, step.store);
    const keys = { samples: [1, 1], embedding: [1, 1], hidden: [] } as const;
    const steps = oracleSteps({ sessions, batchSize: 3, samples: 4, nItems: 9, keys } as never);
    let prefixes: number[][] = [];
    steps.forEach(({ items, sources }, s) => {
      step.run(0, s, 1);
      prefixes = items.map((item, r) => [...(sources[r] < 0 ? [] : prefixes[sources[r]]), item]);
      const carried = step.plan.readCarried();
      prefixes.forEach((prefix, r) => {
        const states = [new Float32Array(5), new Float32Array(3)];
        for (const item of prefix) scorer.step(Int32Array.of(item), states);
        for (const [l, size] of [5, 3].entries())
          states[l].forEach((v, j) => {
            expect(carried[l][r * size + j]).toBeCloseTo(v, 6);
          });
      });
    });
    scorer.free();
    step.free();
  });

  it('in evaluation begin at 0 with every session', () => {
    const step = stepOf(sessions, 9);
    const config = gru4rec.options.parse({ hidden: [4] });
    const weights = weightsOf(step.declared, step.store);
    const scorer = trainedRecurrentScorer(engine, gru4rec, config, 9, weights);
    const running = scorer.open(1);
    const answers = [[5, 1], [2, 1], [1]].map((history) => {
      running.reset(Int32Array.of(0));
      for (const item of history) running.feed(Int32Array.of(0), Int32Array.of(item));
      const scores = new Float32Array(9);
      running.score(Int32Array.of(0), scores);
      return [...scores];
    });
    const fresh = scorer.open(1);
    fresh.feed(Int32Array.of(0), Int32Array.of(1));
    const scores = new Float32Array(9);
    fresh.score(Int32Array.of(0), scores);
    expect(answers[2]).toEqual([...scores]);
    expect(answers[0]).not.toEqual(answers[1]);
    running.free();
    fresh.free();
    scorer.free();
    step.free();
  });
});

describe('losses', () => {
  it('take the softmax once, and column r is the target of row r', () => {
    // targets are items 1 and 3 with scores 2 and 0.5
    const step = biased({}, [9, 2, 9, 0.5]);
    const z = Math.exp(2) + Math.exp(0.5);
    expect(step.run(0, 0, 1).lossSum).toBeCloseTo(-Math.log(Math.exp(2) / z) - Math.log(Math.exp(0.5) / z), 5);
    step.free();
  });

  it('count extra negatives beside the other targets, and the correction by support and support^α', () => {
    // one item only can be drawn beside targets 1 and 3: all are drawn uniformly from one item's table
    const list = [
      [0, 1],
      [0, 1],
      [0, 0],
    ];
    const step = stepOf(list, 2, { sharedNegatives: 3, logQ: 1, popularityExponent: 0 }, { batchSize: 1 });
    zero(step, 'W');
    write(step, 'b', [0, 0]);
    // the target 1 has support 2: score −ln 2; samples are uniform: scores 0
    expect(step.run(0, 0, 1).lossSum).toBeCloseTo(-Math.log(0.5 / (0.5 + 3)), 5);
    step.free();
  });

  it('bpr-max by hand, with its score regularization', () => {
    // t = 1 against one negative 0.5 and back: w = 1
    for (const regularization of [0, 1, 2]) {
      const step = biased({ loss: 'bpr-max', regularization }, [9, 1, 9, 0.5]);
      const sigma = (x: number) => 1 / (1 + Math.exp(-x));
      const want = -Math.log(sigma(0.5)) + regularization * 0.25 - Math.log(sigma(-0.5)) + regularization;
      expect(step.run(0, 0, 1).lossSum).toBeCloseTo(want, 5);
      step.free();
    }
    // w = softmax(0, 0.5) = (0.37754, 0.62246), A = 0.66346, R = 0.15562
    const list = o.listInput('c', 3);
    const offsets = o.candidateOffsets(list, null, { nTargets: 1, targetScale: 0, sampleScale: 0 });
    const scores = o.input('s', [3]);
    const loss = o.candidateLoss('bprMax', scores, list, offsets, { regularization: 1 });
    expect(lossOf(loss, scores, list, [1, 0, 0.5])).toBeCloseTo(0.5659, 4);
  });

  it('bpr-max has no logarithm of 0', () => {
    const step = biased({ loss: 'bpr-max', regularization: 0 }, [9, -400, 9, 400]);
    // the first row's −ln 10⁻²⁴, the second's 0
    expect(step.run(0, 0, 1).lossSum).toBeCloseTo(24 * Math.log(10), 4);
    expect(read(step, 'b').every(Number.isFinite)).toBe(true);
    step.free();
  });
});

function lossOf(loss: Tensor, scores: Tensor, list: Tensor, values: readonly number[]): number {
  const store = new ParameterStore(engine, []);
  const work = new RowWork(engine, store, {
    batchSize: 1,
    fedByCaller: [scores, list],
    kept: [loss],
    denseGradients: [],
  });
  work.finish();
  engine.f32(work.placement.read(scores).offset, 3).set(values);
  engine.i32(work.placement.read(list).offset, 3).set([0, 1, 2]);
  const words = engine.i32(work.header, code.PLAN_WORDS);
  words[code.PLAN_SCHEDULE] = work.header;
  words[code.PLAN_N_STEPS] = 1;
  words[code.PLAN_TOTAL_ROWS] = 1;
  engine.run(code.JOB_STEPS, work.header);
  const [value] = engine.f32(work.placement.read(loss).offset, 1);
  work.placement.free();
  store.free();
  return value;
}

describe('negatives', () => {
  it('are drawn before scores are made: a step does not grow with the number of items', () => {
    const [few, many] = [100, 100_000].map((nItems) => stepOf(sessions, nItems, { sharedNegatives: 50 }));
    expect(many.plan.scratchBytes).toBe(few.plan.scratchBytes);
    few.free();
    many.free();
  });

  it.each([0, 0.5, 1])('come ∝ support^%d, are shared by the rows of a step and new in every step', (alpha) => {
    const support = [1, 2, 4, 8, 16, 32];
    const weights = Float64Array.from(support, (n) => n ** alpha);
    const [steps, samples, batchSize] = [40, 501, 3];
    const draws = drawnSamples(weights, steps, samples, batchSize);
    const counts = support.map((_, item) => draws.flat().filter((drawn) => drawn === item).length);
    const total = steps * samples;
    const sum = weights.reduce((a, b) => a + b);
    const expected = [...weights].map((w) => (total * w) / sum);
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareLimit(support.length - 1));
    expect(new Set(draws.map(String)).size).toBe(steps);
  });
});

it('extra negatives are weighed by support^α of the training events', () => {
  const support = supportOf(
    sequencesOf(
      [
        [0, 1, 1, 3],
        [1, 1, 3],
      ],
      4,
    ),
  );
  expect([...support]).toEqual([1, 4, 0, 2]);
  expect([...(sampleWeights(support, 0.5) as Float64Array)]).toEqual([1, 2, 0, Math.SQRT2]);
  expect(sampleWeights(support, 0)).toBe(null);
  // an item of no session is drawn by no popularity: its row stays; uniformly it is drawn
  for (const popularityExponent of [0.5, 0]) {
    const step = stepOf(sessions, 60, { sharedNegatives: 40, popularityExponent }, { batchSize: 3 });
    const before = read(step, 'W').slice(9 * 4);
    step.run(0, 0, 3);
    expect(
      read(step, 'W')
        .slice(9 * 4)
        .every((v, k) => v === before[k]),
    ).toBe(popularityExponent !== 0);
    step.free();
  }
});

/** The extra negatives of the steps of an epoch, as the engine draws them. */
function drawnSamples(weights: Float64Array, steps: number, samples: number, batchSize: number): number[][] {
  const nItems = weights.length;
  const feed = new SessionFeed(engine, { batchSize, windowSteps: 1, nItems, weights, key: [3, 4] });
  const names = o.table('item numbers', nItems, 1);
  const store = new ParameterStore(engine, [names]);
  store.write(names, [...Array(nItems).keys()]);
  const list = o.listInput('candidates', batchSize + samples);
  const item = o.indexInput('item');
  const drawn = o.listLookup(names, list);
  const work = new RowWork(engine, store, {
    batchSize,
    feed: feed.feed(item, list),
    kept: [drawn, o.lookup(names, item)],
    inBlocks: true,
    denseGradients: [],
  });
  work.finish();
  feed.window().stepRows.fill(batchSize);
  const words = engine.i32(work.header, code.PLAN_WORDS);
  words[code.PLAN_SCHEDULE] = work.header;
  words[code.PLAN_N_STEPS] = 1;
  words[code.PLAN_STEP_ROWS] = feed.stepRows;
  const all = Array.from({ length: steps }, (_, step) => {
    words[code.PLAN_FIRST_STEP] = step;
    engine.run(code.JOB_STEPS, work.header);
    return [...engine.f32(work.placement.read(drawn).offset, batchSize + samples)].slice(batchSize);
  });
  work.placement.free();
  feed.free();
  store.free();
  return all;
}

describe('dropout', () => {
  /** Share of zeros among the states that a step leaves. */
  const zeros = (options: object) => {
    const list = Array.from({ length: 50 }, (_, n) => [n, n + 1]);
    const step = stepOf(list, 51, { hidden: [40], ...options }, { batchSize: 50 });
    step.run(0, 0, 1);
    const [states] = step.plan.readCarried();
    step.free();
    return { share: states.filter((v) => v === 0).length / states.length, states };
  };

  it('drops the share that is named, not the rest, of the states alone', () => {
    expect(zeros({}).share).toBe(0);
    expect(zeros({ hiddenDropout: 0.1 }).share).toBeCloseTo(0.1, 1);
    expect(zeros({ hiddenDropout: 0.8 }).share).toBeCloseTo(0.8, 1);
    const [plain, dropped] = [zeros({}), zeros({ hiddenDropout: 0.5 })].map(({ states }) => states);
    dropped.forEach((v, k) => {
      if (v !== 0) expect(v).toBeCloseTo(2 * plain[k], 6);
    });
  });

  it('of the input is another one, and changes states without zeros in them', () => {
    const { share, states } = zeros({ embeddingDropout: 0.5 });
    expect(share).toBe(0);
    expect(states).not.toEqual(zeros({}).states);
    // all of an input dropped but a thousandth: what is left of the input is nothing, states come from biases (0)
    expect(zeros({ embeddingDropout: 0.999 }).share).toBeGreaterThan(0.9);
  });
});

describe('Adagrad', () => {
  it('starts from nothing: the first update of a weight with a clear gradient is the whole rate', () => {
    const step = biased({}, [0, 0, 0, 0]);
    step.run(0, 0, 1);
    // p = ½ for both: the sums over two rows divided by two are ½ (p − 1) + ½ p = 0 for both targets
    expect([...read(step, 'b')]).toEqual([0, 0, 0, 0]);
    step.free();
    const uneven = biased({}, [0, 3, 0, 0]);
    uneven.run(0, 0, 1);
    const b = read(uneven, 'b');
    const g = 1 / (1 + Math.exp(-3)) - 0.5;
    expect(b[1]).toBeCloseTo(3 - (0.1 * g) / Math.sqrt(g * g + 1e-6), 5);
    expect(b[3]).toBeCloseTo((0.1 * g) / Math.sqrt(g * g + 1e-6), 5);
    expect(stateOf(uneven, 'b/state1')[1]).toBeCloseTo(g * g, 6);
    uneven.free();
  });

  it('sums the gradients of an item that occurs more than once before it squares them', () => {
    // both rows have target 1, and item 1 is the input too
    const step = stepOf(
      [
        [1, 1],
        [0, 1],
        [2, 2],
      ],
      3,
      { sharedNegatives: 6, hidden: [2] },
      { batchSize: 2 },
    );
    const before = read(step, 'W');
    const bias = read(step, 'b');
    step.run(0, 0, 1);
    const [accumulated, w, b] = [stateOf(step, 'W/state1'), read(step, 'W'), read(step, 'b')];
    // a = g² and Δ = η g / √(g² + ε) agree only if g is one sum
    for (const k of [2, 3]) {
      const g = Math.sqrt(accumulated[k]);
      expect(Math.abs(w[k] - before[k])).toBeCloseTo((0.1 * g) / Math.sqrt(g * g + 1e-6), 5);
    }
    const g = Math.sqrt(stateOf(step, 'b/state1')[1]);
    expect(Math.abs(b[1] - bias[1])).toBeCloseTo((0.1 * g) / Math.sqrt(g * g + 1e-6), 5);
    step.free();
  });

  it('has momentum on the scaled gradient, of touched rows only', () => {
    const step = stepOf(
      [
        [0, 1],
        [2, 3],
        [0, 3],
        [2, 1],
      ],
      4,
      {},
      { optimizer: { name: 'adagrad-momentum', beta1: 0.5 } },
    );
    zero(step, 'W');
    write(step, 'b', [0, 3, 0, 0]);
    step.run(0, 0, 1);
    const velocity = stateOf(step, 'b/state2').slice();
    const b = read(step, 'b');
    expect(velocity[1]).toBeCloseTo(-0.1, 4);
    expect(b[1]).toBeCloseTo(2.9, 4);
    expect([b[0], b[2], velocity[0], velocity[2]]).toEqual([0, 0, 0, 0]);
    step.run(0, 1, 1);
    const after = read(step, 'b')[1];
    // v = μ v − Δ, w += v: half of the first change comes again
    expect(stateOf(step, 'b/state2')[1]).toBeCloseTo(after - b[1], 6);
    expect(after - b[1]).toBeLessThan(-0.05 - 0.05);
    step.free();
  });

  it('keeps its learning rate: the same step late in the run does the same', () => {
    const weights = [0, 700].map((epoch) => {
      const step = stepOf(sessions, 9, {}, { batchSize: 3, epochs: 1000 });
      step.run(epoch, 0, 2);
      const result = [...read(step, 'W'), ...read(step, 'gru1.U')];
      step.free();
      return result;
    });
    expect(weights[1]).toEqual(weights[0]);
  });
});

describe('the loss of a step', () => {
  it('is divided by the nominal batch size in the shrinking tail too', () => {
    // lanes 1 and 2 are gone after the first step: one row of three is left, with extra negatives
    const step = stepOf(
      [
        [0, 1, 2],
        [3, 3],
        [3, 3],
      ],
      4,
      { sharedNegatives: 1, popularityExponent: 2 },
      { batchSize: 3 },
    );
    zero(step, 'W');
    step.run(0, 0, 1);
    write(step, 'b', [0, 0, 0, 0]);
    const before = stateOf(step, 'b/state1').slice();
    zero(step, 'W');
    step.run(0, 1, 1);
    const after = stateOf(step, 'b/state1');
    // target 2 against one sample of another item at equal scores: p = ½
    const g = Math.sqrt(after[2] - before[2]);
    expect(g).toBeCloseTo(0.5 / 3, 5);
    step.free();
  });
});

describe('the input', () => {
  it('is the output matrix where they are shared: one table, its rows trained from both sides', () => {
    const [shared, separate] = ['shared', 'separate'].map((embedding) =>
      stepOf(sessions, 9, { embedding, factors: 4 }),
    );
    expect(Object.keys(shared.declared.tensors)).not.toContain('E');
    expect(Object.keys(separate.declared.tensors)).toContain('E');
    // the first input is no target of the first step
    const [input] = sessions[0];
    expect(sessions.slice(0, 2).map((session) => session[1])).not.toContain(input);
    const changed = [shared, separate].map((step) => {
      const row = () => String(read(step, 'W').slice(input * 4, input * 4 + 4));
      const before = row();
      step.run(0, 0, 1);
      return row() !== before;
    });
    expect(changed).toEqual([true, false]);
    shared.free();
    separate.free();
  });
});
