/** Many histories through a model of sequences, side by side: a lane that has come to the end of one takes the next. */
import type { RunningSequences, SequenceScorer } from '../scoring/sequence-scorer.ts';

/** Scores that are held at once (16 MiB), unless one history's are more. */
const SCORES_AT_ONCE = 1 << 22;
/** Of the lanes, so many may wait to be scored together: a product of few rows is slow, and so are steps of few lanes. */
const WAITING_SHARE = 1 / 8;

/**
 * Takes the scores after a history.
 * @param place of the history in the list
 * @param scores of all items [nItems], a view: written over afterwards
 * @param knows 1 for the items of which the model knows something after it [nItems]; null = of all
 */
type Visit = (place: number, scores: Float32Array, knows: Uint8Array | null) => void;

export class HistoryLanes {
  readonly #nItems: number;
  readonly #nLanes: number;
  readonly #running: RunningSequences;
  readonly #scores: Float32Array;
  readonly #atOnce: number;

  /** @param nHistories how many there will be, at most */
  constructor(scorer: SequenceScorer, nHistories: number) {
    this.#nItems = scorer.nItems;
    this.#nLanes = Math.max(1, Math.min(scorer.preferredLanes, nHistories));
    const fitting = Math.max(1, Math.floor(SCORES_AT_ONCE / this.#nItems));
    this.#atOnce = Math.min(fitting, Math.ceil(this.#nLanes * WAITING_SHARE));
    this.#scores = new Float32Array(this.#atOnce * this.#nItems);
    this.#running = scorer.open(this.#nLanes);
  }

  /**
   * @param users whose the histories are
   * @param histories known items, the oldest first; empty ones are passed over
   * @param visit is called once for each other history, in no order
   */
  run(users: Int32Array, histories: readonly Int32Array[], visit: Visit): void {
    // the longest first: in the end lanes fall idle at about the same time
    const waiting = [...histories.keys()].filter((place) => histories[place].length > 0);
    waiting.sort((a, b) => histories[a].length - histories[b].length || b - a);
    const walk = new Walk(this.#nLanes, users, histories, waiting);
    while (walk.refill(this.#running)) {
      walk.feed(this.#running);
      const ended = walk.endedLanes();
      if (ended.length < this.#atOnce && walk.isGoingOn) continue;
      for (let from = 0; from < ended.length; from += this.#atOnce)
        this.#visit(ended.subarray(from, from + this.#atOnce), walk, visit);
      walk.release(ended);
    }
  }

  #visit(lanes: Int32Array, walk: Walk, visit: Visit): void {
    this.#running.score(lanes, this.#scores);
    lanes.forEach((lane, row) => {
      const scores = this.#scores.subarray(row * this.#nItems, (row + 1) * this.#nItems);
      visit(walk.placeOf(lane), scores, this.#running.knows?.(lane, scores) ?? null);
    });
  }

  free(): void {
    this.#running.free();
  }
}

const IDLE = -1;

/** Which event of which history each lane comes to next. */
class Walk {
  /** Whose each history is. */
  readonly #users: Int32Array;
  readonly #histories: readonly Int32Array[];
  /** Places of histories that no lane has taken yet, the next one last. */
  readonly #waiting: number[];
  readonly #place: Int32Array; // [nLanes]
  readonly #next: Int32Array; // [nLanes]

  constructor(nLanes: number, users: Int32Array, histories: readonly Int32Array[], waiting: number[]) {
    this.#users = users;
    this.#histories = histories;
    this.#waiting = waiting;
    this.#place = new Int32Array(nLanes).fill(IDLE);
    this.#next = new Int32Array(nLanes);
  }

  placeOf(lane: number): number {
    return this.#place[lane];
  }

  /** Gives waiting histories to idle lanes; false when all lanes stay idle. */
  refill(running: RunningSequences): boolean {
    const fresh = this.#lanesWhere((lane) => this.#place[lane] === IDLE).subarray(0, this.#waiting.length);
    const owners = fresh.map((lane) => {
      this.#place[lane] = this.#waiting.pop() as number;
      this.#next[lane] = 0;
      return this.#users[this.#place[lane]];
    });
    if (fresh.length > 0) running.reset(fresh, owners);
    return this.#place.some((place) => place !== IDLE);
  }

  /** Feeds every lane that has not ended the event it has come to. */
  feed(running: RunningSequences): void {
    const lanes = this.#lanesWhere((lane) => this.#isRunning(lane));
    if (lanes.length === 0) return;
    running.feed(
      lanes,
      lanes.map((lane) => this.#histories[this.#place[lane]][this.#next[lane]]),
    );
    for (const lane of lanes) this.#next[lane]++;
  }

  /** Whether a lane has events to come. */
  get isGoingOn(): boolean {
    for (let lane = 0; lane < this.#place.length; lane++) if (this.#isRunning(lane)) return true;
    return false;
  }

  endedLanes(): Int32Array {
    return this.#lanesWhere((lane) => this.#place[lane] !== IDLE && !this.#isRunning(lane));
  }

  release(lanes: Int32Array): void {
    for (const lane of lanes) this.#place[lane] = IDLE;
  }

  #isRunning(lane: number): boolean {
    return this.#place[lane] !== IDLE && this.#next[lane] < this.#histories[this.#place[lane]].length;
  }

  #lanesWhere(holds: (lane: number) => boolean): Int32Array {
    const lanes = new Int32Array(this.#place.length);
    let n = 0;
    for (let lane = 0; lane < lanes.length; lane++) if (holds(lane)) lanes[n++] = lane;
    return lanes.subarray(0, n);
  }
}
