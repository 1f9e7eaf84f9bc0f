/** Conditions on fields as people write them: `genre = 'Comedy' and (year >= 1990 or not studio in (Fox, "MGM"))`. */
import { DeepTasteError } from '../../core/errors.ts';
import { shownValue } from '../../core/ids.ts';
import { quotedName } from '../../core/shown.ts';
import * as grammar from './grammar.ts';

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'contains';

/** A name or a value, and where it stands in the text, from 0. */
export interface Word {
  readonly text: string;
  readonly at: number;
}

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Condition[] }
  | { readonly kind: 'not'; readonly term: Condition }
  | { readonly kind: 'compare'; readonly field: Word; readonly operator: Comparison; readonly value: Word }
  | { readonly kind: 'in'; readonly field: Word; readonly values: readonly Word[] }
  | { readonly kind: 'missing'; readonly field: Word };

/** The parser that is made of grammar.peggy. */
const parse = grammar.parse as (text: string) => Condition;

interface Unparsed extends Error {
  /** What could stand there: names of rules, literal texts, the end. */
  readonly expected: readonly { readonly type: string; readonly description?: string; readonly text?: string }[];
  readonly location: { readonly start: { readonly offset: number } };
}

const MOST_CHARACTERS = 10_000;
const example = `for example genre = 'Comedy' and year >= 1990`;

/** @throws DeepTasteError `usage`: no text, or one that is no condition, with the place where it stops being one */
export function parseCondition(text: unknown): Condition {
  if (typeof text !== 'string')
    throw new DeepTasteError('usage', `where: must be a text, ${example}, found ${shownValue(text)}`);
  if (text.length > MOST_CHARACTERS)
    throw new DeepTasteError(
      'usage',
      `where: must have at most ${MOST_CHARACTERS} characters, found ${text.length}; name many items by "only"`,
    );
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof RangeError)
      throw new DeepTasteError(
        'usage',
        'where: must have fewer parentheses and "not" within each other, found too many',
      );
    if (!isUnparsed(error)) throw error;
    throw unparsed(text, error);
  }
}

function isUnparsed(error: unknown): error is Unparsed {
  return error instanceof grammar.SyntaxError;
}

function unparsed(text: string, { expected, location }: Unparsed): DeepTasteError {
  const { offset } = location.start;
  const names = new Set(
    expected.map(
      ({ description, text: literal, type }) => description ?? (type === 'end' ? 'the end' : `"${literal}"`),
    ),
  );
  names.delete('a space');
  const rest = text.slice(offset).trim();
  const [word] = /^(?:[^\s()=!<>,'"]+|.)/su.exec(rest) ?? [];
  const found = word === undefined ? 'the end' : quotedName(word);
  const advice = /^['"]/.test(rest)
    ? `; close the quotes, double those within (''), ${example}`
    : `; texts with spaces or signs stand in quotes, ${example}`;
  return new DeepTasteError(
    'usage',
    `where: ${placeOf(offset)} must stand ${listed([...names])}, found ${found}${advice}`,
    { at: offset },
  );
}

/** `at character 7`. */
export function placeOf(offset: number): string {
  return `at character ${offset + 1}`;
}

function listed(names: readonly string[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;
}
