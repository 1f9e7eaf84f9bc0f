/** Errors on their way between threads. */
import { DeepTasteError, type ErrorCode } from '../../core/errors.ts';

export interface Failure {
  /** Null for what is no error of ours. */
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof DeepTasteError)
    return { code: error.code, message: error.message, details: { ...error.details } };
  return { code: null, message: error instanceof Error ? (error.stack ?? error.message) : String(error), details: {} };
}

export function errorOf({ code, message, details }: Failure): Error {
  return code === null ? new Error(message) : new DeepTasteError(code, message, { ...details });
}
