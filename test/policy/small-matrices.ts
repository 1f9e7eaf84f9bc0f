/** Small matrices as lists of rows, written for readers: an oracle for what is kept by updates. */
type Matrix = number[][];

export const transposed = (a: Matrix): Matrix => a[0].map((_, j) => a.map((row) => row[j]));
export const plus = (a: Matrix, b: Matrix): Matrix => a.map((row, i) => row.map((value, j) => value + b[i][j]));
export const scaled = (a: Matrix, by: number): Matrix => a.map((row) => row.map((value) => value * by));
export const multiply = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
export const outer = (x: ArrayLike<number>, y: ArrayLike<number>): Matrix =>
  Array.from(x, (a) => Array.from(y, (b) => a * b));
