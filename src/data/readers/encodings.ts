/** How a text file is encoded, and its way to UTF-8. */
import { Transform } from 'node:stream';
import { DeepTasteError } from '../../core/errors.ts';

/** The name by which a label goes (`cp1251` is `windows-1251`); null for one that is not known, or whose text looks like ASCII. */
export function encodingNamed(label: string): string | null {
  const name = label
    .trim()
    .toLowerCase()
    .replace(/^cp-?(125\d|874)$/, 'windows-$1')
    .replace(/^cp866$/, 'ibm866')
    .replace(/^cp932$/, 'shift_jis');
  try {
    const { encoding } = new TextDecoder(name);
    return encoding === 'iso-2022-jp' ? null : encoding;
  } catch {
    return null;
  }
}

/** Whether UTF-8 text begins with a byte order mark. */
export function hasMark(head: Buffer): boolean {
  return head.toString('hex', 0, Math.min(3, head.length)) === 'efbbbf';
}

/**
 * Looks for UTF-16: by its byte order mark, or by the zeros that every second byte of plain text is then.
 * @throws DeepTasteError `data` for UTF-32
 */
export function encodingOf(path: string, head: Buffer): 'utf-16le' | 'utf-16be' | null {
  const mark = head.toString('hex', 0, Math.min(4, head.length));
  if (mark === 'fffe0000' || mark === '0000feff')
    throw new DeepTasteError('data', `${path}: is UTF-32 text, which is not read; save it as UTF-8`, { path });
  if (mark.startsWith('fffe')) return 'utf-16le';
  if (mark.startsWith('feff')) return 'utf-16be';
  const even = shareOfZeros(head, 0);
  const odd = shareOfZeros(head, 1);
  if (odd > 0.5 && even < 0.02) return 'utf-16le';
  return even > 0.5 && odd < 0.02 ? 'utf-16be' : null;
}

function shareOfZeros(head: Buffer, first: 0 | 1): number {
  let zeros = 0;
  let n = 0;
  for (let at = first; at < head.length; at += 2, n++) if (head[at] === 0) zeros++;
  return n < 4 ? 0 : zeros / n;
}

/** What Windows-1252 has at 0x80–0x9f; Latin-1 has control characters there, which no table holds. */
const windowsCharacters = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** A stream from an encoding to UTF-8, without a byte order mark. Fails with `data` for bytes that it does not have. */
export function toUtf8(path: string, encoding: string): Transform {
  const decode = encoding === 'windows-1252' ? fromWindows : fromOther(path, encoding);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      attempt(() => decode(chunk, false), done);
    },
    flush(done) {
      attempt(() => decode(Buffer.alloc(0), true), done);
    },
  });
}

function attempt(work: () => string, done: (error: Error | null, data?: Buffer) => void): void {
  let text: string;
  try {
    text = work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, Buffer.from(text, 'utf8'));
}

/** Bytes of Windows-1252 as text. */
export function fromWindows(chunk: Buffer): string {
  return chunk
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (character) => windowsCharacters[character.charCodeAt(0) - 0x80]);
}

/** Whether all bytes are UTF-8. */
export async function isUtf8(bytes: AsyncIterable<Buffer>): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for await (const chunk of bytes) decoder.decode(chunk, { stream: true });
    decoder.decode();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function fromOther(path: string, encoding: string): (chunk: Buffer, last: boolean) => string {
  const decoder = new TextDecoder(encoding, { fatal: true });
  return (chunk, last) => {
    try {
      return decoder.decode(chunk, { stream: !last });
    } catch (error) {
      const message = `${path}: is not valid ${encoding.toUpperCase()} (truncated or altered); save it as UTF-8`;
      throw new DeepTasteError('data', message, { path }, { cause: error });
    }
  };
}
