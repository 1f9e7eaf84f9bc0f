/** The routes as a fetch handler: keys, limits, errors, and the description of all that. */
import { type Context, Hono } from 'hono';
import { cors } from 'hono/cors';
import type { Log } from '../log.ts';
import { Refused, type Told, toldOf } from '../service/errors-to-status.ts';
import { docsPage, docsPolicy } from './docs-page.ts';
import type { Keys } from './keys.ts';
import { openApi } from './openapi.ts';
import type { RateLimit } from './rate-limit.ts';
import { readCall } from './read-call.ts';
import type { Route } from './route.ts';
import { type StudioFile, studioAnswer } from './studio-files.ts';

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly keys: Keys;
  readonly log: Log;
  /** Null = no limit. */
  readonly rate: RateLimit | null;
  /** Bytes. */
  readonly mostBody: number;
  /** Origins of pages that may ask, `*` = all; null = none but those of the server itself. */
  readonly origins: readonly string[] | null;
  /** The page at `/`; null = there is none, and `/` leads to the description of the API. */
  readonly studio: readonly StudioFile[] | null;
  newId(): string;
  /** True from the signal to stop on: connections are not kept for another request. */
  isStopping(): boolean;
  /** Told of every request that a route has answered or refused. */
  observe(route: string, status: number, seconds: number): void;
}

/** What the server of Node gives beside a request. */
interface Bindings {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } };
}

const json = { 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' };

export function httpApp(options: HttpOptions): Hono {
  const app = new Hono();
  const { origins, routes } = options;
  if (origins !== null)
    app.use(
      cors({ origin: origins.includes('*') ? '*' : [...origins], allowHeaders: ['authorization', 'content-type'] }),
    );
  app.use(async (c, next) => {
    refuseForeignPages(c, origins);
    await next();
  });
  for (const each of routes) app.on(each.method.toUpperCase(), honoPath(each.path), (c) => answered(options, c, each));
  const document = JSON.stringify(openApi(routes));
  app.get('/openapi.json', (c) => c.body(document, 200, json));
  app.get('/docs', (c) => c.html(docsPage, 200, { 'content-security-policy': docsPolicy }));
  if (options.studio === null) app.get('/', (c) => c.redirect('docs'));
  for (const file of options.studio ?? []) app.get(file.path, (c) => studioAnswer(c, file));
  app.notFound((c) => {
    const methods = routes.filter(({ path }) => fits(path, c.req.path)).map(({ method }) => method.toUpperCase());
    const error =
      methods.length > 0
        ? new Refused(405, 'method', `this address takes ${methods.join(', ')}, found ${c.req.method}`)
        : new Refused(404, 'not-found', 'no route has this address; /docs lists them');
    return refusal(toldOf(error), options.newId(), methods.length > 0 ? { allow: methods.join(', ') } : {});
  });
  app.onError((error) => {
    const requestId = options.newId();
    const told = toldOf(error);
    if (isOurs(told)) logFailure(options.log, 'none', requestId, error);
    return refusal(told, requestId);
  });
  return app;
}

/**
 * A browser says of every request which page sent it. Those that change something are taken from pages of the server itself, and of the
 * origins that may ask: while there are no keys, any page that somebody of this machine looks at could send them.
 */
function refuseForeignPages(c: Context, origins: HttpOptions['origins']): void {
  const from = c.req.header('sec-fetch-site');
  if (
    from === undefined ||
    from === 'same-origin' ||
    from === 'none' ||
    ['GET', 'HEAD', 'OPTIONS'].includes(c.req.method)
  )
    return;
  const origin = c.req.header('origin') ?? '';
  if (origins?.includes('*') || origins?.includes(origin)) return;
  throw new Refused(
    403,
    'origin',
    `a page of ${origin || 'elsewhere'} must not send this; --cors names the pages that may`,
  );
}

/** `/users/{id}` → `/users/:id`. */
function honoPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

function fits(path: string, asked: string): boolean {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(asked);
}

async function answered(options: HttpOptions, c: Context, route: Route): Promise<Response> {
  const start = performance.now();
  const requestId = options.newId();
  // given when the reply is made: headers that are added later cost more than all else of it
  const headers: Record<string, string> = { 'x-request-id': requestId };
  if (options.isStopping()) headers.connection = 'close';
  let reply: Response;
  let failure: { readonly error: unknown; readonly told: Told } | null = null;
  try {
    const address = (c.env as Bindings | undefined)?.incoming?.socket?.remoteAddress ?? 'local';
    const caller = await options.keys.check(c.req.header('authorization'), route.access, address);
    if (route.access !== 'open') options.rate?.take(caller.name);
    const result = await route.handle(await readCall(c, route, caller.access, options.mostBody));
    reply = route.text
      ? new Response(String(result), { headers: { ...headers, 'content-type': route.text } })
      : new Response(JSON.stringify(result), { headers: { ...headers, ...json } });
  } catch (caught) {
    failure = { error: caught, told: toldOf(caught) };
    reply = refusal(failure.told, requestId, headers);
  }
  const milliseconds = performance.now() - start;
  options.observe(route.name, reply.status, milliseconds / 1000);
  if (failure && isOurs(failure.told)) logFailure(options.log, route.name, requestId, failure.error);
  else if (route.access !== 'open')
    options.log.write('info', 'request', {
      requestId,
      route: route.name,
      status: reply.status,
      milliseconds: Number(milliseconds.toFixed(2)),
    });
  return reply;
}

function refusal(
  { status, code, message, retryAfter }: Told,
  requestId: string,
  more: Readonly<Record<string, string>> = {},
): Response {
  const headers: Record<string, string> = { ...more, ...json };
  if (retryAfter !== null) headers['retry-after'] = String(retryAfter);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return new Response(JSON.stringify({ error: { code, message, requestId } }), { status, headers });
}

/** Troubles of the server, of which the log tells more than the answer. */
function isOurs({ status, code }: Told): boolean {
  return status === 500 || code === 'store';
}

/** The log may name what an answer must not: files, stacks. */
function logFailure(log: Log, route: string, requestId: string, error: unknown): void {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  log.write('error', 'failure', { requestId, route, message, stack });
}
