/** Reads safetensors files; the layout is described in safetensors-header.ts. */
import { type FileHandle, open } from 'node:fs/promises';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import type { NamedTensor, NamedTensors } from '../core/named-tensors.ts';
import {
  bytesPerValue,
  type Dtype,
  MAX_HEADER_BYTES,
  parseHeader,
  type SafetensorsHeader,
  type StoredData,
  type StoredTensor,
  type TensorEntry,
} from './safetensors-header.ts';

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor & { readonly dtype: Dtype }>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads all tensors of a file, each into an array of its own.
 * @throws DeepTasteError `artifact` when the bytes are not a whole, well-formed safetensors file; `io`
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const fileBytes = (await file.stat()).size;
    const start = await readExactly(file, 0, new Uint8Array(Math.min(8, fileBytes)), path);
    const headerBytes = headerLength(start, fileBytes, path);
    const header = parseHeader(await readExactly(file, 8, new Uint8Array(headerBytes), path), fileBytes, path);
    const tensors: [string, StoredTensor & { dtype: Dtype }][] = [];
    for (const entry of header.entries) {
      const bytes = await readExactly(file, 8 + headerBytes + entry.begin, allocate(entry, path), path);
      tensors.push([entry.name, storedTensor(entry, bytes, path)]);
    }
    return { tensors: new Map(tensors), metadata: header.metadata };
  } catch (error) {
    throw ioError('reading', path, error);
  } finally {
    await file?.close();
  }
}

/** @param where names the source in error messages; @throws DeepTasteError `artifact` */
export function decodeSafetensors(bytes: Uint8Array, where = 'safetensors'): SafetensorsFile {
  const headerBytes = headerLength(bytes.subarray(0, 8), bytes.length, where);
  const header: SafetensorsHeader = parseHeader(bytes.subarray(8, 8 + headerBytes), bytes.length, where);
  const values = bytes.subarray(8 + headerBytes);
  const tensors = header.entries.map((entry): [string, StoredTensor & { dtype: Dtype }] => {
    const own = allocate(entry, where); // a copy: offsets in the file need not be aligned
    own.set(values.subarray(entry.begin, entry.end));
    return [entry.name, storedTensor(entry, own, where)];
  });
  return { tensors: new Map(tensors), metadata: header.metadata };
}

/** The tensors that models and optimizers use. @throws DeepTasteError `artifact` when one holds 64-bit integers */
export function namedTensors(file: SafetensorsFile, where: string): NamedTensors {
  const named = new Map<string, NamedTensor>();
  for (const [name, { shape, data }] of file.tensors) {
    if (data instanceof BigInt64Array) {
      const message = `${where}: tensor "${name}" must be float32, float64, int32 or bytes, found 64-bit integers`;
      throw new DeepTasteError('artifact', `${message}; it was not written by deeptaste`, { where, name });
    }
    named.set(name, { shape, data });
  }
  return named;
}

/** n, the length of the header, checked against the size of the file. */
function headerLength(start: Uint8Array, fileBytes: number, where: string): number {
  const fail = (must: string, found: string) =>
    new DeepTasteError('artifact', `${where}: ${must}, found ${found}; the file is truncated or not safetensors`, {
      where,
    });
  if (start.length < 8) throw fail('a safetensors file must begin with 8 bytes of header length', `${fileBytes} bytes`);
  const length = new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES))
    throw fail(`the header must stay within ${MAX_HEADER_BYTES} bytes`, `${length}`);
  if (length > BigInt(fileBytes - 8))
    throw fail(`the header must end inside the file of ${fileBytes} bytes`, `a header of ${length} bytes`);
  return Number(length);
}

function allocate({ name, begin, end }: TensorEntry, where: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(end - begin);
  } catch (cause) {
    const message = `${where}: tensor "${name}" of ${end - begin} bytes must fit into memory; use a larger machine`;
    throw new DeepTasteError('memory', message, { name, bytes: end - begin }, { cause });
  }
}

function storedTensor(entry: TensorEntry, bytes: Uint8Array<ArrayBuffer>, where: string) {
  const { dtype, shape, name } = entry;
  if (dtype === 'BOOL' && !bytes.every((byte) => byte <= 1))
    throw new DeepTasteError('artifact', `${where}: BOOL tensor "${name}" must hold 0 and 1 only; the file is altered`);
  return { dtype, shape, data: viewAs(dtype, bytes) };
}

function viewAs(dtype: Dtype, { buffer, byteLength }: Uint8Array<ArrayBuffer>): StoredData {
  const length = byteLength / bytesPerValue[dtype];
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, 0, length);
    case 'F64':
      return new Float64Array(buffer, 0, length);
    case 'I32':
      return new Int32Array(buffer, 0, length);
    case 'I64':
      return new BigInt64Array(buffer, 0, length);
    case 'U8':
    case 'BOOL':
      return new Uint8Array(buffer);
  }
}

/** One read call may return less than it is asked for, and is limited to 2 GiB. */
async function readExactly<T extends Uint8Array>(
  file: FileHandle,
  position: number,
  into: T,
  path: string,
): Promise<T> {
  for (let done = 0; done < into.length; ) {
    const length = Math.min(into.length - done, 2 ** 30);
    const { bytesRead } = await file.read(into, done, length, position + done);
    if (bytesRead === 0)
      throw new DeepTasteError('artifact', `${path}: the file ended while it was read; save it again`);
    done += bytesRead;
  }
  return into;
}
