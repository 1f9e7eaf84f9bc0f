/**
 * A folder may be whole, every file with the SHA-256 of its manifest, and yet hold parts that do not belong together: settings of
 * another model, weights of other shapes, an attachment that is empty. Whatever then goes wrong is the artifact's fault.
 */
import { DeepTasteError, type ErrorCode } from '../core/errors.ts';
import type { NamedTensors } from '../core/named-tensors.ts';

/** Errors that already say what is wrong, or that have another cause. */
const told: readonly ErrorCode[] = ['artifact', 'io', 'not-found', 'memory'];

/**
 * Runs what reads or joins parts of the artifact at `path`.
 * @throws DeepTasteError `artifact` for whatever fails in it, but for errors of reading and of memory
 */
export async function fitting<T>(path: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeepTasteError && told.includes(error.code)) throw located(path, error);
    const found = error instanceof Error ? firstLine(error) : String(error);
    // a thread may fail for want of processes or memory, and of weights that do not fit too: which, nobody can tell here
    if (error instanceof DeepTasteError && error.code === 'numeric')
      throw new DeepTasteError(
        'artifact',
        `${path}: must be ready to compute, found that the engine failed (${found}); try again, and should it fail again, restore it from a copy or train again`,
        { path },
        { cause: error },
      );
    throw new DeepTasteError(
      'artifact',
      `${path}: its parts must fit together, found that they do not (${found}); restore it from a copy or train again`,
      { path },
      { cause: error },
    );
  }
}

/** With the path, where an error of the artifact does not name it. */
function located(path: string, error: DeepTasteError): DeepTasteError {
  if (error.code !== 'artifact' || error.message.includes(path)) return error;
  return new DeepTasteError('artifact', `${path}: ${error.message}`, { ...error.details, path }, { cause: error });
}

/** The first complaint of a schema, or the first line of another error. */
function firstLine(error: Error): string {
  const { issues } = error as { issues?: readonly { path: readonly PropertyKey[]; message: string }[] };
  if (issues?.length) return `"${issues[0].path.join('.')}": ${issues[0].message}`;
  return error.message.split('\n', 1)[0];
}

/** An attachment's JSON that must be an object. @param where the file, for messages; @throws DeepTasteError `artifact` */
export function attachedObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  let found: string;
  try {
    value = JSON.parse(text);
    found = Array.isArray(value) ? 'a list' : String(value);
  } catch (cause) {
    found = `no JSON (${(cause as Error).message})`;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DeepTasteError('artifact', `${where}: must hold a JSON object, found ${found}; train again`, { where });
}

/** @param where the file, for messages. @throws DeepTasteError `artifact` for weights that are NaN or infinite */
export function checkFinite(tensors: NamedTensors, where: string): void {
  for (const [name, { data }] of tensors) {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    // a sum of finite numbers in float64 is finite unless they are beyond any weight; looked at one by one only then
    let sum = 0;
    for (let n = 0; n < data.length; n++) sum += data[n];
    if (Number.isFinite(sum)) continue;
    const at = data.findIndex((value) => !Number.isFinite(value));
    if (at < 0) continue;
    throw new DeepTasteError(
      'artifact',
      `${where}: weights must be finite numbers, found ${data[at]} in "${name}"; restore it from a copy or train again`,
      { name, at },
    );
  }
}
