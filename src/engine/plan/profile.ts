/** Where the time of a plan's steps goes: events of every thread, and their sums by op. */
import * as code from '../kernels/opcodes.ts';
import type { Engine } from '../runtime/engine.ts';
import { LOSS_CHECK, type TimedPart } from './timed-parts.ts';

interface ProfileEvent {
  readonly thread: number;
  readonly label: string;
  readonly kind: TimedPart['kind'] | 'waiting';
  /** ms since 1970 */
  readonly start: number;
  readonly milliseconds: number;
}

/** One line of a profile: everything of one name, over all threads. */
interface ProfileLine {
  readonly label: string;
  readonly kind: ProfileEvent['kind'];
  readonly calls: number;
  /** Thread-milliseconds a step. */
  readonly millisecondsOfStep: number;
  /** Of all recorded thread time. */
  readonly share: number;
  /** While it ran, on one thread; 0 = it counts no arithmetic or no bytes. */
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

export interface PlanProfile {
  readonly steps: number;
  readonly threads: number;
  /** Most time first. */
  readonly lines: readonly ProfileLine[];
  readonly events: readonly ProfileEvent[];
}

/** Events that one thread keeps; what comes after them is not recorded. */
const EVENTS_OF_THREAD = 1_000_000;

/** An event as a thread wrote it: the address says what ran. */
interface RecordedEvent {
  readonly thread: number;
  readonly address: number;
  readonly start: number;
  readonly milliseconds: number;
}

/** Switches recording on; `read` and `free` switch it off. */
export class ProfileRecording {
  readonly #engine: Engine;
  readonly #buffers: number;
  readonly #record: number;
  readonly #events: number;

  /** @param events that one thread keeps */
  constructor(engine: Engine, events = EVENTS_OF_THREAD) {
    this.#engine = engine;
    this.#events = events;
    this.#buffers = engine.allocate(this.#bytes * engine.threads);
    this.#record = engine.allocate(8);
    this.#switch(this.#bytes);
  }

  get #bytes(): number {
    return this.#events * code.EVENT_BYTES;
  }

  #switch(bytes: number): void {
    this.#engine.u32(this.#record, 2).set([this.#buffers, bytes]);
    this.#engine.run(code.JOB_PROFILE, this.#record);
  }

  /** @param stepsRun while it recorded; the profile is of fewer when a thread had no room for all of them */
  read(parts: ReadonlyMap<number, TimedPart>, stepsRun: number): PlanProfile {
    this.#switch(0);
    const { threads } = this.#engine;
    const recorded = Array.from({ length: threads }, (_, thread) => [...this.#eventsOf(thread)]);
    const isWhole = recorded.every(({ length }) => length < this.#events);
    const { steps, timed } = isWhole
      ? { steps: stepsRun, timed: recorded.flat() }
      : wholeSteps(recorded, (address) => parts.get(address)?.label === LOSS_CHECK);
    const events = timed.map(({ address, ...event }): ProfileEvent => {
      const part = parts.get(address);
      return { ...event, label: part?.label ?? 'waiting for other threads', kind: part?.kind ?? 'waiting' };
    });
    return { steps, threads, events, lines: linesOf(timed, events, parts, steps) };
  }

  *#eventsOf(thread: number): Generator<RecordedEvent> {
    const from = this.#buffers + thread * this.#bytes;
    const times = this.#engine.f64(from, this.#events * 3);
    const words = this.#engine.u32(from, this.#events * 6);
    for (let n = 0; n < this.#events && times[n * 3] !== 0; n++)
      yield { thread, address: words[n * 6 + 4], start: times[n * 3], milliseconds: times[n * 3 + 1] - times[n * 3] };
  }

  free(): void {
    this.#switch(0);
    this.#engine.free(this.#buffers);
    this.#engine.free(this.#record);
  }
}

/**
 * The events of the steps that every thread has whole: each checks the loss once a step, so that what lies between two checks is as much
 * as a step. Where not even one is whole, all that there is counts as one step.
 */
function wholeSteps(
  recorded: readonly (readonly RecordedEvent[])[],
  isLossCheck: (address: number) => boolean,
): { readonly steps: number; readonly timed: RecordedEvent[] } {
  const checks = recorded.map((events) => events.flatMap(({ address }, n) => (isLossCheck(address) ? [n] : [])));
  // steps that one thread runs alone leave the others without events
  const steps = Math.min(...checks.filter(({ length }) => length > 0).map(({ length }) => length - 1));
  if (steps < 1 || steps === Number.POSITIVE_INFINITY) return { steps: 1, timed: recorded.flat() };
  return {
    steps,
    timed: recorded.flatMap((events, t) => (checks[t].length > 0 ? events.slice(checks[t][0], checks[t][steps]) : [])),
  };
}

function linesOf(
  timed: readonly { readonly address: number }[],
  events: readonly ProfileEvent[],
  parts: ReadonlyMap<number, TimedPart>,
  steps: number,
): ProfileLine[] {
  const sums = new Map<
    string,
    { kind: ProfileEvent['kind']; calls: number; ms: number; flops: number; bytes: number }
  >();
  let total = 0;
  events.forEach(({ label, kind, milliseconds }, n) => {
    const sum = sums.get(label) ?? { kind, calls: 0, ms: 0, flops: 0, bytes: 0 };
    sums.set(label, sum);
    const part = parts.get(timed[n].address);
    sum.calls++;
    sum.ms += milliseconds;
    total += milliseconds;
    if (!part) return;
    sum.flops += part.cost.flopsOfRow * part.rows;
    sum.bytes += part.cost.bytesOfRow * part.rows + part.cost.bytesOfCall;
  });
  return [...sums]
    .map(([label, { kind, calls, ms, flops, bytes }]) => ({
      label,
      kind,
      calls,
      millisecondsOfStep: ms / steps,
      share: ms / total,
      gflops: flops / ms / 1e6,
      gigabytesPerSecond: bytes / ms / 1e6,
    }))
    .sort((a, b) => b.share - a.share);
}

/** The profile with work of the sampler between steps, in thread-milliseconds a step. */
export function withSampling(profile: PlanProfile, label: string, millisecondsOfStep: number): PlanProfile {
  const total = profile.lines.reduce((sum, line) => sum + line.millisecondsOfStep, millisecondsOfStep);
  const own: ProfileLine = {
    label,
    kind: 'sampling',
    calls: 1,
    millisecondsOfStep,
    share: 0,
    gflops: 0,
    gigabytesPerSecond: 0,
  };
  const lines = [...profile.lines, own].map((line) => ({ ...line, share: line.millisecondsOfStep / total }));
  return { ...profile, lines: lines.sort((a, b) => b.share - a.share) };
}

/** The events in the format that Chrome's trace viewer and Perfetto open. */
export function traceFile({ events }: PlanProfile): string {
  const first = events.reduce((earliest, { start }) => Math.min(earliest, start), Number.POSITIVE_INFINITY);
  const traceEvents = events.map(({ thread, label, kind, start, milliseconds }) => ({
    name: label,
    cat: kind,
    ph: 'X',
    pid: 1,
    tid: thread,
    ts: Math.round((start - first) * 1e6) / 1e3,
    dur: Math.round(milliseconds * 1e6) / 1e3,
  }));
  return JSON.stringify({ displayTimeUnit: 'ns', traceEvents });
}
