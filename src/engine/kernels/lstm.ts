/**
 * Long short-term memory over the steps of many sequences at once; formulas in `ops/lstm.ts`. Sequences lie one after the other,
 * their steps inside them; `units` H, inputs n, steps T. Products go over all sequences: that of the inputs over all steps in
 * one, that of the states step by step.
 */
import * as op from './opcodes';
import { outerByBlas, productByBlas, usesBlas } from './blas';
import { loadTail, storeTail, sumRows } from './elementwise';
import { gateSigmoid4, gateTanh4 } from './gate-math';
import { ACCUMULATE, gemm } from './gemm';

// @ts-ignore: decorator
@inline
function read(p: usize, left: i32): v128 {
  return left >= 4 ? v128.load(p) : loadTail(p, left);
}

// @ts-ignore: decorator
@inline
function write(p: usize, v: v128, left: i32): void {
  if (left >= 4) v128.store(p, v);
  else storeTail(p, v, left);
}

/** C (+)= A · B, B stored row by row for the BLAS, in panels of depth `panelDepth` for WebAssembly. */
function product(
  blas: bool, a: usize, aRow: i32, b: usize, bRow: i32, panels: usize, panelDepth: i32, c: usize, cRow: i32, m: i32, n: i32, k: i32,
  accumulate: bool,
): void {
  if (blas) productByBlas(a, aRow, 0, b, bRow, 0, c, cRow, m, n, k, accumulate ? 1 : 0);
  else gemm(a, aRow, 1, panels, 8, 8 * panelDepth, c, cRow, m, n, k, accumulate ? ACCUMULATE : 0, 0);
}

/** Four units of a cell: gates, c, tanh c, and h where the next step finds it. */
function cell4(p: usize, b: usize, left: i32, part: usize, toNext: isize, toBefore: isize, extra: v128): void {
  const i = gateSigmoid4(f32x4.add(read(p, left), read(b, left)));
  const f = gateSigmoid4(f32x4.add(f32x4.add(read(p + part, left), read(b + part, left)), extra));
  const g = gateTanh4(f32x4.add(read(p + 2 * part, left), read(b + 2 * part, left)));
  const o = gateSigmoid4(f32x4.add(read(p + 3 * part, left), read(b + 3 * part, left)));
  let state = f32x4.mul(i, g);
  if (toBefore) state = f32x4.add(f32x4.mul(f, read(p + toBefore + 4 * part, left)), state);
  const tanh = gateTanh4(state);
  write(p, i, left);
  write(p + part, f, left);
  write(p + 2 * part, g, left);
  write(p + 3 * part, o, left);
  write(p + 4 * part, state, left);
  write(p + 5 * part, tanh, left);
  if (toNext) write(p + toNext + 6 * part, f32x4.mul(o, tanh), left);
}

/** The same for eight, in pairs of vectors. */
// @ts-ignore: decorator
@inline
function cell8(p: usize, b: usize, part: usize, toNext: isize, toBefore: isize, extra: v128): void {
  const f = p + part, g = f + part, o = g + part, c = o + part, t = c + part, bf = b + part, bg = bf + part, bo = bg + part;
  const i0 = gateSigmoid4(f32x4.add(v128.load(p), v128.load(b)));
  const i1 = gateSigmoid4(f32x4.add(v128.load(p, 16), v128.load(b, 16)));
  const f0 = gateSigmoid4(f32x4.add(f32x4.add(v128.load(f), v128.load(bf)), extra));
  const f1 = gateSigmoid4(f32x4.add(f32x4.add(v128.load(f, 16), v128.load(bf, 16)), extra));
  const g0 = gateTanh4(f32x4.add(v128.load(g), v128.load(bg)));
  const g1 = gateTanh4(f32x4.add(v128.load(g, 16), v128.load(bg, 16)));
  const o0 = gateSigmoid4(f32x4.add(v128.load(o), v128.load(bo)));
  const o1 = gateSigmoid4(f32x4.add(v128.load(o, 16), v128.load(bo, 16)));
  let c0 = f32x4.mul(i0, g0), c1 = f32x4.mul(i1, g1);
  if (toBefore) {
    c0 = f32x4.add(f32x4.mul(f0, v128.load(c + toBefore)), c0);
    c1 = f32x4.add(f32x4.mul(f1, v128.load(c + toBefore, 16)), c1);
  }
  const t0 = gateTanh4(c0), t1 = gateTanh4(c1);
  v128.store(p, i0); v128.store(p, i1, 16);
  v128.store(f, f0); v128.store(f, f1, 16);
  v128.store(g, g0); v128.store(g, g1, 16);
  v128.store(o, o0); v128.store(o, o1, 16);
  v128.store(c, c0); v128.store(c, c1, 16);
  v128.store(t, t0); v128.store(t, t1, 16);
  if (toNext) {
    const h = t + part + toNext;
    v128.store(h, f32x4.mul(o0, t0)); v128.store(h, f32x4.mul(o1, t1), 16);
  }
}

/** One step of `count` sequences. */
function cellForward(
  at: usize, toNext: isize, toBefore: isize, bias: usize, lengths: usize, count: i32, t: i32, steps: i32, units: i32, forget: f32,
): void {
  const part = <usize>units << 2, record = (<usize>op.LSTM_FIELDS * part) * <usize>steps;
  const extra = f32x4.splat(forget);
  for (let q = 0; q < count; q++) {
    if (t >= <i32>load<f32>(lengths + (<usize>q << 2))) {
      memory.fill(at, 0, 6 * part);
      if (toNext) memory.fill(at + toNext + 6 * part, 0, part);
    } else {
      let j = 0;
      for (; j + 8 <= units; j += 8) cell8(at + (<usize>j << 2), bias + (<usize>j << 2), part, toNext, toBefore, extra);
      for (; j < units; j += 4) cell4(at + (<usize>j << 2), bias + (<usize>j << 2), units - j, part, toNext, toBefore, extra);
    }
    at += record;
  }
}

/** Records (i, f, g, o, c, tanh c, h before) of all steps of `count` sequences; zeros but for h where a sequence has ended. */
export function lstm(
  x: usize, weights: usize, panels: usize, lengths: usize, out: usize, count: i32, steps: i32, inputs: i32, units: i32,
  forget: f32, reverse: bool,
): void {
  const gates = 4 * units, width = op.LSTM_FIELDS * units, depth = inputs + units + 1;
  const blas = usesBlas(gates, depth);
  product(blas, x, inputs, weights, gates, panels, depth, out, width, count * steps, gates, inputs, false);
  const recurrent = weights + ((<usize>inputs * gates) << 2), bias = recurrent + ((<usize>units * gates) << 2);
  const recurrentPanels = panels + (<usize>inputs << 5);
  const forward = <isize>width << 2;
  const move = reverse ? -forward : forward;
  for (let k = 0; k < steps; k++) {
    const t = reverse ? steps - 1 - k : k;
    const at = out + ((<usize>t * width) << 2), before = at + ((<usize>6 * units) << 2);
    if (k > 0)
      product(
        blas, before, steps * width, recurrent, gates, recurrentPanels, depth, at, steps * width, count, gates, units, true,
      );
    else
      for (let q = 0; q < count; q++) memory.fill(before + ((<usize>q * steps * width) << 2), 0, <usize>units << 2);
    cellForward(at, k + 1 < steps ? move : 0, k > 0 ? -move : 0, bias, lengths, count, t, steps, units, forget);
  }
}

/** h = o tanh c of one direction, into every step of `out`. */
export function lstmHidden(records: usize, out: usize, outStep: i32, tokens: i32, units: i32): void {
  const part = <usize>units << 2, record = <usize>op.LSTM_FIELDS * part;
  for (let k = 0; k < tokens; k++) {
    for (let j = 0; j < units; j += 4) {
      const at = <usize>j << 2, left = units - j;
      const h = f32x4.mul(read(records + 3 * part + at, left), read(records + 5 * part + at, left));
      write(out + at, h, left);
    }
    records += record;
    out += <usize>outStep << 2;
  }
}

/** a (1 − a) */
// @ts-ignore: decorator
@inline
function slope(a: v128): v128 {
  return f32x4.mul(a, f32x4.sub(f32x4.splat(1), a));
}

/** 1 − a² */
// @ts-ignore: decorator
@inline
function tanhSlope(a: v128): v128 {
  return f32x4.sub(f32x4.splat(1), f32x4.mul(a, a));
}

/** One step of `count` sequences, backwards. */
function cellBackward(
  at: usize, records: usize, dy: usize, dyRow: i32, recordBefore: isize, before: isize, last: bool, lengths: usize, count: i32,
  t: i32, steps: i32, units: i32,
): void {
  const part = <usize>units << 2, width = <usize>op.LSTM_GRADIENT_FIELDS * part;
  for (let q = 0; q < count; q++) {
    if (t >= <i32>load<f32>(lengths + (<usize>q << 2))) {
      memory.fill(at, 0, 4 * part);
      if (before) memory.fill(at + before + 5 * part, 0, part);
    } else {
      for (let j = 0; j < units; j += 4) {
        const offset = <usize>j << 2, left = units - j, p = at + offset, s = records + offset;
        const i = read(s, left), f = read(s + part, left), g = read(s + 2 * part, left), o = read(s + 3 * part, left);
        const tanh = read(s + 5 * part, left);
        let dh = read(dy + offset, left);
        if (!last) dh = f32x4.add(dh, read(p + 4 * part, left));
        let dc = f32x4.mul(f32x4.mul(dh, o), tanhSlope(tanh));
        if (!last) dc = f32x4.add(dc, read(p + 5 * part, left));
        write(p, f32x4.mul(f32x4.mul(dc, g), slope(i)), left);
        let df = f32x4.splat(0);
        if (recordBefore) {
          df = f32x4.mul(f32x4.mul(dc, read(s + recordBefore + 4 * part, left)), slope(f));
          write(p + before + 5 * part, f32x4.mul(dc, f), left);
        }
        write(p + part, df, left);
        write(p + 2 * part, f32x4.mul(f32x4.mul(dc, i), tanhSlope(g)), left);
        write(p + 3 * part, f32x4.mul(f32x4.mul(dh, tanh), slope(o)), left);
      }
    }
    at += width * steps;
    records += <usize>op.LSTM_FIELDS * part * steps;
    dy += <usize>dyRow << 2;
  }
}

/**
 * Gradients before the gates' activations of all steps of `count` sequences, in records (4H, and what a step passes to the one
 * before it).
 * @param turned the transpose of the weights, [4H, n + H + 1]
 * @param dyStep elements from the dh of one step to that of the next
 */
export function lstmGradient(
  records: usize, turned: usize, panels: usize, lengths: usize, dy: usize, dyStep: i32, out: usize, count: i32, steps: i32,
  inputs: i32, units: i32, reverse: bool,
): void {
  const gates = 4 * units, width = op.LSTM_GRADIENT_FIELDS * units, recordWidth = op.LSTM_FIELDS * units;
  const blas = usesBlas(units, gates);
  const recurrent = turned + (<usize>inputs << 2), depth = inputs + units + 1;
  const direction: isize = reverse ? 1 : -1;
  for (let k = steps - 1; k >= 0; k--) {
    const t = reverse ? steps - 1 - k : k;
    const at = out + ((<usize>t * width) << 2);
    const before = direction * (<isize>width << 2);
    if (k + 1 < steps)
      product(
        blas, at - before, steps * width, recurrent, depth, panels, gates, at + (<usize>gates << 2), steps * width, count, units, gates,
        false,
      );
    cellBackward(
      at, records + ((<usize>t * recordWidth) << 2), dy + ((<usize>t * dyStep) << 2), steps * dyStep,
      k > 0 ? direction * (<isize>recordWidth << 2) : 0, k > 0 ? before : 0, k + 1 == steps, lengths, count, t, steps, units,
    );
  }
}

/** dx = dz Wᵀ over all steps. */
export function lstmInputGradient(
  dz: usize, turned: usize, panels: usize, out: usize, tokens: i32, inputs: i32, units: i32,
): void {
  const gates = 4 * units;
  product(
    usesBlas(inputs, gates), dz, op.LSTM_GRADIENT_FIELDS * units, turned, inputs + units + 1, panels, gates, out, inputs, tokens,
    inputs, gates, false,
  );
}

/** out += (x, h before, 1)ᵀ dz over all steps. */
export function lstmWeightGradient(
  x: usize, records: usize, dz: usize, out: usize, tokens: i32, inputs: i32, units: i32,
): void {
  const gates = 4 * units, width = op.LSTM_GRADIENT_FIELDS * units, recordWidth = op.LSTM_FIELDS * units;
  const before = records + ((<usize>6 * units) << 2), recurrent = out + ((<usize>inputs * gates) << 2);
  if (usesBlas(gates, inputs + units + 1)) {
    outerByBlas(x, inputs, dz, width, out, gates, inputs, gates, tokens, 1);
    outerByBlas(before, recordWidth, dz, width, recurrent, gates, units, gates, tokens, 1);
  } else {
    gemm(x, 1, inputs, dz, width, 8, out, gates, inputs, gates, tokens, ACCUMULATE, 0);
    gemm(before, 1, recordWidth, dz, width, 8, recurrent, gates, units, gates, tokens, ACCUMULATE, 0);
  }
  sumColumns(dz, width, recurrent + ((<usize>units * gates) << 2), tokens, gates);
}

/** out[j] += Σ_r x[r, j], sixteen columns at a time: a cache line. */
function sumColumns(x: usize, xRow: i32, out: usize, rows: i32, width: i32): void {
  let j = 0;
  for (; j + 16 <= width; j += 16) {
    const to = out + (<usize>j << 2);
    let a = v128.load(to), b = v128.load(to, 16), c = v128.load(to, 32), d = v128.load(to, 48);
    let p = x + (<usize>j << 2);
    for (let r = 0; r < rows; r++) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p, 16));
      c = f32x4.add(c, v128.load(p, 32));
      d = f32x4.add(d, v128.load(p, 48));
      p += <usize>xRow << 2;
    }
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  if (j < width) sumRows(x + (<usize>j << 2), xRow, out + (<usize>j << 2), rows, width - j);
}
