/** A client of the server with types, by fetch alone: it runs in Node, browsers and workers, and needs no other package. */

import type { z } from 'zod';
import type * as asking from '../serving/api/asking.ts';
import type * as looking from '../serving/api/looking.ts';
import type * as measuring from '../serving/api/measuring.ts';
import type * as operating from '../serving/api/operating.ts';
import type * as protecting from '../serving/api/protecting.ts';
import type * as telling from '../serving/api/telling.ts';
import type * as training from '../serving/api/training.ts';

type In<S extends z.ZodType> = z.input<S>;
type Out<S extends z.ZodType> = z.output<S>;
type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ClientOptions {
  /** Where the server has keys. */
  readonly key?: string;
  /** Milliseconds that one attempt may take, default 10,000. */
  readonly timeout?: number;
  /** Further attempts where the server is busy or the connection fails, default 2. */
  readonly retries?: number;
  readonly fetch?: typeof fetch;
}

/** What the server refused, or could not do. */
export class ServerError extends Error {
  readonly status: number;
  /** What scripts may look at: usage, not-found, unauthorized, too-many, busy, internal … */
  readonly code: string;
  readonly requestId: string | null;

  constructor(status: number, code: string, message: string, requestId: string | null) {
    super(message);
    this.name = 'ServerError';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }
}

interface Sent {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** Instead: what is no JSON. */
  readonly bytes?: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;
  /** True where the server reads a table, or loads recommenders: it may take minutes. */
  readonly isLong?: boolean;
  /** False where a second attempt would count twice. */
  readonly mayRepeat?: boolean;
}

const FIRST_WAIT_MS = 100;
/** For tables and artifacts of any size. */
const LONG_MS = 600_000;

export class Client {
  readonly #url: string;
  readonly #key: string | null;
  readonly #timeout: number;
  readonly #retries: number;
  readonly #fetch: typeof fetch;

  /** @param url of the server: http://127.0.0.1:8080 */
  constructor(url: string, { key, timeout = 10_000, retries = 2, fetch: own }: ClientOptions = {}) {
    this.#url = url.replace(/\/+$/, '');
    this.#key = key ?? null;
    this.#timeout = timeout;
    this.#retries = retries;
    this.#fetch = own ?? ((...args) => fetch(...args));
  }

  recommend(request: In<typeof asking.recommendRequest>): Promise<Out<typeof asking.recommendReply>> {
    return this.#send({ method: 'POST', path: '/recommend', body: request });
  }

  recommendBatch(
    requests: In<typeof asking.recommendBatch>['requests'],
  ): Promise<Out<typeof asking.recommendReplies>['replies']> {
    return this.#replies('/recommend/batch', requests);
  }

  next(request: In<typeof asking.nextRequest>): Promise<Out<typeof asking.recommendReply>> {
    const mayRepeat = (request.items ?? []).length === 0;
    return this.#send({ method: 'POST', path: '/next', body: request, mayRepeat });
  }

  rank(request: In<typeof asking.rankRequest>): Promise<Out<typeof asking.recommendReply>> {
    return this.#send({ method: 'POST', path: '/rank', body: request });
  }

  similar(request: In<typeof asking.similarRequest>): Promise<Out<typeof asking.similarReply>> {
    return this.#send({ method: 'POST', path: '/similar', body: request });
  }

  similarBatch(
    requests: In<typeof asking.similarBatch>['requests'],
  ): Promise<Out<typeof asking.similarReplies>['replies']> {
    return this.#replies('/similar/batch', requests);
  }

  predict(request: In<typeof asking.predictRequest>): Promise<Out<typeof asking.predictReply>> {
    return this.#send({ method: 'POST', path: '/predict', body: request });
  }

  explain(request: In<typeof asking.explainRequest>): Promise<Out<typeof asking.explainReply>> {
    return this.#send({ method: 'POST', path: '/explain', body: request });
  }

  /** Events without an id get one here, so that a second attempt does not count twice. */
  feedback(events: In<typeof telling.feedbackRequest>): Promise<Out<typeof telling.feedbackReply>> {
    const body = events.map((event) => ({ ...event, id: event.id ?? crypto.randomUUID() }));
    return this.#send({ method: 'POST', path: '/feedback', body });
  }

  putUser(id: string, user: In<typeof telling.userRequest>): Promise<{ readonly notes: readonly string[] }> {
    return this.#send({ method: 'PUT', path: `/users/${encodeURIComponent(id)}`, body: user });
  }

  deleteUser(id: string): Promise<Out<typeof telling.deleteReply>> {
    return this.#send({ method: 'DELETE', path: `/users/${encodeURIComponent(id)}` });
  }

  mergeUsers(from: string, into: string): Promise<Out<typeof telling.mergeReply>> {
    return this.#send({ method: 'POST', path: '/users/merge', body: { from, into } });
  }

  putItem(id: string, item: In<typeof telling.itemRequest>): Promise<unknown> {
    return this.#send({ method: 'PUT', path: `/items/${encodeURIComponent(id)}`, body: item });
  }

  deleteItem(id: string): Promise<Out<typeof telling.deleteReply>> {
    return this.#send({ method: 'DELETE', path: `/items/${encodeURIComponent(id)}` });
  }

  models(): Promise<Out<typeof looking.modelsReply>> {
    return this.#send({ method: 'GET', path: '/models' });
  }

  measures(model: string): Promise<Out<typeof measuring.measuresReply>> {
    return this.#send({ method: 'GET', path: `/models/${encodeURIComponent(model)}/measures` });
  }

  exposure(model: string, query: { k?: number; users?: number } = {}): Promise<Out<typeof measuring.exposureReply>> {
    return this.#send({ method: 'GET', path: `/models/${encodeURIComponent(model)}/exposure${queryOf(query)}` });
  }

  map(
    model: string,
    query: { color?: string; layout?: 'axes' | 'neighbours' } = {},
  ): Promise<Out<typeof measuring.mapReply>> {
    return this.#send({ method: 'GET', path: `/models/${encodeURIComponent(model)}/map${queryOf(query)}` });
  }

  /** Runs that were not measured alike are refused with the code `protocol`. */
  compare({
    models,
    ...query
  }: {
    models?: readonly string[];
    metric?: string;
    baseline?: string;
    slices?: boolean;
  } = {}): Promise<Out<typeof measuring.compareReply>> {
    return this.#send({ method: 'GET', path: `/compare${queryOf({ models: models?.join(','), ...query })}` });
  }

  scenarios(): Promise<Out<typeof looking.scenariosReply>> {
    return this.#send({ method: 'GET', path: '/scenarios' });
  }

  items(
    query: { search?: string; offset?: number; limit?: number; model?: string } = {},
  ): Promise<Out<typeof looking.itemsReply>> {
    return this.#send({ method: 'GET', path: `/items${queryOf(query)}` });
  }

  item(id: string, query: { model?: string } = {}): Promise<Out<typeof looking.itemReply>> {
    return this.#send({ method: 'GET', path: `/items/${encodeURIComponent(id)}${queryOf(query)}` });
  }

  users(
    query: { search?: string; item?: string; limit?: number; model?: string } = {},
  ): Promise<Out<typeof looking.usersReply>> {
    return this.#send({ method: 'GET', path: `/users${queryOf(query)}` });
  }

  user(id: string, query: { model?: string } = {}): Promise<Out<typeof looking.userReply>> {
    return this.#send({ method: 'GET', path: `/users/${encodeURIComponent(id)}${queryOf(query)}` });
  }

  recommendation(id: string): Promise<Out<typeof looking.recommendationReply>> {
    return this.#send({ method: 'GET', path: `/recommendations/${encodeURIComponent(id)}` });
  }

  reload(): Promise<{ readonly models: readonly { readonly name: string; readonly version: string }[] }> {
    return this.#send({ method: 'POST', path: '/admin/reload' });
  }

  traffic(query: { minutes?: number; step?: number } = {}): Promise<Out<typeof operating.trafficReply>> {
    return this.#send({ method: 'GET', path: `/operate/traffic${queryOf(query)}` });
  }

  feedbackCounts(query: { hours?: number; step?: number } = {}): Promise<Out<typeof operating.feedbackCountsReply>> {
    return this.#send({ method: 'GET', path: `/operate/feedback${queryOf(query)}` });
  }

  experiments(query: { days?: number } = {}): Promise<Out<typeof operating.experimentsReply>> {
    return this.#send({ method: 'GET', path: `/operate/experiments${queryOf(query)}` });
  }

  heldFeedback(query: { limit?: number } = {}): Promise<Out<typeof protecting.heldReply>> {
    return this.#send({ method: 'GET', path: `/operate/held${queryOf(query)}` });
  }

  releaseFeedback(held: In<typeof protecting.heldRequest>): Promise<Out<typeof protecting.releaseReply>> {
    return this.#send({ method: 'POST', path: '/operate/held/release', body: held, mayRepeat: false });
  }

  dropFeedback(held: In<typeof protecting.heldRequest>): Promise<Out<typeof protecting.dropReply>> {
    return this.#send({ method: 'POST', path: '/operate/held/drop', body: held, mayRepeat: false });
  }

  exposureAlarms(): Promise<Out<typeof protecting.alarmsReply>> {
    return this.#send({ method: 'GET', path: '/operate/alarms' });
  }

  keys(): Promise<Out<typeof operating.keysReply>> {
    return this.#send({ method: 'GET', path: '/keys' });
  }

  /** The key is in the answer alone. */
  addKey(key: In<typeof operating.keyRequest>): Promise<Out<typeof operating.keyReply>> {
    return this.#send({ method: 'POST', path: '/keys', body: key, mayRepeat: false });
  }

  deleteKey(id: string): Promise<Out<typeof telling.deleteReply>> {
    return this.#send({ method: 'DELETE', path: `/keys/${encodeURIComponent(id)}` });
  }

  catalogue(): Promise<Out<typeof training.catalogueReply>> {
    return this.#send({ method: 'GET', path: '/catalogue' });
  }

  /** @param table its bytes: a file of the page, or a buffer */
  upload(name: string, table: Blob | ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<Out<typeof training.uploadReply>> {
    return this.#send({ method: 'POST', path: `/uploads${queryOf({ name })}`, bytes: table, mayRepeat: false });
  }

  uploads(): Promise<Out<typeof training.uploadsReply>> {
    return this.#send({ method: 'GET', path: '/uploads' });
  }

  /** What the table holds when it is read otherwise. */
  readUpload(id: string, options: In<typeof training.readOptions>): Promise<Out<typeof training.uploadReply>> {
    return this.#send({
      method: 'PUT',
      path: `/uploads/${encodeURIComponent(id)}/reading`,
      body: options,
      isLong: true,
    });
  }

  deleteUpload(id: string): Promise<Out<typeof telling.deleteReply>> {
    return this.#send({ method: 'DELETE', path: `/uploads/${encodeURIComponent(id)}` });
  }

  train(job: In<typeof training.jobRequest>): Promise<Out<typeof training.jobReply>> {
    return this.#send({ method: 'POST', path: '/jobs', body: job, mayRepeat: false });
  }

  jobs(): Promise<Out<typeof training.jobsReply>> {
    return this.#send({ method: 'GET', path: '/jobs' });
  }

  job(id: string): Promise<Out<typeof training.jobReply>> {
    return this.#send({ method: 'GET', path: `/jobs/${encodeURIComponent(id)}` });
  }

  /** Cancels a training that waits or runs, forgets one that has ended. */
  deleteJob(id: string): Promise<Out<typeof training.jobReply>> {
    return this.#send({ method: 'DELETE', path: `/jobs/${encodeURIComponent(id)}`, isLong: true });
  }

  runs(): Promise<Out<typeof training.runsReply>> {
    return this.#send({ method: 'GET', path: '/runs' });
  }

  serveRun(run: string): Promise<Out<typeof training.modelNamesReply>> {
    return this.#send({ method: 'POST', path: '/models', body: { run }, isLong: true, mayRepeat: false });
  }

  unserveRun(run: string): Promise<Out<typeof training.modelNamesReply>> {
    return this.#send({ method: 'DELETE', path: `/models/${encodeURIComponent(run)}`, isLong: true });
  }

  async #replies<R>(path: string, requests: unknown): Promise<R> {
    const { replies } = await this.#send<{ readonly replies: R }>({ method: 'POST', path, body: { requests } });
    return replies;
  }

  async #send<R>(sent: Sent): Promise<R> {
    for (let attempt = 0; ; attempt++) {
      const isLast = attempt >= this.#retries;
      let wait = FIRST_WAIT_MS * 2 ** attempt;
      try {
        const reply = await this.#once(sent);
        if (reply.ok) return (await reply.json()) as R;
        const error = await errorOf(reply);
        // what is refused before it is looked at may be sent again in any case
        if (isLast || (reply.status !== 429 && reply.status !== 503)) throw error;
        wait = Math.max(wait, 1000 * Number(reply.headers.get('retry-after') ?? 0));
      } catch (error) {
        if (error instanceof ServerError || isLast || sent.mayRepeat === false) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  /** @throws Error that names the address where nobody answers */
  async #once({ method, path, body, bytes, isLong }: Sent): Promise<Response> {
    try {
      return await this.#fetch(`${this.#url}${path}`, {
        method,
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(bytes !== undefined && { 'content-type': 'application/octet-stream' }),
          ...(this.#key !== null && { authorization: `Bearer ${this.#key}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(bytes !== undefined && { body: bytes }),
        signal: AbortSignal.timeout(isLong || bytes !== undefined ? LONG_MS : this.#timeout),
      });
    } catch (cause) {
      throw new Error(
        `client: a server must answer at ${this.#url}, found none (${reasonOf(cause)}); start it, or check the address`,
        { cause },
      );
    }
  }
}

function queryOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** `fetch failed` alone says little: what it was caused by says more, such as a refused connection. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
  return inner instanceof Error ? `${message}: ${inner.message}` : message;
}

/** Something between may answer with what is no JSON of the server. */
async function errorOf(reply: Response): Promise<ServerError> {
  const text = await reply.text();
  try {
    const { code, message, requestId } = JSON.parse(text).error;
    return new ServerError(reply.status, code, message, requestId ?? null);
  } catch {
    return new ServerError(reply.status, 'unknown', `status ${reply.status}: ${text.slice(0, 200)}`, null);
  }
}
