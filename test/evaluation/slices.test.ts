import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { type Comparison, compareResults } from '../../src/evaluation/comparison.ts';
import { type EvaluationResult, fromStored, toColumns, toJson } from '../../src/evaluation/evaluation-result.ts';
import type { RowResult } from '../../src/evaluation/result.ts';
import { evaluateRows } from '../../src/evaluation/row-evaluation.ts';
import { slicePlot } from '../../src/evaluation/slice-plot.ts';
import { renderSlices } from '../../src/evaluation/slice-table.ts';
import { slicesOf } from '../../src/evaluation/slices.ts';
import type { Traits } from '../../src/evaluation/traits.ts';
import { traitsOf } from '../../src/evaluation/traits.ts';
import type { Run } from '../../src/evaluation/unit-values.ts';
import { madeSplit } from '../models/made-worlds.ts';
import { protocolOf } from './protocol-of.ts';
import { thrownCode } from './thrown-code.ts';

const N = 400;

function rankingRun(name: string, values: Float64Array, traits?: Traits): Run & { result: EvaluationResult } {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const result: EvaluationResult = {
    protocol: protocolOf({ nUsers: values.length }),
    level: 0.95,
    metrics: { 'ndcg@10': { mean, low: null, high: null, nUsers: values.length } },
    seconds: 1,
    users: Array.from(values, (_, u) => `u${u}`),
    perUser: { 'ndcg@10': values },
    weights: {},
    ...(traits && { traits }),
  };
  return { name, result };
}

/** 100 users without training rows, others with 1 to 40; one model is better for those with fewer than 11. */
const userRows = Int32Array.from({ length: N }, (_, u) => (u < 100 ? 0 : 1 + (u % 40)));
const friends = Int32Array.from({ length: N }, (_, u) => [0, 2, 7, 30][(u * 7) % 4]);

function world(seed: number, effect: number): Run[] {
  const random = new RandomStream(seed, 'test/slices');
  const base = Float64Array.from({ length: N }, () => random.uniform());
  const noise = () => 0.1 * random.normal();
  const traits = { userRows, friends };
  return [
    rankingRun('base', base, traits),
    rankingRun(
      'helps-few',
      Float64Array.from(base, (v, u) => v + noise() + (userRows[u] < 11 ? effect : 0)),
      traits,
    ),
    rankingRun(
      'alike',
      Float64Array.from(base, (v) => v + noise()),
      traits,
    ),
  ];
}

function compare(runs: readonly Run[], changes = {}, metric = 'ndcg@10'): Comparison {
  return compareResults(runs, metric, {
    stream: new RandomStream(3, 'test'),
    slices: true,
    resamples: 2000,
    ...changes,
  });
}

const significant = ({ slices }: Comparison) =>
  slices!.slices.flatMap(({ name, runs }) =>
    runs.filter((run) => run.difference?.significant).map((run) => `${run.name}: ${name}`),
  );

describe('slices', () => {
  it('hold those without any apart, the others in quarters or by fixed numbers of friends', () => {
    const slices = slicesOf({ userRows, friends, itemRows: Int32Array.of(0, 1, 1, 5) });
    expect(slices.map(({ name, places }) => [name, places.length])).toEqual([
      ['users without training rows', 100],
      ['users with 1–10 training rows', 70],
      ['users with 11–21 training rows', 78],
      ['users with 22–30 training rows', 72],
      ['users with 31+ training rows', 80],
      ['users without friends', 100],
      ['users with 1–3 friends', 100],
      ['users with 4–10 friends', 100],
      ['users with 11+ friends', 100],
      ['items without training rows', 1],
      ['items with 1–4 training rows', 2],
      ['items with 5+ training rows', 1],
    ]);
  });

  it('are none where all are alike', () => {
    expect(slicesOf({ userRows: Int32Array.of(3, 3, 3), friends: Int32Array.of(0, 0, 0) })).toEqual([]);
  });

  it('count training rows of users and items, and edges from users', () => {
    const split = madeSplit(3, 3, {
      train: [
        [0, 0],
        [0, 1],
        [1, 1],
      ],
      test: [
        [2, 1],
        [0, 2],
      ],
    });
    const social = { from: Int32Array.of(0, 2, 2), to: Int32Array.of(1, 0, 1), weight: null };
    const joined = { ...split, dataset: { ...split.dataset, social } };
    const { userIndex, itemIndex } = split.test!;
    expect(traitsOf(joined, userIndex, itemIndex)).toEqual({
      userRows: Int32Array.of(0, 2),
      friends: Int32Array.of(2, 1),
      itemRows: Int32Array.of(2, 0),
    });
    const unnamed = { ...joined, dataset: { ...joined.dataset, unnamed: ['user' as const] } };
    expect(traitsOf(unnamed, userIndex, itemIndex)).toEqual({ itemRows: Int32Array.of(2, 0) });
    const friendless = { ...split, dataset: { ...split.dataset, social: null } };
    expect(Object.keys(traitsOf(friendless, userIndex))).toEqual(['userRows']);
  });
});

describe('comparison in slices', () => {
  it.each(['bootstrap', 't', 'wilcoxon'] as const)(
    'tells for whom a model is better, and for nobody else: %s',
    (test) => {
      const found = compare(world(1, 0.12), { baseline: 'base', test });
      expect(significant(found).filter((name) => !name.includes('friends'))).toEqual([
        'helps-few: users without training rows',
        'helps-few: users with 1–10 training rows',
      ]);
      expect(significant(found).some((name) => name.startsWith('alike'))).toBe(false);
      const [first] = found.slices!.slices;
      expect(first).toMatchObject({ trait: 'userRows', from: 0, to: 0, nUnits: 100, isTested: true });
      expect(first.runs.find(({ name }) => name === 'helps-few')!.difference!.mean).toBeCloseTo(0.12, 1);
    },
  );

  it('adjusts p-values over all slices and models', () => {
    const { slices } = compare(world(1, 0.12), { baseline: 'base', test: 't' });
    const differences = slices!.slices.flatMap(({ runs }) => runs.flatMap(({ difference }) => difference ?? []));
    expect(slices!.nTests).toBe(18);
    expect(differences.length).toBe(18);
    // Holm, from its definition
    const ascending = differences.map(({ pValue }) => pValue).sort((a, b) => a - b);
    for (const { pValue, adjustedP } of differences) {
      const upTo = ascending.slice(0, ascending.lastIndexOf(pValue) + 1);
      expect(adjustedP).toBeCloseTo(Math.max(...upTo.map((p, n) => Math.min(1, (18 - n) * p))), 12);
    }
  });

  it('shows a significant slice in no more null worlds than the level says', () => {
    const worlds = 150;
    let wrong = 0;
    for (let seed = 0; seed < worlds; seed++)
      if (significant(compare(world(1000 + seed, 0), { baseline: 'base', resamples: 1000 })).length > 0) wrong++;
    // 5 % and three standard deviations
    expect(wrong / worlds).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / worlds));
  });

  it('does not test slices of few users', () => {
    const few = Int32Array.from({ length: N }, (_, u) => (u < 30 ? 0 : 2));
    const runs = world(2, 0).map(({ name, result }) => ({
      name,
      result: { ...result, traits: { friends: few } } as EvaluationResult,
    }));
    const [without, some] = compare(runs, { baseline: 'base' }).slices!.slices;
    expect(without).toMatchObject({ nUnits: 30, isTested: false });
    expect(without.runs.map(({ difference }) => difference)).toEqual([null, null, null]);
    expect(some.isTested).toBe(true);
  });

  it('matches users by id and is the same each time', () => {
    const [base, helps] = world(1, 0.12) as (Run & { result: EvaluationResult })[];
    const { result } = helps;
    const backwards = {
      ...result,
      users: [...result.users].reverse(),
      perUser: { 'ndcg@10': result.perUser['ndcg@10'].slice().reverse() },
    };
    const straight = compare([base, helps], { baseline: 'base' });
    expect(compare([base, { name: 'helps-few', result: backwards }], { baseline: 'base' })).toEqual(straight);
  });

  it('of stored results are those of the results', () => {
    const runs = world(1, 0.12) as (Run & { result: EvaluationResult })[];
    const stored = runs.map(({ name, result }) => ({
      name,
      result: fromStored(JSON.parse(JSON.stringify(toJson(result))), toColumns(result)),
    }));
    expect(compare(stored)).toEqual(compare(runs));
  });

  it('of predicted rows tell for which items a model is better', () => {
    const random = new RandomStream(4, 'test/rows');
    const userIndex = Int32Array.from({ length: 3000 }, (_, row) => row % 300);
    const itemRows = Int32Array.from(userIndex, () => (random.uniform() < 0.2 ? 0 : 1 + random.below(60)));
    const labels = Float32Array.from(userIndex, () => 1 + random.below(5));
    const runOf = (name: string, size: (row: number) => number): Run => {
      const predictions = Float64Array.from(labels, (label, row) => label + size(row) * random.normal());
      const rows = { userIndex, labels, predictions: [predictions], traits: { itemRows } };
      const protocol = { task: 'rating', data: { name: 'made', hash: 'abc' } } as RowResult['protocol'];
      return {
        name,
        result: { ...evaluateRows('rating', { labels, predictions, userIndex }), protocol, seconds: 1, rows },
      };
    };
    const runs = [runOf('base', () => 1), runOf('cold', (row) => (itemRows[row] === 0 ? 0.7 : 1))];
    const found = compare(runs, { baseline: 'base' }, 'rmse');
    expect(significant(found)).toEqual(['cold: items without training rows']);
    const [unseen] = found.slices!.slices;
    expect(unseen.nRows).toBe(itemRows.filter((n) => n === 0).length);
    expect(unseen.runs.find(({ name }) => name === 'cold')!.mean).toBeCloseTo(0.7, 1);
    expect(renderSlices(found, found.slices!)).toMatch(/^slice +users +rows +run +rmse/);
  });

  const bare = [rankingRun('a', new Float64Array(60).fill(1)), rankingRun('b', new Float64Array(60))];
  const nextItem = { nEvents: 60, nMisses: 0 };
  const sequences = bare.map(({ name, result }) => ({
    name,
    result: { ...result, protocol: { ...result.protocol, nextItem }, traits: undefined },
  }));
  const gini = world(1, 0).map(({ name, result }) => ({
    name,
    result: { ...result, metrics: { 'gini@10': { mean: 0.5, low: null, high: null, nUsers: N } } } as EvaluationResult,
  }));
  it.each([
    ['saved without what slices are made of', () => compare(bare), 'artifact'],
    ['next items of sequences', () => compare(sequences), 'config'],
    ['a metric of whole runs', () => compare(gini, {}, 'gini@10'), 'config'],
  ])('%s: refused', (_case, action, code) => {
    expect(thrownCode(action)).toBe(code);
  });
});

/** Every tag is closed in order, and nothing is written that XML does not have. */
function checkWellFormed(xml: string): void {
  const open: string[] = [];
  const withoutTags = xml.replace(
    /<(\/?)([a-z]+)((?:\s+[a-zA-Z][\w:-]*="[^"<>&]*")*)\s*(\/?)>/g,
    (_, close, name, _given, empty) => {
      if (close) expect(open.pop()).toBe(name);
      else if (!empty) open.push(name);
      return '';
    },
  );
  expect(open).toEqual([]);
  const plain = withoutTags.replace(/&(amp|lt|gt|quot);/g, '').replaceAll('\n', '');
  expect(plain).not.toMatch(/[<>&\p{Cc}]/u);
}

describe('slices as table and picture', () => {
  const odd = world(1, 0.12).map((run) => (run.name === 'alike' ? { ...run, name: 'a <b> & "c"\u0001' } : run));
  const found = compare(odd, { baseline: 'base' });

  it('show every slice with its users and models', () => {
    const table = renderSlices(found, found.slices!);
    for (const { name } of found.slices!.slices) expect(table).toContain(name);
    expect(table).toContain('adjusted for all 18 differences of the table');
    expect(table.split('\n')[2]).toMatch(
      /^users without training rows +100 +helps-few +0\.\d+ +\+0\.1\d+ +\[.*\] +\S+ \*$/,
    );
  });

  it('draw a well-formed SVG that holds the names of slices and models', () => {
    const svg = slicePlot(found, found.slices!);
    checkWellFormed(svg);
    for (const { name, nUnits } of found.slices!.slices) expect(svg).toContain(`${name} (${nUnits})`);
    expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;\\u0001');
    expect(svg).toContain('prefers-color-scheme: dark');
    // a line for every difference
    expect(svg.match(/<line class="mark/g)!.length).toBe(18);
    expect(svg).not.toContain('NaN');
    expect(slicePlot(found, found.slices!)).toBe(svg);
  });

  it('draw nothing of one run', () => {
    const alone = compare(odd.slice(0, 1));
    expect(alone.slices!.nTests).toBe(0);
    expect(thrownCode(() => slicePlot(alone, alone.slices!))).toBe('usage');
  });
});
