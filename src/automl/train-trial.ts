/** Trains a trial from where it stands to its next rung, its own end, or until it promises nothing more, and validates it. */
import { encodeSafetensors } from '../artifact/safetensors-writer.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import { type Progress, silent } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { hasUserValues, isLowerBetter, type Metric, parseMetric } from '../evaluation/metric-name.ts';
import { pairedValues } from '../evaluation/unit-values.ts';
import { CheckpointFolder } from '../runs/checkpoint-folder.ts';
import { CheckpointWriter } from '../runs/checkpoint-writer.ts';
import { type Run, trainRun } from '../runs/train-run.ts';
import type { Task } from '../tasks/task.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import { isOnPlateau, medianAt } from './early-stopping.ts';
import { bestUntil, type Look, type SegmentOutcome } from './trial.ts';
import type { TrialJob } from './trial-job.ts';

export interface TrainTrialRequest {
  readonly engine: Engine;
  readonly task: Task;
  readonly job: TrialJob;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly onEpoch?: (record: EpochRecord) => void;
}

/** Seconds between two checkpoints of a training that goes on. */
const CHECKPOINT_SECONDS = 15;

/** @throws DeepTasteError `usage` when it was interrupted; whatever else fails is told in the outcome */
export async function trainTrial(request: TrainTrialRequest): Promise<SegmentOutcome> {
  const { job, signal } = request;
  const folder = new CheckpointFolder(job.path);
  const started = performance.now();
  const watch = new Watch(job, started);
  try {
    const run = await trained(request, folder, watch);
    try {
      return await outcomeOf(request, run, watch, started);
    } finally {
      run.recommender.close();
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    return failure(error, watch, started);
  } finally {
    await folder.release();
  }
}

async function trained(
  { engine, task, job, signal, progress = silent, onEpoch }: TrainTrialRequest,
  folder: CheckpointFolder,
  watch: Watch,
): Promise<Run> {
  const { model, settings, seed } = job;
  const resume = await folder.load();
  if (resume) watch.resumed(resume.progress.log);
  const writer = new CheckpointWriter(folder, CHECKPOINT_SECONDS);
  try {
    return await trainRun({
      engine,
      // nothing of the test part is looked at
      task: { ...task, isMeasured: false },
      model,
      ...settings,
      seed,
      final: false,
      progress,
      resume,
      onCheckpoint: (checkpoint) => writer.offer(checkpoint),
      checkpointSeconds: CHECKPOINT_SECONDS,
      onEpoch: (record) => {
        watch.trained(record);
        onEpoch?.(record);
      },
      pause: (record) => watch.asked(record),
      signal,
    });
  } finally {
    if (watch.isPaused || signal?.aborted) await writer.flush();
  }
}

/** Decides when training pauses or stops, and remembers what it brought. */
class Watch {
  readonly #job: TrialJob;
  readonly #started: number;
  #log: EpochRecord[] = [];
  #ended: { readonly status: 'paused' | 'stopped'; readonly reason: string | null } | null = null;

  constructor(job: TrialJob, started: number) {
    this.#job = job;
    this.#started = started;
  }

  get ended() {
    return this.#ended;
  }

  get isPaused(): boolean {
    return this.#ended?.status === 'paused';
  }

  /** All stages. */
  get epochsDone(): number {
    return this.#log.length;
  }

  resumed(log: readonly EpochRecord[]): void {
    this.#log = [...log];
  }

  trained(record: EpochRecord): void {
    this.#log.push(record);
  }

  /** Looks of the last stage, the model itself. */
  get looks(): Look[] {
    const first = this.#log.map(({ epoch }) => epoch).lastIndexOf(1);
    return this.#log
      .slice(Math.max(0, first))
      .flatMap(({ epoch, validation }): Look[] => (validation === null ? [] : [[epoch, validation]]));
  }

  /** Whether training pauses after an epoch of the model itself. */
  asked({ epoch, validation }: EpochRecord): boolean {
    const { until, others, seconds, from } = this.#job;
    if (this.#ended) return true;
    // what was decided at the end of the part before is not decided again
    if (epoch <= from) return false;
    if (until !== null && epoch >= until) this.#ended = { status: 'paused', reason: null };
    else if (others && validation !== null) this.#ended = this.#stopped(epoch, others);
    if (!this.#ended && seconds !== null && (performance.now() - this.#started) / 1000 > seconds)
      this.#ended = { status: 'paused', reason: 'its share of the time is over' };
    return this.#ended !== null;
  }

  #stopped(epoch: number, others: readonly (readonly Look[])[]): Watch['ended'] {
    const { looks } = this;
    const median = medianAt(others, epoch);
    const best = bestUntil(looks, epoch);
    if (median !== null && best !== null && best < median)
      return { status: 'stopped', reason: `below the median at epoch ${epoch}` };
    if (isOnPlateau(looks)) return { status: 'stopped', reason: `no more gain at epoch ${epoch}` };
    return null;
  }
}

async function outcomeOf(
  { engine, task, job }: TrainTrialRequest,
  run: Run,
  watch: Watch,
  started: number,
): Promise<SegmentOutcome> {
  const scorer = run.recommender.scorer(task.form);
  const looks = run.log.length > 0 ? watch.looks : [];
  const look = looks.find(([epoch]) => epoch === run.bestEpoch);
  const value = look ? look[1] : task.validator(engine)!(scorer);
  if (!Number.isFinite(value)) throw undefinedMetric(task);
  await keepUnits(engine, task, run, job.path);
  const ownEpochs = looks.at(-1)?.[0] ?? 0;
  return {
    status: watch.ended?.status ?? 'finished',
    reason: watch.ended?.reason ?? null,
    epochsDone: Math.max(1, watch.epochsDone),
    ownEpochs: run.log.at(-1)?.epoch ?? ownEpochs,
    looks: looks.length > 0 ? looks : [[0, value]],
    value,
    bestEpoch: run.bestEpoch,
    seconds: secondsSince(started),
  };
}

function undefinedMetric({ validation: { metric } }: Task): DeepTasteError {
  const advice = /auc$/.test(metric)
    ? 'its validation rows must have both labels'
    : 'the validation part must hold rows on which it is defined';
  return new DeepTasteError(
    'data',
    `${metric} of the validation part is no number: ${advice}; choose another split or metric`,
  );
}

/** The metric's value of every user, sequence or row of the validation part, for the optimism of the choice. */
async function keepUnits(engine: Engine, task: Task, run: Run, path: string): Promise<void> {
  const metric = parseMetric(task.validation.metric);
  if (!hasUserValues(metric)) return;
  const result = task.measure(engine, run.recommender.scorer(task.form), silent, 'validation');
  const own = { name: 'trial', result };
  const { values, weights } = pairedValues(own, [])(own, metric, null);
  const sign = signOf(metric);
  const tensor = (data: Float64Array) => ({ shape: [data.length], data });
  const tensors = new Map([['values', tensor(values.map((value) => sign * value))]]);
  if (weights) tensors.set('weights', tensor(weights));
  await writeFileAtomic(unitsFile(path), encodeSafetensors(tensors));
}

/** Where the values of a trial are kept. */
export const unitsFile = (path: string): string => `${path}.safetensors`;

/** What makes more of a metric better. */
export function signOf(metric: Metric): 1 | -1 {
  return isLowerBetter(metric) ? -1 : 1;
}

function failure(error: unknown, watch: Watch, started: number): SegmentOutcome {
  const reason =
    error instanceof DeepTasteError
      ? error.message
      : `unexpected: ${error instanceof Error ? error.message : String(error)}`;
  const { looks } = watch;
  return {
    status: 'failed',
    reason,
    epochsDone: Math.max(1, watch.epochsDone),
    ownEpochs: looks.at(-1)?.[0] ?? 0,
    looks,
    value: null,
    bestEpoch: 0,
    seconds: secondsSince(started),
  };
}

const secondsSince = (started: number): number => (performance.now() - started) / 1000;
