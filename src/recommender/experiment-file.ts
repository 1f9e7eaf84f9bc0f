/** Experiment files: run settings as YAML, with paths relative to the file and `${NAME:-default}` from the environment. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { type AnyRunSettings, parseAnyRunSettings } from './any-settings.ts';

/** @throws DeepTasteError `io`: no such file; `config`: what is in it; `usage`: the model */
export async function readExperiment(path: string): Promise<AnyRunSettings> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw ioError('read', path, error);
  }
  let document: unknown;
  try {
    document = parse(expandEnvironment(text, path));
  } catch (error) {
    if (error instanceof DeepTasteError) throw error;
    throw new DeepTasteError('config', `${path}: must be YAML; ${(error as Error).message.split('\n')[0]}`);
  }
  const settings = parseAnyRunSettings(document, path);
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

/** Files that a split names. */
const splitFiles = ['test', 'validation', 'candidates', 'validationCandidates'] as const;

function withPaths(settings: AnyRunSettings, folder: string): AnyRunSettings {
  // the same keys hold shares where no files are named
  const at = <T>(file: T): T => (typeof file === 'string' && !isAbsolute(file) ? join(folder, file) : file) as T;
  const { data, split } = settings;
  const namesFiles = split?.method === 'given' || split?.method === 'prefix-files';
  const named = namesFiles ? splitFiles.filter((key) => key in split) : [];
  const moved = named.map((key) => [key, at((split as unknown as Record<string, unknown>)[key])]);
  return {
    ...settings,
    data:
      'simulated' in data
        ? data
        : { ...data, files: data.files.map(at), items: at(data.items), users: at(data.users), social: at(data.social) },
    split: split && { ...split, ...Object.fromEntries(moved) },
  } as AnyRunSettings;
}
