/** Timing by short bursts: a rate is the median over bursts, a limit of the machine the best of them. */

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Seconds that `work` takes. */
export function secondsOf(work: () => void): number {
  const started = performance.now();
  work();
  return Math.max(performance.now() - started, 1e-3) / 1000;
}

/**
 * Calls the tasks in turn, round after round, so that whatever else the machine does meets all of them alike.
 * @returns the values of each task, in the order of the rounds
 */
export function interleave<K extends string>(
  rounds: number,
  tasks: Readonly<Record<K, () => number>>,
): Record<K, number[]> {
  const names = Object.keys(tasks) as K[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round < rounds; round++) for (const name of names) values[name].push(tasks[name]());
  return values;
}

/** How many calls of `work` take about `ms`; calls it until the compiler's best code runs. */
export function callsFor(ms: number, work: () => void): number {
  const started = performance.now();
  do work();
  while (performance.now() - started < 10 * ms);
  return Math.max(1, Math.round(ms / (Math.min(...Array.from({ length: 5 }, () => secondsOf(work))) * 1000)));
}

/** Work units per second of a burst of `calls` calls. */
export function burstRate(calls: number, unitsOfCall: number, work: () => void): number {
  const seconds = secondsOf(() => {
    for (let n = 0; n < calls; n++) work();
  });
  return (calls * unitsOfCall) / seconds;
}
