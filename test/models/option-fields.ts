import { z } from 'zod';

/** The parts of JSON Schema that options use. */
export interface OptionField {
  readonly type: string;
  readonly doc?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
}

/** Name and schema of every option. */
export function optionFields(options: z.ZodType): [string, OptionField][] {
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' });
  return Object.entries(schema.properties ?? {}) as [string, OptionField][];
}
