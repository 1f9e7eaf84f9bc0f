/** Measures one point of the growth curves in a process of its own, whose peak of memory is then that point's alone. */
import { DeepTasteError } from '../core/errors.ts';
import { measureScalePoint, type ScalePoint, type ScaleResult } from './scale-point.ts';

/** What the process says when it is done. */
export type ScaleMessage = { readonly result: ScaleResult } | { readonly code: string; readonly message: string };

async function answer(): Promise<ScaleMessage> {
  const [file, folder, point] = process.argv.slice(2);
  try {
    return { result: await measureScalePoint(file, folder, JSON.parse(point) as ScalePoint) };
  } catch (error) {
    if (error instanceof DeepTasteError) return { code: error.code, message: error.message };
    throw error;
  }
}

process.send?.(await answer());
process.disconnect?.();
