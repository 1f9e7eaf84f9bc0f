/** Writes safetensors files; the layout is described in safetensors-header.ts. */
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { sizeOfShape } from '../core/named-tensors.ts';
import { type Dtype, dtypes, MAX_HEADER_BYTES, type StoredTensor } from './safetensors-header.ts';

type Metadata = Readonly<Record<string, string>>;

/**
 * Writes tensors to a file (see writeFileAtomic: the former file survives any failure).
 * @throws DeepTasteError `shape` when a shape does not fit its values; `io`
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Metadata = {},
): Promise<void> {
  await writeFileAtomic(path, safetensorsPieces(tensors, metadata));
}

/** The bytes of a safetensors file. Same tensors and metadata, same bytes. */
export function encodeSafetensors(tensors: ReadonlyMap<string, StoredTensor>, metadata: Metadata = {}): Uint8Array {
  const pieces = safetensorsPieces(tensors, metadata);
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let end = 0;
  for (const piece of pieces) bytes.set(piece, (end += piece.length) - piece.length);
  return bytes;
}

function dtypeOf(tensor: StoredTensor): Dtype {
  const { data } = tensor;
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof BigInt64Array) return 'I64';
  return tensor.dtype === 'BOOL' ? 'BOOL' : 'U8';
}

function asBytes({ data }: StoredTensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Header and values, in the order of the file; the values are views, nothing is copied. */
function safetensorsPieces(tensors: ReadonlyMap<string, StoredTensor>, metadata: Metadata): Uint8Array[] {
  const sorted = [...tensors].map(([name, tensor]) => ({
    name,
    key: Buffer.from(name),
    tensor,
    dtype: dtypeOf(tensor),
  }));
  sorted.sort((a, b) => dtypes.indexOf(a.dtype) - dtypes.indexOf(b.dtype) || Buffer.compare(a.key, b.key));
  const fields: string[] = [];
  const metadataNames = Object.keys(metadata).sort();
  if (metadataNames.length > 0)
    fields.push(
      `"__metadata__":${JSON.stringify(Object.fromEntries(metadataNames.map((key) => [key, metadata[key]])))}`,
    );
  let begin = 0;
  for (const { name, tensor, dtype } of sorted) {
    checkTensor(name, tensor, dtype);
    const end = begin + tensor.data.byteLength;
    fields.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: tensor.shape, data_offsets: [begin, end] })}`,
    );
    begin = end;
  }
  return [headerBlock(`{${fields.join(',')}}`), ...sorted.map(({ tensor }) => asBytes(tensor))];
}

function headerBlock(json: string): Uint8Array {
  const text = Buffer.from(json);
  const padded = Math.ceil(text.length / 8) * 8;
  if (padded > MAX_HEADER_BYTES) {
    const message = `safetensors: the header must stay within ${MAX_HEADER_BYTES} bytes, found ${padded}`;
    throw new DeepTasteError('shape', `${message}; use fewer tensors or shorter names`, { padded });
  }
  const block = Buffer.alloc(8 + padded, ' ');
  block.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(block, 8);
  return block;
}

function checkTensor(name: string, { shape, data, dtype: declared }: StoredTensor, dtype: Dtype): void {
  const fail = (must: string, found: string) =>
    new DeepTasteError('shape', `safetensors "${name}": ${must}, found ${found}`, { name, shape });
  if (name === '__metadata__') throw fail('a tensor must not have the reserved name "__metadata__"', 'one; rename it');
  if (/\p{Surrogate}/u.test(name)) throw fail('a name must be valid Unicode', 'half a surrogate pair; rename it');
  const values = `${data.length} ${dtype} values`;
  if (declared !== undefined && declared !== dtype) throw fail(`values must be of the declared ${declared}`, values);
  const valid = shape.every((size) => Number.isSafeInteger(size) && size >= 0) && sizeOfShape(shape) === data.length;
  if (!valid)
    throw fail(`shape [${shape.join(', ')}] must be whole sizes whose product is the number of values`, values);
  if (dtype === 'BOOL' && !(data as Uint8Array).every((byte) => byte <= 1))
    throw fail('BOOL values must be 0 or 1', 'another byte');
}
