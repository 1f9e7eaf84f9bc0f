/** Which status an error gets, and what of it strangers may read. */
import { DeepTasteError, type ErrorCode } from '../../core/errors.ts';
import { Gone } from '../scoring/dropped-questions.ts';
import { Busy } from '../scoring/scoring-pool.ts';
import { StoreFailure } from '../store/store-failure.ts';

/** Seconds after which a store that failed may do. */
const STORE_SECONDS = 5;

/** A request that is refused before it is looked at. */
export class Refused extends Error {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 415 | 429 | 499 | 503;
  readonly code: string;
  readonly retryAfter: number | null;

  /** @param retryAfter seconds after which it may succeed */
  constructor(status: Refused['status'], code: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export interface Told {
  readonly status: Refused['status'] | 500;
  readonly code: string;
  readonly message: string;
  readonly retryAfter: number | null;
}

/** What is wrong with the request; other codes are troubles of the server, whose messages may name files. */
const ofRequest: Partial<Record<ErrorCode, 400 | 404 | 409>> = {
  usage: 400,
  config: 400,
  data: 400,
  shape: 400,
  'not-found': 404,
  protocol: 409,
};

export function toldOf(error: unknown): Told {
  if (error instanceof Refused) {
    const { status, code, message, retryAfter } = error;
    return { status, code, message, retryAfter };
  }
  // nobody reads it, the metrics count it
  if (error instanceof Gone) return { status: 499, code: 'gone', message: error.message, retryAfter: null };
  if (error instanceof Busy) return { status: 503, code: 'busy', message: error.message, retryAfter: 1 };
  if (error instanceof StoreFailure) {
    const message = `the store (${error.kind}) failed; the log of the server tells why under the requestId`;
    return { status: 503, code: 'store', message, retryAfter: STORE_SECONDS };
  }
  const status = error instanceof DeepTasteError ? ofRequest[error.code] : undefined;
  if (status !== undefined) {
    const { code, message } = error as DeepTasteError;
    return { status, code, message, retryAfter: null };
  }
  const message = 'the server could not answer; its log tells why under the requestId';
  return { status: 500, code: 'internal', message, retryAfter: null };
}
