/** JSON Schema as the catalogue gives it, as far as forms are made of it. */

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  /** `#/$defs/Name`: the schema of that name in `$defs`. */
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** A setting that can be said: its address within the options, and what may be there. */
export interface Setting {
  readonly path: string;
  readonly schema: Schema;
}

/** The settings of an object, those of objects within it by addresses such as `optimizer.learningRate`. */
export function settingsOf(schema: Schema, above = ''): Setting[] {
  const { properties = {} } = schema.$ref ? (schema.$defs?.[schema.$ref.split('/').at(-1) ?? ''] ?? {}) : schema;
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${above}${name}`;
    if (schema.properties) {
      const defaults = (schema.default ?? {}) as Readonly<Record<string, unknown>>;
      return settingsOf(schema, `${path}.`).map((inner) => {
        const key = inner.path.slice(path.length + 1);
        return key in defaults ? { ...inner, schema: { ...inner.schema, default: defaults[key] } } : inner;
      });
    }
    return [{ path, schema }];
  });
}

/** What was written into a form, by the addresses of settings. */
export type Texts = ReadonlyMap<string, string>;

/** @param text empty = as the default is */
export function written(texts: Texts, path: string, text: string): Texts {
  const next = new Map(texts);
  if (text === '') next.delete(path);
  else next.set(path, text);
  return next;
}

/** Only what was written is sent. */
export function saidSettings(settings: readonly Setting[], texts: Texts): Record<string, unknown> {
  const values = settings.flatMap(({ path, schema }) => {
    const text = texts.get(path);
    return text === undefined ? [] : [[path, readValue(schema, text)] as const];
  });
  return nested(new Map(values));
}

type Kind = 'truth' | 'choice' | 'number' | 'text';

export function kindOf(schema: Schema): Kind {
  if (schema.type === 'boolean') return 'truth';
  if (choicesOf(schema).length > 0) return 'choice';
  return schema.type === 'integer' || schema.type === 'number' ? 'number' : 'text';
}

/** The texts that may stand there; none where anything may. */
export function choicesOf(schema: Schema): string[] {
  if (schema.enum) return schema.enum.map(String);
  const members = schema.anyOf ?? schema.oneOf ?? [];
  return members.length > 0 && members.every((each) => each.const !== undefined || each.enum)
    ? members.flatMap((each) => (each.enum ?? [each.const]).map(String))
    : [];
}

export function shownDefault({ default: value }: Schema): string {
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What somebody wrote, as the value that is meant; what cannot be read goes as it is, and the server says what is wrong. */
function readValue(schema: Schema, text: string): unknown {
  const kind = kindOf(schema);
  if (kind === 'truth') return text === 'true';
  if (kind === 'choice') return text;
  if (kind === 'number') return Number.isFinite(Number(text)) ? Number(text) : text;
  const list = schema.type === 'array' && !text.trim().startsWith('[') ? `[${text}]` : text;
  try {
    return JSON.parse(list);
  } catch {
    return schema.type === 'array' ? text.split(',').map((part) => part.trim()) : text;
  }
}

/** Values by their addresses as an object. */
function nested(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    let inner = result;
    for (const key of keys.slice(0, -1)) {
      inner[key] ??= {};
      inner = inner[key] as Record<string, unknown>;
    }
    inner[keys[keys.length - 1]] = value;
  }
  return result;
}
