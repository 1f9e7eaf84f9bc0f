/** How numbers are written beside the plain way: with a decimal point (1,234.50) or a decimal comma (1.234,50), and marks of units. */

export type NumberStyle = 'point' | 'comma';

/** Marks of currency and percent that may stand before or after a number. */
export const unitMark =
  '(?:[€$£¥₹₩₽₺₫₴₪฿%]|R\\$|kr|zł|Kč|Ft|EUR|USD|GBP|JPY|CHF|SEK|NOK|DKK|PLN|CZK|INR|BRL|CAD|AUD|NZD|CNY|MXN)';

const blank = '[ \\x{00a0}\\x{202f}\\x{2009}]';
/** A quote in an SQL text is written twice. */
const apart = "[ ''\\x{00a0}\\x{202f}\\x{2009}’]";

const bodies: Readonly<Record<NumberStyle, string>> = {
  point: `(?:[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?|[0-9]{1,3}(?:${apart}[0-9]{3})+(?:[.][0-9]+)?|[0-9]+(?:[.][0-9]+)?|[.][0-9]+)`,
  comma: `(?:[0-9]{1,3}(?:[.][0-9]{3})+(?:,[0-9]+)?|[0-9]{1,3}(?:${apart}[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?|,[0-9]+)`,
};

/** An RE2 pattern of all of a cell, as it stands between the quotes of an SQL text. */
export function numberPattern(style: NumberStyle): string {
  const sign = '[-+−]?';
  return `${blank}*(?:${unitMark}${blank}*)?${sign}${blank}*(?:${unitMark}${blank}*)?${bodies[style]}${blank}*${unitMark}?${blank}*`;
}

/** SQL for a plain number. */
export function plainNumber(sql: string): string {
  return `TRY_CAST(${sql} AS DOUBLE)`;
}

/** SQL for a text of a style as DOUBLE; NULL where it is none. Numbers with exponents are read in the style `point` alone. */
export function styledNumber(sql: string, style: NumberStyle): string {
  const signed = `replace(${sql}, '−', '-')`;
  const digits =
    style === 'comma'
      ? `replace(regexp_replace(${signed}, '[^0-9,+-]', '', 'g'), ',', '.')`
      : `regexp_replace(${signed}, '[^0-9.+-]', '', 'g')`;
  const styled = `CASE WHEN regexp_full_match(${sql}, '${numberPattern(style)}') THEN TRY_CAST(${digits} AS DOUBLE) END`;
  return style === 'point' ? `coalesce(${plainNumber(sql)}, ${styled})` : styled;
}
