/**
 * Where a command's words go. Results go to standard output; with `--json` exactly one JSON document goes there and everything
 * else to standard error, so that scripts can read the one and people the other.
 */
import { type Progress, silent } from '../core/progress.ts';
import { shownMessage } from '../core/shown.ts';
import { JsonProgress } from './json-progress.ts';

export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly quiet?: boolean;
  /** Progress for programs, of commands that train. */
  readonly jsonProgress?: boolean;
}

export class Terminal {
  readonly json: boolean;
  /** Told of epochs, too; null where progress is for people, or nobody wants it. */
  readonly events: JsonProgress | null;
  readonly #quiet: boolean;
  #progress: Progress | null = null;

  constructor({ json = false, quiet = false, jsonProgress = false }: CommonOptions) {
    this.json = json;
    this.events = jsonProgress && !quiet ? new JsonProgress((line) => process.stderr.write(`${line}\n`)) : null;
    this.#quiet = quiet;
  }

  /** Whether standard output takes ANSI colours: a terminal, and NO_COLOR (no-color.org) is not set. */
  get color(): boolean {
    return !this.json && process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  }

  /** Columns to keep to; without limit when nobody looks. */
  get width(): number {
    return process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  }

  /** A result for people. */
  print(text = ''): void {
    if (!this.json) process.stdout.write(`${text}\n`);
  }

  /** What is worth knowing but no result. */
  note(text: string): void {
    if (!this.#quiet) process.stderr.write(`${shownMessage(text)}\n`);
  }

  /** The result for scripts; numbers that are not finite become null. */
  document(value: unknown): void {
    if (this.json) process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** Bars on a terminal, lines elsewhere, both on standard error. */
  async progress(): Promise<Progress> {
    if (this.#quiet) return silent;
    if (this.events !== null) return this.events;
    const { terminalProgress } = await import('./terminal-progress.ts');
    this.#progress ??= await terminalProgress();
    return this.#progress;
  }

  /** The text in bold where colours are. */
  strong(text: string): string {
    return this.color ? `\u001b[1m${text}\u001b[0m` : text;
  }
}
