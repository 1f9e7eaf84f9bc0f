import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { NamedTensors } from '../../src/core/named-tensors.ts';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import type { Sequences } from '../../src/data/sequences/sequences.ts';
import type { FitContext, Model } from '../../src/examples/model.ts';
import type { SolvedSequences } from '../../src/examples/solvers.ts';
import { findModelOf, models, modelsOf } from '../../src/models/index.ts';
import { nthLargest } from '../../src/models/nth-largest.ts';
import type { SequenceScorer } from '../../src/scoring/sequence-scorer.ts';
import { testRandom } from '../data/made-data.ts';
import { madeSequences } from '../data/sequences/made-sequences.ts';
import { optionFields } from './option-fields.ts';
import { thrownCode } from './thrown-code.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const noEngine = (): never => {
  throw new Error('no engine is needed here');
};
const context = { random: new RandomStream(1, 'test'), progress: silent } as unknown as FitContext;

const sequenceModels = modelsOf('sequences');

async function fitted(counting: Model<unknown, 'sequences'>, train: Sequences, config: object = {}) {
  const model = counting as SolvedSequences;
  const parsed = (model.options as z.ZodType).parse(config);
  const weights = await model.fit(train, parsed, context);
  return { weights, scorer: model.scorer(weights, train.nItems, parsed, noEngine) };
}

/** Scores after a prefix, through a lane of its own. */
function scoresOf(scorer: SequenceScorer, prefix: readonly number[]): number[] {
  const running = scorer.open(1);
  for (const item of prefix) running.feed(Int32Array.of(0), Int32Array.of(item));
  const scores = new Float32Array(scorer.nItems).fill(Number.NaN);
  running.score(Int32Array.of(0), scores);
  running.free();
  return [...scores];
}

/** Skewed items, repeats, sessions of one event. */
function world(seed: number, nItems = 15, n = 60) {
  const below = testRandom(seed);
  const skewed = (): number => Math.min(below(nItems), below(nItems));
  const rows = Array.from({ length: n }, () => Array.from({ length: 1 + below(7) }, skewed));
  const prefixes = Array.from({ length: 25 }, () => Array.from({ length: 1 + below(15) }, skewed));
  return { rows, prefixes, nItems, train: madeSequences(rows, nItems) };
}

const count = <T>(all: readonly T[], value: T): number => all.filter((each) => each === value).length;
const close = (scores: number[], expected: number[]): void => {
  const largest = Math.max(...expected.map(Math.abs), 1e-9);
  expected.forEach((value, i) => {
    expect(Math.abs(scores[i] - value), `item ${i}: ${scores[i]} and ${value}`).toBeLessThan(1e-6 * largest);
  });
};

describe('the registry of sequence models', () => {
  it('has names of its own and finds them', async () => {
    const names = models.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const model of sequenceModels) expect(findModelOf('sequences', model.name)).toBe(model);
    expect(await thrownCode(() => findModelOf('sequences', 'vskn'))).toBe('usage');
  });
});

describe.each(sequenceModels)('$name', (model) => {
  it('has a page that names every option', () => {
    const path = `${root}docs/models/${model.name}.md`;
    expect(existsSync(path), path).toBe(true);
    const page = readFileSync(path, 'utf8');
    for (const [name] of optionFields(model.options)) expect(page).toContain(`\`${name}\``);
    expect(readFileSync(`${root}docs/models/README.md`, 'utf8')).toContain(`(${model.name}.md)`);
  });

  it('has documented options with defaults', () => {
    for (const [name, field] of optionFields(model.options)) {
      expect(field.doc, name).toBeTruthy();
      expect(field.default, name).toBeDefined();
    }
  });
});

describe.each(sequenceModels.filter(({ learn }) => learn.by === 'solver') as SolvedSequences[])(
  '$name, fitted by counting',
  (model) => {
    it('keeps lanes apart, skips unknown items, and begins anew after a reset', async () => {
      const { train, prefixes } = world(2);
      const { scorer } = await fitted(model, train);
      const running = scorer.open(3);
      const scores = new Float32Array(2 * train.nItems);
      running.feed(Int32Array.of(0, 1, 2), Int32Array.of(4, 5, 6));
      running.feed(Int32Array.of(2, 0), Int32Array.of(-1, 7));
      running.score(Int32Array.of(2, 0), scores);
      expect([...scores.subarray(0, train.nItems)]).toEqual(scoresOf(scorer, [6]));
      expect([...scores.subarray(train.nItems)]).toEqual(scoresOf(scorer, [4, 7]));
      running.reset(Int32Array.of(0));
      for (const item of prefixes[0]) running.feed(Int32Array.of(0), Int32Array.of(item));
      running.score(Int32Array.of(0), scores);
      expect([...scores.subarray(0, train.nItems)]).toEqual(scoresOf(scorer, prefixes[0]));
      running.free();
    });

    it('scores an empty sequence, and one of 10,001 events, with numbers', async () => {
      const { train } = world(3);
      const { scorer } = await fitted(model, train);
      const long = Array.from({ length: 10_001 }, (_, n) => n % train.nItems);
      for (const prefix of [[], long]) expect(scoresOf(scorer, prefix).every(Number.isFinite)).toBe(true);
    });

    it('fits sessions of one event only, and one item', async () => {
      for (const train of [madeSequences([[0], [1], [2]], 3), madeSequences([[0, 0]], 1)]) {
        const { scorer } = await fitted(model, train);
        for (const prefix of [[], [0]]) expect(scoresOf(scorer, prefix).every(Number.isFinite)).toBe(true);
      }
    });

    it('gives the same bytes again, and refuses tensors of another model', async () => {
      const { train } = world(4);
      const [a, b] = [await fitted(model, train), await fitted(model, train)];
      expect([...a.weights]).toEqual([...b.weights]);
      const parsed = (model.options as z.ZodType).parse({});
      const none: NamedTensors = new Map();
      expect(await thrownCode(() => model.scorer(none, train.nItems, parsed, noEngine))).toBe('artifact');
      expect(await thrownCode(() => model.scorer(a.weights, 3, parsed, noEngine))).toBe('artifact');
    });
  },
);

describe('sequence-popularity', () => {
  it('counts events, not sessions', async () => {
    const { scorer } = await fitted(
      findModelOf('sequences', 'sequence-popularity'),
      madeSequences([[1, 1, 1], [2], [2, 0]], 4),
    );
    expect(scoresOf(scorer, [3])).toEqual([1, 3, 2, 0]);
  });
});

describe('session-popularity', () => {
  it('orders by the count in the session, then by popularity', async () => {
    for (const seed of [1, 2, 3]) {
      const { train, rows, prefixes, nItems } = world(seed);
      const { scorer } = await fitted(findModelOf('sequences', 'session-popularity'), train);
      for (const prefix of prefixes) {
        const key = Array.from({ length: nItems }, (_, i) => count(prefix, i) * 1e6 + count(rows.flat(), i));
        const scores = scoresOf(scorer, prefix);
        for (let i = 0; i < nItems; i++)
          for (let j = 0; j < nItems; j++) expect(Math.sign(scores[i] - scores[j])).toBe(Math.sign(key[i] - key[j]));
      }
    }
  });
});

describe('session-item-knn', () => {
  it.each([0, 3, 20])('is the shrunk cosine with the last item, λ = %d', async (shrinkage) => {
    const { train, rows, prefixes, nItems } = world(5);
    const holding = Array.from({ length: nItems }, (_, i) => rows.filter((row) => row.includes(i)).length);
    for (const neighbours of [3, 100]) {
      const { scorer } = await fitted(findModelOf('sequences', 'session-item-knn'), train, { shrinkage, neighbours });
      for (const prefix of prefixes) {
        const j = prefix[prefix.length - 1];
        const similarity = holding.map((n, i) => {
          const both = rows.filter((row) => row.includes(i) && row.includes(j)).length;
          return i === j || both === 0 ? 0 : both / Math.sqrt((n + shrinkage) * (holding[j] + shrinkage));
        });
        const order = similarity.map((_, i) => i).sort((a, b) => similarity[b] - similarity[a] || a - b);
        const kept = new Set(order.slice(0, neighbours));
        close(
          scoresOf(scorer, prefix),
          similarity.map((s, i) => (kept.has(i) ? s : 0)),
        );
      }
    }
  });
});

describe('the lists of session-item-knn', () => {
  it('hold items in ascending order, at most `neighbours` of them', async () => {
    const { train, nItems } = world(5);
    const { weights } = await fitted(findModelOf('sequences', 'session-item-knn'), train, { neighbours: 4 });
    const [start, columns] = ['rowStart', 'columns'].map((name) => [...(weights.get(name)!.data as Int32Array)]);
    for (let j = 0; j < nItems; j++) {
      const list = columns.slice(start[j], start[j + 1]);
      expect(list.length).toBeLessThanOrEqual(4);
      expect(list).toEqual([...new Set(list)].sort((a, b) => a - b));
    }
  });
});

describe('markov', () => {
  it.each([0, 1, 7.5])('is the share of what followed, smoothed by %d', async (smoothing) => {
    const { train, rows, prefixes, nItems } = world(6);
    const { scorer } = await fitted(findModelOf('sequences', 'markov'), train, { smoothing });
    const steps = rows.flatMap((row) => row.slice(1).map((to, n) => `${row[n]}>${to}`));
    for (const prefix of [[], ...prefixes]) {
      const last = prefix.at(-1) ?? -1;
      const from = Array.from({ length: nItems }, (_, i) => count(steps, `${last}>${i}`));
      const total = from.reduce((a, b) => a + b, 0) + smoothing;
      const share = (i: number): number => count(rows.flat(), i) / rows.flat().length;
      close(
        scoresOf(scorer, prefix),
        from.map((n, i) => (total === 0 ? 0 : (n + smoothing * share(i)) / total)),
      );
    }
  });
});

describe('nthLargest', () => {
  it('is the place in a full sort, with many equal values and in any order', () => {
    const below = testRandom(12);
    for (let round = 0; round < 300; round++) {
      const values = Float32Array.from({ length: 1 + below(60) }, () => below(1 + below(30)) / 3);
      if (round % 3 === 1) values.sort();
      if (round % 3 === 2) values.sort().reverse();
      const k = 1 + below(values.length);
      const expected = values.slice().sort()[values.length - k];
      expect(nthLargest(values, k)).toBe(expected);
    }
  });
});

type Decay = 'same' | 'linear' | 'div' | 'log' | 'quadratic';
interface Vsknn {
  neighbours: number;
  sample: number;
  similarity: 'vector' | 'cosine';
  weighting: Decay;
  scoreDecay: Decay;
  idf: number;
  lastEvents: number;
}

/** V-SKNN in the order of its definition: compare with every session, sort, cut, add up. */
function plainVsknn(rows: readonly number[][], whole: readonly number[], nItems: number, o: Vsknn): number[] {
  const prefix = whole.slice(-o.lastEvents);
  const n = prefix.length;
  const fade = (kind: Decay, t: number): number =>
    ({ same: 1, linear: Math.max(0, 1 - 0.1 * (t - 1)), div: 1 / t, log: 1 / Math.log2(1 + t), quadratic: 1 / t ** 2 })[
      kind
    ];
  const weight = (t: number): number => {
    if (o.weighting === 'div') return (n - t + 1) / n;
    return o.weighting === 'quadratic' ? ((n - t + 1) / n) ** 2 : fade(o.weighting, t);
  };
  const ago = new Map(prefix.map((item, p) => [item, n - p]));
  const weights = new Map(
    [...ago].map(([item, t]) => [item, weight(t)]).filter(([, w]) => w > 0) as [number, number][],
  );
  const norm = Math.hypot(...weights.values());
  const sessions = rows.map((row) => [...new Set(row)]);
  const common = sessions
    .map((set, s) => ({ set, s, shared: set.filter((item) => weights.has(item)) }))
    .filter(({ shared }) => shared.length > 0)
    .reverse()
    .slice(0, o.sample)
    .map(({ set, s, shared }) => {
      const dot = shared.reduce((sum, item) => sum + weights.get(item)!, 0);
      const similarity = o.similarity === 'cosine' ? dot / (norm * Math.sqrt(set.length)) : dot;
      return { set, s, similarity, t: Math.min(...shared.map((item) => ago.get(item)!)) };
    })
    // rounding must not decide which of two equally similar sessions comes first
    .sort((a, b) => (Math.abs(a.similarity - b.similarity) < 1e-12 ? b.s - a.s : b.similarity - a.similarity))
    .slice(0, o.neighbours);
  return Array.from({ length: nItems }, (_, i) => {
    const votes = common.filter(({ set }) => set.includes(i));
    const sum = votes.reduce((all, { similarity, t }) => all + similarity * fade(o.scoreDecay, t), 0);
    const holding = sessions.filter((set) => set.includes(i)).length;
    return holding === 0 ? 0 : sum * (1 + o.idf * Math.log(sessions.length / holding));
  });
}

describe('vsknn', () => {
  const base: Vsknn = {
    neighbours: 8,
    sample: 20,
    similarity: 'vector',
    weighting: 'linear',
    scoreDecay: 'linear',
    idf: 0,
    lastEvents: 100,
  };
  const decays: Decay[] = ['same', 'linear', 'div', 'log', 'quadratic'];
  const cases: Partial<Vsknn>[] = [
    ...decays.map((weighting) => ({ weighting })),
    ...decays.map((scoreDecay) => ({ scoreDecay })),
    ...[
      { similarity: 'cosine' as const },
      { idf: 2.5 },
      { neighbours: 1 },
      { neighbours: 1000 },
      { sample: 1 },
      { sample: 3 },
    ],
    ...[{ sample: 1000 }, { lastEvents: 1 }, { lastEvents: 4 }],
    { similarity: 'cosine', weighting: 'quadratic', scoreDecay: 'quadratic', idf: 1, neighbours: 5, sample: 12 },
  ];

  it.each(cases)('agrees with comparing every session: %j', async (changes) => {
    const config = { ...base, ...changes };
    for (const seed of [7, 8]) {
      const { train, rows, prefixes, nItems } = world(seed);
      const { scorer } = await fitted(findModelOf('sequences', 'vsknn'), train, config);
      for (const prefix of prefixes) close(scoresOf(scorer, prefix), plainVsknn(rows, prefix, nItems, config));
    }
  });

  it('takes the most recent sessions by the time of their last event', async () => {
    const rows = [
      [0, 1],
      [0, 2],
      [0, 3],
    ];
    const train = madeSequences(rows, 4, [
      [1, 90],
      [2, 30],
      [3, 60],
    ]);
    const { scorer } = await fitted(findModelOf('sequences', 'vsknn'), train, { ...base, sample: 1 });
    expect(scoresOf(scorer, [0])).toEqual([1, 1, 0, 0]);
    const two = await fitted(findModelOf('sequences', 'vsknn'), train, { ...base, sample: 2 });
    expect(scoresOf(two.scorer, [0])).toEqual([2, 1, 0, 1]);
  });

  it('refuses weights that point outside', async () => {
    const model = findModelOf('sequences', 'vsknn') as SolvedSequences;
    const { train } = world(9);
    const { weights } = await fitted(model, train);
    const items = Int32Array.from(weights.get('sessionItems')!.data as Int32Array);
    items[3] = train.nItems;
    const altered = new Map([...weights, ['sessionItems', { shape: [items.length], data: items }]]) as NamedTensors;
    const parsed = (model.options as z.ZodType).parse({});
    expect(await thrownCode(() => model.scorer(altered, train.nItems, parsed, noEngine))).toBe('artifact');
  });
});
