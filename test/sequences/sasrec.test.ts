/** SASRec: a step of training and scores against a float64 oracle, what may not leak, same bytes, resumed runs. */
import { afterAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { AttentionBatches } from '../../src/data/sequences/attention-batches.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { SharedNegatives } from '../../src/examples/shared-negatives.ts';
import type { WindowModel } from '../../src/examples/windows.ts';
import { OpenWindows, windowSettings } from '../../src/examples/windows.ts';
import { sasrec } from '../../src/models/sasrec.ts';
import { trainedAttentionScorer } from '../../src/scoring/attention-scorer.ts';
import { SequenceStream } from '../../src/scoring/sequence-stream.ts';
import type { Checkpoint } from '../../src/training/checkpoint.ts';
import { type TrainRequest, trainModel } from '../../src/training/train.ts';
import { thrownCode } from '../engine/thrown-code.ts';
import { sequencesOf } from './made-sessions.ts';
import { type Asked, type SasrecOracle, scores, stepLoss, type Weights } from './sasrec-oracle.ts';

const engines = [1, 2, 3].map((threads) => new Engine({ threads, blas: 'off' }));
const [engine, two] = engines;
afterAll(() => {
  for (const each of engines) each.close();
});

const nItems = 13;
const random = new RandomStream(8, 'sasrec');
const sessions = Array.from({ length: 9 }, (_, s) =>
  Array.from({ length: [2, 9, 3, 4, 6, 7, 2, 5, 1][s] }, () => random.below(nItems)),
);

const base = { factors: 6, blocks: 2, heads: 1, maxLength: 5, dropout: 0 };
type Config = ReturnType<typeof sasrec.options.parse>;

function oracleOf(config: Config): SasrecOracle {
  return { ...config, nItems };
}

function made(options: object, on: Engine = engine, batchSize = 20) {
  const config = sasrec.options.parse({ ...base, ...options });
  // a step of plain descent by 1 shows the gradient
  const training = windowSettings.parse({ batchSize, optimizer: { name: 'sgd', learningRate: 1 } });
  const model = sasrec as WindowModel;
  const sequences = sequencesOf(sessions, nItems);
  const stream = new RandomStream(3, 'run');
  const step = new OpenWindows({ engine: on, model, config, training, sequences, random: stream });
  const read = (): Map<string, number[]> =>
    new Map(step.declared.list.map((t) => [t.attributes.name as string, [...step.store.read(t)]]));
  return { config, training, sequences, stream, step, read };
}

/** What the first step asks of each sequence, as the batches say. */
function askedOf({ config, sequences, stream, training }: ReturnType<typeof made>): Asked[] {
  const negatives = sasrec.negatives(config).perPosition;
  const batches = new AttentionBatches(sequences, {
    batchSize: training.batchSize,
    maxLength: config.maxLength,
    window: 65,
    negatives,
    positionsFrom: config.positions,
    random: stream.child('batches'),
  });
  const { nRows } = batches.fill(0, 0);
  const { item, back, candidates } = batches.rows;
  const asked: { events: number[]; targets: number[]; negatives: number[][] }[] = [];
  for (let r = 0; r < nRows; r++) {
    if (back[r] < 0) continue;
    if (back[r] === 0) asked.push({ events: [], targets: [], negatives: [] });
    const last = asked[asked.length - 1];
    last.events.push(item[r]);
    const at = r * (1 + negatives);
    last.targets.push(candidates[at]);
    last.negatives.push([...candidates.subarray(at + 1, at + 1 + negatives)]);
  }
  return negatives > 0 ? asked : asked.map((each) => ({ ...each, negatives: null }));
}

const cases: [string, object][] = [
  ['the paper', {}],
  ['two heads, one block', { heads: 2, blocks: 1 }],
  ['a wide inner layer', { expansion: 2, blocks: 1 }],
  [
    'a LiGR block, all items',
    { feedForward: 'swiglu', expansion: 2, gates: true, blocks: 1, loss: 'cross-entropy', sharedNegatives: 0 },
  ],
  ['gates, normalised after', { gates: true, normalise: 'after', blocks: 1 }],
  ['normalised after', { normalise: 'after' }],
  ['positions from the start', { positions: 'start' }],
  ['three negatives, calibrated', { negatives: 3, calibration: 0.75 }],
  ['cross-entropy among all items', { loss: 'cross-entropy', sharedNegatives: 0 }],
  ['cross-entropy among samples', { loss: 'cross-entropy', sharedNegatives: 7, popularityExponent: 0.5 }],
  ['cross-entropy among uniform samples', { loss: 'cross-entropy', sharedNegatives: 5, popularityExponent: 0 }],
];

describe('a step of training', () => {
  it.each(cases)('has the loss and the gradients of the formulas: %s', (_, options) => {
    const all = made(options);
    const { config, step, read, sequences, stream } = all;
    const oracle = oracleOf(config);
    const asked = askedOf(all);
    const { perPosition, shared: samples, exponent } = sasrec.negatives(config);
    const negatives = new SharedNegatives(sequences, { shared: samples, exponent }, stream.child('shared'));
    const shared =
      perPosition > 0
        ? null
        : { list: [...negatives.draw(0, 0)], logWeight: samples > 0 ? [...negatives.logWeight] : null };
    const before = read();
    const { lossSum } = step.run(0, 0, 1);
    const after = read();
    step.free();
    const lossAt = (weights: Weights): number => stepLoss(oracle, weights, asked, shared);
    expect(lossSum / step.nRows).toBeCloseTo(lossAt(before), 5);
    for (const [name, values] of before) {
      const largest = Math.max(...values.map((v, k) => Math.abs(v - (after.get(name) as number[])[k])));
      values.forEach((v, k) => {
        const at = (shift: number): number => lossAt(new Map(before).set(name, values.with(k, v + shift)));
        const slope = (at(1e-4) - at(-1e-4)) / 2e-4;
        const gradient = v - (after.get(name) as number[])[k];
        expect(Math.abs(gradient - slope), `${name}[${k}]: ${gradient} and ${slope}`).toBeLessThan(
          2e-5 + 2e-4 * largest,
        );
      });
    }
  });

  it('does not depend on how sequences share windows', () => {
    // the same step in windows that hold one sequence each: the sum of the steps of one sequence
    const together = made({}, engine, 20);
    const apart = made({}, engine, 1);
    const first = together.read();
    const whole = together.step.run(0, 0, 1).lossSum;
    let sum = 0;
    for (let s = 0; s < apart.step.stepsPerEpoch; s++) {
      for (const tensor of apart.step.declared.list)
        apart.step.store.write(tensor, Float32Array.from(first.get(tensor.attributes.name as string) as number[]));
      sum += apart.step.run(0, s, 1).lossSum;
    }
    // the negatives differ
    expect(Math.abs(sum / whole - 1)).toBeLessThan(0.1);
    expect(apart.step.nRows).toBe(together.step.nRows);
    together.step.free();
    apart.step.free();
  });
});

describe('batches', () => {
  const sequences = sequencesOf(sessions, nItems);
  const batchesOf = (options: object = {}) =>
    new AttentionBatches(sequences, {
      batchSize: 3,
      maxLength: 5,
      window: 7,
      positionsFrom: 'end' as const,
      negatives: 2,
      random: new RandomStream(1, 'b'),
      ...options,
    });

  it('hold the last L + 1 events of every sequence once an epoch, negatives outside of it', () => {
    const batches = batchesOf();
    expect(batches.nSkipped).toBe(1);
    for (const epoch of [0, 1]) {
      const seen: string[] = [];
      for (let step = 0; step < batches.stepsPerEpoch; step++) {
        const { nRows, nEvents } = batches.fill(epoch, step);
        const { item, position, back, candidates, weight } = batches.rows;
        expect(weight.subarray(0, nRows).reduce((a, b) => a + b)).toBe(nEvents);
        for (let r = 0; r < nRows; r++) {
          if (back[r] !== 0) continue;
          let n = 1;
          while (r + n < nRows && back[r + n] === n) n++;
          expect(Math.floor(r / 7)).toBe(Math.floor((r + n - 1) / 7));
          const events = [...item.subarray(r, r + n), candidates[(r + n - 1) * 3]];
          expect(events.slice(1)).toEqual(Array.from({ length: n }, (_, t) => candidates[(r + t) * 3]));
          expect(position[r + n - 1]).toBe(4);
          seen.push(events.join());
          const own = sessions.find((session) => session.slice(-6).join() === events.join()) as number[];
          for (let t = 0; t < n; t++)
            for (const negative of candidates.subarray((r + t) * 3 + 1, (r + t) * 3 + 3))
              expect(own).not.toContain(negative);
        }
      }
      const wanted = sessions.filter(({ length }) => length > 1).map((session) => session.slice(-6).join());
      expect(seen.sort()).toEqual(wanted.sort());
    }
  });

  it('are a function of seed, epoch and step', () => {
    const [a, b] = [batchesOf(), batchesOf()];
    a.fill(0, 0);
    for (const [epoch, step] of [
      [1, 2],
      [0, 1],
    ]) {
      const { nRows } = a.fill(epoch, step);
      b.fill(epoch, step);
      const rowsOf = ({ rows: { item, back, candidates } }: AttentionBatches) => [
        item.slice(0, nRows),
        back.slice(0, nRows),
        candidates.slice(0, 3 * nRows),
      ];
      expect(rowsOf(a)).toEqual(rowsOf(b));
    }
    b.fill(1, 1);
    expect(a.rows.candidates).not.toEqual(b.rows.candidates);
  });

  it('refuse what cannot be learned from', () => {
    const of = (rows: number[][], n: number) => () =>
      new AttentionBatches(sequencesOf(rows, n), {
        batchSize: 3,
        maxLength: 5,
        window: 7,
        positionsFrom: 'end',
        negatives: 1,
        random: new RandomStream(1, 'b'),
      });
    expect(thrownCode(of([[1], [2]], 5))).toBe('data');
    expect(thrownCode(of([[1, 7]], 5))).toBe('data');
    // a sequence that holds every item gets negatives all the same
    expect(of([[0, 1]], 2)().fill(0, 0).nEvents).toBe(1);
  });
});

/** Random weights, larger than those of the start. */
function weightsOf(config: Config): NamedTensors {
  return new Map(
    sasrec.parameters(config, { nItems }).map(({ name, shape }) => {
      const stream = new RandomStream(5, name);
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * stream.normal());
      return [name, { shape, data }];
    }),
  );
}
const plain = (weights: NamedTensors): Weights => new Map([...weights].map(([name, { data }]) => [name, [...data]]));

describe('scores', () => {
  const histories = Array.from({ length: 90 }, (_, n) =>
    Array.from({ length: 1 + (n % 11) }, () => random.below(nItems)),
  );

  it.each(cases.slice(0, 4))('are those of the formulas, of the last events only: %s', (_, options) => {
    const config = sasrec.options.parse({ ...base, dropout: 0.5, ...options });
    const weights = weightsOf(config);
    for (const on of [engine, two]) {
      const scorer = trainedAttentionScorer(on, sasrec, config, nItems, weights);
      const running = scorer.open(histories.length);
      const lanes = Int32Array.from(histories.keys());
      for (let t = 0; t < 11; t++) {
        const due = lanes.filter((n) => histories[n].length > t);
        running.feed(
          due,
          due.map((n) => histories[n][t]),
        );
      }
      const all = new Float32Array(histories.length * nItems);
      running.score(lanes, all);
      histories.forEach((history, n) => {
        const want = scores(oracleOf(config), plain(weights), history);
        const own = all.subarray(n * nItems, (n + 1) * nItems);
        want.forEach((score, i) => {
          expect(Math.abs(own[i] - score)).toBeLessThan(1e-4 * Math.max(1, Math.abs(score)));
        });
        // alone it gets the same bytes
        const alone = new Float32Array(nItems);
        running.score(Int32Array.of(n), alone);
        expect(alone).toEqual(own);
      });
      expect(thrownCode(() => scorer.free())).toBe('usage');
      running.free();
      scorer.free();
    }
  });

  it('of a stream are those of its events; unknown items are skipped, an empty lane knows nothing', () => {
    const config = sasrec.options.parse(base);
    const scorer = trainedAttentionScorer(engine, sasrec, config, nItems, weightsOf(config));
    const running = scorer.open(2);
    const of = (lane: number): Float32Array => {
      const got = new Float32Array(nItems).fill(7);
      running.score(Int32Array.of(lane), got);
      return got;
    };
    expect([...of(0)].every((score) => score === 0)).toBe(true);
    for (const item of [3, 9, 3]) running.feed(Int32Array.of(0), Int32Array.of(item));
    for (const item of [3, -1, 9, -1, 3]) running.feed(Int32Array.of(1), Int32Array.of(item));
    expect(of(1)).toEqual(of(0));
    expect(thrownCode(() => running.feed(Int32Array.of(0), Int32Array.of(nItems)))).toBe('data');
    running.reset(Int32Array.of(1));
    expect([...of(1)].every((score) => score === 0)).toBe(true);
    const both = new Float32Array(2 * nItems);
    running.score(Int32Array.of(1, 0), both);
    expect(both.subarray(nItems)).toEqual(of(0));
    const stream = new SequenceStream(scorer);
    for (const item of [3, 9, 3]) stream.add(item);
    const best = stream.top(nItems);
    expect([...best.items].map((item) => of(0)[item])).toEqual([...best.scores]);
    stream.free();
    running.free();
    scorer.free();
  });
});

const cycle = sequencesOf(
  Array.from({ length: 60 }, (_, s) => Array.from({ length: 3 + (s % 3) }, (_, t) => (s * 7 + t * 3) % 20)),
  20,
);

type SequenceRequest = TrainRequest<'sequences'>;

function request(given: Partial<SequenceRequest> & { options?: object; settings?: object }): SequenceRequest {
  const { options, settings, ...rest } = given;
  return {
    engine,
    model: sasrec,
    data: cycle,
    progress: silent,
    fingerprint: 'this run',
    config: sasrec.options.parse({ factors: 16, heads: 2, maxLength: 8, dropout: 0.2, ...options }),
    training: windowSettings.parse({ epochs: 3, batchSize: 16, ...settings }),
    seed: 2,
    ...rest,
  };
}

const bytes = (weights: NamedTensors) =>
  [...weights].map(([name, { data }]) => [name, Buffer.from(data.slice().buffer).toString('base64')]);

describe('runs', () => {
  it.each<[string, object]>([
    ['binary cross-entropy', { negatives: 2 }],
    ['sampled cross-entropy', { loss: 'cross-entropy', sharedNegatives: 33 }],
  ])('give the same bytes on 1, 2 and 3 threads and after a resumed run: %s', async (_, options) => {
    const runs = [];
    for (const each of engines) runs.push(bytes((await trainModel(request({ engine: each, options }))).weights));
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    const checkpoints: Checkpoint[] = [];
    await trainModel(
      request({ options, checkpointSteps: 3, onCheckpoint: async (made) => void checkpoints.push(made) }),
    );
    expect(checkpoints.length).toBeGreaterThan(4);
    const { weights } = await trainModel(request({ engine: two, options, resume: checkpoints[3] }));
    expect(bytes(weights)).toEqual(runs[0]);
    await expect(
      trainModel(request({ options, resume: { ...checkpoints[3], fingerprint: 'another' } })),
    ).rejects.toMatchObject({ code: 'config' });
  });

  it.each<[string, object]>([
    ['binary cross-entropy', {}],
    ['calibrated, normalised after', { negatives: 4, calibration: 0.5, normalise: 'after' }],
    ['cross-entropy', { loss: 'cross-entropy', sharedNegatives: 0, positions: 'start' }],
  ])('learn what comes next: %s', async (_, options) => {
    const settings = { epochs: 60, optimizer: { learningRate: 0.01 } };
    const run = request({ options: { dropout: 0.1, ...options }, settings });
    const { weights, log } = await trainModel(run);
    expect(log[59].loss).toBeLessThan(log[0].loss * 0.6);
    const scorer = trainedAttentionScorer(engine, sasrec, run.config as Config, 20, weights);
    const stream = new SequenceStream(scorer);
    for (const item of [1, 4, 7]) stream.add(item);
    // items of the history are no negatives, so that nothing is learned about them
    expect(stream.top(1, new Set([1, 4, 7])).items[0]).toBe(10);
    stream.free();
    scorer.free();
  });

  it('stop before a loss that is not finite, and when asked to', async () => {
    const settings = { epochs: 9, optimizer: { name: 'sgd', learningRate: 1e30 } };
    await expect(trainModel(request({ settings }))).rejects.toMatchObject({ code: 'numeric' });
    await expect(trainModel(request({ signal: AbortSignal.abort() }))).rejects.toMatchObject({ code: 'usage' });
  });

  it('keep the best weights by the validation metric, and stop without gain', async () => {
    const values = [0.1, 0.3, 0.2, 0.2, 0.9];
    let look = 0;
    const settings = { epochs: 5, patience: 2 };
    const outcome = await trainModel(request({ settings, validate: () => values[look++] }));
    expect(outcome.bestEpoch).toBe(2);
    expect(outcome.log).toHaveLength(4);
    const { weights } = await trainModel(request({ settings: { epochs: 2 } }));
    expect(bytes(outcome.weights)).toEqual(bytes(weights));
  });
});

it('refuses heads that do not divide the factors, and unknown options', () => {
  expect(sasrec.options.safeParse({ factors: 50, heads: 3 }).success).toBe(false);
  expect(sasrec.options.safeParse({ unit: 50 }).success).toBe(false);
});
