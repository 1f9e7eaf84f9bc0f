/** Turns what the operating system (or DuckDB, which only passes its text on) says into a message that people can act on. */
import { DeepTasteError } from './errors.ts';

/** System error → what happened, how to mend it. */
const explanations: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space or choose another folder',
  EDQUOT: 'the disk quota is used up; free some space or choose another folder',
  EFBIG: 'the file would be larger than allowed here; choose another disk',
  EACCES: 'permission denied; choose a place that you may read and write',
  EPERM: 'permission denied; choose a place that you may read and write',
  EROFS: 'the disk is read-only; choose another folder',
  ENOENT: 'no such file or folder; check the path',
  ENOTDIR: 'a part of the path is a file, not a folder; check the path',
  EISDIR: 'it is a folder, not a file; check the path',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  EMFILE: 'too many open files; close some or raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine; close some',
  EAGAIN: 'the system refuses another process or thread; raise the limit (ulimit -u) or use fewer threads',
  ENOMEM: 'the system refuses more memory; close other programs',
  ELOOP: 'symbolic links lead in a circle; check the path',
  EIO: 'the disk reported an error; check the disk',
};

/** DuckDB reports system errors as text alone. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/no space left on device|not enough space/i, 'ENOSPC'],
  [/disk quota exceeded/i, 'EDQUOT'],
  [/file too large/i, 'EFBIG'],
  [/permission denied/i, 'EACCES'],
  [/read-only file system/i, 'EROFS'],
  [/no such file or directory|no files found that match/i, 'ENOENT'],
  [/too many open files/i, 'EMFILE'],
  [/resource temporarily unavailable/i, 'EAGAIN'],
];

/** The system's error code, e.g. `ENOSPC`, of an error of Node or DuckDB; undefined when it is none. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && code in explanations) return code;
  return phrases.find(([phrase]) => phrase.test(error.message))?.[1];
}

/**
 * An `io` error that says what was being done to which path, what went wrong and what to do. An error that does not come
 * from the system is returned as it is: a DeepTasteError already says so, and a programming error must not hide as `io`.
 * @param action what was being done, e.g. `writing`
 */
export function ioError(action: string, path: string, cause: unknown): unknown {
  if (cause instanceof DeepTasteError || !isSystemError(cause)) return cause;
  const code = systemErrorCode(cause);
  const reason = code === undefined ? cause.message.split('\n', 1)[0] : `${explanations[code]} (${code})`;
  return new DeepTasteError('io', `${action} ${path}: ${reason}`, { path, systemCode: code }, { cause });
}

/** Node's errors name the system call; DuckDB's begin with a phrase. */
function isSystemError(error: unknown): error is Error {
  return (
    error instanceof Error &&
    ('syscall' in error || systemErrorCode(error) !== undefined || /^IO Error/.test(error.message))
  );
}
