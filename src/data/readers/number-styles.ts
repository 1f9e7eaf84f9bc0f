/**
 * How numbers are written beside the plain way: with a decimal point (1,234.50) or a decimal comma (1.234,50), with marks of units,
 * and opinions on a scale: `4/5`, `4 out of 5`, `4 stars`, `★★★★☆`.
 */

export type NumberStyle = 'point' | 'comma' | 'stars' | `out of ${number}`;

/** Marks of currency and percent that may stand before or after a number. */
export const unitMark =
  '(?:[€$£¥₹₩₽₺₫₴₪฿%]|R\\$|kr|zł|Kč|Ft|EUR|USD|GBP|JPY|CHF|SEK|NOK|DKK|PLN|CZK|INR|BRL|CAD|AUD|NZD|CNY|MXN)';

const blank = '[ \\x{00a0}\\x{202f}\\x{2009}]';
/** A quote in an SQL text is written twice. */
const apart = "[ ''\\x{00a0}\\x{202f}\\x{2009}’]";

/** Thousands do not begin with a zero: 0,125 is a fraction. */
const bodies: Readonly<Record<'point' | 'comma', string>> = {
  // in India 12,34,567
  point: `(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:[.][0-9]+)?|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:[.][0-9]+)?|[1-9][0-9]{0,2}(?:${apart}[0-9]{3})+(?:[.][0-9]+)?|[0-9]+(?:[.][0-9]+)?|[.][0-9]+)`,
  comma: `(?:[1-9][0-9]{0,2}(?:[.][0-9]{3})+(?:,[0-9]+)?|[1-9][0-9]{0,2}(?:${apart}[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?|,[0-9]+)`,
};

/** An RE2 pattern of all of a cell, as it stands between the quotes of an SQL text. */
export function numberPattern(style: 'point' | 'comma'): string {
  const sign = '[-+−]?';
  return `${blank}*(?:${unitMark}${blank}*)?${sign}${blank}*(?:${unitMark}${blank}*)?${bodies[style]}${blank}*${unitMark}?${blank}*`;
}

/** Numbers whose thousands stand apart, without a point or a comma. */
export const apartPattern = `[^0-9]*[0-9]{1,3}(?:${apart}[0-9]{3})+[^0-9]*`;

/** Digits in groups that are no number: a zero in front (012 345 678), or a plus before those of a telephone (+48 600 123 456). */
export const codePattern = `${blank}*(?:[+]?0[0-9]{0,2}(?:${apart}[0-9]{3})+|[+]${blank}*[0-9]{1,3}(?:${apart}[0-9]{3}){3,})${blank}*`;

/** Commas that stand between thousands in India alone (75,94,374), which a list of three numbers may have too. */
export const unevenPattern = '[1-9][0-9]?,[0-9]{2},[0-9]{3}';

const amount = '([0-9]+(?:[.,][0-9]+)?)';
const stars = '(?:stars?|sternen?|étoiles?|estrellas?|estrelas?|stelle|sterren)';

/** `4/5`, `4,5 of 5`, `4.0 out of 5 stars`; the groups are the number and the largest one. */
export const outOfPattern = `(?i)${blank}*${amount}${blank}*(?:/|out of|of|von|sur|de)${blank}*([0-9]{1,3})${blank}*${stars}?${blank}*`;

/** `5 stars`, `4.5★`; the group is the number. */
export const countedStars = `(?i)${blank}*${amount}${blank}*(?:${stars}|[★⭐]\\x{fe0f}?)${blank}*`;

/** `★★★★☆`: full stars, half of one, empty ones. */
export const drawnStars = `${blank}*(?:[★⭐]\\x{fe0f}?)*½?[☆✩✰]*${blank}*`;

/** SQL for a plain number. DuckDB would read 2023_01_02 as one. */
export function plainNumber(sql: string): string {
  return `CASE WHEN NOT contains(${sql}, '_') THEN TRY_CAST(${sql} AS DOUBLE) END`;
}

/**
 * SQL for a text of a style as DOUBLE; NULL where it is none. Plain numbers are read in every style but `comma`, in which 1.234 is
 * a number of thousands.
 */
export function styledNumber(sql: string, style: NumberStyle): string {
  if (style === 'stars') return `coalesce(${plainNumber(sql)}, ${starsNumber(sql)})`;
  if (style !== 'point' && style !== 'comma') return `coalesce(${plainNumber(sql)}, ${outOfNumber(sql, style)})`;
  const signed = `replace(${sql}, '−', '-')`;
  const digits =
    style === 'comma'
      ? `replace(regexp_replace(${signed}, '[^0-9,+-]', '', 'g'), ',', '.')`
      : `regexp_replace(${signed}, '[^0-9.+-]', '', 'g')`;
  const styled = `CASE WHEN regexp_full_match(${sql}, '${numberPattern(style)}') THEN TRY_CAST(${digits} AS DOUBLE) END`;
  return style === 'point' ? `coalesce(${plainNumber(sql)}, ${styled})` : styled;
}

function amountOf(sql: string, pattern: string): string {
  return `TRY_CAST(replace(regexp_extract(${sql}, '^${pattern}$', 1), ',', '.') AS DOUBLE)`;
}

function outOfNumber(sql: string, style: `out of ${number}`): string {
  const most = style.slice('out of '.length);
  const isOfScale = `regexp_extract(${sql}, '^${outOfPattern}$', 2) = '${most}'`;
  const number = amountOf(sql, outOfPattern);
  return `CASE WHEN ${isOfScale} AND ${number} <= ${most} THEN ${number} END`;
}

function starsNumber(sql: string): string {
  const full = `length(regexp_replace(${sql}, '[^★⭐]', '', 'g'))`;
  const half = `CASE WHEN contains(${sql}, '½') THEN 0.5 ELSE 0 END`;
  const drawn = `CASE WHEN trim(${sql}) <> '' AND regexp_full_match(${sql}, '${drawnStars}') THEN ${full} + ${half} END`;
  return `coalesce(${drawn}, ${amountOf(sql, countedStars)})`;
}
