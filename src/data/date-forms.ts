/** The forms that dates are written in, found from the look of a cell: which strptime formats could read it. */

import { foreignMonth, foreignWeekday, withEnglishMonth } from './month-names.ts';

/** Which part stands first; `named` = the form itself leaves no doubt (a four-digit year first, a month by its name). */
export type DateOrder = 'named' | 'dmy' | 'mdy' | 'ymd';

interface DateForm {
  readonly order: DateOrder;
  /** A strptime format, or `ISO` for what DuckDB's own cast reads. */
  readonly format: string;
}

export const ISO = 'ISO 8601';

const month = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*';
const weekday = '(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*';
/** In any language that is known. */
const anyMonth = `(?:${month}|${foreignMonth})`;
const anyWeekday = `(?:${weekday}|${foreignWeekday})`;

const two = (x: number): string => String(x).padStart(2, '0');

/** `2023-01`. Not `2010-11`, as seasons are written, though it may be a month. */
const yearAndMonth = `(?:(?:19\\d{2}|20(?:1[2-9]|[2-9]\\d))[-/_](?:0[1-9]|1[0-2])|${Array.from(
  { length: 12 },
  (_, y) =>
    `20${two(y)}[-/_](?:${Array.from({ length: 12 }, (__, m) => two(m + 1))
      .filter((m) => m !== two(y + 1))
      .join('|')})`,
).join('|')})`;

/** `01/2023`, `Jan 2023`. */
const monthAndYear = `(?:0[1-9]|1[0-2])[-/](?:19|20)\\d{2}|${anyMonth}\\.?[-/ ]+(?:de )?(?:19|20)\\d{2}`;

const day =
  `(?:${anyWeekday}\\.?,?\\s+)?(?:` +
  '\\d{4}[-/._]\\d{1,2}[-/._]\\d{1,2}|\\d{1,2}[-/_]\\d{1,2}[-/_](?:\\d{4}|\\d{2})|\\d{1,2}\\.\\d{1,2}\\.(?:\\d{4}|\\d{2})|' +
  '\\d{1,2}\\.? \\d{1,2}[.,]? (?:19|20)\\d{2}|\\d{4}\\. \\d{1,2}\\. \\d{1,2}|\\d{4}[年년] ?\\d{1,2}[月월] ?\\d{1,2}[日일]|' +
  `\\d{1,2}(?:st|nd|rd|th|er)?[-/ .]*(?:de )?${anyMonth}\\.?,?[-/ .]*(?:del? )?'?(?:\\d{4}|\\d{2})|${month}\\.?[- ]+\\d{1,2}(?:st|nd|rd|th)?,?[- ]+\\d{4}|` +
  `\\d{4}[-/ ]${month}[-/ ]\\d{1,2})`;
const others = `${month}\\s+\\d{1,2}\\s+\\d{1,2}:\\d{2}:\\d{2}\\s.*\\d{4}|\\d{8}[T _-]\\d{1,2}:?\\d{2}(?::?\\d{2})?`;

/** What a date without a time of day looks like, for RE2 and JavaScript (without case). */
export const dayLook = `\\s*${day}\\s*`;

const anyMonthOfYear = `(?:${yearAndMonth}|${monthAndYear})`;

/** What a month without a day looks like. */
export const monthLook = `\\s*${anyMonthOfYear}\\s*`;

/** What a date looks like, with a time of day or without. Times of day alone, and years alone, are none; neither are numbers. */
export const dateLook =
  '\\s*(?:\\d{1,2}:\\d{2}(?::\\d{2})?\\s*(?:[ap]m)?,?\\s+)?' +
  `(?:${day}|${anyMonthOfYear}|(?:${weekday}\\.?,?\\s+)?(?:${others}))(?:\\W.*|[T_]\\d.*|Z)?`;

/** What a time of day without a date looks like. */
export const clockLook = '\\s*\\d{1,2}:\\d{2}(?::\\d{2}(?:[.,]\\d{1,9})?)?\\s*(?:[ap]\\.?m\\.?)?\\s*';

/** The formats that could read a cell; none when it is no date in a known form. */
export function dateForms(cell: string): DateForm[] {
  const text = withEnglishMonth(cell.trim());
  const leading = new RegExp(`^(${weekday})(\\.?,?\\s+)`, 'i').exec(text);
  const head = leading ? weekdayFormat(leading[1]) + literal(leading[2]) : '';
  const rest = leading ? text.slice(leading[0].length) : text;
  for (const { look, forms } of looks) {
    const match = new RegExp(`^${look}(?=$|\\D)`, 'i').exec(rest);
    if (!match) continue;
    const tail = clockFormat(rest.slice(match[0].length), true);
    if (tail === null) continue;
    return forms(match).map(({ order, format }) => {
      const isIso = order === 'named' && /^%Y[-/]%m[-/]%d$/.test(format) && head === '' && isCast(tail);
      return { order, format: isIso ? ISO : head + format + tail };
    });
  }
  return ctime(rest, head) ?? clockFirst(text) ?? [];
}

interface Look {
  readonly look: string;
  readonly forms: (match: RegExpExecArray) => DateForm[];
}

const named = (format: string): DateForm[] => [{ order: 'named', format }];

const looks: readonly Look[] = [
  { look: '(\\d{4})([-/._])(\\d{1,2})\\2(\\d{1,2})', forms: ([, , s]) => named(`%Y${s}%m${s}%d`) },
  {
    look: '(\\d{1,2})([-/._])(\\d{1,2})\\2(\\d{4})',
    forms: ([, , s]) => [
      { order: 'dmy', format: `%d${s}%m${s}%Y` },
      { order: 'mdy', format: `%m${s}%d${s}%Y` },
    ],
  },
  {
    look: '(\\d{1,2})(\\.? )(\\d{1,2})\\2((?:19|20)\\d{2})',
    forms: ([, , s]) => [
      { order: 'dmy', format: `%d${s}%m${s}%Y` },
      { order: 'mdy', format: `%m${s}%d${s}%Y` },
    ],
  },
  {
    // Amazon's reviews have 01 31, 2014
    look: '(\\d{1,2}) (\\d{1,2}), ((?:19|20)\\d{2})',
    forms: () => [
      { order: 'dmy', format: '%d %m, %Y' },
      { order: 'mdy', format: '%m %d, %Y' },
    ],
  },
  { look: '\\d{4}\\.( ?)\\d{1,2}\\.\\1\\d{1,2}(\\.?)', forms: ([, s, end]) => named(`%Y.${s}%m.${s}%d${end}`) },
  {
    look: '\\d{4}([年년])( ?)\\d{1,2}([月월])\\2\\d{1,2}([日일])',
    forms: ([, y, s, m, d]) => named(`%Y${y}${s}%m${m}${s}%d${d}`),
  },
  {
    look: '(\\d{1,2})([-/.])(\\d{1,2})\\2(\\d{2})',
    forms: ([, first, s]) => [
      { order: 'dmy', format: `%d${s}%m${s}%y` },
      { order: 'mdy', format: `%m${s}%d${s}%y` },
      ...(first.length === 2 ? [{ order: 'ymd', format: `%y${s}%m${s}%d` } as const] : []),
    ],
  },
  {
    look: `(\\d{1,2})(st|nd|rd|th|er)?([-/ .]*)(${month})(\\.?,?[-/ .]*'?)(\\d{4}|\\d{2})`,
    forms: ([, , th = '', a, name, b, year]) =>
      named(`%d${th}${literal(a)}${monthFormat(name)}${literal(b)}${year.length === 4 ? '%Y' : '%y'}`),
  },
  {
    look: `(${month})(\\.?[- ]+)(\\d{1,2})(st|nd|rd|th)?(,?[- ]+)(\\d{4})`,
    forms: ([, name, a, , th = '', b]) => named(`${monthFormat(name)}${literal(a)}%d${th}${literal(b)}%Y`),
  },
  {
    look: `(\\d{4})([-/ ])(${month})\\2(\\d{1,2})`,
    forms: ([, , s, name]) => named(`%Y${s}${monthFormat(name)}${s}%d`),
  },
  { look: '((?:19|20)\\d{2})([-/_])(0[1-9]|1[0-2])', forms: ([, , s]) => named(`%Y${s}%m`) },
  { look: '(0[1-9]|1[0-2])([-/])((?:19|20)\\d{2})', forms: ([, , s]) => named(`%m${s}%Y`) },
  {
    look: `(${month})(\\.?[-/ ]+)((?:19|20)\\d{2})`,
    forms: ([, name, s]) => named(`${monthFormat(name)}${literal(s)}%Y`),
  },
  { look: '(\\d{8})', forms: () => named('%Y%m%d') },
];

/** `Jan 5 10:30:00 2024`, with a zone before the year or without. */
function ctime(text: string, head: string): DateForm[] | null {
  const match = new RegExp(`^(${month})\\s+\\d{1,2}\\s+\\d{1,2}:\\d{2}:\\d{2}\\s+(\\S+\\s+)?\\d{4}$`, 'i').exec(text);
  if (!match) return null;
  const zone = match[2] === undefined ? '' : zoneFormat(match[2].trim());
  if (zone === null) return null;
  return named(`${head}${monthFormat(match[1])} %d %H:%M:%S ${zone}${zone === '' ? '' : ' '}%Y`);
}

/** `10:30 05/01/2024`. */
function clockFirst(text: string): DateForm[] | null {
  const match = /^(\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:\s*[ap]m)?)(,?\s+)(\D*\d.*)$/i.exec(text);
  if (!match) return null;
  const clock = clockFormat(match[1], false);
  if (clock === null || /\d:\d/.test(match[3])) return null;
  return dateForms(match[3]).map(({ order, format }) => ({
    order,
    format: `${clock}${literal(match[2])}${format === ISO ? `%Y${/[-/]/.exec(match[3])![0]}%m${/[-/]/.exec(match[3])![0]}%d` : format}`,
  }));
}

const clockParts =
  /^(\d{1,2})([:.h_-])(\d{2})(?:([:._-])(\d{2})(?:([.,])(\d{1,9}))?)?(\s*)([ap]m)?(\s*)(Z|UTC|GMT|Uhr|h|(?:UTC|GMT)?[-+]\d{2}(?::?\d{2})?(?: \([^()]*\))?)?$/i;

/** The format of the text after a date; '' for an empty one, null for one that is no time of day. */
function clockFormat(text: string, afterDate: boolean): string | null {
  if (text === '') return '';
  if (/^Z$/i.test(text)) return text;
  const separator = afterDate ? /^(T|\s*,?\s*(?:at|um|à|a las?|alle|às|om)\s+|[ ,:_-]+)/i.exec(text) : null;
  if (afterDate && !separator) return null;
  const before = separator ? literal(separator[0]) : '';
  const clock = text.slice(separator?.[0].length ?? 0);
  const compact = /^(\d{2})(\d{2})(\d{2})?(Z|[-+]\d{2}:?\d{2})?$/.exec(clock);
  if (compact) return `${before}%H%M${compact[3] === undefined ? '' : '%S'}${zoneFormat(compact[4] ?? '')}`;
  const parts = clockParts.exec(clock);
  if (!parts) return null;
  const [, , a, , b, seconds, point, fraction, blank, half, gap, zone] = parts;
  const hour = half === undefined ? '%H' : '%I';
  const ofFraction = fraction === undefined ? '' : `${point}${fraction.length > 6 ? '%n' : '%f'}`;
  const ofSeconds = seconds === undefined ? '' : `${b}%S${ofFraction}`;
  const ofHalf = half === undefined ? blank : `${blank}%p`;
  return `${before}${hour}${a}%M${ofSeconds}${ofHalf}${gap}${zoneFormat(zone ?? '')}`;
}

/** A zone's format; null for one that is not known. JavaScript writes `GMT+0100 (Central European Standard Time)`. */
function zoneFormat(zone: string): string | null {
  if (zone === '') return '';
  if (/^(Z|UTC|GMT|Uhr|h)$/i.test(zone)) return zone;
  const offset = /^(UTC|GMT)?[-+]\d{2}(?::?\d{2})?( \(.*\))?$/i.exec(zone);
  return offset ? `${offset[1] ?? ''}%z${literal(offset[2] ?? '')}` : null;
}

/** True for the times of day that DuckDB's cast reads behind an ISO date. */
function isCast(tail: string): boolean {
  return /^$|^[T ]%H:%M$|^[T ]%H:%M:%S(\.%[fn])?(Z|%z)?$/.test(tail);
}

function monthFormat(name: string): string {
  return name.length === 3 ? '%b' : '%B';
}

function weekdayFormat(name: string): string {
  return name.length === 3 ? '%a' : '%A';
}

/** True for forms without a day; several are joined by "or". */
export function isMonthFormat(format: string): boolean {
  return format.split(' or ').every((each) => /%[mbB]/.test(each) && !each.includes('%d'));
}

/** Several blanks stand for one: strptime skips as many as there are. */
function literal(text: string): string {
  return text.replaceAll('%', '%%').replace(/\s+/g, ' ');
}

/** Units in which cells may be counted, where no strptime format is given: time since 1970, Excel's days since 1900, an order only. */
export const timeUnits = [
  'seconds',
  'milliseconds',
  'microseconds',
  'nanoseconds',
  'days',
  'excel',
  'counter',
  'iso',
] as const;
export type TimeUnit = (typeof timeUnits)[number];

export function isTimeUnit(format: string): format is TimeUnit {
  return (timeUnits as readonly string[]).includes(format);
}
