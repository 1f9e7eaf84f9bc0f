import { DeepTasteError } from '../../src/core/errors.ts';

/** The `code` of the error that `action` ends in; the error itself when it is none of ours, 'nothing' without one. */
export async function thrownCode(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error instanceof DeepTasteError ? error.code : error;
  }
  return 'nothing';
}
