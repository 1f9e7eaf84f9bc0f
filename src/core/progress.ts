/** How long work tells its caller where it stands. The library is silent unless it is given a reporter. */

export interface ProgressTask {
  /** @param done units finished so far; @param note short text shown beside the bar, e.g. `loss 0.31` */
  update(done: number, note?: string): void;
  end(note?: string): void;
}

export interface Progress {
  /** @param total number of units, when known; @param unit what is counted, e.g. `examples` (rates are shown per second) */
  start(label: string, total?: number, unit?: string): ProgressTask;
  /** A line that stays visible: a warning or a milestone. */
  log(line: string): void;
}

const silentTask: ProgressTask = { update() {}, end() {} };

export const silent: Progress = { start: () => silentTask, log() {} };
