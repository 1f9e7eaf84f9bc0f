/** What proposes the options of the next trial, and what it is told of the trials before. */
import type { RandomStream } from '../core/random.ts';
import type { Domain } from './domain.ts';

export interface Parameter {
  /** Unlike those of the other parameters. */
  readonly name: string;
  readonly domain: Domain;
  /** The parameter exists only where others, which stand before it, have one of these values. */
  readonly when?: readonly Condition[];
}

export interface Condition {
  readonly name: string;
  readonly values: readonly unknown[];
}

/** Parameters in an order in which conditions can be decided. */
export type Space = readonly Parameter[];

/** Values by the names of the parameters that exist. */
export type Point = Readonly<Record<string, unknown>>;

export interface Observation {
  readonly point: Point;
  /** Higher is better. */
  readonly value: number;
}

export interface Sampler {
  readonly name: string;
  /** @param random of this proposal alone, so that proposals depend on nothing but what was observed before */
  propose(space: Space, observed: readonly Observation[], random: RandomStream): Point;
}

/** Whether a parameter exists, the others being chosen. */
export function exists({ when = [] }: Parameter, point: Point): boolean {
  return when.every(({ name, values }) => name in point && values.some((value) => same(value, point[name])));
}

/** A point whose values are chosen one by one. */
export function chooseEach(space: Space, choose: (parameter: Parameter) => unknown): Point {
  const point: Record<string, unknown> = {};
  for (const parameter of space) if (exists(parameter, point)) point[parameter.name] = choose(parameter);
  return point;
}

function same(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
