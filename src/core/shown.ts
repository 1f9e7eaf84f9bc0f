/**
 * Names that come from outside (ids, columns, titles, paths) as messages and tables show them: on one line, without characters
 * that steer a terminal or turn the direction of writing, and not longer than a reader follows.
 */

/** Characters of a name that are shown; of longer ones the beginning and the end. */
const LONGEST_NAME = 200;
/** Characters of a message, which may hold many names. */
const LONGEST_MESSAGE = 4000;

/** Controls (C0, DEL, C1), line separators, marks and overrides of direction, the byte order mark, halves of surrogate pairs. */
const steering = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  return shortForms[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The text with everything escaped that would steer a terminal: `\u001b[31m`, `\n`. */
export function withoutControls(text: string): string {
  return text.replace(steering, escaped);
}

/** A name as people may see it: controls escaped, cut in the middle after some 200 characters. */
export function shownName(name: string): string {
  // escaping makes texts longer: cut first, so that a name of many megabytes costs nothing
  return cutInTheMiddle(withoutControls(cutInTheMiddle(name, LONGEST_NAME)), 2 * LONGEST_NAME);
}

/** `"name"`, as {@link shownName} shows it. */
export function quotedName(name: string): string {
  return `"${shownName(name)}"`;
}

/** `"a", "b" and 3 more`. */
export function quotedNames(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map(quotedName).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}

/**
 * A whole message on one line: controls escaped, line breaks as spaces; what stands between quotes, and words without a space, cut
 * like names. What messages are made of need not be looked at one by one.
 */
export function shownMessage(message: string): string {
  const line = message.trim().replace(/\s*[\r\n]\s*/g, ' ');
  const short = line
    .replace(/"[^"]{201,}"/g, (quoted) => `"${cutInTheMiddle(quoted.slice(1, -1), LONGEST_NAME)}"`)
    .replace(/\S{401,}/g, (word) => cutInTheMiddle(word, LONGEST_NAME));
  return withoutControls(cutInTheMiddle(short, LONGEST_MESSAGE));
}

function cutInTheMiddle(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const end = Math.floor(longest / 5);
  // not through the middle of a surrogate pair
  const head = text.slice(0, longest - end).replace(/\p{Surrogate}$/u, '');
  return `${head}…${text.slice(text.length - end).replace(/^\p{Surrogate}/u, '')}`;
}
