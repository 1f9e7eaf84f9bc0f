/**
 * Ranks items for many users on all threads: scores are made block by block and never kept as a users × items matrix.
 * Knows rows and columns only; what they mean is the caller's business.
 */
import { DeepTasteError } from '../../core/errors.ts';
import * as code from '../kernels/opcodes.ts';
import type { PairProgram } from '../plan/pair-plan.ts';
import type { Engine } from './engine.ts';

/** Users whose scores a thread makes together, where there are few items. */
const USERS_AT_ONCE = { dot: 12, pair: 2, history: 4, takers: 4, 'two-steps': 12 } as const;
/** Scores of all items that a thread holds at most, unless one user's are more. */
const SCORES_AT_ONCE = 1 << 24;
/** Rows that are put into panels at once: a multiple of eight. */
const PACKED_ROWS = 8192;

/** Users whose scores a thread makes together: a block of theirs × all items is held. */
export function rankingBlock(form: TableForm['form'], nItems: number): number {
  return Math.max(1, Math.min(USERS_AT_ONCE[form], Math.floor(SCORES_AT_ONCE / Math.max(1, nItems))));
}

/** Compressed sparse rows. */
export interface Lists {
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
}

/** How scores are made. */
export type ScoreForm = ScoreSource & {
  /** Items, ascending, that rank last whatever their score, all alike, and are in no list of best items. */
  readonly last?: Int32Array;
};

/** Those that have tables, by which all items are ranked. */
export type TableForm = Exclude<ScoreForm, { form: 'listed' }>;

export type ScoreSource =
  /** score = user row · item row; both [n × width] */
  | { readonly form: 'dot'; readonly users: Float32Array; readonly items: Float32Array; readonly width: number }
  /** a compiled program over user rows [n × userWidth] and item rows [n × itemWidth] */
  | {
      readonly form: 'pair';
      readonly users: Float32Array;
      readonly items: Float32Array;
      readonly userWidth: number;
      readonly itemWidth: number;
      readonly program: PairProgram;
    }
  /** score[i] = Σ over the items j of the user's history of weights[j, i]; dense [nItems × nItems] or sparse rows */
  | {
      readonly form: 'history';
      readonly history: Lists;
      readonly weights: Float32Array;
      readonly sparse: Lists | null;
    }
  /**
   * score[i] = h_i + scale[i] · (Σ over the users v who took item i of row[v] − h_i), with h_i = 1 for the items of the user's
   * history and 0 for others; user rows [n × width] hold a number for each of `width` users
   */
  | {
      readonly form: 'takers';
      readonly users: Float32Array;
      readonly width: number;
      /** By item: the users who took it. */
      readonly takers: Lists;
      readonly scale: Float32Array;
      readonly history: Lists;
    }
  /**
   * score[i] = user row · item row + b_i Σ over the users v who took item i of a_v Σ over the items j of the user's history that v
   * took too of b_j: two steps in the graph of who took what, beside a dot product; user and item rows [n × width]
   */
  | {
      readonly form: 'two-steps';
      readonly users: Float32Array;
      readonly items: Float32Array;
      readonly width: number;
      /** The graph: the items of every user of the training, and by item the users who took it. */
      readonly rows: Lists;
      readonly takers: Lists;
      /** a, of the users of the training */
      readonly userScale: Float32Array;
      /** b */
      readonly itemScale: Float32Array;
      readonly history: Lists;
    }
  /** scores of listed pairs alone, which are made elsewhere: there are no tables to rank by */
  | { readonly form: 'listed' };

/** Whose scores are made: a row of the user table, a history where scores are made from that, or both. */
export type Person =
  | { readonly vector: Float32Array }
  | { readonly history: Int32Array }
  | { readonly vector: Float32Array; readonly history: Int32Array };

export interface RankRequest {
  readonly score: ScoreForm;
  readonly nItems: number;
  /** Rows of the users to rank. */
  readonly users: Int32Array;
  /** Whose scores are made instead of those of the tables' users: `users` is then [0], and lists have one row. */
  readonly person?: Person;
  /** By user row: items that are no candidates. */
  readonly excluded?: Lists;
  /** By user row: the only candidates besides the relevant items; needs `relevant`, excludes `excluded` and `allScores`. */
  readonly candidates?: Lists;
  /** By position in `users`: items whose standing is counted. */
  readonly relevant?: Lists;
  /** Length of the list of best items, 0 = none. */
  readonly topK?: number;
  /** Return every score. */
  readonly allScores?: boolean;
  /** Called between pieces of about 50 ms with the number of users done. */
  readonly onProgress?: (done: number) => void;
}

export interface RankOutcome {
  readonly greater: Int32Array;
  readonly equal: Int32Array;
  readonly nCandidates: Int32Array;
  /** [users × topK], −1 where there are fewer candidates. */
  readonly topItems: Int32Array;
  readonly topScores: Float32Array;
  /** [users × nItems], empty unless asked for. */
  readonly scores: Float32Array;
}

/** Keeps the score's tables in the shared memory, so that many rankings can be made from them. */
export class RankingTables {
  readonly #engine: Engine;
  readonly #score: ScoreForm;
  readonly #nItems: number;
  readonly #words = new Int32Array(code.RANK_WORDS);
  readonly #allocations: number[] = [];

  constructor(engine: Engine, score: ScoreForm, nItems: number) {
    this.#engine = engine;
    this.#score = score;
    this.#nItems = nItems;
    const words = this.#words;
    words[code.RANK_N_ITEMS] = nItems;
    if (score.form === 'listed') throw new Error('internal: scores of listed pairs are not ranked by tables');
    if (score.form === 'history') this.#placeHistory(score);
    else if (score.form === 'takers') this.#placeTakers(score);
    else if (score.form === 'two-steps') this.#placeTwoSteps(score);
    else this.#placeVectors(score);
    if (score.last && score.last.length > 0) this.#placeLast(score.last);
  }

  #place(values: Float32Array | Int32Array | Uint8Array): number {
    // a vector read past the last row must stay inside the memory
    const address = this.#engine.allocate(values.byteLength + 64);
    this.#engine
      .bytes(address, values.byteLength)
      .set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#allocations.push(address);
    return address;
  }

  #placeLast(last: Int32Array): void {
    const words = this.#words;
    words[code.RANK_LAST] = this.#place(last);
    words[code.RANK_N_LAST] = last.length;
    const isLast = new Uint8Array(this.#nItems);
    for (const item of last) isLast[item] = 1;
    words[code.RANK_IS_LAST] = this.#place(isLast);
  }

  #placeHistory(score: Extract<ScoreForm, { form: 'history' }>): void {
    const words = this.#words;
    words[code.RANK_FORM] = score.sparse ? code.FORM_HISTORY_SPARSE : code.FORM_HISTORY_DENSE;
    words[code.RANK_WEIGHTS] = this.#place(score.weights);
    words[code.RANK_HISTORY_START] = this.#place(score.history.rowStart);
    words[code.RANK_HISTORY_COLUMNS] = this.#place(score.history.columns);
    if (score.sparse) {
      words[code.RANK_WEIGHT_START] = this.#place(score.sparse.rowStart);
      words[code.RANK_WEIGHT_COLUMNS] = this.#place(score.sparse.columns);
    }
    words[code.RANK_BLOCK] = rankingBlock('history', this.#nItems);
  }

  #placeTakers(score: Extract<ScoreForm, { form: 'takers' }>): void {
    const words = this.#words;
    words[code.RANK_FORM] = code.FORM_TAKERS;
    words[code.RANK_USER_STRIDE] = score.width;
    words[code.RANK_WIDTH] = score.width;
    words[code.RANK_WEIGHTS] = this.#place(score.scale);
    words[code.RANK_WEIGHT_START] = this.#place(score.takers.rowStart);
    words[code.RANK_WEIGHT_COLUMNS] = this.#place(score.takers.columns);
    words[code.RANK_HISTORY_START] = this.#place(score.history.rowStart);
    words[code.RANK_HISTORY_COLUMNS] = this.#place(score.history.columns);
    words[code.RANK_BLOCK] = rankingBlock('takers', this.#nItems);
  }

  #placeTwoSteps(score: Extract<ScoreForm, { form: 'two-steps' }>): void {
    const words = this.#words;
    words[code.RANK_FORM] = code.FORM_TWO_STEPS;
    words[code.RANK_USER_STRIDE] = score.width;
    words[code.RANK_WIDTH] = score.width;
    words[code.RANK_WEIGHTS] = this.#place(score.itemScale);
    words[code.RANK_WEIGHT_START] = this.#place(score.takers.rowStart);
    words[code.RANK_WEIGHT_COLUMNS] = this.#place(score.takers.columns);
    words[code.RANK_ROW_START] = this.#place(score.rows.rowStart);
    words[code.RANK_ROW_COLUMNS] = this.#place(score.rows.columns);
    words[code.RANK_N_ROWS] = score.userScale.length;
    words[code.RANK_ROW_SCALE] = this.#place(score.userScale);
    words[code.RANK_HISTORY_START] = this.#place(score.history.rowStart);
    words[code.RANK_HISTORY_COLUMNS] = this.#place(score.history.columns);
    words[code.RANK_BLOCK] = rankingBlock('two-steps', this.#nItems);
  }

  #placeVectors(score: Extract<ScoreForm, { form: 'dot' | 'pair' }>): void {
    const words = this.#words;
    words[code.RANK_USER_TABLE] = this.#place(score.users);
    if (score.form === 'dot') {
      words[code.RANK_FORM] = code.FORM_DOT;
      words[code.RANK_USER_STRIDE] = score.width;
      words[code.RANK_ITEM_STRIDE] = score.width;
      words[code.RANK_WIDTH] = score.width;
      words[code.RANK_BLOCK] = rankingBlock('dot', this.#nItems);
    } else {
      words[code.RANK_ITEM_TABLE] = this.#place(score.items);
      words[code.RANK_FORM] = code.FORM_PAIR;
      words[code.RANK_USER_STRIDE] = score.userWidth;
      words[code.RANK_ITEM_STRIDE] = score.itemWidth;
      words[code.RANK_PROGRAM] = score.program.address;
      words[code.RANK_PROGRAM_LENGTH] = score.program.length;
      words[code.RANK_TILE] = score.program.tileRows;
      words[code.RANK_SCRATCH_BYTES] = score.program.scratchBytes;
      words[code.RANK_BLOCK] = rankingBlock('pair', this.#nItems);
    }
  }

  /** User rows of the forms that a history belongs to, of which there are as many as users: made when people of the table are ranked. */
  #userRows(): void {
    const { form } = this.#score;
    if ((form === 'takers' || form === 'two-steps') && this.#words[code.RANK_USER_TABLE] === 0)
      this.#words[code.RANK_USER_TABLE] = this.#place(this.#score.users);
  }

  /** Items of a dot product in rows, for listed candidates; made at the first such ranking. */
  #itemRows(): void {
    if (this.#score.form === 'dot' && this.#words[code.RANK_ITEM_TABLE] === 0)
      this.#words[code.RANK_ITEM_TABLE] = this.#place(this.#score.items);
  }

  /** Items of a dot product in panels of eight, made at the first full ranking, piece by piece: many rows stand there once only. */
  #panels(): void {
    const score = this.#score;
    if ((score.form !== 'dot' && score.form !== 'two-steps') || this.#words[code.RANK_PANELS] !== 0) return;
    const { width, items } = score;
    const panels = this.#engine.allocate(Math.ceil(this.#nItems / 8) * 8 * width * 4 + 64);
    this.#allocations.push(panels);
    this.#words[code.RANK_PANELS] = panels;
    const piece = this.#engine.allocate(PACKED_ROWS * width * 4 + 64);
    for (let from = 0; from < this.#nItems; from += PACKED_ROWS) {
      const rows = Math.min(PACKED_ROWS, this.#nItems - from);
      this.#engine.f32(piece, rows * width).set(items.subarray(from * width, (from + rows) * width));
      this.#engine.kernels.packPanels(piece, 1, width, panels + from * width * 4, width, rows);
    }
    this.#engine.free(piece);
  }

  free(): void {
    for (const address of this.#allocations.splice(0)) this.#engine.free(address);
  }

  rank(request: Omit<RankRequest, 'score' | 'nItems'>): RankOutcome {
    const engine = this.#engine;
    const { users, relevant, candidates, topK = 0 } = request;
    if (candidates && (!relevant || request.excluded || request.allScores))
      throw new DeepTasteError(
        'config',
        'ranking: listed candidates need relevant items, and go neither with exclusions nor with all scores',
      );
    if (candidates && this.#score.form !== 'two-steps') this.#itemRows();
    else this.#panels();
    if (!request.person) this.#userRows();
    const temporary: number[] = [];
    const allocate = (bytes: number): number => {
      const address = engine.allocate(Math.max(64, bytes));
      temporary.push(address);
      return address;
    };
    const place = (values: Int32Array | Float32Array): number => {
      const address = allocate(values.byteLength + 64);
      if (values instanceof Int32Array) engine.i32(address, values.length).set(values);
      else engine.f32(address, values.length).set(values);
      return address;
    };
    const nRelevant = relevant ? relevant.columns.length : 0;
    const words = this.#words.slice();
    const block = words[code.RANK_BLOCK];
    const longest = candidates && relevant ? longestRow(candidates) + longestRow(relevant) : 0;
    words[code.RANK_N_USERS] = users.length;
    words[code.RANK_USERS] = place(users);
    if (request.person) this.#setPerson(request.person, words, place);
    const lists: [Lists | undefined, number, number][] = [
      [request.excluded, code.RANK_EXCLUDED_START, code.RANK_EXCLUDED_COLUMNS],
      [candidates, code.RANK_CANDIDATE_START, code.RANK_CANDIDATE_COLUMNS],
      [relevant, code.RANK_RELEVANT_START, code.RANK_RELEVANT_COLUMNS],
    ];
    for (const [list, start, columns] of lists) {
      if (!list) continue;
      words[start] = place(list.rowStart);
      words[columns] = place(list.columns);
    }
    words[code.RANK_GREATER] = allocate(nRelevant * 4);
    words[code.RANK_EQUAL] = allocate(nRelevant * 4);
    words[code.RANK_N_CANDIDATES] = allocate(users.length * 4);
    words[code.RANK_TOP_K] = topK;
    words[code.RANK_TOP_ITEMS] = allocate(users.length * topK * 4);
    words[code.RANK_TOP_SCORES] = allocate(users.length * topK * 4);
    words[code.RANK_ALL_SCORES] = request.allScores ? allocate(users.length * this.#nItems * 4) : 0;
    words[code.RANK_MAX_CANDIDATES] = longest;
    const workBytes = workingBytes(words, block, longest);
    words[code.RANK_WORK] = allocate(workBytes * engine.threads);
    words[code.RANK_WORK_BYTES] = workBytes;
    this.#runPieces(words, users.length, request.onProgress, allocate(code.RANK_WORDS * 4));
    const outcome = {
      greater: engine.i32(words[code.RANK_GREATER], nRelevant).slice(),
      equal: engine.i32(words[code.RANK_EQUAL], nRelevant).slice(),
      nCandidates: engine.i32(words[code.RANK_N_CANDIDATES], users.length).slice(),
      topItems: engine.i32(words[code.RANK_TOP_ITEMS], users.length * topK).slice(),
      topScores: engine.f32(words[code.RANK_TOP_SCORES], users.length * topK).slice(),
      scores: request.allScores
        ? engine.f32(words[code.RANK_ALL_SCORES], users.length * this.#nItems).slice()
        : new Float32Array(0),
    };
    for (const address of temporary) engine.free(address);
    return outcome;
  }

  #setPerson(person: Person, words: Int32Array, place: (values: Int32Array | Float32Array) => number): void {
    if ('vector' in person) words[code.RANK_USER_TABLE] = place(person.vector);
    if ('history' in person) {
      words[code.RANK_HISTORY_START] = place(Int32Array.of(0, person.history.length));
      words[code.RANK_HISTORY_COLUMNS] = place(person.history);
    }
  }

  /** Cuts long rankings into pieces, so that the caller receives progress. */
  #runPieces(words: Int32Array, nUsers: number, onProgress: RankRequest['onProgress'], record: number): void {
    // whole blocks, so that where a piece ends changes nothing
    const block = words[code.RANK_BLOCK];
    let piece = onProgress ? block * Math.ceil(64 / block) : nUsers;
    for (let first = 0; first < nUsers; ) {
      const end = Math.min(nUsers, first + piece);
      words[code.RANK_FIRST] = first;
      words[code.RANK_END] = end;
      this.#engine.i32(record, code.RANK_WORDS).set(words);
      const started = performance.now();
      // a block is one thread's
      if (end - first <= block) this.#engine.runAlone(code.JOB_RANK, record);
      else this.#engine.run(code.JOB_RANK, record);
      if (performance.now() - started < 40) piece *= 2;
      first = end;
      onProgress?.(first);
    }
  }
}

function longestRow({ rowStart }: Lists): number {
  let longest = 0;
  for (let r = 0; r + 1 < rowStart.length; r++) longest = Math.max(longest, rowStart[r + 1] - rowStart[r]);
  return longest;
}

/** As laid out in kernels/ranking.ts. */
function workingBytes(words: Int32Array, block: number, longest: number): number {
  const nItems = words[code.RANK_N_ITEMS];
  const scores = block * Math.max(nItems, longest) + 16;
  const gathered = longest * words[code.RANK_ITEM_STRIDE] + 16;
  const userRows = block * words[code.RANK_WIDTH] + nItems + 16;
  const bytes = words[code.RANK_SCRATCH_BYTES] + (scores + gathered + userRows + longest + 16) * 4;
  const reached = Math.ceil(words[code.RANK_N_ROWS] / 16) * 64;
  return Math.ceil(bytes / 64) * 64 + 64 + reached + code.RANK_BOUND_BYTES;
}
