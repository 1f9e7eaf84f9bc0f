/**
 * Next-item evaluation: held-out sequences are fed event by event, many side by side, and before each event that is a target
 * all items are scored. Scores are kept for one block of rows at a time, whatever the number of sequences.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { RunningSequences, SequenceScorer } from '../../scoring/sequence-scorer.ts';
import { type EventRanks, emptyRanks, enterRank, itemOfHistory } from './event-ranks.ts';
import { candidatesOf, type TargetEvents } from './target-events.ts';

export interface RankEventsOptions {
  /** Largest number of scores held at once; 2²² by default (16 MiB). One row is always held. */
  readonly maxScores?: number;
  /** Items before the target in its sequence are no candidates; a target among them is a miss. False by default. */
  readonly excludeHistory?: boolean;
  /** Called with the number of targets ranked so far. */
  readonly onProgress?: (targets: number) => void;
}

/**
 * Ranks every target. The outcome does not depend on the number of lanes or on `maxScores`.
 * @throws DeepTasteError `data`: the sequences were encoded with other items than the model was trained on
 */
export function rankEvents(
  scorer: SequenceScorer,
  targets: TargetEvents,
  { maxScores = 1 << 22, excludeHistory = false, onProgress }: RankEventsOptions = {},
): EventRanks {
  const { nItems } = scorer;
  if (targets.sequences.nItems !== nItems)
    throw new DeepTasteError(
      'data',
      `evaluate: the model and the held-out sequences must know the same items, found ${nItems} and ${targets.sequences.nItems}; split before training`,
    );
  const ranks = emptyRanks(targets.item.length);
  const walk = new LaneWalk(targets, scorer.preferredLanes);
  const running = scorer.open(walk.nLanes);
  try {
    const rows = Math.max(1, Math.min(walk.nLanes, Math.floor(maxScores / nItems)));
    const scores = new Float32Array(rows * nItems);
    for (let nRanked = 0; walk.refill(running); walk.feed(running)) {
      const due = walk.dueLanes();
      for (let from = 0; from < due.length; from += rows)
        rankBlock(running, due.subarray(from, from + rows), walk, targets, { scores, excludeHistory }, ranks);
      nRanked += due.length;
      onProgress?.(nRanked);
    }
  } finally {
    running.free();
  }
  return ranks;
}

function rankBlock(
  running: RunningSequences,
  lanes: Int32Array,
  walk: LaneWalk,
  targets: TargetEvents,
  { scores, excludeHistory }: { readonly scores: Float32Array; readonly excludeHistory: boolean },
  ranks: EventRanks,
): void {
  const { nItems } = targets.sequences;
  running.score(lanes, scores);
  lanes.forEach((lane, row) => {
    const event = walk.nextEvent(lane);
    const target = targets.targetOf[event];
    const own = scores.subarray(row * nItems, (row + 1) * nItems);
    if (excludeHistory && isInHistory(own, targets, target, event)) ranks.isMiss[target] = itemOfHistory;
    enterRank(ranks, target, targets.item[target], own, candidatesOf(targets, target));
  });
}

/** Takes the history out of the candidates (NaN ranks below everything); says whether the target goes with it. */
function isInHistory(scores: Float32Array, targets: TargetEvents, target: number, event: number): boolean {
  const { start, items } = targets.sequences;
  let holdsTarget = false;
  for (let past = start[targets.sequenceOf[target]]; past < event; past++) {
    if (items[past] < 0) continue;
    scores[items[past]] = Number.NaN;
    if (items[past] === targets.item[target]) holdsTarget = true;
  }
  return holdsTarget;
}

/** Which event each lane comes to next. A lane that is through takes the next sequence; in the end lanes fall idle. */
class LaneWalk {
  readonly nLanes: number;
  readonly #targets: TargetEvents;
  /** Sequences with a target, and the last target of each. */
  readonly #waiting: Int32Array;
  readonly #lastTarget: Int32Array;
  #nTaken = 0;
  readonly #next: Int32Array; // [nLanes] the event a lane is about to see; −1 = idle
  readonly #last: Int32Array; // [nLanes] its last event that is a target

  constructor(targets: TargetEvents, preferredLanes: number) {
    this.#targets = targets;
    const { start } = targets.sequences;
    this.#lastTarget = new Int32Array(start.length - 1).fill(-1);
    for (let s = 0; s + 1 < start.length; s++)
      for (let event = start[s]; event < start[s + 1]; event++)
        if (targets.targetOf[event] >= 0) this.#lastTarget[s] = event;
    this.#waiting = Int32Array.from(this.#lastTarget.keys()).filter((s) => this.#lastTarget[s] >= 0);
    this.nLanes = Math.max(1, Math.min(preferredLanes, this.#waiting.length));
    this.#next = new Int32Array(this.nLanes).fill(-1);
    this.#last = new Int32Array(this.nLanes);
  }

  nextEvent(lane: number): number {
    return this.#next[lane];
  }

  /** Gives waiting sequences to idle lanes; false when there is nothing left to do. */
  refill(running: RunningSequences): boolean {
    const idle = this.#lanesWhere((lane) => this.#next[lane] < 0);
    const fresh = idle.subarray(0, Math.min(idle.length, this.#waiting.length - this.#nTaken));
    const { start, owner } = this.#targets.sequences;
    const owners = fresh.map((lane) => {
      const s = this.#waiting[this.#nTaken++];
      this.#next[lane] = start[s];
      this.#last[lane] = this.#lastTarget[s];
      return owner ? owner[s] : -1;
    });
    if (fresh.length > 0) running.reset(fresh, owners);
    return fresh.length > 0 || idle.length < this.nLanes;
  }

  /** Feeds every lane the event it has come to; a lane whose last target that is falls idle instead. */
  feed(running: RunningSequences): void {
    const isThrough = (lane: number): boolean => this.#next[lane] === this.#last[lane];
    const lanes = this.#lanesWhere((lane) => this.#next[lane] >= 0 && !isThrough(lane));
    const { items } = this.#targets.sequences;
    const fed = lanes.map((lane) => items[this.#next[lane]]);
    for (let lane = 0; lane < this.nLanes; lane++) this.#next[lane] = isThrough(lane) ? -1 : this.#next[lane];
    if (lanes.length > 0) running.feed(lanes, fed);
    for (const lane of lanes) this.#next[lane]++;
  }

  /** Lanes whose next event is a target. */
  dueLanes(): Int32Array {
    return this.#lanesWhere((lane) => this.#next[lane] >= 0 && this.#targets.targetOf[this.#next[lane]] >= 0);
  }

  #lanesWhere(holds: (lane: number) => boolean): Int32Array {
    const lanes = new Int32Array(this.nLanes);
    let n = 0;
    for (let lane = 0; lane < this.nLanes; lane++) if (holds(lane)) lanes[n++] = lane;
    return lanes.subarray(0, n);
  }
}
