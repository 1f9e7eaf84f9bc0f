/**
 * Rankings whose tables are too large for WebAssembly's memory beside all else: the rows that the scores of some users are made of
 * are copied into it, then those of the next. The kernels are those of other rankings, and so are the bytes.
 */
import type { Engine } from './engine.ts';
import { type Lists, RankingTables, type RankOutcome, type RankRequest, type ScoreForm } from './ranking.ts';

/** What is asked of a ranking's tables. */
export type Tables = Pick<RankingTables, 'rank' | 'free'>;

export interface TableSizes {
  /** Bytes of rows beyond which they stay outside. */
  readonly mostBytes?: number;
  /** Bytes of rows that are copied at once, unless one user's are more. */
  readonly bytesAtOnce?: number;
}

type Request = Omit<RankRequest, 'score' | 'nItems'>;
type TakersForm = Extract<ScoreForm, { form: 'takers' }>;
type HistoryForm = Extract<ScoreForm, { form: 'history' }>;

/** The tables of a score, in WebAssembly's memory where they fit there. */
export function rankingTables(
  engine: Engine,
  score: ScoreForm,
  nItems: number,
  { mostBytes = 2 ** 31, bytesAtOnce = 2 ** 29 }: TableSizes = {},
): Tables {
  if (score.form === 'takers' && score.users.byteLength > mostBytes)
    return new LargeTables(engine, nItems, new LargeUserRows(engine, score, nItems, bytesAtOnce));
  if (score.form === 'history' && score.sparse === null && score.weights.byteLength > mostBytes)
    return new LargeTables(engine, nItems, new LargeItemRows(engine, score, nItems, bytesAtOnce));
  return new RankingTables(engine, score, nItems);
}

/** A score whose rows are copied for some users at a time. */
interface LargeRows {
  /** How many of the users, from a position on, have their rows copied together: at least one. */
  count(users: Int32Array, from: number): number;
  /** The score of these users alone, who are its users 0, 1, … */
  of(users: Int32Array): ScoreForm;
  rankPerson(request: Request): RankOutcome;
  free(): void;
}

class LargeTables implements Tables {
  readonly #engine: Engine;
  readonly #nItems: number;
  readonly #rows: LargeRows;

  constructor(engine: Engine, nItems: number, rows: LargeRows) {
    this.#engine = engine;
    this.#nItems = nItems;
    this.#rows = rows;
  }

  rank(request: Request): RankOutcome {
    if (request.person) return this.#rows.rankPerson(request);
    const { users, excluded, candidates, relevant, onProgress } = request;
    const parts: RankOutcome[] = [];
    for (let from = 0; from < users.length || parts.length === 0; ) {
      const first = from;
      const some = users.subarray(first, first + this.#rows.count(users, first));
      const score = this.#rows.of(some);
      const part = rankOnce(this.#engine, score, this.#nItems, {
        ...request,
        users: upTo(some.length),
        excluded: excluded && listsOf(excluded, some),
        candidates: candidates && listsOf(candidates, some),
        relevant: relevant && listsOf(relevant, upTo(some.length, first)),
        onProgress: onProgress && ((done) => onProgress(first + done)),
      });
      parts.push(part);
      from += some.length;
    }
    return joined(parts);
  }

  free(): void {
    this.#rows.free();
  }
}

/** One row a user. */
class LargeUserRows implements LargeRows {
  readonly #score: TakersForm;
  readonly #bytesAtOnce: number;
  /** For people whose row comes with the request: of the table's rows none is placed for them. */
  readonly #persons: RankingTables;

  constructor(engine: Engine, score: TakersForm, nItems: number, bytesAtOnce: number) {
    this.#score = score;
    this.#bytesAtOnce = bytesAtOnce;
    this.#persons = new RankingTables(engine, score, nItems);
  }

  count(): number {
    return Math.max(1, Math.floor(this.#bytesAtOnce / (4 * this.#score.width)));
  }

  of(users: Int32Array): ScoreForm {
    const { width, history } = this.#score;
    return { ...this.#score, users: rowsOf(this.#score.users, width, users), history: listsOf(history, users) };
  }

  rankPerson(request: Request): RankOutcome {
    return this.#persons.rank(request);
  }

  free(): void {
    this.#persons.free();
  }
}

/** A row for each item of a user's history. */
class LargeItemRows implements LargeRows {
  readonly #engine: Engine;
  readonly #score: HistoryForm;
  readonly #nItems: number;
  readonly #rowsAtOnce: number;

  constructor(engine: Engine, score: HistoryForm, nItems: number, bytesAtOnce: number) {
    this.#engine = engine;
    this.#score = score;
    this.#nItems = nItems;
    this.#rowsAtOnce = bytesAtOnce / (4 * nItems);
  }

  count(users: Int32Array, from: number): number {
    const isCopied = new Uint8Array(this.#nItems);
    let rows = 0;
    for (let n = from; n < users.length; n++) {
      for (const item of listOf(this.#score.history, users[n])) {
        rows += 1 - isCopied[item];
        isCopied[item] = 1;
      }
      if (rows > this.#rowsAtOnce) return Math.max(1, n - from);
    }
    return users.length - from;
  }

  of(users: Int32Array): ScoreForm {
    return this.#ofHistories(listsOf(this.#score.history, users));
  }

  rankPerson({ person, ...request }: Request): RankOutcome {
    const columns = person && 'history' in person ? person.history : new Int32Array(0);
    const score = this.#ofHistories({ rowStart: Int32Array.of(0, columns.length), columns });
    return rankOnce(this.#engine, score, this.#nItems, { ...request, users: Int32Array.of(0) });
  }

  /** The rows of the items that occur, and histories that name them by their places among these. */
  #ofHistories({ rowStart, columns }: Lists): ScoreForm {
    const items = Int32Array.from(new Set(columns)).sort();
    const place = new Int32Array(this.#nItems);
    items.forEach((item, n) => {
      place[item] = n;
    });
    const history = { rowStart, columns: columns.map((item) => place[item]) };
    return { ...this.#score, weights: rowsOf(this.#score.weights, this.#nItems, items), history };
  }

  free(): void {}
}

function rankOnce(engine: Engine, score: ScoreForm, nItems: number, request: Request): RankOutcome {
  const tables = new RankingTables(engine, score, nItems);
  try {
    return tables.rank(request);
  } finally {
    tables.free();
  }
}

/** first, first + 1, … */
function upTo(n: number, first = 0): Int32Array {
  return Int32Array.from({ length: n }, (_, k) => first + k);
}

function rowsOf(table: Float32Array, width: number, rows: Int32Array): Float32Array {
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, n) => {
    picked.set(table.subarray(row * width, (row + 1) * width), n * width);
  });
  return picked;
}

function listOf({ rowStart, columns }: Lists, row: number): Int32Array {
  return columns.subarray(rowStart[row], rowStart[row + 1]);
}

function listsOf(lists: Lists, rows: Int32Array): Lists {
  const rowStart = new Int32Array(rows.length + 1);
  rows.forEach((row, n) => {
    rowStart[n + 1] = rowStart[n] + listOf(lists, row).length;
  });
  const columns = new Int32Array(rowStart[rows.length]);
  rows.forEach((row, n) => {
    columns.set(listOf(lists, row), rowStart[n]);
  });
  return { rowStart, columns };
}

function joined(parts: readonly RankOutcome[]): RankOutcome {
  const all = <A extends Float32Array | Int32Array>(make: new (n: number) => A, pick: (part: RankOutcome) => A): A => {
    const whole = new make(parts.reduce((sum, part) => sum + pick(part).length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(pick(part), at);
      at += pick(part).length;
    }
    return whole;
  };
  return {
    greater: all(Int32Array, (part) => part.greater),
    equal: all(Int32Array, (part) => part.equal),
    nCandidates: all(Int32Array, (part) => part.nCandidates),
    topItems: all(Int32Array, (part) => part.topItems),
    topScores: all(Float32Array, (part) => part.topScores),
    scores: all(Float32Array, (part) => part.scores),
  };
}
