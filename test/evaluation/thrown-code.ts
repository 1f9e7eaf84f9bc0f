import { DeepTasteError } from '../../src/core/errors.ts';

/** The code of the DeepTasteError that `action` throws; anything else it does, as text that equals no code. */
export function thrownCode(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof DeepTasteError ? error.code : `another error: ${error}`;
  }
  return 'nothing thrown';
}
