/**
 * The safetensors file format, by its public description (https://github.com/huggingface/safetensors, "Format"):
 *
 *   8 bytes        n, length of the header, unsigned little-endian
 *   n bytes        JSON { "__metadata__"?: {text: text}, name: { dtype, shape, data_offsets: [begin, end] }, … },
 *                  padded with spaces to a multiple of 8
 *   the rest       the values, row-major, little-endian; offsets count from here; no holes, no overlap
 *
 * Order of the tensors: by dtype, widest first, then by name (UTF-8 bytes), which is the reference implementation's order.
 * So every tensor is aligned and the bytes do not depend on the order in which tensors were put into the map.
 * Assumes a little-endian machine, as WebAssembly's shared memory does.
 */
import { DeepTasteError } from '../core/errors.ts';
import { type NamedTensor, sizeOfShape } from '../core/named-tensors.ts';
import { duplicateKey } from './duplicate-key.ts';

/** The supported kinds of values, in the order of the file. */
export const dtypes = ['I64', 'F64', 'F32', 'I32', 'U8', 'BOOL'] as const;
export type Dtype = (typeof dtypes)[number];

export const bytesPerValue: Readonly<Record<Dtype, number>> = { I64: 8, F64: 8, F32: 4, I32: 4, U8: 1, BOOL: 1 };

export type StoredData = NamedTensor['data'] | BigInt64Array;

/** A tensor as the file holds it: beyond NamedTensor, 64-bit integers, and bytes that mean true (1) and false (0). */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: StoredData;
  /** Needed only to tell BOOL from U8; else it follows from the kind of array. */
  readonly dtype?: Dtype;
}

/** The reference implementation's limit. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Where a tensor lies: bytes [begin, end) after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the file. */
  readonly entries: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads and checks the header: JSON without repeated keys, known dtypes, sizes that match the shapes, and tensors that
 * fill the rest of the file without holes or overlap.
 * @param header the n bytes of JSON; @param fileBytes size of the whole file; @param where names it in messages
 * @throws DeepTasteError `artifact`
 */
export function parseHeader(header: Uint8Array, fileBytes: number, where: string): SafetensorsHeader {
  const { __metadata__, ...tensors } = parseObject(header, where);
  const entries = Object.entries(tensors).map(([name, value]) => parseEntry(name, value, where));
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) throw invalid(where, `tensor "${entry.name}" must begin at byte ${end}`, `${entry.begin}`);
    end = entry.end;
  }
  const valueBytes = fileBytes - 8 - header.length;
  if (end !== valueBytes) throw invalid(where, `the tensors must fill ${valueBytes} bytes`, `${end}`);
  return { entries, metadata: parseMetadata(__metadata__, where) };
}

function invalid(where: string, must: string, found: string, cause?: unknown): DeepTasteError {
  const message = `${where}: ${must}, found ${found}; the file is truncated, altered or not safetensors`;
  return new DeepTasteError('artifact', message, { where }, { cause });
}

function parseObject(header: Uint8Array, where: string): Record<string, unknown> {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(where, 'the header must be JSON', 'something else', cause);
  }
  if (!isObject(value) || text[0] !== '{') throw invalid(where, 'the header must be a JSON object', 'something else');
  const repeated = duplicateKey(text);
  if (repeated !== undefined) throw invalid(where, 'a name must occur once', `${JSON.stringify(repeated)} twice`);
  return value;
}

function parseEntry(name: string, value: unknown, where: string): TensorEntry {
  const fail = (must: string, found: unknown) => invalid(where, `tensor "${name}": ${must}`, shown(found));
  if (!isObject(value)) throw fail('must have dtype, shape and data_offsets', value);
  const { dtype, shape, data_offsets: offsets } = value;
  const known = dtypes.find((candidate) => candidate === dtype);
  if (known === undefined) throw fail(`dtype must be one of ${dtypes.join(', ')}`, dtype ?? null);
  if (!isSizes(shape)) throw fail('shape must be a list of whole numbers', shape ?? null);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1])
    throw fail('data_offsets must be [begin, end]', offsets ?? null);
  const bytes = sizeOfShape(shape) * bytesPerValue[known];
  if (offsets[1] - offsets[0] !== bytes)
    throw fail(`${known} [${shape.join(', ')}] must take ${bytes} bytes`, offsets[1] - offsets[0]);
  return { name, dtype: known, shape, begin: offsets[0], end: offsets[1] };
}

function parseMetadata(value: unknown, where: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) throw invalid(where, '__metadata__ must be an object of texts', shown(value));
  const texts: [string, string][] = [];
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw invalid(where, `__metadata__ "${key}" must be text`, shown(text));
    texts.push([key, text]);
  }
  return Object.fromEntries(texts);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A value of a broken header, short enough for one line. */
function shown(value: unknown): string {
  try {
    const text = JSON.stringify(value);
    return text.length > 80 ? `${text.slice(0, 80)}…` : text;
  } catch {
    return 'something nested too deeply'; // JSON.stringify recurses, JSON.parse does not
  }
}
