/** From a request of HTTP to the checked call of a route. */
import type { Context } from 'hono';
import { parseOptions } from '../../core/options.ts';
import { Refused } from '../service/errors-to-status.ts';
import type { Access } from '../store/records.ts';
import type { Call, Route } from './route.ts';

/**
 * @param mostBody bytes that a body may have
 * @throws Refused, or DeepTasteError `usage` for what is wrong with parameters, query or body
 */
export async function readCall(
  c: Context,
  route: Route,
  access: Access,
  mostBody: number,
): Promise<Call<unknown, unknown, unknown>> {
  const where = route.name;
  return {
    access,
    get signal() {
      return c.req.raw.signal;
    },
    parameters: route.parameters && parseOptions(route.parameters, parametersOf(c), where, 'usage'),
    query: route.query && parseOptions(route.query, queryOf(c, where), where, 'usage'),
    stream: route.stream === undefined ? null : streamOf(c, where, route.stream.most),
    body: route.body && parseOptions(route.body, await bodyOf(c, where, mostBody), where, 'usage'),
  };
}

function parametersOf(c: Context): unknown {
  try {
    return c.req.param();
  } catch {
    throw new Refused(400, 'usage', 'the address must be percent-encoded UTF-8');
  }
}

/** @throws Refused where a name stands twice */
function queryOf(c: Context, where: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1) throw new Refused(400, 'usage', `${where}: "${name}" must stand in the address once`);
    query[name] = values[0];
  }
  return query;
}

/** A type that pages from elsewhere cannot send unasked. @throws Refused for another type, and for a body that says that it is too long */
function streamOf(c: Context, where: string, most: number): ReadableStream<Uint8Array> | null {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/octet-stream\s*(;|$)/i.test(type))
    throw new Refused(
      415,
      'usage',
      `${where}: the body must be bytes (header "Content-Type: application/octet-stream")`,
    );
  const length = Number(c.req.header('content-length') ?? 0);
  if (most > 0 && length > most)
    throw new Refused(413, 'too-large', `${where}: the body must have at most ${most} bytes, found ${length}`);
  return c.req.raw.body;
}

async function bodyOf(c: Context, where: string, mostBody: number): Promise<unknown> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new Refused(415, 'usage', `${where}: the body must be JSON (header "Content-Type: application/json")`);
  const text = await textOf(c, mostBody).catch((error: unknown) => {
    if (error instanceof Refused) throw error;
    // whoever sends it has broken off, or sends chunks that are none
    throw new Refused(400, 'usage', `${where}: the body must be sent to its end, found otherwise`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refused(400, 'usage', `${where}: the body must be JSON, found otherwise (${(error as Error).message})`);
  }
  // it may be written with escapes
  if ((text.includes(UNKEPT_NAME) || text.includes('\\u')) && hasUnkeptName(value))
    throw new Refused(
      400,
      'usage',
      `${where}: no field may have the name "${UNKEPT_NAME}", found one; give it another name`,
    );
  return value;
}

/** Objects of JavaScript do not keep it: it would be left out unsaid. */
const UNKEPT_NAME = '__proto__';

/** By a list of what is left to look at: values may lie deeper within each other than calls can. */
function hasUnkeptName(value: unknown): boolean {
  const left: unknown[] = [value];
  for (let each = left.pop(); each !== undefined; each = left.pop()) {
    if (typeof each !== 'object' || each === null) continue;
    if (Object.hasOwn(each, UNKEPT_NAME)) return true;
    for (const inner of Object.values(each)) left.push(inner);
  }
  return false;
}

/** A body that says how long it is is read as it is; of another one no more than is allowed is kept. */
async function textOf(c: Context, mostBody: number): Promise<string> {
  const told = c.req.header('content-length');
  if (told !== undefined) {
    if (Number(told) > mostBody) throw tooLarge(mostBody);
    const text = await c.req.text();
    // the server of Node sees to it that the number is true, others may not
    if (text.length > mostBody) throw tooLarge(mostBody);
    return text;
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (c.req.raw.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > mostBody) throw tooLarge(mostBody);
    parts.push(part);
  }
  return new TextDecoder().decode(Buffer.concat(parts));
}

function tooLarge(mostBody: number): Refused {
  return new Refused(413, 'too-large', `the body must have at most ${mostBody} bytes`);
}
