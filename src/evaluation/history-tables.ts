/**
 * Rankings by a model of sequences: every user's history is run through a lane, and what it expects next scores all items. The
 * outcome is what the engine's ranking tables give for vectors, so that models of both kinds stand in one table.
 */
import type { Tables } from '../engine/runtime/large-tables.ts';
import type { Lists, RankOutcome, RankRequest } from '../engine/runtime/ranking.ts';
import type { RunningSequences, SequenceScorer } from '../scoring/sequence-scorer.ts';

/** Scores held at a time: 16 MiB, one user's at least. */
const SCORES_AT_A_TIME = 1 << 22;

export class HistoryTables implements Tables {
  readonly #scorer: SequenceScorer;
  readonly #histories: Lists;
  readonly #isTrained: Uint8Array;

  /**
   * @param histories items of every user, the oldest first
   * @param isTrained 1 for items that training has [nItems]; the others rank last
   */
  constructor(scorer: SequenceScorer, histories: Lists, isTrained: Uint8Array) {
    this.#scorer = scorer;
    this.#histories = histories;
    this.#isTrained = isTrained;
  }

  rank(request: Omit<RankRequest, 'score' | 'nItems'>): RankOutcome {
    const { users, relevant, topK = 0, onProgress } = request;
    const { nItems, preferredLanes } = this.#scorer;
    const n = relevant ? relevant.rowStart[users.length] : 0;
    const outcome: RankOutcome = {
      greater: new Int32Array(n),
      equal: new Int32Array(n),
      nCandidates: new Int32Array(users.length),
      topItems: new Int32Array(users.length * topK).fill(-1),
      topScores: new Float32Array(users.length * topK),
      scores: new Float32Array(0),
    };
    const atATime = Math.max(1, Math.min(preferredLanes, Math.floor(SCORES_AT_A_TIME / nItems)));
    const running = this.#scorer.open(Math.min(atATime, users.length));
    const scores = new Float32Array(running.nLanes * nItems);
    try {
      for (let from = 0; from < users.length; from += running.nLanes) {
        const lanes = Int32Array.from({ length: Math.min(running.nLanes, users.length - from) }, (_, lane) => lane);
        this.#feed(running, lanes, users.subarray(from, from + lanes.length));
        running.score(lanes, scores);
        for (const lane of lanes)
          this.#rankUser(request, from + lane, scores.subarray(lane * nItems, (lane + 1) * nItems), outcome);
        onProgress?.(from + lanes.length);
      }
    } finally {
      running.free();
    }
    return outcome;
  }

  /** Runs the histories of users through the lanes from their beginnings. */
  #feed(running: RunningSequences, lanes: Int32Array, users: Int32Array): void {
    const { rowStart, columns } = this.#histories;
    running.reset(lanes, users);
    const lengthOf = (lane: number) => rowStart[users[lane] + 1] - rowStart[users[lane]];
    const longest = lanes.reduce((most, lane) => Math.max(most, lengthOf(lane)), 0);
    for (let event = 0; event < longest; event++) {
      const going = lanes.filter((lane) => event < lengthOf(lane));
      running.feed(
        going,
        going.map((lane) => columns[rowStart[users[lane]] + event]),
      );
    }
  }

  #rankUser(
    request: Omit<RankRequest, 'score' | 'nItems'>,
    at: number,
    scores: Float32Array,
    outcome: RankOutcome,
  ): void {
    const { users, relevant, topK = 0 } = request;
    const [start, end] = relevant ? [relevant.rowStart[at], relevant.rowStart[at + 1]] : [0, 0];
    const own = relevant?.columns.subarray(start, end) ?? new Int32Array(0);
    const candidates = candidatesOf(request, users[at], own, scores.length);
    const scoreOf = (item: number): number =>
      this.#isTrained[item] === 1 && !Number.isNaN(scores[item]) ? scores[item] : Number.NEGATIVE_INFINITY;
    outcome.nCandidates[at] = candidates.length;
    own.forEach((item, n) => {
      const value = scoreOf(item);
      let [greater, equal] = [0, -1];
      for (const other of candidates) {
        const score = scoreOf(other);
        if (score > value) greater++;
        else if (score === value) equal++;
      }
      outcome.greater[start + n] = greater;
      outcome.equal[start + n] = equal;
    });
    const best = candidates.sort((a, b) => scoreOf(b) - scoreOf(a) || a - b).subarray(0, topK);
    outcome.topItems.set(best, at * topK);
    best.forEach((item, n) => {
      outcome.topScores[at * topK + n] = scoreOf(item);
    });
  }

  free(): void {}
}

/** Items that are ranked for a user: those listed and the relevant ones, or all but those excluded. */
function candidatesOf(
  { candidates, excluded }: Pick<RankRequest, 'candidates' | 'excluded'>,
  user: number,
  relevant: Int32Array,
  nItems: number,
): Int32Array {
  if (candidates)
    return Int32Array.from(
      new Set([...candidates.columns.subarray(candidates.rowStart[user], candidates.rowStart[user + 1]), ...relevant]),
    );
  const isExcluded = new Uint8Array(nItems);
  if (excluded)
    for (let k = excluded.rowStart[user]; k < excluded.rowStart[user + 1]; k++) isExcluded[excluded.columns[k]] = 1;
  return Int32Array.from({ length: nItems }, (_, item) => item).filter((item) => isExcluded[item] === 0);
}
