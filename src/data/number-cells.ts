/** Numbers as people write them: decimal commas, thousands apart, currency marks, stars. Which style a column has is found from its cells. */
import { DeepTasteError } from '../core/errors.ts';
import type { ColumnStatistics } from './column-statistics.ts';
import type { Database } from './readers/database.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import {
  apartPattern,
  codePattern,
  countedStars,
  drawnStars,
  type NumberStyle,
  numberPattern,
  outOfPattern,
  plainNumber,
  unevenPattern,
  unitMark,
} from './readers/number-styles.ts';
import { isCodeName } from './role-names.ts';

/** Rows that are looked at. */
const nLookedAt = 10_000;

interface Evidence {
  /** Cells that hold something. */
  readonly cells: number;
  /** Cells that are numbers with a decimal point alone (1,234.5), with a decimal comma alone (4,5), or either (1,234). */
  readonly point: number;
  readonly comma: number;
  readonly either: number;
  /** Those of the last whose mark is a comma. */
  readonly eitherComma: number;
  /** Cells of a number with a currency mark, whatever the rest. */
  readonly marked: number;
  /** Cells of a number with thousands apart (1 234, 1'234) and no other mark. */
  readonly apart: number;
  /** Cells such as 75,94,374. */
  readonly uneven: number;
  /** Digits in groups that no number has (012 345 678); the fewest and the most digits of plain numbers and of those with thousands apart. */
  readonly codes: number;
  readonly fewestDigits: number | null;
  readonly mostDigits: number | null;
  /** Plain numbers, those with a decimal point, and those that nobody writes who sets marks between thousands (1500, 1.234). */
  readonly plain: number;
  readonly fraction: number;
  readonly unmarked: number;
  /** Cells such as 4/5, with the smallest and the largest of their scales; cells of stars. */
  readonly outOf: number;
  readonly leastScale: number | null;
  readonly mostScale: number | null;
  readonly stars: number;
  readonly example: string | null;
  readonly exampleOfEither: string | null;
  readonly exampleOfScale: string | null;
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
  const all = table.columns.filter((column) => column.storage === 'text' && column.kind !== 'id');
  const texts = decimal === undefined ? await withOddNumbers(database, table, all) : all;
  if (texts.length === 0) return table;
  const select = texts.map((column, c) => `${evidenceOf(column)} AS e${c}`).join(', ');
  const row = await database.row<Record<string, Record<string, unknown>>>(
    `SELECT ${select} FROM (SELECT * FROM ${table.sql} LIMIT ${nLookedAt})`,
  );
  const columns = table.columns.map((column) => {
    const at = texts.indexOf(column);
    if (at < 0) return column;
    const found = row[`e${at}`];
    const entries = Object.entries(found).map(([key, value]) => [
      key,
      typeof value === 'bigint' ? Number(value) : value,
    ]);
    return { ...column, ...numbersOf(Object.fromEntries(entries) as Evidence, decimal) };
  });
  return { ...table, columns };
}

/** The columns in which some cell is a number that is not plain; the others need no further look. */
async function withOddNumbers(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
): Promise<ImportedColumn[]> {
  if (columns.length === 0) return [];
  const tests = columns.map(
    ({ sql }, c) =>
      `coalesce(bool_or(CASE WHEN ${plainNumber(sql)} IS NULL AND strlen(${sql}) < 40
         THEN regexp_matches(${sql}, '${oddNumber}') OR regexp_full_match(${sql}, '${numberPattern('point')}')
           OR regexp_full_match(${sql}, '${numberPattern('comma')}') END), FALSE) AS c${c}`,
  );
  const row = await database.row<Record<string, boolean>>(
    `SELECT ${tests.join(', ')} FROM (SELECT * FROM ${table.sql} LIMIT ${nLookedAt})`,
  );
  return columns.filter((_, c) => row[`c${c}`]);
}

/** What no opinion on a scale lacks. */
const oddNumber = '(?i)^\\s*[0-9.,]+\\s*(?:/|o|v|su|de\\s|st|é|estr|[★⭐])|^\\s*[★⭐☆✩✰½]';

/** Scales of opinions. */
const scales = [3, 4, 5, 6, 7, 10, 20, 100];

function evidenceOf({ sql }: ImportedColumn): string {
  const number = plainNumber(sql);
  // Plain numbers and long texts are passed over before the slower patterns are tried.
  const isOther = `${number} IS NULL AND strlen(${sql}) < 40`;
  const odd = `${isOther} AND regexp_matches(${sql}, '[0-9]')`;
  const is = (style: 'point' | 'comma'): string => `regexp_full_match(${sql}, '${numberPattern(style)}')`;
  const count = (condition: string, first = odd): string =>
    `count(CASE WHEN ${first} THEN CASE WHEN ${condition} THEN 1 END END)`;
  const isEither = `${is('point')} AND ${is('comma')} AND regexp_matches(${sql}, '[.,]')`;
  const isThousand = `regexp_full_match(${sql}, '-?[0-9]{1,3}[.][0-9]{3}')`;
  const isApart = `${is('point')} AND regexp_full_match(${sql}, '${apartPattern}')`;
  const nDigits = `CASE WHEN ${number} IS NOT NULL OR (${odd} AND ${isApart}) THEN length(regexp_replace(${sql}, '[^0-9]', '', 'g')) END`;
  const scale = `TRY_CAST(regexp_extract(${sql}, '^${outOfPattern}$', 2) AS INTEGER)`;
  const ofScale = `CASE WHEN ${odd} THEN CASE WHEN ${scale} IN (${scales.join(', ')}) THEN ${scale} END END`;
  const isStars = `regexp_full_match(${sql}, '${countedStars}') OR (trim(${sql}) <> '' AND regexp_full_match(${sql}, '${drawnStars}'))`;
  return `{
    'cells': count(${sql}),
    'point': ${count(`${is('point')} AND NOT ${is('comma')}`)}, 'comma': ${count(`${is('comma')} AND NOT ${is('point')}`)},
    'either': ${count(isEither)}, 'eitherComma': ${count(`${isEither} AND contains(${sql}, ',')`)},
    'marked': ${count(`${is('point')} AND regexp_matches(${sql}, '${unitMark}')`)},
    'apart': ${count(isApart)},
    'uneven': ${count(`regexp_full_match(${sql}, '${unevenPattern}')`)},
    'codes': ${count(`regexp_full_match(${sql}, '${codePattern}')`)},
    'fewestDigits': min(${nDigits}), 'mostDigits': max(${nDigits}),
    'plain': count(${number}),
    'fraction': count(CASE WHEN ${sql} LIKE '%.%' AND NOT ${isThousand} THEN ${number} END),
    'unmarked': count(CASE WHEN abs(${number}) >= 1000 OR ${isThousand} THEN 1 END),
    'outOf': count(${ofScale}), 'leastScale': min(${ofScale}), 'mostScale': max(${ofScale}),
    'stars': ${count(isStars, isOther)},
    'example': min(CASE WHEN ${odd} AND (${is('point')} OR ${is('comma')}) THEN ${sql} END),
    'exampleOfEither': min(CASE WHEN ${odd} AND ${isEither} THEN ${sql} END),
    'exampleOfScale': max(CASE WHEN ${ofScale} IS NOT NULL OR (${isOther} AND (${isStars})) THEN ${sql} END)
  }`;
}

/** What the cells show of a column's numbers; nothing where they are plain, or none. */
function numbersOf(evidence: Evidence, told: '.' | ',' | undefined): Pick<ImportedColumn, 'numbers' | 'unreadNumbers'> {
  const { cells, plain, outOf, stars, leastScale, mostScale, point, comma, either, marked } = evidence;
  if (outOf > 0 && leastScale === mostScale && isMost(outOf + plain, cells) && point + comma + marked === 0)
    return { numbers: { style: `out of ${mostScale!}`, example: evidence.exampleOfScale } };
  if (stars > 0 && isMost(stars + plain, cells))
    return { numbers: { style: 'stars', example: evidence.exampleOfScale } };
  if (told === undefined && areCodes(evidence)) {
    const example = evidence.example ?? '';
    return isMost(plain + evidence.apart + evidence.codes + point, cells)
      ? { unreadNumbers: { example, are: 'codes' } }
      : {};
  }
  const { style, isOpen } = decimalStyle(evidence, told);
  if (style !== null) {
    const example = isOpen === undefined ? evidence.example : evidence.exampleOfEither;
    return { numbers: { style, example, ...(isOpen !== undefined && { isOpen }) } };
  }
  const areNumbers = either + point + comma > 0 && isMost(plain + point + comma + either, cells);
  return areNumbers && told === undefined
    ? { unreadNumbers: { example: evidence.exampleOfEither ?? evidence.example ?? '', are: 'open' } }
    : {};
}

/** Fewer digits in groups are amounts as often as codes. */
const fewestDigitsOfCodes = 7;

/**
 * True for digits in groups that are hardly amounts: telephones and numbers of firms, of which all have as many digits, and commas that stand
 * where only India has them while no other number of the column speaks for that.
 */
function areCodes(evidence: Evidence): boolean {
  const { codes, uneven, apart, point, comma, either, marked, fraction, fewestDigits, mostDigits } = evidence;
  if (uneven > 0) return uneven === point && comma + either + marked + fraction === 0;
  if (point + comma + either + marked + fraction > 0) return false;
  if (codes > 0) return true;
  return apart > 0 && fewestDigits === mostDigits && mostDigits !== null && mostDigits >= fewestDigitsOfCodes;
}

function isMost(n: number, cells: number): boolean {
  return n >= 0.9 * cells;
}

/**
 * The style of numbers with points and commas; null = plain, or not to be told. Where every mark may stand between thousands it is
 * taken to do so, unless other numbers of thousands have none: `isOpen` then says that no shorter number speaks for it.
 */
function decimalStyle(
  { point, comma, either, eitherComma, marked, apart, plain, fraction, unmarked }: Evidence,
  told: '.' | ',' | undefined,
): { readonly style: 'point' | 'comma' | null; readonly isOpen?: boolean } {
  const isPoint = point + fraction > 0;
  if (told === ',') return { style: isPoint && comma === 0 ? (point + either + marked > 0 ? 'point' : null) : 'comma' };
  if (told === '.') return { style: 'point' };
  if (comma > 0) return { style: isPoint ? null : 'comma' };
  if (point > 0 || (either > 0 && fraction > 0)) return { style: 'point' };
  if (either === 0) return { style: marked + apart > 0 ? 'point' : null };
  const isOneMark = eitherComma === 0 || eitherComma === either;
  if (!isOneMark || unmarked > 0) return { style: null };
  return { style: eitherComma > 0 ? 'point' : 'comma', isOpen: plain === 0 };
}

/** What a person should know of a column that is used as numbers. */
export function numberNote({ source }: ImportedTable, { name, numbers }: ImportedColumn): string[] {
  if (!numbers || numbers.example === null) return [];
  const { style, example, isOpen } = numbers;
  const number = numberOf(example, style);
  const where = `${source}: "${name}"`;
  if (style === 'stars') return [`${where}: stars are counted, e.g. ${example} = ${number}`];
  if (style !== 'point' && style !== 'comma')
    return [`${where}: read as numbers ${style}, e.g. ${example} = ${number}`];
  if (isOpen !== undefined) {
    const other = style === 'comma' ? 'point' : 'comma';
    const fraction = numberOf(example, other);
    return [
      `${where}: ${style === 'point' ? 'commas' : 'points'} are taken to stand between thousands, e.g. ${example} = ${number}; ` +
        `if it is ${fraction}, say --decimal ${other === 'comma' ? ',' : '.'} (decimal)`,
    ];
  }
  const how = style === 'comma' ? 'a decimal comma' : 'a decimal point';
  return [`${where}: numbers are read with ${how}, e.g. ${example} = ${number}`];
}

/** What a person should know of what looks like numbers but is kept as categories. */
export function unreadNumbersNote({ source }: ImportedTable, { name, unreadNumbers }: ImportedColumn): string[] {
  if (unreadNumbers === undefined || (unreadNumbers.are === 'codes' && isCodeName(name))) return [];
  const { example, are } = unreadNumbers;
  const where = `${source}: "${name}": looks like`;
  if (are === 'codes')
    return [
      `${where} codes and is kept as categories, e.g. ${example}; if it is ${numberOf(example, 'point')}, say --decimal . (decimal)`,
    ];
  const ways = (['point', 'comma'] as const).map((style) => numberOf(example, style));
  return [
    `${where} numbers but is kept as categories: ${example} may be ${ways.join(' or ')}; ` +
      'say --decimal . or --decimal , (decimal)',
  ];
}

/** So many different cells are hardly kinds of something. */
const manyCells = 20;
/** So few words stand for what is not known. */
const fewWords = 5;

/** What a person should know of a column of categories that is one of measures but for the way in which they are written. */
export async function measuresNotes(
  database: Database,
  table: ImportedTable,
  column: ImportedColumn,
  { nValues, nNumeric, nMeasured, nLeadingZero, nDistinctNumbers, nDistinctOthers }: ColumnStatistics,
): Promise<string[]> {
  const { name, storage, kind, unreadNumbers } = column;
  if (storage !== 'text' || kind !== null || unreadNumbers !== undefined || nLeadingZero > 0 || isCodeName(name))
    return [];
  const areMeasures = nMeasured > 0 && isMost(nMeasured, nValues - nNumeric) && nDistinctOthers > manyCells;
  const haveWords =
    nNumeric < nValues && nNumeric * 2 >= nValues && nDistinctNumbers > manyCells && nDistinctOthers <= fewWords;
  if (!areMeasures && !haveWords) return [];
  const text = sqlAsText(column);
  const [example] = await database.texts(
    `SELECT trim(${text}) FROM ${table.sql} WHERE trim(${text}) <> '' AND ${sqlAsNumber(column)} IS NULL LIMIT 1`,
  );
  const shown = example === undefined ? '' : `, such as ${JSON.stringify(example)},`;
  const where = `${table.source}: "${name}" is kept as categories:`;
  if (areMeasures)
    return [
      `${where} its cells${shown} are numbers with something else; write the numbers alone to have them read as such`,
    ];
  return [
    `${where} ${nNumeric} of ${nValues} cells looked at are numbers, the others${shown} are not; name these with --missing to have numbers`,
  ];
}

/** @throws DeepTasteError `data`: numbers that do not show what their marks mean, or look like codes, where their size matters */
export function refuseOpenNumbers({ source }: ImportedTable, { name, numbers, unreadNumbers }: ImportedColumn): void {
  const example = numbers?.isOpen ? numbers.example : unreadNumbers?.example;
  if (example === undefined) return;
  const areCodes = unreadNumbers?.are === 'codes';
  const marks = areCodes || example?.includes(',') ? ['comma', 'commas'] : ['point', 'points'];
  const [told, other] = marks[0] === 'comma' ? [',', '.'] : ['.', ','];
  const found = JSON.stringify(example);
  const must = areCodes
    ? `must hold numbers, found ${found}, which looks like a code; if they are numbers say --decimal . (decimal), else name another column`
    : `numbers must show their decimal mark, found ${found}; for a decimal ${marks[0]} say --decimal ${told} (decimal), ` +
      `for ${marks[1]} between thousands --decimal ${other}`;
  throw new DeepTasteError('data', `${source}: "${name}": ${must}`, { path: source, column: name });
}

/** A text of a style as a number. */
function numberOf(text: string, style: NumberStyle): number {
  if (style === 'stars' && !/\d/.test(text)) return text.replace(/[^★⭐]/g, '').length + (text.includes('½') ? 0.5 : 0);
  if (style !== 'point' && style !== 'comma')
    return Number((/\d+(?:[.,]\d+)?/.exec(text) ?? [''])[0].replace(',', '.'));
  const digits = text.replace('−', '-').replace(style === 'comma' ? /[^0-9,+-]/g : /[^0-9.+-]/g, '');
  return Number(style === 'comma' ? digits.replace(',', '.') : digits);
}
