/** Checks options against a schema and turns what is wrong with them into one clear line that names the key. */
import { z } from 'zod';
import { DeepTasteError, type ErrorCode } from './errors.ts';
import { shownValue } from './ids.ts';
import { nearest, suggestion } from './nearest.ts';

type Schema = z.core.$ZodType;
type Issue = z.core.$ZodIssue;

/**
 * The options with their defaults filled in.
 * @param where what the options belong to; it opens the error message
 * @param code of the error: `usage` for the arguments of a call
 * @throws DeepTasteError `config`: a key that is not known (with the nearest known one), a value out of its range
 */
export function parseOptions<S extends Schema>(
  schema: S,
  value: unknown,
  where: string,
  code: ErrorCode = 'config',
): z.output<S> {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues as Issue[];
  // A misspelt key is often the cause of the other complaints, so it is reported first.
  const issue = innermost(issues.find((each) => each.code === 'unrecognized_keys') ?? issues[0]);
  const path = issue.path.map(String);
  throw new DeepTasteError(code, `${where}: ${describeIssue(schema, value, issue)}`, { path, issue: issue.code });
}

/** The schema of the object that `schema` describes, under its default where it has one: for lists of its keys. */
export function objectSchema(schema: z.core.$ZodType): z.ZodObject {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return objectSchema(schema.def.innerType);
  if (!(schema instanceof z.ZodObject)) throw new Error('internal: options are declared as an object of named values');
  return schema;
}

/** The schemas at an address as they are declared, of every member of a union that has it; [] where there is none. */
export function schemasAt(schemas: readonly Schema[], [key, ...rest]: readonly string[]): Schema[] {
  if (key === undefined) return [...schemas];
  const inner = schemas.flatMap(membersOf).flatMap((member) => {
    const { shape } = member._zod.def as Definition;
    return shape && key in shape ? [shape[key]] : [];
  });
  return schemasAt(inner, rest);
}

/** What a schema is under defaults and the like; a union's members one by one. */
export function membersOf(schema: Schema): Schema[] {
  const { innerType, in: input, options } = schema._zod.def as Definition;
  const inner = innerType ?? input;
  if (inner) return membersOf(inner);
  return options ? options.flatMap(membersOf) : [schema];
}

/**
 * Of a value that fits no member of a union: the key that no member knows, else what is wrong deepest within the value, as it is
 * wrong in the member whose keys the value has.
 */
function innermost(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const members = issue.errors as Issue[][];
  const unknown = members.map((issues) =>
    issues.flatMap((each) => (each.code === 'unrecognized_keys' && each.path.length === 0 ? each.keys : [])),
  );
  const key = unknown[0]?.find((each) => unknown.every((keys) => keys.includes(each)));
  if (key !== undefined) return { code: 'unrecognized_keys', keys: [key], path: issue.path, message: issue.message };
  const depth = (each: Issue): number => each.path.length + (each.code === 'unrecognized_keys' ? 0.5 : 0);
  const [deepest] = members
    .flat()
    .filter(({ path }) => path.length > 0)
    .sort((a, b) => depth(b) - depth(a));
  return deepest ? innermost({ ...deepest, path: [...issue.path, ...deepest.path] }) : issue;
}

function describeIssue(schema: Schema, value: unknown, issue: Issue): string {
  const path = issue.path.map(String);
  const at = path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, value, path);
    const name = [...path, issue.keys[0]].join('.');
    return `"${name}" is not a known option${suggestion(issue.keys[0], known)}`;
  }
  const given = valueAt(value, path);
  const found = shown(given);
  const choices = choicesOf(issue);
  if (choices && typeof given === 'string')
    return `"${at}" must be one of ${choices.join(', ')}, found ${found}${closest(given, choices)}`;
  return `${at === '' ? '' : `"${at}": `}${expectedKinds(issue) ?? lowerFirst(issue.message)}, found ${found}`;
}

/** Of a value whose kind fits no member of a union: the kinds of all members. */
function expectedKinds(issue: Issue): string | null {
  if (issue.code !== 'invalid_union') return null;
  const kinds = new Set<string>();
  for (const [first] of issue.errors as Issue[][]) {
    if (first?.code !== 'invalid_type') return null;
    kinds.add(first.expected);
  }
  return kinds.size === 0 ? null : `expected ${[...kinds].join(' or ')}`;
}

/** The texts that are allowed where only some are: an enumeration, or the tag of a union. */
function choicesOf(issue: Issue): string[] | null {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union' && 'options' in issue) return (issue.options as unknown[]).map(String);
  return null;
}

function closest(given: string, choices: readonly string[]): string {
  const near = nearest(given, choices);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1).replace(/, received .*$/, '');
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = shownValue(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

/** The keys that the object at `path` may have. */
function keysAt(schema: Schema, value: unknown, path: readonly string[]): string[] {
  let here = schema;
  let data = value;
  for (const key of path) {
    const def = definition(here, data);
    here = def.type === 'array' ? def.element! : def.type === 'record' ? def.valueType! : def.shape![key];
    data = (data as Record<string, unknown> | undefined)?.[key];
  }
  return Object.keys(definition(here, data).shape ?? {});
}

interface Definition {
  readonly type: string;
  readonly innerType?: Schema;
  readonly in?: Schema;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly options?: readonly Schema[];
  readonly discriminator?: string;
}

/**
 * The definition under wrappers (optional, default, pipe), and of the member that the value names in a union; where it names none,
 * one with the keys of all members.
 */
function definition(schema: Schema, value: unknown): Definition {
  const def = schema._zod.def as Definition;
  if (def.innerType) return definition(def.innerType, value);
  if (def.in) return definition(def.in, value);
  if (def.options && def.discriminator) {
    const tag = (value as Record<string, unknown> | undefined)?.[def.discriminator];
    const member = def.options.find((option) => {
      const tags = definition(option, value).shape?.[def.discriminator!]?._zod.values;
      return tags?.has(tag as string);
    });
    if (member) return definition(member, value);
  }
  if (!def.options) return def;
  return { ...def, shape: Object.assign({}, ...def.options.map((option) => definition(option, value).shape)) };
}
