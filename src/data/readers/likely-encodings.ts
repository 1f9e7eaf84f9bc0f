/** Whether text that was read as Windows-1252 looks like text of another encoding, and of which ones. */
import { fromWindows } from './encodings.ts';
import { type SourceFile, unpackedBytes } from './source-file.ts';

interface Candidate {
  readonly encoding: string;
  /** What the characters beyond ASCII are in such a text. */
  readonly of: RegExp;
  /** Some of them are these. */
  readonly some?: RegExp;
}

const han = /\p{Script=Han}|\p{P}|[\uff01-\uff5e\u3000]/u;
const japanese = /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{P}|[\uff01-\uff9f\u3000ー]/u;
const kana = /\p{Script=Hiragana}|\p{Script=Katakana}/u;
const cyrillic = /\p{Script=Cyrillic}|[«»—–“”„…№’•\u00a0]/u;
const latin = /\p{Script=Latin}|[«»—–“”„…’•\u00a0]/u;

/** The likeliest first. */
const candidates: readonly Candidate[] = [
  { encoding: 'shift_jis', of: japanese, some: kana },
  { encoding: 'euc-jp', of: japanese, some: kana },
  { encoding: 'euc-kr', of: /\p{Script=Hangul}|\p{P}|\u3000/u, some: /\p{Script=Hangul}/u },
  { encoding: 'gb18030', of: han, some: /\p{Script=Han}/u },
  { encoding: 'big5', of: han, some: /\p{Script=Han}/u },
  { encoding: 'windows-1251', of: cyrillic },
  { encoding: 'koi8-r', of: cyrillic },
  { encoding: 'ibm866', of: cyrillic },
  { encoding: 'windows-1253', of: /\p{Script=Greek}|[«»—–“”…’·\u00a0]/u },
  { encoding: 'windows-1255', of: /\p{Script=Hebrew}|[—–“”…’\u00a0]/u },
  { encoding: 'windows-1256', of: /\p{Script=Arabic}|[«»،؛؟—–“”…\u00a0]/u },
  { encoding: 'windows-1250', of: latin },
  { encoding: 'windows-1254', of: latin },
];

const enoughLines = 200;
const mostBytes = 1 << 24;
/** This share of the words with letters beyond ASCII may be odd. */
const mostOdd = 0.2;
/** This share of the characters may be of another kind. */
const mostStrays = 0.05;

const words = /(?:[A-Za-z]|\P{ASCII})+/gu;
const isBeyondAscii = (word: string): boolean => /\P{ASCII}/u.test(word);

export interface UnlikelyText {
  /** A word as it was read. */
  readonly word: string;
  /** In which encodings it is likelier, with that word, or its cell, there. */
  readonly likelier: readonly { readonly encoding: string; readonly word: string }[];
}

/** Null when the text of the file may well be Windows-1252. */
export async function unlikelyText(source: SourceFile): Promise<UnlikelyText | null> {
  const lines = await linesBeyondAscii(source);
  const found = lines.flatMap((line) => fromWindows(line).match(words) ?? []);
  const beyond = found.filter(isBeyondAscii);
  const odd = beyond.filter(isOdd);
  if (odd.length <= mostOdd * beyond.length) return null;
  const line = lines.find((each) => fromWindows(each).includes(odd[0])) as Buffer;
  const likelier = candidates.flatMap((candidate) => {
    if (!fits(candidate, lines)) return [];
    const text = new TextDecoder(candidate.encoding).decode(line);
    const word = text.match(words)?.find(isBeyondAscii);
    return word === undefined ? [] : [{ encoding: candidate.encoding, word }];
  });
  return { word: odd[0], likelier };
}

/** What no language that is written in Windows-1252 has: runs of three letters beyond ASCII, signs and capitals inside of words. */
function isOdd(word: string): boolean {
  return (
    /\P{ASCII}{3}/u.test(word) ||
    /[\u0080-\u009f]/.test(word) ||
    /\p{L}[¡-©«-±³¶¸»-¿×÷†‡ˆ‰‹›•˜™“”„ƒ€]\p{L}/u.test(word) ||
    hasCapitalInside(word)
  );
}

function hasCapitalInside(word: string): boolean {
  return /\p{Ll}(?=\P{ASCII})\p{Lu}/u.test(word);
}

function fits({ encoding, of, some }: Candidate, lines: readonly Buffer[]): boolean {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const texts: string[] = [];
  try {
    for (const line of lines) texts.push(decoder.decode(line));
  } catch {
    return false;
  }
  const characters = texts.flatMap((text) => text.match(/\P{ASCII}/gu) ?? []);
  const strays = characters.filter((character) => !of.test(character)).length;
  const ofLetters = texts.flatMap((text) => text.match(/\p{L}+/gu) ?? []).filter(isBeyondAscii);
  const odd = ofLetters.filter(hasCapitalInside).length;
  const has = some === undefined || characters.some((character) => some.test(character));
  return has && strays <= mostStrays * characters.length && odd <= mostStrays * ofLetters.length;
}

/** The first lines with bytes beyond ASCII; those of the start of a large file. */
async function linesBeyondAscii(source: SourceFile): Promise<Buffer[]> {
  const found: Buffer[] = [];
  const bytes = unpackedBytes(source);
  let [rest, nRead] = [Buffer.alloc(0), 0];
  try {
    for await (const chunk of bytes) {
      const text = Buffer.concat([rest, chunk as Buffer]);
      let start = 0;
      for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10, start)) {
        const line = text.subarray(start, end);
        if (line.some((byte) => byte >= 0x80)) found.push(line);
        start = end + 1;
      }
      rest = text.subarray(start);
      nRead += (chunk as Buffer).length;
      if (found.length >= enoughLines || nRead > mostBytes) return found;
    }
  } finally {
    bytes.destroy();
  }
  if (rest.some((byte) => byte >= 0x80)) found.push(rest);
  return found;
}
