/** A study from settings to the report: what `tune` does. */
import { join } from 'node:path';
import { checkFolderAbove } from '../artifact/output-place.ts';
import { randomSearch } from '../automl/random-search.ts';
import { studySummary } from '../automl/study-summary.ts';
import { type TuneResult, tune } from '../automl/tune.ts';
import { parseMetric } from '../evaluation/metric-name.ts';
import type { AnyRunSettings } from '../runs/any-settings.ts';
import { keepTuning, runRecord, valuesOfUsers } from '../runs/run-record.ts';
import { Interruption } from './failure.ts';
import type { TuneFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { contestantOf, prepareStudy } from './prepare-study.ts';
import type { FormedSettings, PreparedRun } from './prepared-run.ts';
import { studyDocument, studyFiles, studyReport, trialRow, trialTable } from './study-report.ts';
import type { StudySettings } from './study-settings.ts';
import type { Terminal } from './terminal.ts';
import { closeTrainers, openTrainers } from './worker-trainer.ts';

/** Folder of the winner within that of the study. */
const WINNER = 'winner';

/** @throws what `tune` throws */
export async function runStudy(terminal: Terminal, settings: StudySettings, flags: TuneFlags): Promise<void> {
  if (flags.out !== undefined) await checkFolderAbove(flags.out);
  const progress = await terminal.progress();
  const prepare = await prepareStudy(settings, progress);
  const first = prepare(settings.models[0].run);
  const out = flags.out ?? `studies/${placeName(settings.name ?? first.dataName)}`;
  if (flags.out === undefined) await checkFolderAbove(out);
  const engine = openEngine(flags, progress);
  const interrupt = new AbortController();
  const onSignal = () => interrupt.abort();
  process.once('SIGINT', onSignal);
  const trainers = openTrainers(settings, flags, engine, (record) => terminal.events?.epoch(record));
  try {
    const { metric } = first.task.validation;
    const table = trialTable(parseMetric(metric).name);
    const result = await tune({
      engine,
      contestants: settings.models.map((model) => contestantOf(model, prepare)),
      budget: settings.budget,
      seed: settings.seed,
      out,
      resume: flags.resume,
      deterministic: settings.deterministic,
      sampler: settings.sampler === 'random' ? randomSearch : undefined,
      trainers: trainers ?? undefined,
      final: flags.final,
      progress,
      signal: interrupt.signal,
      onTrial: (trial) => {
        if (terminal.events) terminal.events.trial(trialRow(trial, metric));
        else for (const line of table(trial)) progress.log(line);
      },
      onEpoch: (record) => terminal.events?.epoch(record),
    });
    await conclude(terminal, settings, result, out, prepare);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new Interruption(`interrupted; ${out} holds the study: repeat the command with --resume to go on`, {
      cause: error,
    });
  } finally {
    process.removeListener('SIGINT', onSignal);
    closeTrainers(trainers);
    engine.close();
  }
}

async function conclude(
  terminal: Terminal,
  settings: StudySettings,
  result: TuneResult,
  out: string,
  prepare: (run: FormedSettings) => PreparedRun,
): Promise<void> {
  const { winner, run, measured } = result;
  const path = join(out, WINNER);
  const base = settings.models.find((each) => each.run.settings.model === winner.model)!.run;
  const { config, training } = winner.settings;
  const own = {
    ...base.settings,
    config,
    training: winner.bestEpoch > 0 ? { ...training, epochs: winner.bestEpoch } : training,
    refit: true,
    seed: settings.seed,
  } as AnyRunSettings;
  await run.recommender.save(
    path,
    valuesOfUsers(measured[0].result),
    runRecord(own, measured[0].result, run.log, run.account),
  );
  await keepTuning(path, studySummary(result));
  run.recommender.close();
  await studyFiles(out, result);
  const next = prepare({ ...base, settings: own }).next(path);
  terminal.print(studyReport(terminal, result, out, next));
  terminal.document(studyDocument(result, out, path));
}

function placeName(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[.-]+/, '');
  return plain === '' ? 'study' : plain;
}
