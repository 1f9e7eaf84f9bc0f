/** How a failure is told: one line, an exit code, a stack only for those who ask. */
import type { CommanderError } from 'commander';
import { DeepTasteError } from '../core/errors.ts';

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The work was stopped by Ctrl-C; the message says what is kept. */
export class Interruption extends Error {}

/** @returns the exit code: 2 for wrong usage and settings, 130 after Ctrl-C, 1 for every other failure */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interruption) return exitCodes.interrupted;
  if (error instanceof DeepTasteError)
    return error.code === 'usage' || error.code === 'config' ? exitCodes.usage : exitCodes.failed;
  if (isCommanderError(error)) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  return exitCodes.failed;
}

/** Writes `error: …` to standard error, in one line. */
export function reportFailure(error: unknown, debug: boolean): void {
  if (isCommanderError(error)) return; // commander has written it already
  const message = error instanceof Error ? error.message : String(error);
  const known = error instanceof DeepTasteError || error instanceof Interruption;
  const line = oneLine(
    known ? message : `${message || 'unknown failure'} (unexpected; run again with --debug and report it)`,
  );
  process.stderr.write(error instanceof Interruption ? `${line}\n` : `error: ${line}\n`);
  if (!debug) return;
  for (let cause = error; cause instanceof Error; cause = cause.cause) process.stderr.write(`${cause.stack}\n`);
}

export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && typeof (error as CommanderError).exitCode === 'number' && 'nestedError' in error;
}

export function oneLine(text: string): string {
  return text.trim().replace(/\s*\n\s*/g, ' ');
}
