import { DeepTasteError, type ErrorCode } from '../../src/core/errors.ts';

/** The code of the error that a call throws; undefined when it throws none. Other errors pass through. */
export function thrownCode(call: () => unknown): ErrorCode | undefined {
  return thrownError(call)?.code;
}

export function thrownError(call: () => unknown): DeepTasteError | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof DeepTasteError) return error;
    throw error;
  }
  return undefined;
}
