/** Numbers as people write them: decimal commas, thousands apart, currency marks. Which style a column has is found from its cells. */
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';
import { type NumberStyle, numberPattern, plainNumber, unitMark } from './readers/number-styles.ts';

/** Rows that are looked at. */
const nLookedAt = 10_000;

interface Evidence {
  /** Cells that are numbers with a decimal point alone (1,234.5), with a decimal comma alone (4,5), or either (1,234). */
  readonly point: number;
  readonly comma: number;
  readonly either: number;
  /** Cells of a number with a currency mark, whatever the rest. */
  readonly marked: number;
  /** Plain numbers with a decimal point. */
  readonly fraction: number;
  readonly example: string | null;
}

/**
 * The text columns with the style of their numbers, where it is not the plain one.
 * @param decimal the decimal mark when the caller gives it
 */
export async function withNumberStyles(
  database: Database,
  table: ImportedTable,
  decimal: '.' | ',' | undefined,
): Promise<ImportedTable> {
  const texts = table.columns.filter((column) => column.storage === 'text' && column.kind !== 'id');
  if (texts.length === 0) return table;
  const select = texts.map((column, c) => `${evidenceOf(column)} AS e${c}`).join(', ');
  const row = await database.row<Record<string, Record<string, unknown>>>(
    `SELECT ${select} FROM (SELECT * FROM ${table.sql} LIMIT ${nLookedAt})`,
  );
  const columns = table.columns.map((column) => {
    const at = texts.indexOf(column);
    if (at < 0) return column;
    const found = row[`e${at}`];
    const count = (key: keyof Evidence): number => Number(found[key]);
    const evidence: Evidence = {
      point: count('point'),
      comma: count('comma'),
      either: count('either'),
      marked: count('marked'),
      fraction: count('fraction'),
      example: found.example as string | null,
    };
    const style = styleOf(evidence, decimal);
    return style === null ? column : { ...column, numbers: { style, example: evidence.example } };
  });
  return { ...table, columns };
}

function evidenceOf({ sql }: ImportedColumn): string {
  // Plain numbers and long texts are passed over before the slower patterns are tried.
  const odd = `${plainNumber(sql)} IS NULL AND strlen(${sql}) < 40 AND regexp_matches(${sql}, '[0-9]')`;
  const is = (style: NumberStyle): string => `regexp_full_match(${sql}, '${numberPattern(style)}')`;
  const count = (condition: string): string => `count(CASE WHEN ${odd} THEN CASE WHEN ${condition} THEN 1 END END)`;
  const hasMark = `regexp_matches(${sql}, '[.,]')`;
  return `{
    'point': ${count(`${is('point')} AND NOT ${is('comma')}`)}, 'comma': ${count(`${is('comma')} AND NOT ${is('point')}`)},
    'either': ${count(`${is('point')} AND ${is('comma')} AND ${hasMark}`)},
    'marked': ${count(`${is('point')} AND regexp_matches(${sql}, '${unitMark}')`)},
    'fraction': count(CASE WHEN ${sql} LIKE '%.%' AND NOT regexp_full_match(${sql}, '-?[0-9]{1,3}[.][0-9]{3}') THEN ${plainNumber(sql)} END),
    'example': min(CASE WHEN ${odd} AND (${is('point')} OR ${is('comma')}) THEN ${sql} END)
  }`;
}

function styleOf(
  { point, comma, either, marked, fraction }: Evidence,
  told: '.' | ',' | undefined,
): NumberStyle | null {
  const isPoint = point + fraction > 0;
  if (told === ',') return isPoint && comma === 0 ? (point + either + marked > 0 ? 'point' : null) : 'comma';
  if (told === '.') return 'point';
  if (comma > 0) return isPoint ? null : 'comma';
  if (point > 0 || (either > 0 && fraction > 0)) return 'point';
  return either === 0 && marked > 0 ? 'point' : null;
}

/** What a person should know of a column that is used as numbers. */
export function numberNote({ source }: ImportedTable, { name, numbers }: ImportedColumn): string[] {
  if (!numbers || numbers.example === null) return [];
  const { style, example } = numbers;
  const how = style === 'comma' ? 'a decimal comma' : 'a decimal point';
  return [`${source}: "${name}": numbers are read with ${how}, e.g. ${example} = ${numberOf(example, style)}`];
}

/** A text of a style as a number. */
function numberOf(text: string, style: NumberStyle): number {
  const digits = text.replace(style === 'comma' ? /[^0-9,+-]/g : /[^0-9.+-]/g, '');
  return Number(style === 'comma' ? digits.replace(',', '.') : digits);
}
