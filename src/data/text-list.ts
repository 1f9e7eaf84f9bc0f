/**
 * Many short texts in two arrays instead of as many JavaScript strings: one byte a character (two once any text needs them) and
 * one offset a text. Ten million ids of eight characters take 120 MB, as strings in a Map about 1 GB. Any JavaScript string is
 * kept exactly.
 */
export class TextList implements Iterable<string> {
  #characters: Uint8Array | Uint16Array = new Uint8Array(64);
  /** Where each text ends, in characters; a float64 counts beyond 2³². */
  #ends: Uint32Array | Float64Array = new Uint32Array(16);
  #size = 0;
  #length = 0;

  constructor(texts: Iterable<string> = []) {
    for (const text of texts) this.push(text);
  }

  get size(): number {
    return this.#size;
  }

  push(text: string): void {
    const end = this.#length + text.length;
    if (end > this.#characters.length) this.#characters = resized(this.#characters, end * 2);
    this.#write(text);
    if (this.#size === this.#ends.length) this.#ends = resized(this.#ends, this.#size * 2);
    if (end > 0xffffffff && this.#ends instanceof Uint32Array) this.#ends = Float64Array.from(this.#ends);
    this.#ends[this.#size++] = end;
    this.#length = end;
  }

  #write(text: string): void {
    let at = this.#length;
    for (let k = 0; k < text.length; k++, at++) {
      const code = text.charCodeAt(k);
      if (code > 0xff && this.#characters instanceof Uint8Array) this.#characters = Uint16Array.from(this.#characters);
      this.#characters[at] = code;
    }
  }

  /** Gives back what was reserved for further texts. */
  trim(): this {
    if (this.#characters.length > this.#length) this.#characters = this.#characters.slice(0, this.#length);
    if (this.#ends.length > this.#size) this.#ends = this.#ends.slice(0, this.#size);
    return this;
  }

  /** The text at a position from 0 on. */
  at(index: number): string {
    const start = this.#start(index);
    const characters = this.#characters;
    const bytes = characters.BYTES_PER_ELEMENT;
    const from = characters.byteOffset + start * bytes;
    const view = Buffer.from(characters.buffer as ArrayBuffer, from, (this.#ends[index] - start) * bytes);
    return view.toString(bytes === 1 ? 'latin1' : 'utf16le');
  }

  #start(index: number): number {
    return index === 0 ? 0 : this.#ends[index - 1];
  }

  isAt(index: number, text: string): boolean {
    const start = this.#start(index);
    if (this.#ends[index] - start !== text.length) return false;
    for (let k = 0; k < text.length; k++) if (this.#characters[start + k] !== text.charCodeAt(k)) return false;
    return true;
  }

  areEqual(a: number, b: number): boolean {
    const [startA, startB] = [this.#start(a), this.#start(b)];
    const length = this.#ends[a] - startA;
    if (this.#ends[b] - startB !== length) return false;
    for (let k = 0; k < length; k++) if (this.#characters[startA + k] !== this.#characters[startB + k]) return false;
    return true;
  }

  /** `hashText` of the text at a position. */
  hashAt(index: number): number {
    let hash = FNV_OFFSET;
    for (let at = this.#start(index); at < this.#ends[index]; at++)
      hash = Math.imul(hash ^ this.#characters[at], FNV_PRIME);
    return finished(hash);
  }

  *[Symbol.iterator](): Iterator<string> {
    for (let index = 0; index < this.#size; index++) yield this.at(index);
  }

  /** Strings of the positions [from, to). */
  slice(from: number, to: number): string[] {
    const texts: string[] = [];
    for (let index = from; index < Math.min(to, this.#size); index++) texts.push(this.at(index));
    return texts;
  }
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 32 bits of a text, for tables in memory: FNV-1a over UTF-16 code units, then mixed, since ids often differ in the last digit only. */
export function hashText(text: string): number {
  let hash = FNV_OFFSET;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), FNV_PRIME);
  return finished(hash);
}

function finished(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

function resized<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(array: T, length: number): T {
  const larger = new (array.constructor as new (n: number) => T)(length);
  larger.set(array as never);
  return larger;
}
