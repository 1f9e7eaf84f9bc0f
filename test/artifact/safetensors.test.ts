import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { StoredTensor } from '../../src/artifact/safetensors-header.ts';
import { decodeSafetensors, namedTensors, readSafetensors } from '../../src/artifact/safetensors-reader.ts';
import { encodeSafetensors, writeSafetensors } from '../../src/artifact/safetensors-writer.ts';
import { RandomStream } from '../../src/core/random.ts';
import { failure, temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

/** A file put together by hand from the public description. */
function file(header: string | Uint8Array, values: readonly number[] = [], declaredLength?: number): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setUint32(0, declaredLength ?? json.length, true);
  return new Uint8Array([...length, ...json, ...values]);
}

const everyKind: [string, StoredTensor][] = [
  ['flag', { shape: [3], data: new Uint8Array([1, 0, 1]), dtype: 'BOOL' }],
  ['bytes', { shape: [1, 3], data: new Uint8Array([0, 128, 255]) }],
  ['rows', { shape: [3], data: new Int32Array([1, -2, 2 ** 31 - 1]) }],
  ['z', { shape: [2, 2], data: new Float32Array([1.5, -0, Number.NaN, Number.POSITIVE_INFINITY]) }],
  ['a "quoted" é😀\n', { shape: [1], data: new Float32Array([1e-45]) }],
  ['empty', { shape: [0, 4], data: new Float32Array(0) }],
  ['scalar', { shape: [], data: new Float64Array([Math.PI]) }],
  ['wide', { shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]) }],
];

const bytesOf = ({ data }: StoredTensor): number[] => [
  ...new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
];

test('the bytes are those of the public description', () => {
  // 1.5 = 0x3FC00000, −2 = 0xC0000000 in IEEE 754; 7 = 0x00000007.
  const values = [0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0, 7, 0, 0, 0];
  const header =
    '{"__metadata__":{"a":"1","b":"2"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},' +
    '"n":{"dtype":"I32","shape":[],"data_offsets":[8,12]}}';
  const padded = header + ' '.repeat((8 - (header.length % 8)) % 8);
  const tensors = new Map<string, StoredTensor>([
    ['n', { shape: [], data: new Int32Array([7]) }],
    ['w', { shape: [1, 2], data: new Float32Array([1.5, -2]) }],
  ]);
  expect([...encodeSafetensors(tensors, { b: '2', a: '1' })]).toEqual([...file(padded, values)]);
});

test('the bytes do not depend on the order of the tensors, and end as they must', () => {
  const bytes = encodeSafetensors(new Map(everyKind));
  for (let seed = 0; seed < 5; seed++) {
    const shuffled = new RandomStream(seed, 'order').shuffle([...everyKind]);
    expect(encodeSafetensors(new Map(shuffled))).toEqual(bytes);
  }
  expect(new DataView(bytes.buffer).getUint32(0, true) % 8).toBe(0);
  expect(encodeSafetensors(new Map())).toEqual(file('{}      '));
});

test('every kind of value comes back bit by bit, from bytes and from a file', async () => {
  const path = join(folder, 'all.safetensors');
  await writeSafetensors(path, new Map(everyKind), { model: 'gmf é' });
  for (const read of [decodeSafetensors(readFileSync(path)), await readSafetensors(path)]) {
    expect(read.metadata).toEqual({ model: 'gmf é' });
    expect(read.tensors.size).toBe(everyKind.length);
    for (const [name, tensor] of everyKind) {
      const found = read.tensors.get(name);
      expect(found?.shape).toEqual(tensor.shape);
      expect(found?.data.constructor).toBe(tensor.data.constructor);
      expect(bytesOf(found!)).toEqual(bytesOf(tensor));
    }
    expect(read.tensors.get('flag')?.dtype).toBe('BOOL');
    expect(encodeSafetensors(read.tensors, read.metadata)).toEqual(new Uint8Array(readFileSync(path)));
  }
});

test('views into shared memory are written as they stand', async () => {
  const memory = new SharedArrayBuffer(1024);
  const data = new Float32Array(memory, 256, 6).map((_, i) => i / 4);
  new Float32Array(memory, 256, 6).set(data);
  const path = join(folder, 'shared.safetensors');
  await writeSafetensors(path, new Map([['w', { shape: [2, 3], data: new Float32Array(memory, 256, 6) }]]));
  const { tensors } = await readSafetensors(path);
  expect(tensors.get('w')?.data).toEqual(new Float32Array([0, 0.25, 0.5, 0.75, 1, 1.25]));
});

test('files of other writers: any order, unaligned values, spaces, no padding', () => {
  const header =
    ' { "b" : {"dtype":"U8","shape":[1],"data_offsets":[0,1]}, "f":{"shape":[1],"data_offsets":[1,5],"dtype":"F32"}}';
  const { tensors } = decodeSafetensors(file(header.trim(), [9, 0, 0, 0xc0, 0x3f]));
  expect([...tensors].map(([name, { data }]) => [name, ...data])).toEqual([
    ['b', 9],
    ['f', 1.5],
  ]);
});

const good = '{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}';
const broken: [string, Uint8Array][] = [
  ['empty file', new Uint8Array(0)],
  ['seven bytes', new Uint8Array(7)],
  ['header longer than the file', file(good, [1, 2], 1000)],
  ['absurd header length', new Uint8Array(16).fill(255)],
  ['header of no bytes', file('')],
  ['not JSON', file('{"w":', [1, 2])],
  ['not UTF-8', file(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
  ['byte order mark', file(`\ufeff${good}`, [1, 2])],
  ['a list', file('[]')],
  ['leading space', file(` ${good}`, [1, 2])],
  ['one value too few', file(good, [1])],
  ['one value too many', file(good, [1, 2, 3])],
  ['equal names', file(`{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},${good.slice(1)}`, [1, 2])],
  [
    'equal names, one escaped',
    file(`{"\\u0077":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},${good.slice(1)}`, [1, 2]),
  ],
  ['equal inner keys', file('{"w":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}', [1, 2])],
  ['unknown dtype', file(good.replace('U8', 'F16'), [1, 2])],
  ['no dtype', file('{"w":{"shape":[2],"data_offsets":[0,2]}}', [1, 2])],
  ['no shape', file('{"w":{"dtype":"U8","data_offsets":[0,2]}}', [1, 2])],
  ['a tensor that is a number', file('{"w":1}')],
  ['negative size', file(good.replace('[2]', '[-2]'), [1, 2])],
  ['fractional size', file(good.replace('[2]', '[2.5]'), [1, 2])],
  ['size as text', file(good.replace('[2]', '["2"]'), [1, 2])],
  ['product beyond 2^53', file(good.replace('[2]', '[4503599627370496,4503599627370496]'), [1, 2])],
  ['infinite product times nothing', file(good.replace('[2]', `[${'9007199254740991,'.repeat(30)}0]`), [1, 2])],
  ['shape and offsets differ', file(good.replace('[2]', '[3]'), [1, 2])],
  ['descending offsets', file(good.replace('[0,2]', '[2,0]'), [1, 2])],
  ['three offsets', file(good.replace('[0,2]', '[0,1,2]'), [1, 2])],
  ['offsets beyond the file', file(good.replace('[0,2]', '[100,102]'), [1, 2])],
  ['a hole', file(good.replace('[0,2]', '[1,3]'), [1, 2, 3])],
  ['overlap', file(`{"v":{"dtype":"U8","shape":[2],"data_offsets":[1,3]},${good.slice(1)}`, [1, 2, 3])],
  ['metadata that is not text', file(`{"__metadata__":{"a":1},${good.slice(1)}`, [1, 2])],
  ['metadata that is a list', file(`{"__metadata__":[],${good.slice(1)}`, [1, 2])],
  ['a BOOL of 2', file(good.replace('U8', 'BOOL'), [1, 2])],
  ['deep nesting', file(`{"w":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)],
];

test.each(broken)('%s is refused', async (name, bytes) => {
  expect((await failure(() => decodeSafetensors(bytes))).code).toBe('artifact');
  const path = join(folder, `${name.replaceAll(/[^a-z0-9]/g, '-')}.safetensors`);
  writeFileSync(path, bytes);
  expect((await failure(() => readSafetensors(path))).code).toBe('artifact');
});

test('random truncations and flipped bits of the header never get past the checks as anything but an artifact error', async () => {
  const whole = encodeSafetensors(new Map(everyKind), { model: 'mf' });
  const headerEnd = 8 + new DataView(whole.buffer).getUint32(0, true);
  const random = new RandomStream(1, 'fuzz');
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const bytes = whole.slice(0, round % 3 === 0 ? random.below(whole.length) : whole.length);
    for (let flip = random.below(4); flip > 0 && bytes.length > 0; flip--)
      bytes[random.below(Math.min(headerEnd, bytes.length))] ^= 1 << random.below(8);
    try {
      decodeSafetensors(bytes); // a flipped letter of a name is still a name
    } catch (error) {
      if ((error as { code?: string }).code !== 'artifact') throw error;
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(1500);
});

test('every truncation is refused', async () => {
  const whole = encodeSafetensors(new Map(everyKind));
  for (let length = 0; length < whole.length; length++)
    expect((await failure(() => decodeSafetensors(whole.subarray(0, length)))).code).toBe('artifact');
});

const data = new Float32Array(6);
test.each<[string, string, StoredTensor]>([
  ['wrong product', 'w', { shape: [2, 2], data }],
  ['fractional size', 'w', { shape: [1.5, 4], data }],
  ['negative sizes', 'w', { shape: [-2, -3], data }],
  ['reserved name', '__metadata__', { shape: [6], data }],
  ['half a surrogate pair', '\ud800', { shape: [6], data }],
  ['BOOL of 2', 'w', { shape: [1], data: new Uint8Array([2]), dtype: 'BOOL' }],
  ['declared as another type', 'w', { shape: [6], data, dtype: 'F64' }],
])('a tensor with %s is not written', async (_, name, tensor) => {
  expect((await failure(() => encodeSafetensors(new Map([[name, tensor]])))).code).toBe('shape');
});

test('names that objects treat specially', () => {
  const names = ['__proto__', 'constructor', '10', '9', ''];
  const tensors = new Map(
    names.map((name, i): [string, StoredTensor] => [name, { shape: [], data: new Int32Array([i]) }]),
  );
  const read = decodeSafetensors(encodeSafetensors(tensors)).tensors;
  expect(names.map((name) => read.get(name)?.data[0])).toEqual([0, 1, 2, 3, 4]);
});

test('models get no 64-bit integers', async () => {
  const read = decodeSafetensors(encodeSafetensors(new Map(everyKind)));
  expect((await failure(() => namedTensors(read, 'x'))).code).toBe('artifact');
  const without = decodeSafetensors(encodeSafetensors(new Map(everyKind.slice(0, 7))));
  expect(namedTensors(without, 'x').get('rows')?.data).toEqual(new Int32Array([1, -2, 2 ** 31 - 1]));
});

test('a missing file, a folder, and a file that shrinks', async () => {
  expect((await failure(() => readSafetensors(join(folder, 'absent')))).code).toBe('io');
  expect((await failure(() => readSafetensors(folder))).code).toBe('io');
  const path = join(folder, 'short.safetensors');
  await writeSafetensors(path, new Map(everyKind));
  truncateSync(path, 100);
  expect((await failure(() => readSafetensors(path))).code).toBe('artifact');
});
