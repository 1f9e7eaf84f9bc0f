/** Guesses the roles that the caller did not give: from names, from values, and from the usual order in files without a header. */
import { DeepTasteError } from '../core/errors.ts';
import { type ColumnStatistics, compactClockDigits, holdsDateNumbers } from './column-statistics.ts';
import { type ImportedColumn, type ImportedTable, sqlAsNumber, sqlAsText } from './readers/imported-table.ts';
import {
  type GuessedRole,
  isClockName,
  isDateName,
  isEverydayTimeName,
  isOnlyClockName,
  isSureName,
  isVagueTimeName,
  namedFor,
  nameRank,
  titleColumns,
} from './role-names.ts';

/** The roles that one column plays. */
export type SingleRole = GuessedRole | 'title' | 'label';

/** Null: the caller says that there is none; absent: not known. */
export type Assignment = { [role in SingleRole]?: ImportedColumn | null };

/** The columns of the file that a role's column is made of: one, or the date and the time of day. */
export function partsOf(column: ImportedColumn | null | undefined): readonly ImportedColumn[] {
  return column ? (column.parts ?? [column]) : [];
}

export function takenColumns(assigned: Assignment): ImportedColumn[] {
  return Object.values(assigned).flatMap(partsOf);
}

/** Date and time of day as one text. A time of day that is one number gets back the zeros that it begins with. */
export function joinedColumns(
  day: ImportedColumn,
  clock: ImportedColumn,
  ofClock: ColumnStatistics | undefined,
): ImportedColumn {
  const ofDay = day.storage === 'time' ? `CAST(CAST(${day.sql} AS DATE) AS VARCHAR)` : `trim(${sqlAsText(day)})`;
  const digits = ofClock ? compactClockDigits(ofClock) : null;
  const written =
    digits === null
      ? `trim(${sqlAsText(clock)})`
      : `lpad(CAST(CAST(${sqlAsNumber(clock)} AS BIGINT) AS VARCHAR), ${digits}, '0')`;
  const sql = `(${ofDay} || coalesce(' ' || ${written}, ''))`;
  return { name: `${day.name}+${clock.name}`, sql, storage: 'text', kind: null, parts: [day, clock] };
}

/** Fills the roles that the caller did not give. */
export class RoleGuess {
  readonly #table: ImportedTable;
  readonly #statistics: readonly ColumnStatistics[];
  readonly #assigned: Assignment;

  constructor(table: ImportedTable, statistics: readonly ColumnStatistics[], assigned: Assignment) {
    this.#table = table;
    this.#statistics = statistics;
    this.#assigned = assigned;
  }

  get #free(): ImportedColumn[] {
    const taken = new Set(takenColumns(this.#assigned));
    return this.#table.columns.filter((column) => !taken.has(column));
  }

  ids(): void {
    const listed = this.#table.columns.find((column) => column.listed);
    if (listed && this.#assigned.item === undefined) this.#assigned.item = listed;
    for (const role of ['user', 'item'] as const) if (this.#assigned[role] === undefined) this.#nameId(role);
  }

  byName(): void {
    for (const role of ['rating', 'time', 'session'] as const)
      if (this.#assigned[role] === undefined) this.#assigned[role] = this.#fitting(role);
    if (this.#assigned.title === undefined) {
      const [name] = titleColumns(this.#free.map((column) => column.name));
      this.#assigned.title = this.#free.find((column) => column.name === name && !this.#isNumeric(column));
    }
  }

  #nameId(role: 'user' | 'item'): void {
    const found = namedFor(
      role,
      this.#free.map((column) => column.name),
    ).sort((a, b) => nameRank(role, a) - nameRank(role, b));
    if (found.length > 1 && !isSureName(role, found[0]))
      throw new DeepTasteError(
        'config',
        `${this.#table.source}: several columns may hold the ${role} (${found.join(', ')}); say --${role} COLUMN`,
        { path: this.#table.source, candidates: found },
      );
    this.#assigned[role] = this.#free.find((column) => column.name === found[0]);
  }

  /** The free column with the best name for the role whose values do not contradict it. */
  #fitting(role: 'rating' | 'time' | 'session'): ImportedColumn | undefined {
    const known = this.#free
      .filter((column) => nameRank(role, column.name) >= 0)
      .sort((a, b) => nameRank(role, a.name) - nameRank(role, b.name));
    const fits = (column: ImportedColumn): boolean =>
      role === 'session' || isSureName(role, column.name) || this.#holds(role, column);
    // A time of day is the time of a row only where there is no date.
    const isHalf = (column: ImportedColumn): boolean => role === 'time' && this.#isClock(column);
    return known.find((column) => fits(column) && !isHalf(column)) ?? known.find(fits);
  }

  #of(column: ImportedColumn): ColumnStatistics {
    return this.#statistics[this.#table.columns.indexOf(column)];
  }

  #isNumeric(column: ImportedColumn): boolean {
    const { nValues, nNumeric } = this.#of(column);
    return nValues > 0 && nNumeric * 2 >= nValues;
  }

  #isTemporal(column: ImportedColumn): boolean {
    const { nValues, nTemporal } = this.#of(column);
    return nValues > 0 && nTemporal * 2 >= nValues;
  }

  /** Nearly all cells are dates, and not months alone, which tags and editions may be. */
  #isSurelyTemporal(column: ImportedColumn): boolean {
    const { nValues, nTemporal, nMonths } = this.#of(column);
    return nValues > 0 && nTemporal * 10 >= nValues * 9 && nMonths * 2 < nValues;
  }

  #isDays(column: ImportedColumn): boolean {
    const { nValues, nDays } = this.#of(column);
    return (nValues > 0 && nDays * 10 >= nValues * 9) || holdsDateNumbers(column, this.#of(column));
  }

  #isClock(column: ImportedColumn): boolean {
    const { nValues, nClocks } = this.#of(column);
    return (nValues > 0 && nClocks * 10 >= nValues * 9) || this.#isCompactClock(column);
  }

  /** A number such as 53300 is a time of day only under such a name and beside a date. */
  #isCompactClock(column: ImportedColumn): boolean {
    const isNamed = isClockName(column.name) && (nameRank('time', column.name) >= 0 || isOnlyClockName(column.name));
    if (!isNamed || compactClockDigits(this.#of(column)) === null) return false;
    return this.#table.columns.some((each) => each !== column && this.#isDays(each));
  }

  /**
   * A time column with the other half of it: times of day with the column of the dates, or dates with that of the times
   * of day, where one column alone can be meant. A date stays alone when no name says that the other column is its time.
   */
  withClock(time: ImportedColumn): ImportedColumn {
    if (this.#isClock(time)) {
      const days = this.#free.filter((column) => this.#isDays(column));
      const named = days.filter((column) => nameRank('time', column.name) >= 0 || isDateName(column.name));
      const [day, ...others] = named.length > 0 ? named : days;
      return day && others.length === 0 ? joinedColumns(day, time, this.#of(time)) : time;
    }
    if (!this.#isDays(time)) return time;
    const clocks = this.#free.filter((column) => this.#isClock(column));
    const [clock] = clocks;
    return clocks.length === 1 && isClockName(clock.name) ? joinedColumns(time, clock, this.#of(clock)) : time;
  }

  #holds(role: 'rating' | 'time', column: ImportedColumn): boolean {
    if (role === 'time' && isEverydayTimeName(column.name)) return this.#isSurelyTemporal(column);
    if (role === 'time' && isVagueTimeName(column.name)) return this.#isTemporal(column) || this.#isEpochTime(column);
    return this.#isNumeric(column) || (role === 'time' && this.#isTemporal(column));
  }

  /** Files without a header of two to four columns hold user, item and then a rating and a time, by custom. */
  byPosition(): void {
    const { columns } = this.#table;
    const { user, item } = this.#assigned;
    if (user !== undefined || item !== undefined || columns.length < 2 || columns.length > 4) return;
    this.#assigned.user = columns[0];
    this.#assigned.item = columns[1];
    for (const column of columns.slice(2)) {
      if (Object.values(this.#assigned).includes(column)) continue;
      const role = this.#isEpochTime(column) || this.#isTemporal(column) ? 'time' : 'rating';
      if (this.#assigned[role] === undefined && this.#holds(role, column)) this.#assigned[role] = column;
    }
  }

  /** Whole numbers that are seconds (or finer) between 1973 and 2286. */
  #isEpochTime(column: ImportedColumn): boolean {
    const { minimum, allWhole } = this.#of(column);
    return this.#isNumeric(column) && allWhole && minimum !== null && minimum >= 1e8;
  }
}
