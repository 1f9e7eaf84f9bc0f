/**
 * Embeddings of feature fields. A row has `slots` entries, each a row of one table or none (−1); the slots of a multi-valued
 * field are pooled into one vector of `width` elements, so that an output row is [fields × width].
 */
import { copyVector, fillRows, gatherNumbers, loadTail, storeTail } from './elementwise';
import { madd } from './simd';

/** out += s · x, or out = s · x. */
// @ts-ignore: decorator
@inline
function scaleInto(x: usize, s: f32, out: usize, width: i32, add: bool): void {
  const factor = f32x4.splat(s);
  let n = 0;
  for (; n + 4 <= width; n += 4) {
    const product = f32x4.mul(v128.load(x + (n << 2)), factor);
    v128.store(out + (n << 2), add ? f32x4.add(product, v128.load(out + (n << 2))) : product);
  }
  for (; n < width; n++) {
    const product = load<f32>(x + (n << 2)) * s;
    store<f32>(out + (n << 2), add ? product + load<f32>(out + (n << 2)) : product);
  }
}

/**
 * out[r, field of s] = Σ_s value[r, s] · table[index[r, s]]; an index of −1 adds nothing, any other outside the table makes NaN.
 * @param value f32[rows × slots], 0 = all ones
 * @param fields f32[slots], the field of each slot, ascending; 0 = each slot is a field of its own
 */
export function gatherSlots(
  table: usize, tableRow: i32, nRows: i32, index: usize, indexRow: i32, value: usize, valueRow: i32, fields: usize,
  out: usize, outRow: i32, rows: i32, width: i32, slots: i32,
): void {
  const isPlain = width == 1 && !value && !fields;
  for (let r = 0; r < rows; r++) {
    if (isPlain) {
      gatherNumbers(table, tableRow, nRows, index, out, 1, slots);
      index += <usize>indexRow << 2;
      out += <usize>outRow << 2;
      continue;
    }
    let last = -1;
    for (let s = 0; s < slots; s++) {
      const field = fields ? <i32>load<f32>(fields + (<usize>s << 2)) : s;
      const target = out + ((<usize>field * width) << 2);
      const row = load<i32>(index + (<usize>s << 2));
      const first = field != last;
      last = field;
      if (<u32>row < <u32>nRows) {
        const from = table + ((<usize>row * tableRow) << 2);
        if (value || !first) scaleInto(from, value ? load<f32>(value + (<usize>s << 2)) : 1, target, width, !first);
        else copyVector(target, from, width);
      } else if (row != -1) fillRows(NaN, target, width, 1, width);
      else if (first) fillRows(0, target, width, 1, width);
    }
    index += <usize>indexRow << 2;
    if (value) value += <usize>valueRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r, s] = value[r, s] · x[r, field of s]: the gradient of a pooled lookup, one vector a slot. */
export function spreadSlots(
  x: usize, xRow: i32, value: usize, valueRow: i32, fields: usize, out: usize, outRow: i32, rows: i32, width: i32, slots: i32,
): void {
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < slots; s++) {
      const field = fields ? <i32>load<f32>(fields + (<usize>s << 2)) : s;
      const from = x + ((<usize>field * width) << 2), target = out + ((<usize>s * width) << 2);
      if (value) scaleInto(from, load<f32>(value + (<usize>s << 2)), target, width, false);
      else copyVector(target, from, width);
    }
    x += <usize>xRow << 2;
    if (value) value += <usize>valueRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r, field of s] = Σ_s value[r, s] · x[r, s]: the adjoint of `spreadSlots`. */
export function poolSlots(
  x: usize, xRow: i32, value: usize, valueRow: i32, fields: usize, out: usize, outRow: i32, rows: i32, width: i32, slots: i32,
): void {
  for (let r = 0; r < rows; r++) {
    let last = -1;
    for (let s = 0; s < slots; s++) {
      const field = fields ? <i32>load<f32>(fields + (<usize>s << 2)) : s;
      const weight = value ? load<f32>(value + (<usize>s << 2)) : 1;
      scaleInto(x + ((<usize>s * width) << 2), weight, out + ((<usize>field * width) << 2), width, field == last);
      last = field;
    }
    x += <usize>xRow << 2;
    if (value) value += <usize>valueRow << 2;
    out += <usize>outRow << 2;
  }
}

/**
 * out = Σ_{i<j} e_i ⊙ e_j, with p_j = p_{j−1} + e_j ⊙ s_{j−1} and s_j = s_{j−1} + e_j: as many steps as ½ [(Σ e)² − Σ e²],
 * without the difference of large squares.
 */
export function bilinear(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, fields: i32): void {
  const field = <usize>width << 2;
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < width; n += 4) {
      const tail = width - n;
      let p = x + (<usize>n << 2);
      let sum = tail >= 4 ? v128.load(p) : loadTail(p, tail);
      let pairs = f32x4.splat(0);
      for (let f = 1; f < fields; f++) {
        p += field;
        const e = tail >= 4 ? v128.load(p) : loadTail(p, tail);
        pairs = madd(e, sum, pairs);
        sum = f32x4.add(sum, e);
      }
      if (tail >= 4) v128.store(out + (<usize>n << 2), pairs);
      else storeTail(out + (<usize>n << 2), pairs, tail);
    }
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out_f = g ⊙ (Σ e − e_f) */
export function bilinearGradient(
  g: usize, gRow: i32, x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, fields: i32,
): void {
  const field = <usize>width << 2;
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < width; n += 4) {
      const tail = width - n;
      let p = x + (<usize>n << 2);
      let sum = f32x4.splat(0);
      for (let f = 0; f < fields; f++) {
        sum = f32x4.add(sum, tail >= 4 ? v128.load(p) : loadTail(p, tail));
        p += field;
      }
      const dy = tail >= 4 ? v128.load(g + (<usize>n << 2)) : loadTail(g + (<usize>n << 2), tail);
      p = x + (<usize>n << 2);
      let to = out + (<usize>n << 2);
      for (let f = 0; f < fields; f++) {
        const e = tail >= 4 ? v128.load(p) : loadTail(p, tail);
        const value = f32x4.mul(dy, f32x4.sub(sum, e));
        if (tail >= 4) v128.store(to, value);
        else storeTail(to, value, tail);
        p += field;
        to += field;
      }
    }
    g += <usize>gRow << 2;
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r] = Σ_f x[r, f] */
export function sumFields(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, fields: i32): void {
  const field = <usize>width << 2;
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < width; n += 4) {
      const tail = width - n;
      let p = x + (<usize>n << 2);
      let sum = f32x4.splat(0);
      for (let f = 0; f < fields; f++) {
        sum = f32x4.add(sum, tail >= 4 ? v128.load(p) : loadTail(p, tail));
        p += field;
      }
      if (tail >= 4) v128.store(out + (<usize>n << 2), sum);
      else storeTail(out + (<usize>n << 2), sum, tail);
    }
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}

/** out[r, f] = x[r] for every field */
export function repeatFields(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, width: i32, fields: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let f = 0; f < fields; f++) copyVector(out + ((<usize>f * width) << 2), x, width);
    x += <usize>xRow << 2;
    out += <usize>outRow << 2;
  }
}
