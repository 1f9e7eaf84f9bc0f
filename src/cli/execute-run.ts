/** One run from settings to a saved artifact: what `train` and `run` do. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkReplaceable } from '../artifact/folder.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { findModel } from '../models/index.ts';
import { CheckpointFolder } from '../recommender/checkpoint-folder.ts';
import { prepareSplit } from '../recommender/prepare-split.ts';
import type { RunSettings } from '../recommender/settings.ts';
import { type TrainedRun, trainRecommender } from '../recommender/train-recommender.ts';
import type { Checkpoint } from '../training/checkpoint.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { type EngineFlags, openEngine } from './engine-options.ts';
import { Interruption } from './failure.ts';
import { ProfileReport } from './profile-report.ts';
import { runRecord } from './run-record.ts';
import { runDocument, runReport } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export interface RunRequest extends EngineFlags {
  readonly settings: RunSettings;
  /** Folder of the artifact; absent = `runs/<name>`, or `runs/<data>-<model>`. */
  readonly out?: string;
  readonly resume?: boolean;
  /** Least time between two checkpoints; 0 = one after every epoch. */
  readonly checkpointSeconds: number;
  /** True: print where the time of training steps goes; a path: also write the trace there. */
  readonly profile?: string | true;
}

/** Trains, measures, saves, and says what came out. */
export async function executeRun(terminal: Terminal, request: RunRequest): Promise<void> {
  const { settings } = request;
  if (request.resume && settings.refit)
    throw new DeepTasteError('usage', '--resume: a run with refit cannot be resumed; start anew without --resume');
  if (request.out !== undefined) await checkReplaceable(resolve(request.out), request.out);
  const progress = await terminal.progress();
  const split = await loadNoted(settings, progress);
  const out = request.out ?? defaultOut(settings, split);
  if (request.out === undefined) await checkReplaceable(resolve(out), out);
  const engine = openEngine(request, progress);
  try {
    const profiles = new ProfileReport(request.profile);
    const run = await trainInterruptibly(engine, split, out, request, progress, profiles);
    await run.recommender.save(out, run.result, runRecord(settings, run.result, run.log));
    await new CheckpointFolder(out).remove();
    const report = { run, split, settings, out, threads: engine.threads };
    await profiles.write();
    terminal.print(runReport(terminal, report));
    if (profiles.text) terminal.print(`\n${profiles.text}`);
    terminal.document({ ...runDocument(report), ...profiles.document });
  } finally {
    engine.close();
  }
}

/** Reads the data and says what was found. */
export async function loadNoted(settings: RunSettings, progress: Progress): Promise<Split> {
  const task = progress.start('reading the data');
  const split = await prepareSplit(settings);
  const { dataset, train, validation, test } = split;
  const [nTrain, nValidation, nTest] = [train, validation, test].map((part) => part?.length ?? 0);
  task.end(
    `${dataset.name}, ${dataset.users.size} users × ${dataset.items.size} items, ` +
      `${nTrain} training + ${nValidation} validation + ${nTest} test interactions`,
  );
  for (const warning of dataset.warnings) progress.log(`warning: ${warning}`);
  return split;
}

export function defaultOut({ name, model }: Pick<RunSettings, 'name' | 'model'>, { dataset }: Split): string {
  const plain = (name ?? `${dataset.name}-${model}`).replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '');
  return `runs/${plain === '' ? model : plain}`;
}

/** Ctrl-C during training by gradients leaves a checkpoint; what is fitted at once simply ends. */
async function trainInterruptibly(
  engine: Engine,
  split: Split,
  out: string,
  request: RunRequest,
  progress: Progress,
  profiles: ProfileReport,
): Promise<TrainedRun> {
  const { settings, checkpointSeconds } = request;
  const options = { engine, split, settings, progress, onProfile: profiles.listener };
  if (findModel(settings.model).kind === 'fitted') return trainRecommender(options);
  const folder = new CheckpointFolder(out);
  const resume = await formerCheckpoint(folder, request.resume === true, progress);
  const writer = new CheckpointWriter(folder, checkpointSeconds);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  try {
    const onCheckpoint = settings.refit ? undefined : (checkpoint: Checkpoint) => writer.offer(checkpoint);
    const run = await trainRecommender({ ...options, resume, onCheckpoint, signal: interrupt.signal });
    return run;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new Interruption(interruptionMessage(folder, await writer.flush(), settings.refit), { cause: error });
  } finally {
    process.removeListener('SIGINT', onSignal);
  }
}

export async function formerCheckpoint(
  folder: CheckpointFolder,
  resume: boolean,
  progress: Progress,
): Promise<Checkpoint | null> {
  const exists = (await stat(folder.path).catch(() => null)) !== null;
  if (!resume) {
    if (exists)
      progress.log(
        `${folder.path} holds the checkpoint of an unfinished run, which this run replaces (--resume continues it)`,
      );
    return null;
  }
  const checkpoint = await folder.load();
  if (checkpoint === null) progress.log(`--resume: no checkpoint in ${folder.path}, starting from the beginning`);
  else progress.log(`resuming after epoch ${checkpoint.progress.epochsDone} from ${folder.path}`);
  return checkpoint;
}

export function interruptionMessage(folder: CheckpointFolder, epochs: number | null, refit: boolean): string {
  if (refit) return 'interrupted; runs with refit keep no checkpoint';
  if (epochs === null) return 'interrupted before the first epoch was finished; nothing is kept';
  return `interrupted; the checkpoint after epoch ${epochs} is in ${folder.path}: repeat the command with --resume to go on`;
}
