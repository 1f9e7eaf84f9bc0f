/** How a failure is told: one line, an exit code, a stack only for those who ask. */
import type { CommanderError } from 'commander';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { shownMessage } from '../core/shown.ts';

const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

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
  const told = asSystemError(error);
  const message = told instanceof Error ? told.message : String(told);
  const known = told instanceof DeepTasteError || told instanceof Interruption;
  const line = oneLine(
    known ? message : `${message || 'unknown failure'} (unexpected; run again with --debug and report it)`,
  );
  process.stderr.write(error instanceof Interruption ? `${line}\n` : `error: ${line}\n`);
  if (!debug) return;
  for (let cause = error; cause instanceof Error; cause = cause.cause) process.stderr.write(`${cause.stack}\n`);
}

/** What the operating system refuses, wherever it does, as an error that says how to mend it. */
function asSystemError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DeepTasteError) return error;
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd')
    return new DeepTasteError(
      'io',
      'the working directory is no longer there; change into one that is',
      {},
      { cause: error },
    );
  return ioError(syscall ?? 'working with', path ?? 'files', error);
}

function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof Error && typeof (error as CommanderError).exitCode === 'number' && 'nestedError' in error;
}

export function oneLine(text: string): string {
  return shownMessage(text);
}
