/** One run from settings to a saved artifact: what `train` and `run` do. */
import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkArtifactPlace, checkFilePlace, checkFolderAbove } from '../artifact/output-place.ts';
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Progress } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { findModel } from '../models/index.ts';
import type { AnyRunSettings } from '../runs/any-settings.ts';
import { CheckpointFolder } from '../runs/checkpoint-folder.ts';
import { CheckpointWriter } from '../runs/checkpoint-writer.ts';
import { runRecord, valuesOfUsers } from '../runs/run-record.ts';
import type { Run } from '../runs/train-run.ts';
import { type Checkpoint, type EpochRecord, standing, type TrainingProgress } from '../training/checkpoint.ts';
import type { EngineFlags } from './engine-options.ts';
import { Interruption } from './failure.ts';
import { KeptRun } from './kept-run.ts';
import { openEngine } from './open-engine.ts';
import { prepareRun, type RunHooks, trainPrepared } from './prepare-run.ts';
import type { PreparedRun } from './prepared-run.ts';
import { ProfileReport } from './profile-report.ts';
import { runDocument, runReport } from './run-report.ts';
import type { Terminal } from './terminal.ts';

export interface RunRequest extends EngineFlags {
  readonly settings: AnyRunSettings;
  /** A saved recommender from which training goes on. */
  readonly from?: RecommenderParts;
  /** Where that one lies. */
  readonly fromPath?: string;
  /** Folder of the artifact; absent = `runs/<name>`, or `runs/<data>-<model>`. */
  readonly out?: string;
  readonly resume?: boolean;
  /** Make a recommender of the checkpoint as it stands, without further training. */
  readonly finish?: boolean;
  /** Least time between two checkpoints; 0 = one after every epoch. */
  readonly checkpointSeconds: number;
  /** True: print where the time of training steps goes; a path: also write the trace there. */
  readonly profile?: string | true;
}

const FINISHED = 'stays: the command of the run with --resume goes on from there';
const REPLACED = 'is removed: the run that its training went on from has been replaced by this one';

/** Trains, measures, saves, and says what came out. */
export async function executeRun(terminal: Terminal, request: RunRequest): Promise<void> {
  checkContinuing(request);
  const settings = request.finish ? { ...request.settings, final: false } : request.settings;
  await checkPlaces(request);
  const progress = await terminal.progress();
  const prepared = await prepareRun(settings, progress, { from: request.from });
  const out = request.out ?? defaultOut(settings, prepared.dataName);
  if (request.out === undefined) await checkArtifactPlace(out);
  const engine = openEngine(request, progress);
  try {
    const profiles = new ProfileReport(request.profile);
    const kept = new KeptRun(out, progress);
    const save = ({ recommender, result, log, account }: Run) =>
      recommender.save(out, valuesOfUsers(result), runRecord(settings, result, log, account));
    // what replaces the run that it goes on from replaces it at the very end: a checkpoint goes on from nothing else
    const replaces = request.fromPath !== undefined && (await areSame(request.fromPath, out));
    const keep = replaces ? undefined : (run: Run) => kept.save(run.result !== null, () => save(run));
    const onEpoch = terminal.events === null ? undefined : (epoch: EpochRecord) => terminal.events?.epoch(epoch);
    const asked = { ...request, settings, keep, onEpoch };
    const run = await trainInterruptibly(engine, prepared, kept, asked, progress, profiles);
    await save(run);
    const folder = new CheckpointFolder(out);
    if (!request.finish || replaces) await folder.remove();
    if (request.finish) progress.log(`${folder.path} ${replaces ? REPLACED : FINISHED}`);
    const report = { run, prepared, settings, out, threads: engine.threads };
    terminal.print(runReport(terminal, report));
    await profiles.write();
    if (profiles.text) terminal.print(`\n${profiles.text}`);
    terminal.document({ ...runDocument(report), ...profiles.document });
    run.recommender.close();
  } finally {
    engine.close();
  }
}

/**
 * Where the results are to go, as far as it is known before the data are read.
 * @throws 'usage' when something cannot be written there
 */
async function checkPlaces({ settings, out, profile }: PlaceRequest): Promise<void> {
  if (out !== undefined || settings.name !== undefined) await checkArtifactPlace(out ?? defaultOut(settings, ''));
  else await checkFolderAbove(defaultOut(settings, 'data'));
  if (typeof profile === 'string') await checkFilePlace(profile);
}

interface PlaceRequest {
  readonly settings: Pick<AnyRunSettings, 'name' | 'model'>;
  readonly out?: string;
  readonly profile?: string | true;
}

/** @throws 'usage' when both are asked for, or a run has no checkpoints */
function checkContinuing({
  resume,
  finish,
  settings,
}: {
  readonly resume?: boolean;
  readonly finish?: boolean;
  readonly settings: Pick<AnyRunSettings, 'refit'>;
}): void {
  if (resume && finish)
    throw new DeepTasteError(
      'usage',
      '--finish: makes a recommender of the checkpoint as it stands, and --resume goes on from it; say one of them',
    );
  const flag = resume ? '--resume' : '--finish';
  if ((resume || finish) && settings.refit)
    throw new DeepTasteError('usage', `${flag}: a run with refit keeps no checkpoint; start anew without ${flag}`);
}

function defaultOut({ name, model }: Pick<AnyRunSettings, 'name' | 'model'>, dataName: string): string {
  const plain = (name ?? `${dataName}-${model}`).replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '');
  return `runs/${plain === '' ? model : plain}`;
}

async function areSame(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all([a, b].map((path) => realpath(path).catch(() => resolve(path))));
  return one === other;
}

/** Ctrl-C during training by epochs leaves a checkpoint; what is fitted at once simply ends. */
async function trainInterruptibly(
  engine: Engine,
  prepared: PreparedRun,
  kept: KeptRun,
  request: RunRequest & Pick<RunHooks, 'keep' | 'onEpoch'>,
  progress: Progress,
  profiles: ProfileReport,
): Promise<Run> {
  const { settings, checkpointSeconds, keep, finish, from, onEpoch } = request;
  const hooks = { progress, onProfile: profiles.listener, from, onEpoch };
  if (findModel(settings.model).learn.by === 'solver') {
    refuseWithoutEpochs(request, settings.model);
    if (request.resume)
      progress.log(
        `--resume: "${settings.model}" is fitted at once and keeps no checkpoint; starting from the beginning`,
      );
    await formerCheckpoint(new CheckpointFolder(kept.out), {}, progress); // which the end of this run removes
    return kept.guard(trainPrepared(engine, prepared, settings, { ...hooks, keep }));
  }
  const folder = new CheckpointFolder(kept.out, settings);
  const resume = await formerCheckpoint(folder, request, progress);
  const writer = new CheckpointWriter(folder, checkpointSeconds);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  try {
    const onCheckpoint = settings.refit ? undefined : (checkpoint: Checkpoint) => writer.offer(checkpoint);
    const { signal } = interrupt;
    // a run that is not saved before its end is kept as its checkpoint
    const keepOrFlush = keep ?? (async () => void (await writer.flush()));
    const more = { resume, finish, onCheckpoint, checkpointSeconds, signal, keep: keepOrFlush };
    const training = trainPrepared(engine, prepared, settings, { ...hooks, ...more });
    return await kept.guard(training, signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    const checkpoint = await writer.flush();
    throw new Interruption(kept.interrupted ?? interruptionMessage(folder, checkpoint, settings.refit), {
      cause: error,
    });
  } finally {
    process.removeListener('SIGINT', onSignal);
  }
}

/** What is fitted at once has no checkpoint. @throws 'usage' when one is to be finished */
function refuseWithoutEpochs({ finish }: Pick<RunRequest, 'finish'>, model: string): void {
  if (!finish) return;
  throw new DeepTasteError(
    'usage',
    `--finish: the model must be one that is trained by epochs, found "${model}", which is fitted at once and keeps no checkpoint; ` +
      'train it without --finish',
  );
}

/** @throws 'usage' when there is nothing to finish; 'artifact' for a checkpoint that cannot be read */
async function formerCheckpoint(
  folder: CheckpointFolder,
  { resume, finish }: { readonly resume?: boolean; readonly finish?: boolean },
  progress: Progress,
): Promise<Checkpoint | null> {
  if (!finish) await folder.checkFree();
  if (!resume && !finish) {
    if (await folder.exists())
      progress.log(
        `${folder.path} holds the checkpoint of an unfinished run, which this run replaces (--resume continues it, --finish makes a recommender of it)`,
      );
    return null;
  }
  const checkpoint = await folder.load();
  if (checkpoint === null && finish)
    throw new DeepTasteError(
      'usage',
      `--finish: there must be the checkpoint of a run in ${folder.path}, found none; say --out as in the command of the run`,
    );
  // that training goes on is said when the checkpoint has turned out to be of this run
  if (checkpoint === null) progress.log(`--resume: no checkpoint in ${folder.path}, starting from the beginning`);
  return checkpoint;
}

function interruptionMessage(folder: CheckpointFolder, kept: TrainingProgress | null, refit: boolean): string {
  if (refit) return 'interrupted; runs with refit keep no checkpoint';
  if (kept === null) return 'interrupted before the first epoch was finished; nothing is kept';
  return `interrupted; the checkpoint ${standing(kept)} is in ${folder.path}: repeat the command with --resume to go on, or with --finish to make a recommender of it`;
}
