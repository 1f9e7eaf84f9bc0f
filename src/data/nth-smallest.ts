/** Order statistics of large columns without sorting them. */

const DIGIT_BITS = 16;
const RADIX = 1 << DIGIT_BITS;

/**
 * The value that would stand at place n (from 0) if the numbers were sorted: four passes over the values, each of which fixes 16
 * bits by counting, and no copy. NaN is not allowed; −0 stands before 0.
 */
export function nthSmallest(values: Float64Array, n: number): number {
  const number = new Float64Array(1);
  const bits = new Uint32Array(number.buffer);
  const counts = new Uint32Array(RADIX);
  let [high, low] = [0, 0];
  let left = n;
  for (let digit = 0; digit < 4; digit++) {
    counts.fill(0);
    for (let k = 0; k < values.length; k++) {
      number[0] = values[k];
      // bits in the order of the numbers: negative ones turned over, others behind them
      const isNegative = bits[1] >>> 31 === 1;
      const top = (isNegative ? ~bits[1] : bits[1] | 0x80000000) >>> 0;
      const bottom = (isNegative ? ~bits[0] : bits[0]) >>> 0;
      if (digit === 0) counts[top >>> DIGIT_BITS]++;
      else if (digit === 1) {
        if (top >>> DIGIT_BITS === high) counts[top & 0xffff]++;
      } else if (top === high && (digit === 2 || bottom >>> DIGIT_BITS === low))
        counts[digit === 2 ? bottom >>> DIGIT_BITS : bottom & 0xffff]++;
    }
    let value = 0;
    while (left >= counts[value]) left -= counts[value++];
    if (digit < 2) high = high * RADIX + value;
    else low = low * RADIX + value;
  }
  bits[1] = high >>> 31 === 1 ? high & 0x7fffffff : ~high;
  bits[0] = high >>> 31 === 1 ? low : ~low;
  return number[0];
}
