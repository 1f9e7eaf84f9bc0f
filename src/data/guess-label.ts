/** Which column holds labels, when nobody says it: two kinds of cells under a name that outcomes go by. */
import { shellWord } from '../core/shell-word.ts';
import type { Assignment } from './guess-roles.ts';
import { labelTier } from './label-names.ts';
import { holdsBinaryNumbers, holdsTwoValues, isDoneWord, type LabelEvidence, labelEvidence } from './labels.ts';
import type { Database } from './readers/database.ts';
import type { ImportedColumn, ImportedTable } from './readers/imported-table.ts';
import { looksNumeric } from './readers/records.ts';
import { isClassName, isRatingName, normalName } from './role-names.ts';

/** Tables without a header of so many columns may begin with a label, as click logs do. */
const fewestUnnamedColumns = 5;

/** Rows in which a column under any name is looked at before all of them are. */
const nSampledRows = 10_000;

interface LabelGuess {
  /** Null: none. */
  readonly label: ImportedColumn | null;
  /** Further columns that say how rows turned out: no model may look at them. */
  readonly outcomes: readonly ImportedColumn[];
  /** What a person should know of the guess. */
  readonly notes: readonly string[];
}

const nothing: LabelGuess = { label: null, outcomes: [], notes: [] };

/**
 * The label of a table that names its columns. In tables of examples two different cells of any kind under the name of a class
 * count. Beside users and items the cells must mean no and yes (0 and 1, −1 and 1, true and false, words), the surest name goes
 * first, and other outcomes are reported. Columns of ratings go first, unless they hold no and yes themselves.
 */
export async function guessLabel(
  database: Database,
  table: ImportedTable,
  { user, item }: Pick<Assignment, 'user' | 'item'>,
): Promise<LabelGuess> {
  const single = table.columns.filter((column) => column !== user && column !== item && column.storage !== 'list');
  const areExamples = !user && !item;
  if (!table.named) {
    const [first] = table.columns;
    const isLong = areExamples && table.columns.length >= fewestUnnamedColumns;
    return isLong && (await holdsBinaryNumbers(database, table, first)) ? { ...nothing, label: first } : nothing;
  }
  if (!areExamples) return besideUsersAndItems(database, table, single);
  if (single.some((column) => isRatingName(column.name))) return nothing;
  for (const column of single)
    if (isClassName(column.name) && (await mayBeClass(database, table, column))) return { ...nothing, label: column };
  return nothing;
}

async function mayBeClass(database: Database, table: ImportedTable, column: ImportedColumn): Promise<boolean> {
  return (await holdsTwoValues(database, table, column)) || (await labelEvidence(database, table, column)).isYes;
}

interface Candidate {
  readonly column: ImportedColumn;
  readonly tier: number;
  readonly evidence: LabelEvidence;
}

async function besideUsersAndItems(
  database: Database,
  table: ImportedTable,
  single: readonly ImportedColumn[],
): Promise<LabelGuess> {
  const candidates: Candidate[] = [];
  let ratings: ImportedColumn | undefined;
  for (const column of single) {
    const isRating = isRatingName(column.name);
    const tier = isRating ? 0 : labelTier(normalName(column.name));
    if (tier < 0) continue;
    const evidence = await labelEvidence(database, table, column);
    const isOneSided = evidence.onlyNegative || (evidence.isYes && !isRating);
    if (evidence.pair || (isOneSided && tier < 2)) candidates.push({ column, tier, evidence });
    else if (isRating) ratings ??= column;
  }
  candidates.sort((a, b) => a.tier - b.tier);
  const [first, ...others] = candidates.map(({ column }) => column);
  if (first === undefined) return nothing;
  const quoted = (columns: readonly ImportedColumn[]): string => columns.map(({ name }) => `"${name}"`).join(', ');
  if (ratings) {
    const all = candidates.map(({ column }) => column);
    const left = `${quoted(all)} ${all.length === 1 ? 'holds outcomes and is' : 'hold outcomes and are'} left out, for "${ratings.name}" holds ratings`;
    return {
      label: null,
      outcomes: all,
      notes: [`${table.source}: ${left}; --label ${first.name} takes that instead`],
    };
  }
  if (others.length === 0) return { label: first, outcomes: [], notes: [] };
  const rivals = `${quoted(others)} ${others.length === 1 ? 'holds outcomes too and is' : 'hold outcomes too and are'} left out`;
  return {
    label: first,
    outcomes: others,
    notes: [
      `${table.source}: label "${first.name}" (guessed); ${rivals}; --label ${others[0].name} takes that instead`,
    ],
  };
}

/**
 * In a table without a header whose rows name users and items: the column beside them that holds no and yes, both, whether it
 * would pass for a rating or not.
 */
export async function labelByPosition(
  database: Database,
  table: ImportedTable,
  { user, item, rating, time }: Assignment,
): Promise<ImportedColumn | null> {
  if (!user || !item) return null;
  const [beside] = rating ? [rating] : table.columns.filter((each) => each !== user && each !== item && each !== time);
  if (beside === undefined || beside.storage === 'list') return null;
  return (await labelEvidence(database, table, beside)).pair ? beside : null;
}

/** Words for what a row was are few. */
const fewWords = 10;

/** The warning about a column under the name of an outcome whose cells do not say which of them is 1. */
function unreadLabel(
  { source }: ImportedTable,
  { name }: ImportedColumn,
  tier: number,
  { values, isMark }: LabelEvidence,
): string[] {
  const some = values.slice(0, 3).map((value) => JSON.stringify(value));
  // which of two is the positive one is for the owner to say
  const choices = values.length <= 2 ? values.map((value) => `--positive ${shellWord(value)}`) : ['--positive VALUE'];
  const say = `every row counts as taken; say --label ${shellWord(name)} ${choices.join(' or ')} to set the one that is`;
  if (values.length > 1 && tier <= 1 && values.includes('0') && values.every(looksNumeric))
    return [
      `${source}: "${name}" holds numbers and zeros, and every row counts as taken; ` +
        `say --rating ${shellWord(name)} --min-rating 1 to leave those of 0 out`,
    ];
  if (isMark) return [`${source}: "${name}" is no label, for it holds ${some[0]} or nothing: ${say}`];
  const areWords = values.length < fewWords && values.some((value) => !looksNumeric(value));
  if (values.length < 2 || (tier > 0 && !(tier === 1 && areWords))) return [];
  if (values.length === 2)
    return [`${source}: "${name}" is no label, for ${some.join(' and ')} do not tell which of them is 1: ${say}`];
  return [
    `${source}: "${name}" is no label, for it holds more than two different values (${some.join(', ')} …): ${say}`,
  ];
}

/** What a person should know where no outcome was found: columns that may hold one, under a name of theirs. */
export async function possibleLabels(
  database: Database,
  table: ImportedTable,
  columns: readonly ImportedColumn[],
): Promise<string[]> {
  const [unread, binary]: [string[], ImportedColumn[]] = [[], []];
  for (const column of columns.filter(({ storage }) => storage !== 'list')) {
    const evidence = await labelEvidence(database, table, column, nSampledRows);
    const tier = labelTier(normalName(column.name));
    if (evidence.isMark && isDoneWord(evidence.values[0])) unread.push(...unreadLabel(table, column, 0, evidence));
    else if (evidence.pair && (await labelEvidence(database, table, column)).pair) binary.push(column);
    else if (tier >= 0) unread.push(...unreadLabel(table, column, tier, evidence));
  }
  if (binary.length === 0) return unread;
  const names = binary.map(({ name }) => `"${name}"`).join(', ');
  const are =
    binary.length === 1 ? 'holds no and yes and is taken for a field' : 'hold no and yes and are taken for fields';
  return [
    ...unread,
    `${table.source}: ${names} ${are}: every row counts as taken; --label ${shellWord(binary[0].name)} makes it the label`,
  ];
}
