/** The description of the API, OpenAPI 3.1, made of the routes: its schemas are those that requests are checked with. */
import { z } from 'zod';
import { version } from '../../core/version.ts';
import { errorReply } from '../api/asking.ts';
import { jsonSchema } from '../api/json-schema.ts';
import type { Route } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

/** Schemas that have an id stand under this place once. */
const COMPONENTS = '#/components/schemas/';

export function openApi(routes: readonly Route[]): Json {
  const components: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
    const { $defs, $schema: _, ...json } = moved(jsonSchema(schema, io));
    Object.assign(components, $defs);
    return json;
  };
  const failure = {
    description: 'Refused',
    content: { 'application/json': { schema: schemaOf(errorReply, 'output') } },
  };
  for (const each of routes) {
    const needsKey = each.access !== 'open';
    paths[each.path] ??= {};
    paths[each.path][each.method] = {
      operationId: each.name,
      summary: each.summary,
      tags: [each.group],
      ...(needsKey && { security: [{ key: [] }], 'x-access': each.access }),
      parameters: [...parametersOf(each.parameters, 'path', schemaOf), ...parametersOf(each.query, 'query', schemaOf)],
      ...(each.body && {
        requestBody: { required: true, content: { 'application/json': { schema: schemaOf(each.body, 'input') } } },
      }),
      ...(each.stream && {
        requestBody: {
          required: true,
          content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
        },
      }),
      responses: {
        200: {
          description: 'Done',
          content: { [each.text?.split(';')[0] ?? 'application/json']: { schema: schemaOf(each.reply, 'output') } },
        },
        default: failure,
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'DeepTaste',
      version,
      description: 'Recommendations by trained recommenders, and feedback that counts at once.',
    },
    paths,
    components: {
      schemas: components,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'a key, where the server has any' } },
    },
  };
}

function parametersOf(
  schema: z.ZodType | undefined,
  place: 'path' | 'query',
  schemaOf: (schema: z.ZodType, io: 'output') => Json,
): Json[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, each]) => {
    // what the text of an address is read as
    const { description, ...json } = schemaOf(each, 'output');
    const required = place === 'path';
    return { name, in: place, required, ...(description !== undefined && { description }), schema: json };
  });
}

/** References to definitions of the schema itself, as references to the components of the document. */
function moved(schema: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${COMPONENTS}`));
}
