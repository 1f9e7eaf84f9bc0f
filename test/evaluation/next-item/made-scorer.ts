import type { RunningSequences, SequenceScorer } from '../../../src/scoring/sequence-scorer.ts';

/** Scores from a function of the events fed, for tests; `log` collects what was asked of it. */
export function madeScorer(
  nItems: number,
  lanes: number,
  score: (events: readonly number[], item: number) => number,
  log: string[] = [],
): SequenceScorer {
  const open = (nLanes: number): RunningSequences => {
    const events: number[][] = Array.from({ length: nLanes }, () => [99]); // lanes begin dirty: reset must come first
    return {
      nLanes,
      reset: (which) => {
        for (const lane of which) events[lane] = [];
      },
      feed: (which, items) => {
        log.push(`feed ${which.length}`);
        which.forEach((lane, n) => {
          if (items[n] >= 0) events[lane].push(items[n]);
        });
      },
      score: (which, scores) => {
        log.push(`score ${which.length}`);
        which.forEach((lane, n) => {
          for (let item = 0; item < nItems; item++) scores[n * nItems + item] = score(events[lane], item);
        });
      },
      free: () => log.push('free'),
    };
  };
  return { nItems, preferredLanes: lanes, open, free() {} };
}

/** A score that depends on all events and has ties. */
export function hashedScore(events: readonly number[], item: number): number {
  let h = item * 7 + 3;
  for (const event of events) h = (h * 31 + event * 17 + 5) % 1009;
  return (h * (item + 1)) % 13;
}
