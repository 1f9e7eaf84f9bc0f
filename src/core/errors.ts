/**
 * The errors that users may meet. Messages read: *where: what must hold, what was found; how to mend it.*
 * Callers and tests look at `code`, never at the prose.
 */

import { shownMessage } from './shown.ts';

export type ErrorCode =
  | 'usage' // the call itself is wrong: unknown option, missing argument (exit code 2)
  | 'config' // a setting is out of range, unknown, or contradicts another
  | 'data' // input data cannot be read or does not hold what is needed
  | 'shape' // tensor shapes do not fit
  | 'numeric' // NaN or infinity during training or solving
  | 'not-found' // a named thing (user, item, model, run) does not exist
  | 'artifact' // a saved recommender is truncated, altered or of a newer format
  | 'protocol' // numbers of unlike protocols must not be compared
  | 'memory' // the work does not fit
  | 'io'; // reading or writing failed

export class DeepTasteError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  /** The message is kept to one line, with controls escaped: it may hold names of any content. */
  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(shownMessage(message), options);
    this.name = 'DeepTasteError';
    this.code = code;
    this.details = details;
  }
}

/** Throws when a condition that only a programming error can break does not hold. Never used for user input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}
