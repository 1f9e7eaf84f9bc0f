/** Experiment files: run settings as YAML, with paths relative to the file and `${NAME:-default}` from the environment. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { type FieldRunSettings, parseFieldRunSettings } from './field-settings.ts';
import { parseRunSettings, type RunSettings } from './settings.ts';

export async function readExperiment(path: string): Promise<RunSettings> {
  return located(parseRunSettings(await readExperimentDocument(path), path), path);
}

/** As {@link readExperiment}, of a model over feature fields. */
export async function readFieldExperiment(path: string): Promise<FieldRunSettings> {
  return located(parseFieldRunSettings(await readExperimentDocument(path), path), path);
}

/** The content of a file, not yet checked. @throws 'io'; 'config' for what is not YAML, and variables that are not set */
export async function readExperimentDocument(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw ioError('read', path, error);
  }
  try {
    return parse(expandEnvironment(text, path));
  } catch (error) {
    if (error instanceof DeepTasteError) throw error;
    throw new DeepTasteError('config', `${path}: must be YAML; ${(error as Error).message.split('\n')[0]}`);
  }
}

/** With paths as they are seen from here, and a name. */
function located<S extends RunSettings | FieldRunSettings>(settings: S, path: string): S {
  return { ...withPaths(settings, dirname(path)), name: settings.name ?? basename(path).replace(/\.ya?ml$/, '') };
}

/** Replaces `${NAME}` and `${NAME:-default}`. */
function expandEnvironment(text: string, path: string): string {
  return text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback: string | undefined) => {
    const value = process.env[name] ?? fallback;
    if (value !== undefined) return value;
    throw new DeepTasteError('config', `${path}: the environment variable ${name} must be set`);
  });
}

function withPaths<S extends RunSettings | FieldRunSettings>(settings: S, folder: string): S {
  const at = <T extends string | null | undefined>(file: T): T =>
    (typeof file === 'string' && !isAbsolute(file) ? join(folder, file) : file) as T;
  const { data, split } = settings;
  return {
    ...settings,
    data:
      'simulated' in data
        ? data
        : { ...data, files: data.files.map(at), items: at(data.items), users: at(data.users), social: at(data.social) },
    split:
      split?.method === 'given'
        ? {
            ...split,
            test: at(split.test),
            validation: at(split.validation),
            candidates: at(split.candidates),
            validationCandidates: at(split.validationCandidates),
          }
        : split,
  };
}
