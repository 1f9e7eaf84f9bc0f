/** A route as data: what it takes, what it gives, who may use it. The handler, the description of the API and metrics come from it. */
import type { z } from 'zod';
import type { Access } from '../store/records.ts';

export interface RouteParts<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType> {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With parameters in braces: `/users/{id}`. */
  readonly path: string;
  /** Name of the operation, for clients and metrics. */
  readonly name: string;
  readonly summary: string;
  readonly group: 'Asking' | 'Telling' | 'Looking' | 'Training' | 'Operating' | 'Running';
  /** What a key must allow; `open` = no key is needed. */
  readonly access: Access | 'open';
  readonly parameters?: P;
  readonly query?: Q;
  readonly body?: B;
  /** The body is bytes of any length up to so many (0 = the server takes none), which the handler reads as they come. */
  readonly stream?: { readonly most: number };
  readonly reply: R;
  /** Media type of a reply that is a text; absent = JSON. */
  readonly text?: string;
  handle(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<z.input<R>> | z.input<R>;
}

export interface Call<P, Q, B> {
  readonly parameters: P;
  readonly query: Q;
  readonly body: B;
  /** Null for routes that take no stream, and for an empty body. */
  readonly stream: ReadableStream<Uint8Array> | null;
  /** Aborted when the caller closes the connection. */
  readonly signal: AbortSignal;
  /** What the caller's key allows. */
  readonly access: Access;
}

export type Route = RouteParts<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;

/** Checks the types of one route, then forgets them. */
export function route<
  P extends z.ZodType = z.ZodUndefined,
  Q extends z.ZodType = z.ZodUndefined,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodType,
>(parts: RouteParts<P, Q, B, R>): Route {
  return parts as unknown as Route;
}
