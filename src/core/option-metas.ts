/** What options declare of themselves beside their range: `doc`, values worth trying (`search`), and under which others they matter. */
import { z } from 'zod';
import { objectSchema } from './options.ts';

type Schema = z.core.$ZodType;

export interface OptionMeta {
  readonly doc?: string;
  /** Values worth trying: of numbers with a fraction those at the ends of a range, 0 beside it where it is among them. */
  readonly search?: readonly unknown[];
  /** The option acts only where these other options of the same object have one of the values. */
  readonly when?: Readonly<Record<string, readonly unknown[]>>;
  /** The option acts only on data that have this: edges between users, or ratings or counts of pairs. */
  readonly needs?: 'friends' | 'values';
}

/** What is declared on a schema or, where it says nothing of it, on the one under its default. */
export function optionMeta(schema: Schema): OptionMeta {
  const { innerType } = schema._zod.def as { readonly innerType?: Schema };
  return { ...(innerType && optionMeta(innerType)), ...(z.globalRegistry.get(schema) as OptionMeta | undefined) };
}

/** An option that acts only under some values of another one. */
export interface OptionCondition {
  readonly key: string;
  readonly choice: string;
  readonly values: readonly unknown[];
}

/** All conditions that the options of an object declare. */
export function conditionsOf(schema: Schema): OptionCondition[] {
  return Object.entries(objectSchema(schema).shape).flatMap(([key, option]) =>
    Object.entries(optionMeta(option as Schema).when ?? {}).map(([choice, values]) => ({ key, choice, values })),
  );
}
