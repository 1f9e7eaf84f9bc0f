/** Numbers for people, in one way everywhere. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

export function count(n: number, one: string, many = `${one}s`): string {
  return `${whole.format(n)} ${n === 1 ? one : many}`;
}

export function wholeNumber(n: number): string {
  return whole.format(n);
}

/** Four decimals where metrics lie in [0, 1], fewer above; null = undefined. */
export function metric(value: number | null): string {
  if (value === null) return '–';
  return value.toFixed(Math.abs(value) >= 10 ? 2 : 4);
}

/** With its sign, a minus of the width of a plus. */
export function signed(value: number): string {
  const text = metric(Math.abs(value));
  return value < 0 ? `−${text}` : `+${text}`;
}

/** Three digits that count: scores have no range of their own. */
export function score(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 10_000 || size < 0.0001) return value.toExponential(2).replace('-', '−');
  const digits = Math.max(0, 2 - Math.floor(Math.log10(size)));
  return value.toFixed(Math.min(digits, 5)).replace('-', '−');
}

/** A share of 0 … 1 in percent. */
export function percent(share: number, digits = 0): string {
  const text = (100 * share).toFixed(digits);
  if (share > 0 && Number(text) === 0) return `< ${digits === 0 ? '1' : '0.1'}\u00a0%`;
  return `${text}\u00a0%`;
}

export function pValue(p: number): string {
  return p < 0.001 ? '< 0.001' : p.toFixed(3);
}
