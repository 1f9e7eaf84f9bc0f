/** Ids that are probably one thing written in two ways, or that have lost digits on their way. */
import { counted } from './counted.ts';
import type { Vocabulary } from './vocabulary.ts';

/** One line for each kind of suspicion. @param what `user` or `item` */
export function alikeIds(ids: Vocabulary, what: string): string[] {
  let nAlike = 0;
  let alike: readonly [string, string] | null = null;
  const addresses = new Map<string, string>();
  let nAddresses = 0;
  let address: readonly [string, string] | null = null;
  const looks = new Map<string, string>();
  let nUnseen = 0;
  let unseen: readonly [string, string] | null = null;
  let nCut = 0;
  let cut = '';
  for (let index = 0; index < ids.size; index++) {
    const id = ids.idOf(index);
    // Most ids are settled by a look at their ends.
    const other = id.endsWith('.0') ? wholeOf(id) : id.charCodeAt(0) === 48 ? withoutZeros(id) : null;
    if (other !== null && other !== id && ids.indexOf(other) !== undefined) {
      nAlike++;
      alike ??= [id, other];
    }
    if (id.includes('@') || /^\{?[0-9a-f-]{32,36}\}?$/i.test(id)) {
      const lower = id.toLowerCase();
      const first = addresses.get(lower);
      if (first === undefined) addresses.set(lower, id);
      else {
        nAddresses++;
        address ??= [first, id];
      }
    }
    if (/[^ -~]/.test(id)) {
      const plain = looksOf(id);
      const first = looks.get(plain) ?? (plain !== id && ids.indexOf(plain) !== undefined ? plain : undefined);
      if (first === undefined) looks.set(plain, id);
      else {
        nUnseen++;
        unseen ??= [first, id];
      }
    }
    if (/^\d(\.\d+)?e\+\d+$/i.test(id)) {
      nCut++;
      cut ||= id;
    }
  }
  const lines: string[] = [];
  if (alike !== null)
    lines.push(
      `${counted(nAlike, `${what} id`)} ${nAlike === 1 ? 'looks like another one' : 'look like other ones'} written otherwise (${alike[0]} and ${alike[1]}); they are kept apart`,
    );
  if (address !== null)
    lines.push(
      `${counted(nAddresses, `${what} id`)} ${nAddresses === 1 ? 'differs from another one' : 'differ from other ones'} ` +
        `in capitals only (${address.join(' and ')}); they are kept apart; --ids-ignore-case makes them one (idsIgnoreCase)`,
    );
  if (unseen !== null)
    lines.push(
      `${counted(nUnseen, `${what} id`)} ${nUnseen === 1 ? 'looks' : 'look'} the same as other ones but ${nUnseen === 1 ? 'holds' : 'hold'} other characters ` +
        `(${unseen.map(withCodes).join(' and ')}: accents written apart, wide letters or characters of no width); they are kept apart; write them in one way (Unicode NFKC)`,
    );
  if (nCut > 0)
    lines.push(
      `${counted(nCut, `${what} id`)} such as ${cut} have lost digits where they were written; export ids as texts`,
    );
  return lines;
}

function wholeOf(id: string): string | null {
  return /^-?\d+\.0$/.test(id) ? id.slice(0, -2) : null;
}

function withoutZeros(id: string): string | null {
  return /^0+\d+$/.test(id) ? id.replace(/^0+(?=\d)/, '') : null;
}

/** An id as it looks: letters with accents as one character, wide letters narrow, without characters that are not seen. */
function looksOf(id: string): string {
  return id.normalize('NFKC').replace(/\p{Cf}/gu, '');
}

/** With its unusual characters by their codes. */
function withCodes(id: string): string {
  return id.replace(
    /[\p{Cf}\p{M}\u{ff00}-\u{ffef}]/gu,
    (character) => `<U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`,
  );
}
