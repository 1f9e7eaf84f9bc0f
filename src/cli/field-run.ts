/** Runs of models over feature fields: what `train` and `run` do with them. */
import { checkArtifactPlace } from '../artifact/output-place.ts';
import { parseOptions } from '../core/options.ts';
import type { Progress } from '../core/progress.ts';
import { featureOptions } from '../data/features/feature-options.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { AnyModel } from '../examples/model.ts';
import { rowSettings } from '../examples/rows.ts';
import { findModel, findModelOf } from '../models/index.ts';
import { CheckpointFolder } from '../recommender/checkpoint-folder.ts';
import { type FieldRunInput, type FieldRunSettings, parseFieldRunSettings } from '../recommender/field-settings.ts';
import { type FieldData, prepareFieldData } from '../recommender/prepare-field-run.ts';
import type { RunInput } from '../recommender/settings.ts';
import {
  type FieldRun,
  fieldTrainingOf,
  type TrainFieldsOptions,
  trainFieldRecommender,
} from '../recommender/train-fields.ts';
import type { Checkpoint } from '../training/checkpoint.ts';
import { assign, parseAssignment } from './assignments.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { type EngineFlags, openEngine } from './engine-options.ts';
import { checkContinuing, checkPlaces, defaultOut, formerCheckpoint, interruptionMessage } from './execute-run.ts';
import { Interruption } from './failure.ts';
import { fieldRunRecord } from './field-record.ts';
import { fieldRunDocument, fieldRunReport } from './field-report.ts';
import { KeptRun } from './kept-run.ts';
import { ProfileReport } from './profile-report.ts';
import type { Terminal } from './terminal.ts';

/** Whether a model is one over feature fields. @throws 'usage' for an unknown name, with the nearest known one */
export function isOfFields(modelName: string): boolean {
  return findModel(modelName).form === 'rows';
}

/**
 * The settings with `--set` applied, checked as far as that goes without the data.
 * @throws 'config' for an unknown key or a value out of its range
 */
export async function checkedFieldRun(
  input: FieldRunInput,
  set: readonly string[],
  where: string,
): Promise<FieldRunSettings> {
  const model = findModelOf('rows', input.model);
  const more = [...keysUnder('training', rowSettings), ...keysUnder('features', featureOptions)];
  const assigned = await assign(input as RunInput, set.map(parseAssignment), optionNames(model), 'pairs', more);
  const settings = parseFieldRunSettings(assigned, where);
  parseOptions(model.options as never, settings.config, `options of model ${model.name}`);
  fieldTrainingOf(model, settings.task === 'auto' ? 'ranking' : settings.task, settings.training);
  return settings;
}

/** The names of a model's options, refined ones too. */
export function optionNames({ options }: Pick<AnyModel, 'options'>): string[] {
  return Object.keys((options as unknown as { shape: object }).shape);
}

function keysUnder(section: string, { shape }: { readonly shape: object }): string[] {
  return Object.keys(shape).map((key) => `${section}.${key}`);
}

export interface FieldRunRequest extends EngineFlags {
  readonly settings: FieldRunSettings;
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

/** Trains, measures, saves, and says what came out. */
export async function executeFieldRun(terminal: Terminal, request: FieldRunRequest): Promise<void> {
  checkContinuing(request);
  const settings = request.finish ? { ...request.settings, final: false } : request.settings;
  await checkPlaces(request);
  const progress = await terminal.progress();
  const data = await loadFieldsNoted(settings, progress);
  const out = request.out ?? defaultOut(settings, data.split.dataset.name);
  if (request.out === undefined) await checkArtifactPlace(out);
  const engine = openEngine(request, progress);
  try {
    const profiles = new ProfileReport(request.profile);
    const kept = new KeptRun(out, progress);
    const save = ({ recommender, result, log, account }: FieldRun) => {
      const users = result && 'users' in result ? result : null;
      return recommender.save(out, users, fieldRunRecord(settings, result, log, account));
    };
    const keep = (run: FieldRun) => kept.save(run.result !== null, () => save(run));
    const run = await trainInterruptibly(engine, data, kept, { ...request, settings, keep }, progress, profiles);
    await save(run);
    const folder = new CheckpointFolder(out);
    if (request.finish) progress.log(`${folder.path} stays: the command of the run with --resume goes on from there`);
    else await folder.remove();
    const report = { run, data, settings, out, threads: engine.threads };
    await profiles.write();
    terminal.print(fieldRunReport(terminal, report));
    if (profiles.text) terminal.print(`\n${profiles.text}`);
    terminal.document({ ...fieldRunDocument(report), ...profiles.document });
    run.recommender.close();
  } finally {
    engine.close();
  }
}

/** Reads the data, fits the fields, and says what was found. */
export async function loadFieldsNoted(settings: FieldRunSettings, progress: Progress): Promise<FieldData> {
  const task = progress.start('reading the data');
  const data = await prepareFieldData(settings);
  const { split, encoder } = data;
  const { dataset, train, validation, test } = split;
  const [nTrain, nValidation, nTest] = [train, validation, test].map((part) => part?.length ?? 0);
  const { fields, crosses, nRows } = encoder.layout;
  const crossed = crosses.length > 0 ? ` and ${crosses.length} crosses` : '';
  task.end(
    `${dataset.name}, ${nTrain} training + ${nValidation} validation + ${nTest} test rows, task ${data.task}, ` +
      `${fields.length} fields with ${nRows} values${crossed}`,
  );
  for (const warning of data.warnings) progress.log(`warning: ${warning}`);
  return data;
}

/** Ctrl-C during training leaves a checkpoint. */
async function trainInterruptibly(
  engine: Engine,
  data: FieldData,
  kept: KeptRun,
  request: FieldRunRequest & Pick<TrainFieldsOptions, 'keep'>,
  progress: Progress,
  profiles: ProfileReport,
): Promise<FieldRun> {
  const { settings, checkpointSeconds, keep, finish } = request;
  const folder = new CheckpointFolder(kept.out, settings);
  const resume = (await formerCheckpoint(folder, request, progress)) as Checkpoint | null;
  const writer = new CheckpointWriter(folder, checkpointSeconds);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  try {
    const onCheckpoint = settings.refit ? undefined : (checkpoint: Checkpoint) => writer.offer(checkpoint);
    const { signal } = interrupt;
    const hooks = { progress, resume, finish, onCheckpoint, onProfile: profiles.listener, keep, signal };
    return await kept.guard(trainFieldRecommender({ engine, data, settings, ...hooks }), signal);
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
