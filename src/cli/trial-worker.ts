/** A process that trains trials, one at a time, as the process that made it asks; it ends with that. */
import { taskOf } from '../automl/contestants.ts';
import { trainTrial } from '../automl/train-trial.ts';
import type { SegmentOutcome } from '../automl/trial.ts';
import type { TrialJob } from '../automl/trial-job.ts';
import { DeepTasteError, type ErrorCode } from '../core/errors.ts';
import { silent } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { EpochRecord } from '../training/checkpoint.ts';
import type { EngineFlags } from './engine-options.ts';
import { openEngine } from './open-engine.ts';
import { contestantOf, prepareStudy } from './prepare-study.ts';
import type { StudySettings } from './study-settings.ts';

export interface WorkerSetup extends Pick<StudySettings, 'models'> {
  readonly engine: EngineFlags;
}

export type WorkerRequest = { readonly setup: WorkerSetup } | { readonly job: TrialJob } | { readonly stop: true };

export type WorkerAnswer =
  | { readonly epoch: EpochRecord }
  | { readonly outcome: SegmentOutcome }
  | { readonly code: ErrorCode; readonly message: string };

let opened: Promise<{ engine: Engine; contestants: ReturnType<typeof contestantOf>[] }> | null = null;
let stop = new AbortController();

const answer = (message: WorkerAnswer): void => {
  if (process.connected) process.send!(message);
};

// Ctrl-C reaches all processes of a terminal; this one ends what it does when it is asked to
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (request: WorkerRequest) => {
  if ('setup' in request) opened = open(request.setup);
  else if ('job' in request) void train(request.job);
  else stop.abort();
});

async function open({ models, engine }: WorkerSetup) {
  const prepare = await prepareStudy({ models }, silent);
  return { engine: openEngine(engine, silent), contestants: models.map((model) => contestantOf(model, prepare)) };
}

async function train(job: TrialJob): Promise<void> {
  stop = new AbortController();
  try {
    const { engine, contestants } = await opened!;
    const task = taskOf(contestants, job);
    const onEpoch = (epoch: EpochRecord) => answer({ epoch });
    answer({ outcome: await trainTrial({ engine, task, job, signal: stop.signal, onEpoch }) });
  } catch (error) {
    const { message } = error as Error;
    answer({ code: error instanceof DeepTasteError ? error.code : 'io', message });
  }
}
