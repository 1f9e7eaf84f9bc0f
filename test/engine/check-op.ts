/**
 * Everything that is asked of an op, so that an op's test is one line: value in float32 against the float64 reference over
 * ragged sizes and special values, row independence, empty batches, and first and second derivatives in float64.
 */
import { describe, expect, it } from 'vitest';
import { RandomStream } from '../../src/core/random.ts';
import { Tensor, topologicalOrder } from '../../src/engine/expression.ts';
import { backward } from '../../src/engine/gradient.ts';
import { indexInput, input, lookup, parameter, table } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import { opNamed } from './op-named.ts';
import { runExpression } from './run-expression.ts';

type Values = Float64Array;
type Domain = 'real' | 'positive';

/** Makes the operands of an op; what stands behind a batch operand depends on what is tested. */
export interface Operands {
  /** Batch rows [B, n] that take a gradient. */
  batch(n: number, domain?: Domain): Tensor;
  /** Batch rows [B, n] without gradient, in [0, 1]. */
  label(n: number): Tensor;
  /** A shared tensor that takes a gradient. */
  shared(shape: readonly number[]): Tensor;
  /** A table of `rows` rows and an index into it. */
  rowsOf(rows: number, n: number): Tensor;
  /** A table of `rows` rows and an index of several slots, some without a value. */
  slotsOf(rows: number, n: number, slots: number): { readonly e: Tensor; readonly index: Tensor };
}

export interface OpCase {
  readonly build: (operands: Operands, n: number) => Tensor;
  /** Allowed error in units of 2⁻²³: `relative` · |value| + `absolute` (of n terms and B rows). Default: half a unit. */
  readonly relative?: number;
  readonly absolute?: (n: number, rows: number) => number;
  /** Derivatives that exist: 2 = the gradient and its gradient (default), 1 = the gradient, 0 = none (a fused gradient). */
  readonly depth?: 0 | 1 | 2;
  /** Values that are sprinkled over the operands besides NaN, ±∞ and 0. */
  readonly extremes?: readonly number[];
  /** The value of a row depends on its place in the batch, so equal rows differ. */
  readonly byPlace?: true;
}

export const rowCounts = [1, 2, 3, 5, 31, 32, 33, 127, 128, 129, 300];
export const widths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64];

interface Drawn extends Operands {
  readonly given: Map<Tensor, Values>;
}

/** Operands with values: plain inputs for kernels, lookups (with rows that occur twice) where gradients are wanted. */
function drawOperands(rows: number, random: RandomStream, differentiable: boolean): Drawn {
  const given = new Map<Tensor, Values>();
  const keep = (tensor: Tensor, length: number, draw: () => number): Tensor => {
    given.set(
      tensor,
      Float64Array.from({ length }, () => Math.fround(draw())),
    );
    return tensor;
  };
  /** Magnitudes in [0.1, 2): no kink of a rectifier lies near. */
  const value = (domain: Domain) => () =>
    (domain === 'positive' || random.uniform() < 0.5 ? 1 : -1) * (0.1 + 1.9 * random.uniform());
  const rowsOf = (nRows: number, n: number, domain: Domain = 'real'): Tensor => {
    const e = keep(table(`e${given.size}`, nRows, n), nRows * n, value(domain));
    return lookup(
      e,
      keep(indexInput('i'), rows, () => random.below(nRows)),
    );
  };
  const slotsOf = (nRows: number, n: number, slots: number) => ({
    e: keep(table(`e${given.size}`, nRows, n), nRows * n, value('real')),
    index: keep(indexInput('slots', slots), rows * slots, () => random.below(nRows + 1) - 1),
  });
  return {
    given,
    rowsOf,
    slotsOf,
    batch: (n, domain = 'real') =>
      differentiable ? rowsOf(Math.ceil(rows * 0.7), n, domain) : keep(input('x', [n]), rows * n, value(domain)),
    label: (n) => keep(input('label', [n]), rows * n, () => random.uniform()),
    shared: (shape) => {
      const w = parameter(`w${given.size}`, shape);
      return keep(w, w.size, value('real'));
    },
  };
}

const unit = 2 ** -23;
/** Below it the kernels' exponentials give 0 (see docs/engine.md). */
const smallestNormal = 2 ** -126;

function allowedError(opCase: OpCase, n: number, rows: number, want: number): number {
  const { relative = 0.5, absolute = () => 0 } = opCase;
  return unit * (relative * Math.abs(want) + absolute(n, rows)) + smallestNormal;
}

/** The first place where float32 and float64 disagree by more than the op may, as text; '' where there is none. */
function disagreement(opCase: OpCase, n: number, rows: number, got: Float32Array, want: Values): string {
  if (got.length !== want.length) return `${got.length} values instead of ${want.length}`;
  for (let k = 0; k < got.length; k++) {
    const expected = Number.isFinite(Math.fround(want[k])) ? want[k] : Math.fround(want[k]);
    if (Object.is(got[k], expected)) continue;
    if (!Number.isFinite(expected) || !(Math.abs(got[k] - expected) <= allowedError(opCase, n, rows, expected)))
      return `[${k}] is ${got[k]} instead of ${want[k]} (n = ${n}, B = ${rows})`;
  }
  return '';
}

function compareWithReference(
  engine: Engine,
  opCase: OpCase,
  n: number,
  rows: number,
  alter: (given: Map<Tensor, Values>, random: RandomStream) => void = () => {},
): string {
  const random = new RandomStream(n * 1000 + rows, 'op');
  const drawn = drawOperands(rows, random, false);
  const y = opCase.build(drawn, n);
  alter(drawn.given, random);
  const want = evaluateReference([y], drawn.given, rows).get(y) as Values;
  return disagreement(opCase, n, rows, runExpression(engine, y, drawn.given, rows), want);
}

/** Overwrites a tenth of all real operands with NaN, infinities and other values that need care. */
const sprinkle =
  (extremes: readonly number[]) =>
  (given: Map<Tensor, Values>, random: RandomStream): void => {
    const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, ...extremes];
    for (const [tensor, values] of given)
      if (!tensor.op.integers)
        values.forEach((_, k) => {
          if (random.uniform() < 0.1) values[k] = Math.fround(special[random.below(special.length)]);
        });
  };

/** Repeats row 0 of every batch operand. */
function repeatFirstRow(given: Map<Tensor, Values>): void {
  for (const [tensor, values] of given)
    if (tensor.rows === 'batch') for (let k = tensor.size; k < values.length; k++) values[k] = values[k % tensor.size];
}

/** Σ seed · y in float64. */
function weighted(y: Tensor, seed: Values, given: ReadonlyMap<Tensor, Values>, rows: number): number {
  const values = evaluateReference([y], given, rows).get(y) as Values;
  return values.reduce((sum, v, k) => sum + v * seed[k], 0);
}

/** Fourth-order central differences of Σ seed · y in every element of one leaf. */
function differences(y: Tensor, seed: Values, leaf: Tensor, given: Map<Tensor, Values>, rows: number): Values {
  const values = given.get(leaf) as Values;
  const width = 2e-4;
  return values.map((kept, k) => {
    const at = (shift: number): number => {
      values[k] = kept + shift * width;
      return weighted(y, seed, given, rows);
    };
    const slope = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * width);
    values[k] = kept;
    return slope;
  });
}

/** Expressions of the gradients of Σ seed · y by leaf, row gradients as [index, values] pairs. */
function gradientsOf(y: Tensor, seed: Tensor): Map<Tensor, { values: Tensor; index: Tensor | null }[]> {
  const { dense, rows } = backward(y, seed);
  const byLeaf = new Map<Tensor, { values: Tensor; index: Tensor | null }[]>();
  for (const [leaf, values] of dense) byLeaf.set(leaf, [{ values, index: null }]);
  for (const { table: leaf, index, values } of rows) byLeaf.set(leaf, [...(byLeaf.get(leaf) ?? []), { values, index }]);
  return byLeaf;
}

function seedFor(y: Tensor, given: Map<Tensor, Values>, rows: number, random: RandomStream): Tensor {
  const seed = y.rows === 'batch' ? input('seed', y.shape) : new Tensor(opNamed('input'), [], 'shared', y.shape);
  const n = y.rows === 'batch' ? rows * y.size : y.size;
  given.set(
    seed,
    Float64Array.from({ length: n }, () => 2 * random.uniform() - 1),
  );
  return seed;
}

/** Largest error of the gradients of Σ seed · y, relative to the largest slope; checks the gradients' gradients to `depth`. */
function gradientError(
  y: Tensor,
  leaves: readonly Tensor[],
  given: Map<Tensor, Values>,
  rows: number,
  random: RandomStream,
  depth: number,
): number {
  const seed = seedFor(y, given, rows, random);
  const gradients = gradientsOf(y, seed);
  let worst = 0;
  for (const leaf of leaves) {
    const numeric = differences(y, given.get(seed) as Values, leaf, given, rows);
    const exact = new Float64Array(leaf.size);
    for (const { values, index } of gradients.get(leaf) ?? []) {
      const g = evaluateReference([values], given, rows).get(values) as Values;
      const at = index ? (given.get(index) as Values) : null;
      const width = leaf.shape[leaf.shape.length - 1];
      g.forEach((v, k) => {
        const row = at ? at[Math.floor(k / width)] : 0;
        if (row >= 0) exact[at ? row * width + (k % width) : k] += v;
      });
      if (depth > 1) worst = Math.max(worst, gradientError(values, leaves, given, rows, random, depth - 1));
    }
    const scale = Math.max(1e-3, ...numeric.map(Math.abs));
    numeric.forEach((slope, k) => {
      worst = Math.max(worst, Math.abs(slope - exact[k]) / scale);
    });
  }
  return worst;
}

export function checkOp(name: string, opCase: OpCase, engines: readonly Engine[]): void {
  describe(name, () => {
    const graph = (rows: number, differentiable: boolean) => {
      const drawn = drawOperands(rows, new RandomStream(rows, name), differentiable);
      return { y: opCase.build(drawn, 5), given: drawn.given };
    };

    it('is what its case is about', () => {
      expect(topologicalOrder([graph(2, false).y]).map(({ op }) => op.name)).toContain(name);
    });

    const { depth = 2 } = opCase;
    it.runIf(depth > 0)('has the gradient of its values, and that gradient too if any (float64, ≤ 1e-6)', () => {
      const { y, given } = graph(4, true);
      const leaves = topologicalOrder([y]).filter(({ op }) => op.storage !== undefined);
      expect(gradientError(y, leaves, given, 4, new RandomStream(1, name), depth)).toBeLessThanOrEqual(1e-6);
    });

    it.each(engines)('agrees with the reference for all widths and rows ($build)', (engine) => {
      for (const n of widths)
        for (const rows of rowCounts) expect(compareWithReference(engine, opCase, n, rows)).toBe('');
    });

    it.each(engines)('treats NaN, ±∞, 0 and extremes as the reference does ($build)', (engine) => {
      for (const n of [1, 3, 4, 7, 17])
        for (const rows of [1, 3, 40])
          expect(compareWithReference(engine, opCase, n, rows, sprinkle(opCase.extremes ?? []))).toBe('');
    });

    it.each(engines)('gives equal rows equal bytes, and nothing for no rows ($build)', (engine) => {
      for (const n of [1, 5, 13, 24]) {
        const drawn = drawOperands(77, new RandomStream(n, name), false);
        const y = opCase.build(drawn, n);
        if (y.rows === 'shared') continue;
        repeatFirstRow(drawn.given);
        const bits = new Uint32Array(runExpression(engine, y, drawn.given, 77).buffer);
        if (!opCase.byPlace) expect(bits.every((word, k) => word === bits[k % y.size])).toBe(true);
        expect(runExpression(engine, y, drawn.given, 0)).toHaveLength(0);
      }
    });
  });
}
