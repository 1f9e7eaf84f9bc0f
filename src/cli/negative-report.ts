/** What `deeptaste negatives` does: a study of samplers, as a table, a picture and a document. */
import { inspectArtifact } from '../artifact/artifact.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { checkFilePlace } from '../artifact/output-place.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Split } from '../data/dataset.ts';
import { simulateFilmClub } from '../data/simulated/film-club.ts';
import { preference } from '../data/simulated/taste.ts';
import { concernsSampler, drawsNegatives, type PairSettings, rowsOfLoss } from '../examples/pair-settings.ts';
import { resolveTraining } from '../examples/settings.ts';
import { negativePlot } from '../runs/negative-plot.ts';
import { modelWithNegatives, type NegativeStudyRequest, studyNegatives } from '../runs/negative-study.ts';
import { renderNegatives } from '../runs/negative-table.ts';
import { keepNegatives } from '../runs/run-record.ts';
import { prepareSplit } from '../tasks/prepare-split.ts';
import type { RunInput, RunSettings } from '../tasks/ranking-settings.ts';
import { checkedRun } from './checked-run.ts';
import { dataOf, defined } from './data-flags.ts';
import type { NegativesFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { runInputOf } from './run-flags.ts';
import { settingsOfStored } from './settings-of-stored.ts';
import { requireSameData } from './stored-measurement.ts';
import type { Terminal } from './terminal.ts';

const DEFAULT_MODEL = 'bpr-mf';

/** @param run folder of a saved recommender that says model, data and settings; null = the flags do */
export async function reportNegatives(terminal: Terminal, run: string | null, flags: NegativesFlags): Promise<void> {
  const { samplers, steps, svg } = flags;
  const repeated = samplers.find((name, n) => samplers.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--samplers: each sampler counts once, found "${repeated}" twice`);
  if (svg !== undefined) await checkFilePlace(svg);
  if (flags.save && run === null)
    throw new DeepTasteError(
      'usage',
      '--save: keeps the study in the folder of a run; give the folder of a saved recommender, or leave it out',
    );
  const manifest = run === null ? null : await inspectArtifact(run);
  const input = manifest === null ? inputOf(flags) : await inputOfRun(run as string, manifest, flags);
  await requireDraws(input, flags, run === null ? 'negatives' : `negatives ${run}`);
  const settings = await settingsOf(input, flags);
  const { seed } = settings[0];
  const progress = await terminal.progress();
  const task = progress.start('reading the data');
  const split = await prepareSplit(settings[0], progress);
  if (manifest !== null) requireSameData(run as string, manifest, split.dataset.hash, 'negatives');
  task.end(`${split.dataset.users.size} users × ${split.dataset.items.size} items`);
  const engine = openEngine(flags, progress);
  try {
    const study = await studyNegatives({
      engine,
      split,
      settings: { ...settings[0], training: {} },
      samplers: Object.fromEntries(samplers.map((name, n) => [name, settings[n].training])),
      steps,
      preference: preferenceOf(settings[0], split),
      progress,
    });
    terminal.print(renderNegatives(study));
    if (svg !== undefined) {
      await writeFileAtomic(svg, negativePlot(study));
      terminal.print(`picture: ${svg}`);
    }
    if (flags.save) {
      await keepNegatives(run as string, study);
      terminal.print(`saved to ${run}`);
    }
    terminal.document({ ...(run !== null && { run }), seed, steps, ...study });
  } finally {
    engine.close();
  }
}

function inputOf(flags: NegativesFlags): RunInput {
  if (flags.data === undefined)
    throw new DeepTasteError('usage', 'negatives: needs the folder of a saved recommender, or --data and a file');
  const model = modelWithNegatives(flags.model ?? DEFAULT_MODEL, 'negatives');
  return {
    data: dataOf(flags.data, flags),
    ...runInputOf(model, flags),
    model: model.name,
    ...defined({ seed: flags.seed }),
    training: defined({ epochs: flags.epochs }),
  } as RunInput;
}

/** Model, data, split and training of a saved run, with what the flags say instead. */
async function inputOfRun(run: string, manifest: Manifest, flags: NegativesFlags): Promise<RunInput> {
  if (flags.model !== undefined)
    throw new DeepTasteError(
      'usage',
      `--model: the run ${run} says which model it is; leave it out, or leave out the run`,
    );
  modelWithNegatives(manifest.model.name, `negatives ${run}`);
  const stored = await settingsOfStored(run, manifest, flags, 'negatives');
  const { seed, training } = stored as RunSettings;
  const input = {
    ...stored,
    seed: flags.seed ?? seed,
    training: { ...training, ...defined({ epochs: flags.epochs }) },
  };
  return input as RunInput;
}

/** @throws DeepTasteError `usage`: a loss that draws no negatives */
async function requireDraws(input: RunInput, flags: NegativesFlags, where: string): Promise<void> {
  const set = (flags.set ?? []).filter((text) => keyOf(text) === 'loss');
  const training = Object.fromEntries(Object.entries(input.training ?? {}).filter(([key]) => key === 'loss'));
  const checked = (await checkedRun({ ...input, training }, set, 'negatives', 'pairs')) as RunSettings;
  const { loss } = resolveTraining(modelWithNegatives(checked.model, where), checked.training).training as PairSettings;
  if (drawsNegatives(rowsOfLoss[loss])) return;
  throw new DeepTasteError(
    'usage',
    `${where}: the training must draw negatives, found loss ${loss}, which draws none; ` +
      '--set training.loss=bpr shows what drawn ones teach',
  );
}

/** One set of settings a sampler, each checked; settings of another sampler are left out. */
async function settingsOf(input: RunInput, flags: NegativesFlags): Promise<RunSettings[]> {
  const all: RunSettings[] = [];
  for (const sampler of flags.samplers) {
    const own = (flags.set ?? []).filter((text) => concernsSampler(keyOf(text), sampler));
    const set = [...own, `training.negativeSampler=${sampler}`];
    const training = Object.entries(input.training ?? {}).filter(([key]) => concernsSampler(key, sampler));
    const checked = await checkedRun({ ...input, training: Object.fromEntries(training) }, set, 'negatives', 'pairs');
    all.push(checked as RunSettings);
  }
  return all;
}

const keyOf = (text: string): string => text.split('=')[0].replace(/^training\./, '');

/** Of the simulated film club what members would take; of other data nobody knows. */
function preferenceOf({ data }: RunSettings, split: Split): NegativeStudyRequest['preference'] {
  if (!('simulated' in data)) return undefined;
  const world = simulateFilmClub(data.simulated);
  const place = new Map(Array.from({ length: world.dataset.users.size }, (_, n) => [world.dataset.users.idOf(n), n]));
  return (user) => preference(world, place.get(split.dataset.users.idOf(user)) as number);
}
