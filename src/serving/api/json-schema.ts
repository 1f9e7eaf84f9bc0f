/** Schemas as JSON Schema: what settings call their doc is a description there. */
import { z } from 'zod';

export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema: json }) => {
      const { doc } = json as { doc?: unknown };
      if (typeof doc !== 'string') return;
      json.description ??= doc;
      delete (json as { doc?: unknown }).doc;
    },
  }) as Record<string, unknown>;
}
