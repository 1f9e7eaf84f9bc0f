/** Experiment files: run settings as YAML, with paths relative to the file and `${NAME:-default}` from the environment. */
import { basename, dirname, isAbsolute, join } from 'node:path';
import { isScalar, parseDocument, visit } from 'yaml';
import { DeepTasteError } from '../core/errors.ts';
import { shownValue } from '../core/ids.ts';
import { ioError } from '../core/io-error.ts';
import { readPlainText } from '../core/plain-file.ts';
import { quotedNames } from '../core/shown.ts';
import { type AnyRunSettings, parseAnyRunSettings } from './any-settings.ts';

/** @throws DeepTasteError `io`: no such file; `config`: what is in it; `usage`: the model */
export async function readExperiment(path: string): Promise<AnyRunSettings> {
  return experimentOf(await readExperimentDocument(path), path);
}

/** The settings that the keys of a file say. @param path of the file, to which paths are relative @throws 'config', 'usage' */
export function experimentOf(document: object, path: string): AnyRunSettings {
  return located(parseAnyRunSettings(document, path), path);
}

/** The keys of a file, not yet checked. @throws 'io'; 'config' for what is no YAML object, and variables that are not set */
export async function readExperimentDocument(path: string): Promise<Record<string, unknown>> {
  let text: string;
  try {
    text = await readPlainText(path);
  } catch (error) {
    throw ioError('read', path, error);
  }
  if (text.length > MAX_LENGTH)
    throw new DeepTasteError(
      'config',
      `${path}: an experiment file must have at most ${MAX_LENGTH} characters, found ${text.length}; name the data as files`,
    );
  let document: unknown;
  try {
    document = parsed(expandEnvironment(text, path));
  } catch (error) {
    if (error instanceof DeepTasteError) throw error;
    throw new DeepTasteError('config', `${path}: ${faultOf(error as Error)}`);
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document))
    return document as Record<string, unknown>;
  const found =
    document === null || document === undefined ? 'nothing' : Array.isArray(document) ? 'a list' : shownValue(document);
  throw new DeepTasteError(
    'config',
    `${path}: must hold settings such as "model: neumf" and "data: { files: [ratings.csv] }", found ${found}`,
  );
}

function faultOf(error: Error & { readonly code?: string }): string {
  const [message] = error.message.split('\n');
  const place = / at line \d+/.exec(message)?.[0] ?? '';
  if (error.code === 'MULTIPLE_DOCS')
    return `must hold one YAML document, found another one${place}; write each to a file of its own`;
  if (/call stack/i.test(message))
    return `must nest settings a few levels deep, found more levels than can be read${place}; take out the brackets or blanks that open them`;
  return `must be YAML; ${message}`;
}

/** As `parse` of the package, whose look for repeated keys takes the square of their number. */
function parsed(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: false });
  if (document.errors.length > 0) throw document.errors[0];
  visit(document, {
    Map(_, { items }) {
      const keys = new Set<string>();
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : String(key);
        if (keys.has(name)) throw new Error(`the key ${quotedNames([name])} occurs twice`);
        keys.add(name);
      }
    },
  });
  return document.toJS();
}

/** Settings are some lines; a file of data given by mistake would take long to parse. */
const MAX_LENGTH = 1_000_000;

/** With paths as they are seen from here, and a name. */
function located<S extends AnyRunSettings>(settings: S, path: string): S {
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

/** Files that a split names; the first two hold shares where no files are given. */
const splitFiles = ['test', 'validation', 'candidates', 'validationCandidates'] as const;
const listFiles: readonly string[] = ['candidates', 'validationCandidates'];

function withPaths<S extends AnyRunSettings>(settings: S, folder: string): S {
  const at = <T>(file: T): T => (typeof file === 'string' && !isAbsolute(file) ? join(folder, file) : file) as T;
  const { data, split } = settings;
  const namesFiles = split?.method === 'given' || split?.method === 'prefix-files';
  const named = splitFiles.filter((key) => split && key in split && (namesFiles || listFiles.includes(key)));
  const given = new Map<string, unknown>(Object.entries(split ?? {}));
  const moved = named.map((key) => [key, at(given.get(key))]);
  return {
    ...settings,
    data:
      'simulated' in data
        ? data
        : { ...data, files: data.files.map(at), items: at(data.items), users: at(data.users), social: at(data.social) },
    split: split && { ...split, ...Object.fromEntries(moved) },
  } as S;
}
