import { afterAll, describe, expect, it } from 'vitest';
import * as code from '../../src/engine/kernels/opcodes.ts';
import * as o from '../../src/engine/ops/index.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { RowWork } from '../../src/engine/plan/row-work.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ExampleFeed, type ExampleRows, type SlotSource } from '../../src/engine/runtime/example-feed.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { samplerOf } from './drawn-examples.ts';
import { thrownCode } from './thrown-code.ts';

const engines = [new Engine({ threads: 1 }), new Engine({ threads: 2 }), new Engine({ threads: 3, kernels: 'simd' })];
afterAll(() => {
  for (const engine of engines) engine.close();
});

const nRows = 101;
const nUsers = 7;
const nItems = 9;
const users = Int32Array.from({ length: nRows }, (_, e) => (e * 5) % nUsers);
const items = Int32Array.from({ length: nRows }, (_, e) => (e * 3) % nItems);
const labels = Float32Array.from({ length: nRows }, (_, e) => e / 8);
/** Slot s of row r is 100 r + s, its value 100 r + s + ½. */
const slotsOf = (n: number, slots: number): Int32Array =>
  Int32Array.from({ length: n * slots }, (_, k) => 100 * Math.floor(k / slots) + (k % slots));
const valuesOf = (index: Int32Array): Float32Array => Float32Array.from(index, (x) => x + 0.5);

function sources(): SlotSource[] {
  const ofUsers = slotsOf(nUsers, 3);
  const leaf = (slots: number, weighted: boolean) => ({
    index: o.indexInput('slots', slots),
    value: weighted ? o.input('values', [slots]) : null,
  });
  return [
    { by: 'user', index: ofUsers, value: valuesOf(ofUsers), leaves: leaf(3, true) },
    { by: 'item', index: slotsOf(nItems, 1), value: null, leaves: leaf(1, false) },
    { by: 'example', index: slotsOf(nRows, 2), value: null, leaves: leaf(2, false) },
  ];
}

const given: ExampleRows = { nRows, users, items, labels, sampler: null, key: [3, 4] };
const pairs = Array.from(users, (user, e) => [user, items[e]] as const);

/** What the feed puts into the leaves of one batch, as rows of numbers: user slots, user values, item, context, label. */
function drawn(engine: Engine, examples: ExampleRows, epoch: number, from: number, rows: number): number[][] {
  const made = sources();
  const label = o.input('label', [1]);
  const feed = new ExampleFeed(engine, examples, made, label);
  const store = new ParameterStore(engine, []);
  const leaves = [made[0].leaves.index, made[0].leaves.value, made[1].leaves.index, made[2].leaves.index, label];
  const work = new RowWork(engine, store, {
    batchSize: rows,
    feed: feed.feed,
    kept: [],
    loss: label,
    denseGradients: [],
  });
  work.finish();
  const words = engine.i32(work.header, code.PLAN_WORDS);
  words[code.PLAN_SCHEDULE] = work.header;
  words[code.PLAN_N_STEPS] = 1;
  words[code.PLAN_FIRST_STEP] = from / rows;
  words[code.PLAN_EPOCH] = epoch;
  words[code.PLAN_TOTAL_ROWS] = feed.rows;
  engine.run(code.JOB_STEPS, work.header);
  const n = Math.min(rows, feed.rows - from);
  const result = Array.from({ length: n }, (_, r) =>
    leaves.flatMap((leaf) => {
      const { offset } = work.placement.read(leaf as NonNullable<typeof leaf>);
      const size = leaf?.size ?? 0;
      const view = leaf?.op.integers ? engine.i32(offset, n * size) : engine.f32(offset, n * size);
      return [...view.subarray(r * size, (r + 1) * size)];
    }),
  );
  work.placement.free();
  feed.free();
  store.free();
  return result;
}

/** The row that example e must give, written out. */
function rowOf(e: number, item: number, label: number): number[] {
  const user = 100 * users[e];
  return [user, user + 1, user + 2, user + 0.5, user + 1.5, user + 2.5, 100 * item, 100 * e, 100 * e + 1, label];
}

describe('examples with given labels', () => {
  it.each(engines)('come once an epoch, with the slots of their user, item and own ($threads threads)', (engine) => {
    for (const rows of [101, 40, 7]) {
      const epoch = Array.from({ length: Math.ceil(nRows / rows) }, (_, s) =>
        drawn(engine, given, 2, s * rows, rows),
      ).flat();
      const byExample = epoch.sort((a, b) => a[7] - b[7]);
      expect(byExample).toEqual(Array.from({ length: nRows }, (_, e) => rowOf(e, items[e], labels[e])));
    }
  });

  it('come in an order that the epoch and the key choose, and the threads do not', () => {
    const order = (examples: ExampleRows, epoch: number, engine = engines[0]) =>
      drawn(engine, examples, epoch, 0, nRows).map((row) => row[7] / 100);
    const first = order(given, 0);
    expect(order(given, 0, engines[1])).toEqual(first);
    expect(order(given, 0, engines[2])).toEqual(first);
    expect(order(given, 1)).not.toEqual(first);
    expect(order({ ...given, key: [3, 5] }, 0)).not.toEqual(first);
    expect(first).not.toEqual(first.toSorted((a, b) => a - b));
  });
});

describe('examples against drawn items', () => {
  const ranking = (negatives: number, reject: boolean): ExampleRows => ({
    ...given,
    labels: null,
    sampler: samplerOf(pairs, { nUsers, nItems }, { negatives, reject }),
  });

  it.each(engines)('keep user and context, and have one row of label 1 each ($threads threads)', (engine) => {
    const rows = drawn(engine, ranking(3, false), 0, 0, 4 * nRows).sort((a, b) => a[7] - b[7] || b[9] - a[9]);
    expect(rows).toHaveLength(4 * nRows);
    rows.forEach((row, k) => {
      const e = Math.floor(k / 4);
      const isOwn = k % 4 === 0;
      expect(row).toEqual(rowOf(e, isOwn ? items[e] : row[6] / 100, isOwn ? 1 : 0));
      expect(row[6] / 100).toBeLessThan(nItems);
    });
  });

  it('draw no item that the user has, as long as there is another', () => {
    const few = { ...given, nRows: 6, users: Int32Array.of(0, 0, 1, 2, 2, 2), items: Int32Array.of(0, 1, 5, 7, 8, 6) };
    const own = Array.from(few.users, (user, e) => [user, few.items[e]] as const);
    const sampler = samplerOf(own, { nUsers, nItems }, { negatives: 20, reject: true });
    const examples = { ...few, labels: null, sampler };
    for (const row of drawn(engines[0], examples, 0, 0, 126))
      if (row[9] === 0) expect(own).not.toContainEqual([row[0] / 100, row[6] / 100]);
  });
});

describe('refused', () => {
  const bad: [string, string, Partial<ExampleRows>][] = [
    [
      'no examples',
      'data',
      { nRows: 0, users: new Int32Array(0), items: new Int32Array(0), labels: new Float32Array(0) },
    ],
    ['fewer users than examples', 'shape', { users: users.subarray(1) }],
    ['more labels than examples', 'shape', { labels: new Float32Array(nRows + 1) }],
    ['neither labels nor negatives', 'config', { labels: null }],
    [
      'labels and negatives',
      'config',
      { sampler: samplerOf(pairs, { nUsers, nItems }, { negatives: 1, reject: false }) },
    ],
    ['slots of users but no users', 'config', { users: null }],
    ['a user without slots', 'data', { users: users.map((user, e) => (e === 50 ? nUsers : user)) }],
    [
      'drawn items beyond those of the examples',
      'data',
      { labels: null, sampler: samplerOf(pairs, { nUsers, nItems: 4 }, { negatives: 1, reject: false }) },
    ],
    ['a negative row', 'data', { items: items.map((item, e) => (e === 50 ? -1 : item)) }],
  ];

  it.each(bad)('%s: %s', (_what, expected, change) => {
    expect(thrownCode(() => new ExampleFeed(engines[0], { ...given, ...change }, sources(), o.input('y', [1])))).toBe(
      expected,
    );
  });

  it('slots that do not fill their leaf, or values without a leaf', () => {
    const [user, item, own] = sources();
    const make = (changed: SlotSource) => () =>
      new ExampleFeed(engines[0], given, [changed, item, own], o.input('y', [1]));
    expect(thrownCode(make({ ...user, index: slotsOf(nUsers, 2) }))).toBe('shape');
    expect(thrownCode(make({ ...user, value: null }))).toBe('shape');
    expect(thrownCode(make({ ...user, leaves: { ...user.leaves, value: null } }))).toBe('shape');
  });
});

it('a lookup of slots adds, weighs and leaves out as written', () => {
  const E = o.table('E', 3, 2);
  const index = o.indexInput('i', 4);
  const value = o.input('x', [4]);
  const y = o.lookupFields(E, index, [1, 3], value);
  const store = new ParameterStore(engines[0], [E]);
  store.write(E, [1, 2, 10, 20, 100, 200]);
  const fed = new Map<typeof index, Int32Array | Float32Array>([
    [index, Int32Array.of(0, 1, -1, 2, -1, -1, -1, -1, 2, 3, 1, 1)],
    [value, Float32Array.of(2, 3, 9, 0.5, 1, 1, 1, 1, 1, 1, 1, 1)],
  ]);
  const [values] = computeRows(engines[0], store, [y], fed, 3);
  expect([...values]).toEqual([2, 4, 80, 160, 0, 0, 0, 0, 100, 200, Number.NaN, Number.NaN]);
  store.free();
});
