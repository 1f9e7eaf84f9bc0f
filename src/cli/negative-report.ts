/** What `deeptaste negatives` does: a study of samplers, as a table, a picture and a document. */
import { checkFilePlace } from '../artifact/output-place.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Split } from '../data/dataset.ts';
import { simulateFilmClub } from '../data/simulated/film-club.ts';
import { preference } from '../data/simulated/taste.ts';
import { concernsSampler } from '../examples/pair-settings.ts';
import { findModelOf } from '../models/index.ts';
import { negativePlot } from '../runs/negative-plot.ts';
import { type NegativeStudyRequest, studyNegatives } from '../runs/negative-study.ts';
import { renderNegatives } from '../runs/negative-table.ts';
import { prepareSplit } from '../tasks/prepare-split.ts';
import type { RunInput, RunSettings } from '../tasks/ranking-settings.ts';
import { checkedRun } from './checked-run.ts';
import { dataOf, defined } from './data-flags.ts';
import type { NegativesFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { runInputOf } from './run-flags.ts';
import type { Terminal } from './terminal.ts';

export async function reportNegatives(terminal: Terminal, flags: NegativesFlags): Promise<void> {
  const { samplers, seed, steps, svg } = flags;
  const repeated = samplers.find((name, n) => samplers.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--samplers: each sampler counts once, found "${repeated}" twice`);
  if (svg !== undefined) await checkFilePlace(svg);
  const settings = await settingsOf(flags, samplers);
  const progress = await terminal.progress();
  const task = progress.start('reading the data');
  const split = await prepareSplit(settings[0], progress);
  task.end(`${split.dataset.users.size} users × ${split.dataset.items.size} items`);
  const engine = openEngine(flags, progress);
  try {
    const study = await studyNegatives({
      engine,
      split,
      settings: { ...settings[0], training: {}, seed },
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
    terminal.document({ seed, steps, ...study });
  } finally {
    engine.close();
  }
}

/** One set of settings a sampler, each checked; settings of another sampler are left out. */
async function settingsOf(flags: NegativesFlags, samplers: readonly string[]): Promise<RunSettings[]> {
  const model = findModelOf('pairs', flags.model);
  const input = {
    data: dataOf(flags.data, flags),
    ...runInputOf(model, flags),
    model: model.name,
    training: defined({ epochs: flags.epochs }),
  } as RunInput;
  const all: RunSettings[] = [];
  for (const sampler of samplers) {
    const own = (flags.set ?? []).filter((text) => concernsSampler(keyOf(text), sampler));
    const set = [...own, `training.negativeSampler=${sampler}`];
    all.push((await checkedRun(input, set, 'negatives', 'pairs')) as RunSettings);
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
