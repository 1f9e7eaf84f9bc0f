/** Selection without sorting (Hoare's FIND, CACM 4, 1961; the middle of three as pivot). */

/**
 * The k-th largest of some values, k from 1 to their number; none may be NaN. Linear time for values in no contrived order. The
 * values are left in another order.
 */
export function nthLargest(values: Float32Array, k: number): number {
  const place = values.length - k; // in ascending order
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = middleOf(values[low], values[(low + high) >> 1], values[high]);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (place <= j) high = j;
    else if (place >= i) low = i;
    else break;
  }
  return values[place];
}

function middleOf(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
