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

const shortDate = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });
const dayOnly = new Intl.DateTimeFormat('en', { dateStyle: 'medium' });

/** A moment in the time of whoever looks. */
export function moment(iso: string): string {
  return shortDate.format(new Date(iso));
}

export function day(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : dayOnly.format(time);
}

/** `0.8 s`, `3 min`, `2 h 10 min` */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A time of waiting in milliseconds: `0.4 ms`, `12 ms`, `1.2 s`. */
export function latency(seconds: number | null): string {
  if (seconds === null) return '–';
  const ms = seconds * 1000;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms >= 10 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`;
}

export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const [size, unit] = n < 1e6 ? [n / 1e3, 'kB'] : n < 1e9 ? [n / 1e6, 'MB'] : [n / 1e9, 'GB'];
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}
