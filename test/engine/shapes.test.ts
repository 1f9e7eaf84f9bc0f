import { afterAll, describe, expect, it } from 'vitest';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import * as o from '../../src/engine/ops/index.ts';
import { place } from '../../src/engine/ops/layout.ts';
import { computeRows } from '../../src/engine/plan/row-plan.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { ParameterStore } from '../../src/engine/runtime/parameter-store.ts';
import { thrownCode, thrownError } from './thrown-code.ts';

const engine = new Engine({ threads: 2 });
afterAll(() => engine.close());

const x3 = o.input('x', [3]);
const x4 = o.input('x', [4]);
const s = o.input('s', [1]);
const w34 = o.parameter('w', [3, 4]);
const v3 = o.parameter('v', [3]);
const e = o.table('e', 5, 3);
const i = o.indexInput('i');

describe('shapes that do not fit are refused', () => {
  it.each<[string, () => unknown]>([
    ['add of unequal rows', () => o.add(x3, x4)],
    ['multiply of batch and shared', () => o.multiply(x3, v3)],
    ['subtract of a column and rows', () => o.subtract(x3, s)],
    ['bceWithLogits of unequal rows', () => o.bceWithLogits(x3, s)],
    ['linear with the wrong inner size', () => o.linear(x4, w34)],
    ['linear with a shared x', () => o.linear(v3, w34)],
    ['linear with a vector for W', () => o.linear(x3, v3)],
    ['linear with a short bias', () => o.linear(x3, w34, { bias: v3 })],
    ['linear with a batch bias', () => o.linear(x3, w34, { bias: x4 })],
    ['transpose of a vector', () => o.transpose(v3)],
    ['transpose of batch rows', () => o.transpose(x3)],
    ['outerSum of a shared tensor', () => o.outerSum(x3, v3)],
    ['lookup in a parameter', () => o.lookup(w34, i)],
    ['lookup by an input', () => o.lookup(e, s)],
    ['rowDot of unequal rows', () => o.rowDot(x3, x4)],
    ['rowSum of a shared tensor', () => o.rowSum(v3)],
    ['sumRows of a shared tensor', () => o.sumRows(v3)],
    ['multiplyColumn by more than one number', () => o.multiplyColumn(x3, x3)],
    ['repeatColumn of more than one number', () => o.repeatColumn(x3, [2])],
    ['broadcastRow of a matrix', () => o.broadcastRow(w34)],
    ['broadcastRow of batch rows', () => o.broadcastRow(x3)],
    ['fillRows of a vector', () => o.fillRows(v3, [2])],
    ['concat of nothing', () => o.concat()],
    ['concat with a shared tensor', () => o.concat(x3, v3)],
    ['slice beyond the row', () => o.slice(x3, 1, 4)],
    ['slice of nothing', () => o.slice(x3, 2, 2)],
    ['slice of a shared tensor', () => o.slice(v3, 0, 1)],
    ['place beyond the row', () => place(x3, 2, 4)],
    ['place of a shared tensor', () => place(v3, 0, 4)],
    ['a parameter of no elements', () => o.parameter('p', [3, 0])],
    ['a table of no rows', () => o.table('t', 0, 3)],
    ['an input of half an element', () => o.input('y', [1.5])],
    ['a loss of several numbers a row', () => gradientsOfMean(x3)],
    ['a shared loss', () => gradientsOfMean(o.sumRows(s))],
    ['a reference without the value of a leaf', () => evaluateReference([o.relu(x3)], new Map(), 1)],
    [
      'computing a shared tensor as rows',
      () => computeRows(engine, new ParameterStore(engine, []), [o.sumRows(x3)], new Map(), 1),
    ],
    [
      'too few values for the rows',
      () => computeRows(engine, new ParameterStore(engine, []), [x3], new Map([[x3, new Float32Array(5)]]), 2),
    ],
    ['values that do not fill a parameter', () => new ParameterStore(engine, [v3]).write(v3, [1, 2])],
  ])('%s', (_what, call) => {
    expect(thrownCode(call)).toBe('shape');
  });

  it('names the op, what was found and how to mend it', () => {
    expect(thrownError(() => o.linear(x4, w34))?.message).toBe(
      'linear: x must be [B, n] and W shared [n, m], got [B, 4] and [3, 4] (transpose W?)',
    );
  });
});

describe('parameters', () => {
  it.each<[string, () => unknown]>([
    ['two of one name', () => new ParameterStore(engine, [v3, o.parameter('v', [2])])],
    ['an unknown name', () => new ParameterStore(engine, [v3]).named('u')],
    ['one of another store', () => new ParameterStore(engine, [v3]).read(w34)],
    [
      'an expression over a parameter that no store holds',
      () => {
        const y = o.add(x3, o.broadcastRow(v3));
        return computeRows(engine, new ParameterStore(engine, []), [y], new Map([[x3, new Float32Array(3)]]), 1);
      },
    ],
    [
      'an expression over an input that nothing feeds',
      () => computeRows(engine, new ParameterStore(engine, []), [o.relu(x3)], new Map(), 1),
    ],
  ])('%s is refused', (_what, call) => {
    expect(thrownCode(call)).toBe('config');
  });

  it('are kept as written, tables with ragged rows too', () => {
    const parameters = [o.parameter('a', [3, 5]), o.table('b', 7, 5), o.table('c', 3, 8), o.parameter('d', [1])];
    const store = new ParameterStore(engine, parameters);
    const values = parameters.map(({ size }, n) => Float32Array.from({ length: size }, (_, k) => 100 * n + k));
    parameters.forEach((p, n) => {
      store.write(p, values[n]);
    });
    expect(parameters.map((p) => store.read(p))).toEqual(values);
    store.free();
  });
});

it('computes more rows than fit one batch, and frees what it took', () => {
  const n = 20_001;
  const values = Float32Array.from({ length: 3 * n }, (_, k) => (k % 1000) / 8);
  const indices = Int32Array.from({ length: n }, (_, r) => r % 5);
  const store = new ParameterStore(engine, [e]);
  store.write(
    e,
    Float32Array.from({ length: 15 }, (_, k) => k),
  );
  const y = o.add(x3, o.lookup(e, i));
  const fed = new Map<typeof x3, Int32Array | Float32Array>([
    [x3, values],
    [i, indices],
  ]);
  const [sum, copy] = computeRows(engine, store, [y, x3], fed, n);
  expect(sum.every((value, k) => value === values[k] + indices[Math.floor(k / 3)] * 3 + (k % 3))).toBe(true);
  expect(Buffer.from(copy.buffer).equals(Buffer.from(values.buffer))).toBe(true);
  const peak = engine.peakBytes;
  for (let round = 0; round < 5; round++) computeRows(engine, store, [y], fed, n);
  expect(engine.peakBytes).toBe(peak);
});
