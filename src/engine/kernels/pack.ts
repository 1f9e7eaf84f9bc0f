/** Copies of weight matrices in the order in which the matrix product reads them. */

/**
 * Packs B[k×n] (element (i, j) at b + i·rowStride + j·colStride) into panels of eight columns: [⌈n/8⌉][k][8], zero-padded.
 * A transposed weight is packed by swapping the strides.
 */
export function packPanels(b: usize, rowStride: i32, colStride: i32, out: usize, k: i32, n: i32): void {
  for (let j = 0; j < n; j += 8) {
    const cols = min(8, n - j);
    for (let i = 0; i < k; i++) {
      let from = b + ((<usize>i * rowStride + <usize>j * colStride) << 2);
      if (cols == 8 && colStride == 1) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
      } else {
        for (let c = 0; c < 8; c++) {
          store<f32>(out + ((<usize>c) << 2), c < cols ? load<f32>(from) : 0);
          from += (<usize>colStride) << 2;
        }
      }
      out += 32;
    }
  }
}
