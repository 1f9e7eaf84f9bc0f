/** How long and how often the bench measures, and on what sizes. */
export interface Effort {
  /** Length of a burst of kernel calls, ms: shorter than a time slice of the system's scheduler. */
  readonly burstMs: number;
  /** Bursts of a kernel. */
  readonly bursts: number;
  /** Seconds of a round of training. */
  readonly trainingSeconds: number;
  /** Rounds of training and of ranking. */
  readonly rounds: number;
  /** Memory that copies and large gathers go through, bytes. */
  readonly memoryBytes: number;
}

export const fullEffort: Effort = {
  burstMs: 2,
  bursts: 101,
  trainingSeconds: 1,
  rounds: 9,
  memoryBytes: 64 * 1024 ** 2,
};

export const quickEffort: Effort = {
  burstMs: 1,
  bursts: 15,
  trainingSeconds: 0.2,
  rounds: 3,
  memoryBytes: 16 * 1024 ** 2,
};
