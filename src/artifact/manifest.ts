/** `manifest.json`: what an artifact is, how it was made, and the size and SHA-256 of each of its files. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DeepTasteError } from '../core/errors.ts';
import { KERNEL_BUILDS, type KernelBuild } from '../core/kernel-build.ts';
import type { Schema } from '../data/schema.ts';
import { plainJson } from './plain-json.ts';

export const MANIFEST_FILE = 'manifest.json';
export const FORMAT = 'deeptaste-artifact';

/** Raised by every change that an older deeptaste would misread. */
export const FORMAT_VERSION = 1;

const jsonObject = z.record(z.string(), z.unknown());
const count = z.int().min(0);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

/** A plain name: nothing that leads out of the folder, nothing hidden. */
export const fileNamePattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,126}$/;

const columnSchema = z.object({
  name: z.string(),
  role: z.enum(['user', 'item', 'rating', 'label', 'time', 'session', 'title', 'field', 'propensity', 'ignore']),
  kind: z.enum(['id', 'categorical', 'numeric', 'multi', 'text', 'time']),
  owner: z.enum(['interaction', 'user', 'item']),
  guessed: z.boolean(),
});

const fieldLayout = z.object({
  name: z.string(),
  kind: z.enum(['categorical', 'text', 'numeric', 'multi']),
  column: z.string().min(1),
});
const tableLayout = z.object({
  rows: count,
  fields: z.array(fieldLayout).readonly(),
  title: z.string().nullable(),
  ignoresCase: z.boolean().optional(),
});
const metricLayout = z.object({ name: z.string(), column: z.string().min(1) });

const infoShape = {
  model: z.object({ name: z.string().min(1), config: jsonObject }),
  training: jsonObject,
  seed: z.int().min(0).max(0xffffffff),
  schema: z.object({ columns: z.array(columnSchema) }) satisfies z.ZodType<Schema>,
  protocol: jsonObject.nullable(),
  metrics: jsonObject,
  engine: z.object({ kernels: z.enum(KERNEL_BUILDS), blas: z.string().nullable() }),
  rating: z
    .object({ offset: z.number(), range: z.object({ low: z.number(), high: z.number() }).nullable() })
    .optional(),
  final: z.object({ nRows: count, epochs: z.int().min(1).nullable() }).optional(),
  from: z.object({ hash: z.string().min(1), nInteractions: count }).optional(),
};

const infoSchema = z.object({
  ...infoShape,
  data: z.object({ name: z.string(), hash: z.string().min(1), nInteractions: count }),
});

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  created: z.iso.datetime(),
  deeptaste: z.string().min(1),
  ...infoShape,
  data: z.object({ name: z.string(), hash: z.string().min(1), nInteractions: count, nUsers: count, nItems: count }),
  tables: z.object({
    users: tableLayout,
    items: tableLayout,
    perUser: z.array(metricLayout).readonly().nullable(),
  }),
  files: z.array(z.object({ name: z.string().regex(fileNamePattern, 'must be a plain name'), bytes: count, sha256 })),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];

/** The weights were trained on all rows of the data, the held-out ones too, after the model was measured without these. */
export interface FinalRecord {
  /** Rows, or events of sequences, that they were trained on. */
  readonly nRows: number;
  /** Null for models without epochs. */
  readonly epochs: number | null;
}

/** What the caller knows about a trained recommender; the rest of the manifest follows from the artifact's parts. */
export interface ArtifactInfo {
  readonly model: { readonly name: string; readonly config: object };
  readonly training: object;
  readonly seed: number; // [0, 2³²)
  readonly schema: Schema;
  /** How the metrics were measured; null when nothing was measured. */
  readonly protocol: object | null;
  readonly metrics: object;
  readonly engine: { readonly kernels: KernelBuild; readonly blas: string | null };
  /** Absent: the weights are those that were measured; else protocol and metrics are of a model without the held-out rows. */
  readonly final?: FinalRecord;
  /** Training went on from a recommender of these data; absent = it began anew. */
  readonly from?: { readonly hash: string; readonly nInteractions: number };
  readonly data: { readonly name: string; readonly hash: string; readonly nInteractions: number };
  /** Of models of users and items that predict ratings: what is added to what they give, and what ratings are clipped to (null = nothing). */
  readonly rating?: { readonly offset: number; readonly range: { readonly low: number; readonly high: number } | null };
}

/**
 * The part of the manifest that the caller gives, as JSON will hold it.
 * @throws DeepTasteError `artifact` for a value that JSON cannot keep (NaN, a Map) or that is out of its range
 */
export function checkedInfo(info: ArtifactInfo): z.output<typeof infoSchema> {
  return checked(infoSchema, plainJson(info, 'info'), 'manifest');
}

/** The text of manifest.json; its last key is the SHA-256 of all that stands before it. */
export function encodeManifest(manifest: Manifest): string {
  const body = plainJson(manifest, 'manifest') as object;
  return `${JSON.stringify({ ...body, sha256: digest(body) }, null, 2)}\n`;
}

/**
 * Reads the text of manifest.json.
 * @param where the path, for messages
 * @throws DeepTasteError `artifact`: not JSON, not an artifact's manifest, made by a newer version, altered
 */
export function parseManifest(text: string, where: string): Manifest {
  const value = parseJsonObject(text, where);
  checkFormat(value, where);
  const { sha256: declared, ...body } = value;
  if (declared !== digestOf(body, where)) {
    const message = `${where}: its content must have the SHA-256 that it states, found another; the file was altered`;
    throw new DeepTasteError('artifact', `${message}, restore it from a copy or train again`, { where });
  }
  return checked(manifestSchema, body, where);
}

/** Twelve hexadecimal digits that tell one saved artifact from another: of its files and when it was made. */
export function versionOf({ created, files }: Manifest): string {
  return digest({ created, files }).slice(0, 12);
}

/** Whether the text is a manifest of this or a newer format; the rest of it may be damaged. */
export function isManifest(text: string): boolean {
  try {
    return parseJsonObject(text, '').format === FORMAT;
  } catch {
    return false; // not JSON: certainly no manifest
  }
}

function parseJsonObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const message = `${where}: must be JSON, found otherwise (${(cause as Error).message}); the file is truncated or altered`;
    throw new DeepTasteError('artifact', `${message}, restore it from a copy or train again`, { where }, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new DeepTasteError(
    'artifact',
    `${where}: must be a JSON object, found ${text.slice(0, 40)}; it is no manifest`,
  );
}

function checkFormat({ format, formatVersion, deeptaste }: Record<string, unknown>, where: string): void {
  const fail = (message: string) => new DeepTasteError('artifact', `${where}: ${message}`, { where, formatVersion });
  if (format !== FORMAT)
    throw fail(`"format" must be "${FORMAT}", found ${JSON.stringify(format)}; this is not a deeptaste artifact`);
  if (!Number.isSafeInteger(formatVersion) || (formatVersion as number) < 1)
    throw fail(
      `"formatVersion" must be a whole number from 1, found ${JSON.stringify(formatVersion)}; the file is altered`,
    );
  if ((formatVersion as number) > FORMAT_VERSION) {
    const maker = typeof deeptaste === 'string' ? ` (${deeptaste})` : '';
    const found = `format version must be at most ${FORMAT_VERSION}, found ${formatVersion}`;
    throw fail(`${found}: made by a newer version of deeptaste${maker}; update deeptaste`);
  }
}

/** JSON.parse does not recurse, all that follows does. */
function digestOf(body: object, where: string): string {
  try {
    return digest(body);
  } catch (cause) {
    const message = `${where}: must be JSON of some levels, found values nested too deeply; the file is no manifest that deeptaste has written`;
    throw new DeepTasteError('artifact', message, { where }, { cause });
  }
}

function digest(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

function checked<S extends z.ZodType>(schema: S, value: unknown, where: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  const text = `${where}: "${path.join('.')}" does not hold what a manifest needs: ${message}`;
  throw new DeepTasteError('artifact', `${text}; the file is altered or was not written by deeptaste`, { where, path });
}
