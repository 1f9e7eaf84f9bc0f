/** Ways to alter files: blindly, byte by byte, and with knowledge of what stands in them, so that more gets past the door. */
import { createHash } from 'node:crypto';

/** Whole numbers from 0 below n. */
export type Draw = (n: number) => number;

/** mulberry32. */
export function generator(seed: number): Draw {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * n);
  };
}

const pieces = [
  '"',
  "'",
  '\n',
  '\r',
  '\t',
  ',',
  ';',
  '\\',
  '\0',
  '#',
  '{',
  '[',
  ']',
  '}',
  ':',
  '-',
  'é',
  '\ufeff',
  '\u202e',
];

const oddCells = [
  ...['', ' ', 'NA', 'null', '-', '0', '-1', '1e308', '1e999', 'NaN', '1,5', '€ 3', '9'.repeat(40), 'x'.repeat(500)],
  ...[
    'yes',
    'true',
    '2024-02-30',
    '05/01/24',
    '1700000000000',
    '٣',
    '日本語',
    '👩‍👩‍👧',
    'e\u0301',
    '\ud800',
    '\u200b',
    'a|b|c',
    "['i1', 'i2']",
  ],
];

const oddValues: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    2 ** 53,
    0.1,
    '',
    'NaN',
    '👩‍👩‍👧',
    '\ud800',
    'x'.repeat(500),
    [],
    {},
    [[]],
    [null],
    ['i1', 2],
  ],
  ...[{ id: 1 }, { $oid: 'a' }, { a: { b: { c: [] } } }, '__proto__', 'constructor'],
];

function pick<T>(list: readonly T[], draw: Draw): T {
  return list[draw(list.length)];
}

/** One to four places: bits flipped, bytes changed, cut out, doubled, put in; or the end cut off. */
export function alterBytes(given: Buffer, draw: Draw): Buffer {
  let bytes = Buffer.from(given);
  for (let k = 1 + draw(4); k > 0; k--) {
    const at = draw(bytes.length + 1);
    const length = 1 + draw(Math.min(64, bytes.length + 1));
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    const way = draw(6);
    if (way === 0 && at < bytes.length) bytes[at] ^= 1 << draw(8);
    else if (way === 1 && at < bytes.length) bytes[at] = pick([0, 1, 127, 128, 255, draw(256)], draw);
    else if (way === 2) bytes = Buffer.concat([before, after.subarray(length)]);
    else if (way === 3) bytes = Buffer.concat([before, after.subarray(0, length), after]);
    else if (way === 4) bytes = Buffer.concat([before, Buffer.from(pick(pieces, draw)), after]);
    else if (draw(4) === 0) bytes = Buffer.from(before);
  }
  return bytes;
}

/** A few bytes take other values; none is added or lost, so that all that lies behind stays where it is. */
export function alterInPlace(given: Buffer, draw: Draw): Buffer {
  const bytes = Buffer.from(given);
  for (let k = 1 + draw(3); k > 0; k--) {
    const at = draw(bytes.length);
    bytes[at] = pick([0, 1, 2, 255, bytes[at] ^ 1, bytes[at] ^ 128, (bytes[at] + 1) & 255, draw(256)], draw);
  }
  return bytes;
}

/** Lines and cells: values changed, cells exchanged, rows doubled, dropped, moved, columns exchanged, the header repeated. */
export function alterRows(text: string, separator: string, draw: Draw): string {
  let rows = text.split('\n').map((line) => line.split(separator));
  for (let k = 1 + draw(4); k > 0 && rows.length > 1; k--) {
    const at = draw(rows.length);
    const cell = draw(rows[at].length);
    const way = draw(10);
    if (way < 3) rows[at][cell] = pick(oddCells, draw);
    else if (way === 3) rows[at][cell] += pick([...oddCells, ...pieces], draw);
    else if (way === 4) rows.splice(at, 0, [...rows[draw(rows.length)]]);
    else if (way === 5) rows.splice(at, 1 + draw(rows.length));
    else if (way === 6) rows[at].splice(draw(2) === 0 ? cell : 0, draw(2), ...(draw(2) === 0 ? ['x'] : []));
    else if (way === 7) rows = exchanged(rows, draw);
    else if (way === 8) rows = withColumn(rows, pick(oddCells, draw), cell, draw);
    else rows.splice(at, 0, [...rows[0]]);
  }
  return rows.map((cells) => cells.join(separator)).join(pick(['\n', '\n', '\n', '\r\n'], draw));
}

/** Two columns in each other's place, everywhere or everywhere but in the header. */
function exchanged(rows: readonly string[][], draw: Draw): string[][] {
  const [a, b] = [draw(rows[0].length), draw(rows[0].length)];
  const withHeader = draw(2) === 0;
  return rows.map((cells, r) => {
    const swapped = [...cells];
    if ((r > 0 || withHeader) && Math.max(a, b) < cells.length) [swapped[a], swapped[b]] = [cells[b], cells[a]];
    return swapped;
  });
}

/** One cell over and over, in one column of a part of the rows. */
function withColumn(rows: readonly string[][], value: string, column: number, draw: Draw): string[][] {
  const every = 1 + draw(4);
  return rows.map((cells, r) => cells.map((cell, c) => (r > 0 && c === column && r % every === 0 ? value : cell)));
}

/** Values of JSON changed in kind, keys dropped, renamed, added, elements doubled. */
export function alterJson(text: string, draw: Draw): string {
  const lines = text.split('\n');
  const isLines = lines.length > 1 && lines[0].startsWith('{') && lines[0].endsWith('}');
  const root: { value: unknown } = {
    value: isLines ? lines.filter(Boolean).map((line) => JSON.parse(line)) : JSON.parse(text),
  };
  for (let k = 1 + draw(4); k > 0; k--) alterValue(root, draw);
  if (!isLines || !Array.isArray(root.value)) return JSON.stringify(root.value, null, draw(3));
  return root.value.map((line) => JSON.stringify(line)).join('\n');
}

function alterValue(root: Record<string, unknown>, draw: Draw): void {
  let holder: Record<string, unknown> = root;
  let key = 'value';
  for (let depth = draw(7); depth > 0; depth--) {
    const value = holder[key];
    if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) break;
    holder = value as Record<string, unknown>;
    key = pick(Object.keys(holder), draw);
  }
  const way = draw(6);
  if (way < 3 || holder === root) holder[key] = holder === root && draw(8) > 0 ? root.value : pick(oddValues, draw);
  else if (way === 3 && Array.isArray(holder)) holder.splice(Number(key), draw(2), holder[Number(key)]);
  else if (way === 3) delete holder[key];
  else if (way === 4 && !Array.isArray(holder))
    holder[pick(['', 'a.b', `${key} `, key.toUpperCase()], draw)] = holder[key];
  else if (typeof holder[key] === 'number') holder[key] = pick([-1, 0, (holder[key] as number) + 1, 1e15, 0.5], draw);
  else holder[key] = pick(oddValues, draw);
}

/**
 * States the sizes and digests that the files of a saved recommender have now, so that what was altered is read.
 * @param files by name; manifest.json among them
 */
export function signed(files: ReadonlyMap<string, Buffer>): Buffer {
  const given = files.get('manifest.json')!;
  const manifest: unknown = parsed(given);
  if (typeof manifest !== 'object' || manifest === null) return given;
  const { sha256: _, ...body } = manifest as { sha256?: unknown; files?: unknown };
  const digest = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
  for (const file of Array.isArray(body.files) ? body.files : []) {
    const content = files.get(file?.name);
    if (content !== undefined) Object.assign(file, { bytes: content.length, sha256: digest(content) });
  }
  return Buffer.from(`${JSON.stringify({ ...body, sha256: digest(JSON.stringify(body)) }, null, 2)}\n`);
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString());
  } catch {
    return null; // altered blindly
  }
}
