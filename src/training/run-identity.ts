/** What a run is: data, split, model, settings, seed. A checkpoint goes on only with the run that it belongs to. */
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import { type Checkpoint, standing } from './checkpoint.ts';

/** Values are plain data; large ones are better given as a hash. */
export interface RunIdentity {
  /** Hash of the data. */
  readonly data: string;
  readonly model: string;
  readonly [key: string]: unknown;
}

/** As text that can be compared, and read again to say what differs. */
export function fingerprintOf(identity: RunIdentity): string {
  return JSON.stringify(identity);
}

/**
 * Compares the checkpoint with the run, then says that training goes on.
 * @throws 'config' when the checkpoint belongs to another run, naming what differs
 */
export function acceptCheckpoint(checkpoint: Checkpoint, fingerprint: string, progress: Progress): void {
  const { origin } = checkpoint;
  checkFingerprint(checkpoint, fingerprint, 'resume');
  progress.log(`resuming ${standing(checkpoint.progress)}${origin === undefined ? '' : ` from ${origin}`}`);
}

/** @throws 'config' when a checkpoint belongs to another run, naming what differs */
export function checkFingerprint({ fingerprint, origin }: Checkpoint, own: string, wanted: 'resume' | 'finish'): void {
  if (fingerprint === own) return;
  const differences = identityDifferences(fingerprint, own);
  const found = differences.length > 0 ? listed(differences) : 'data, model, settings or seed differ';
  throw new DeepTasteError(
    'config',
    `${wanted}: ${origin ?? 'the checkpoint'} belongs to another run: ${found}; ` +
      `repeat the command of that run, or start anew without --${wanted}`,
    { differences },
  );
}

/** At most so many differences are told. */
const TOLD = 5;

function listed(differences: readonly string[]): string {
  const more = differences.length - TOLD;
  return `${differences.slice(0, TOLD).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** "training.epochs was 20 and is 30 now", …; empty when one of the two cannot be read. Both are JSON of what a run or a study is. */
export function identityDifferences(former: string, present: string): string[] {
  const [then, now] = [parsed(former), parsed(present)];
  if (then === null || now === null) return [];
  if (then.model !== now.model) return [`model was ${then.model} and is ${now.model} now`];
  const [before, after] = [flat(then), flat(now)];
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter((key) => before.get(key) !== after.get(key));
  // other data bring other hashes and counts of the split with them
  const hasOtherData = keys.includes('data');
  const own = keys.filter((key) => key !== 'data' && !(hasOtherData && /^(split|features)\b/.test(key)));
  const changes = own.map((key) => `${key} was ${shown(before.get(key))} and is ${shown(after.get(key))} now`);
  return hasOtherData ? ['the data are others', ...changes] : changes;
}

function parsed(text: string): RunIdentity | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as RunIdentity) : null;
  } catch {
    return null;
  }
}

/** Leaves by path, as JSON; lists are leaves. */
function flat(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return new Map([[path, JSON.stringify(value) ?? 'nothing']]);
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flat(inner, at(key))]));
}

function shown(json: string | undefined): string {
  if (json === undefined) return 'not set';
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}
