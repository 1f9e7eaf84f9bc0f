/**
 * What values a searched option may take, and where they lie between 0 and 1: samplers see nothing but that interval. Numbers lie on a
 * linear or a logarithmic scale; a whole number, one of several values and 0 beside a logarithmic range each take a part of it.
 */
import { assert } from '../core/errors.ts';

export interface NumberDomain {
  readonly kind: 'number';
  readonly low: number;
  readonly high: number;
  readonly log: boolean;
  readonly integer: boolean;
  /** Share of the interval, at its lower end, that stands for the value 0; 0 = the range alone. */
  readonly zero: number;
}

export interface ChoiceDomain {
  readonly kind: 'choice';
  readonly values: readonly unknown[];
  /** Whether values beside each other are alike, as numbers are. */
  readonly ordered: boolean;
}

export type Domain = NumberDomain | ChoiceDomain;

/** A part of the interval from 0 to 1. */
export interface Cell {
  readonly from: number;
  readonly to: number;
}

export const choice = (values: readonly unknown[], ordered = false): ChoiceDomain => ({
  kind: 'choice',
  values,
  ordered,
});

export function range(low: number, high: number, more: Partial<NumberDomain> = {}): NumberDomain {
  return { kind: 'number', low, high, log: false, integer: false, zero: 0, ...more };
}

/** Whether the parts of the interval are alike to their neighbours. */
export function isOrdered(domain: Domain): boolean {
  return domain.kind === 'number' || domain.ordered;
}

/** Whether single values have a probability of their own. */
export function isDiscrete(domain: Domain): boolean {
  return domain.kind === 'choice' || domain.integer;
}

/** The value at a place of the interval. */
export function valueAt(domain: Domain, place: number): unknown {
  if (domain.kind === 'choice') return domain.values[cellIndex(place, domain.values.length)];
  const { low, high, log, integer, zero } = domain;
  if (place < zero) return 0;
  const share = (place - zero) / (1 - zero);
  const { from, to } = scaled(domain);
  const value = log ? Math.exp(from + share * (to - from)) : from + share * (to - from);
  return Math.min(high, Math.max(low, integer ? Math.round(value) : value));
}

/** The part of the interval that stands for a value: a point of a number with a fraction. */
export function cellOf(domain: Domain, value: unknown): Cell {
  if (domain.kind === 'choice') {
    const index = indexOf(domain, value);
    return { from: index / domain.values.length, to: (index + 1) / domain.values.length };
  }
  const number = value as number;
  const { low, high, integer, zero } = domain;
  if (zero > 0 && number === 0) return { from: 0, to: zero };
  const at = (x: number): number => zero + (1 - zero) * shareOf(domain, x);
  if (!integer) return { from: at(number), to: at(number) };
  assert(number >= low && number <= high, 'a value lies in its range');
  return { from: at(number - 0.5), to: at(number + 0.5) };
}

/** The place of a value. */
export function placeOf(domain: Domain, value: unknown): number {
  const { from, to } = cellOf(domain, value);
  return (from + to) / 2;
}

/** Which of the values it is. */
export function indexOf({ values }: ChoiceDomain, value: unknown): number {
  const text = JSON.stringify(value);
  const index = values.findIndex((each) => JSON.stringify(each) === text);
  assert(index >= 0, 'a value is one of the choices');
  return index;
}

/** Whether a value may be taken. */
export function holds(domain: Domain, value: unknown): boolean {
  if (domain.kind === 'choice') return domain.values.some((each) => JSON.stringify(each) === JSON.stringify(value));
  if (typeof value !== 'number') return false;
  if (domain.zero > 0 && value === 0) return true;
  return value >= domain.low && value <= domain.high && (!domain.integer || Number.isInteger(value));
}

/** How many distinct values there are; infinite for numbers with a fraction. */
export function sizeOf(domain: Domain): number {
  if (domain.kind === 'choice') return domain.values.length;
  return domain.integer ? domain.high - domain.low + 1 : Number.POSITIVE_INFINITY;
}

/** Ends of the range on its scale; whole numbers have half a step more on both sides. */
function scaled({ low, high, log, integer }: NumberDomain): Cell {
  const [a, b] = integer ? [low - 0.5, high + 0.5] : [low, high];
  return log ? { from: Math.log(a), to: Math.log(b) } : { from: a, to: b };
}

function shareOf(domain: NumberDomain, x: number): number {
  const { from, to } = scaled(domain);
  if (from === to) return 0.5;
  return ((domain.log ? Math.log(x) : x) - from) / (to - from);
}

function cellIndex(place: number, n: number): number {
  return Math.min(n - 1, Math.floor(place * n));
}
