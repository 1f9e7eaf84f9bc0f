/**
 * Products in double precision on one thread, in a memory of their own: a module apart from that of the plans, small enough to be
 * made once for each of its users (see runtime/double-rows.ts). Fused multiply-adds are left out, so that every runtime gives the same bytes.
 */

// @ts-ignore: decorator
@inline
function add(sum: v128, a: v128, b: v128): v128 {
  return f64x2.add(sum, f64x2.mul(a, b));
}

// @ts-ignore: decorator
@inline
function sumOf(a: v128, b: v128): f64 {
  const both = f64x2.add(a, b);
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

/** out[r] = Σ_i m[r, i] · x[i]; rows follow on one another, their length n is even. Four rows at a time share the loads of x. */
export function rowProducts(m: usize, x: usize, n: i32, rows: i32, out: usize): void {
  const length = <usize>n << 3, ends = x + (<usize>(n & ~3) << 3);
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    let a0 = f64x2.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let m0 = m, m1 = m + length, m2 = m1 + length, m3 = m2 + length, p = x;
    for (; p < ends; p += 32) {
      const x0 = v128.load(p), x1 = v128.load(p, 16);
      a0 = add(a0, v128.load(m0), x0);
      a1 = add(a1, v128.load(m1), x0);
      a2 = add(a2, v128.load(m2), x0);
      a3 = add(a3, v128.load(m3), x0);
      b0 = add(b0, v128.load(m0, 16), x1);
      b1 = add(b1, v128.load(m1, 16), x1);
      b2 = add(b2, v128.load(m2, 16), x1);
      b3 = add(b3, v128.load(m3, 16), x1);
      m0 += 32; m1 += 32; m2 += 32; m3 += 32;
    }
    if (n & 2) {
      const x0 = v128.load(p);
      a0 = add(a0, v128.load(m0), x0);
      a1 = add(a1, v128.load(m1), x0);
      a2 = add(a2, v128.load(m2), x0);
      a3 = add(a3, v128.load(m3), x0);
    }
    store<f64>(out, sumOf(a0, b0));
    store<f64>(out, sumOf(a1, b1), 8);
    store<f64>(out, sumOf(a2, b2), 16);
    store<f64>(out, sumOf(a3, b3), 24);
    out += 32;
    m += 4 * length;
  }
  for (; r < rows; r++) {
    let a = f64x2.splat(0), b = a, p = x, q = m;
    for (; p < ends; p += 32) {
      a = add(a, v128.load(q), v128.load(p));
      b = add(b, v128.load(q, 16), v128.load(p, 16));
      q += 32;
    }
    if (n & 2) a = add(a, v128.load(q), v128.load(p));
    store<f64>(out, sumOf(a, b));
    out += 8;
    m += length;
  }
}

/** out[r] = u_rᵀ S u_r, S symmetric [n × n], u [rows × n]; n is even. Eight columns of S at a time. */
export function squareForms(s: usize, u: usize, n: i32, rows: i32, out: usize): void {
  const length = <usize>n << 3;
  for (let r = 0; r < rows; r++) {
    let total = f64x2.splat(0), j: i32 = 0;
    for (; j + 8 <= n; j += 8) {
      let a = f64x2.splat(0), b = a, c = a, d = a;
      let q = s + (<usize>j << 3);
      for (let p = u, end = u + length; p < end; p += 8) {
        const x = v128.load64_splat(p);
        a = add(a, x, v128.load(q));
        b = add(b, x, v128.load(q, 16));
        c = add(c, x, v128.load(q, 32));
        d = add(d, x, v128.load(q, 48));
        q += length;
      }
      const at = u + (<usize>j << 3);
      total = add(add(add(add(total, a, v128.load(at)), b, v128.load(at, 16)), c, v128.load(at, 32)), d, v128.load(at, 48));
    }
    for (; j < n; j += 2) {
      let a = f64x2.splat(0), q = s + (<usize>j << 3);
      for (let p = u, end = u + length; p < end; p += 8) {
        a = add(a, v128.load64_splat(p), v128.load(q));
        q += length;
      }
      total = add(total, a, v128.load(u + (<usize>j << 3)));
    }
    store<f64>(out, f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1));
    out += 8;
    u += length;
  }
}
