/** What `deeptaste attack` does: attacks on victims, as a table, a picture and a document, and the poisoned data as a file. */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFolderPlace } from '../artifact/output-place.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Dataset, Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { attackPlot } from '../robustness/attack-plot.ts';
import { renderAttacks } from '../robustness/attack-table.ts';
import type { ChosenAttack } from '../robustness/attacks/attack.ts';
import { attackNamed, attacks } from '../robustness/attacks/index.ts';
import { type FakePeople, type ProfileLength, parseFakePeople } from '../robustness/budget.ts';
import { craftFakes, measureAttacks } from '../robustness/measure-attacks.ts';
import type { MeasureOptions } from '../robustness/seeded-attacks.ts';
import { drawnTargets, type Targets } from '../robustness/targets.ts';
import { checkVictim } from '../robustness/victims.ts';
import { prepareSplit } from '../tasks/prepare-split.ts';
import { type RunSettings, taskOfRun } from '../tasks/ranking-settings.ts';
import { parseAssignment } from './assignments.ts';
import { checkedRun } from './checked-run.ts';
import { contenderSettings } from './contender-settings.ts';
import { dataOf } from './data-flags.ts';
import type { AttackFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { runInputOf } from './run-flags.ts';
import { checkTableFile, writeTable } from './table-file.ts';
import type { Terminal } from './terminal.ts';

export async function attackVictims(terminal: Terminal, flags: AttackFlags): Promise<void> {
  const { out, writeData, model, seed, seeds } = flags;
  const repeated = flags.attack.find((name, n) => flags.attack.indexOf(name) !== n);
  if (repeated !== undefined)
    throw new DeepTasteError('usage', `--attack: each attack counts once, found "${repeated}" twice`);
  const { ofAttacks, ofVictims } = settingsOf(flags.attack, flags.set ?? []);
  const chosen = flags.attack.map((name) => attackNamed(name, ofAttacks.get(name)));
  const budgets = flags.budget.map((text) => parseFakePeople(text));
  const targets = targetsOf(flags);
  const length = lengthOf(flags.length);
  checkFiles(flags, chosen, budgets);
  if (out !== undefined) await checkFolderPlace(out);
  if (writeData !== undefined) await checkPoisonedFile(writeData, flags.data);
  const victims = await victimsOf(flags, ofVictims);
  const progress = await terminal.progress();
  const task = progress.start('reading the data');
  const isOfRatings = model !== undefined && taskOfRun(victims[0]) === 'rating';
  const split = await prepareSplit(victims[0], progress, isOfRatings ? 'examples' : 'pairs');
  task.end(`${split.dataset.users.size} users × ${split.dataset.items.size} items`);
  for (const warning of split.dataset.warnings) progress.log(`warning: ${warning}`);
  const engine = openEngine(flags, progress);
  const options: MeasureOptions = {
    split,
    victims: model === undefined ? [] : victims,
    attacks: chosen,
    budgets,
    length,
    timing: flags.times,
    targets,
    goal: flags.demote ? 'demote' : 'promote',
    seeds: Array.from({ length: seeds }, (_, n) => seed + n),
    oracle: { questions: flags.questions, spies: flags.spies },
    progress,
  };
  try {
    if (model === undefined) await writeOnly(terminal, engine, options, writeData as string);
    else await measure(terminal, engine, options, flags);
  } finally {
    engine.close();
  }
}

async function measure(
  terminal: Terminal,
  engine: Engine,
  options: MeasureOptions,
  { out, writeData, seed }: AttackFlags,
): Promise<void> {
  const poisoned = new Map<number, Split>();
  const study = await measureAttacks(engine, {
    ...options,
    onPoisoned: (each) => void (writeData !== undefined && each.seed === seed && poisoned.set(seed, each.split)),
  });
  terminal.print(renderAttacks(study));
  const document = { ...study, settings: { length: options.length, times: options.timing } };
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
    await writeFileAtomic(join(out, 'attack.json'), `${JSON.stringify(document, null, 2)}\n`);
    await writeFileAtomic(join(out, 'hits.svg'), attackPlot(study));
    terminal.print(`written to ${out}: attack.json, hits.svg`);
  }
  const split = poisoned.get(seed);
  if (writeData !== undefined && split) {
    await writeRows(writeData, split.dataset);
    terminal.print(`poisoned data: ${writeData}${leftOut(split.dataset)}`);
  }
  terminal.document(document);
}

/** @throws DeepTasteError `usage`: the file cannot be written, or is one of those that are read */
async function checkPoisonedFile(path: string, data: readonly string[]): Promise<void> {
  await checkTableFile(path);
  const target = await realpath(path).catch(() => null);
  const read = await Promise.all(data.map((each) => realpath(each).catch(() => null)));
  if (target !== null && read.includes(target))
    throw new DeepTasteError(
      'usage',
      `--write-data ${path}: must be another file than the data, which stay as they are; choose another name`,
    );
}

/** The data with fake people in them, without any victim. */
async function writeOnly(terminal: Terminal, engine: Engine, options: MeasureOptions, path: string): Promise<void> {
  const { split, fakeUsers, targets } = await craftFakes(engine, options, options.seeds[0]);
  await writeRows(path, split.dataset);
  const { users, items, interactions } = split.dataset;
  const nRows = interactions.length - options.split.dataset.interactions.length;
  const ids = Array.from(targets, (target) => items.idOf(target));
  terminal.print(
    `${fakeUsers.length} fake people (${users.idOf(fakeUsers[0])} to ${users.idOf(fakeUsers[fakeUsers.length - 1])}) with ${nRows} rows; ` +
      `targets ${ids.join(', ')}\npoisoned data: ${path}${leftOut(split.dataset)}`,
  );
  terminal.document({ path, fakePeople: fakeUsers.length, fakeRows: nRows, targets: ids });
}

/** What the file does not have of the rows. */
function leftOut({ interactions: { context = [], session } }: Dataset): string {
  const names = [...(session ? ['sessions'] : []), ...context.map(({ name }) => name)];
  return names.length === 0 ? '' : ` (without ${names.join(', ')})`;
}

/** All rows with their external ids. Columns that the data lack are left out. */
async function writeRows(path: string, { users, items, interactions }: Dataset): Promise<void> {
  const { length, userIndex, itemIndex, rating, time } = interactions;
  const columns = [
    { name: 'user', type: 'text' },
    { name: 'item', type: 'text' },
    ...(rating ? [{ name: 'rating', type: 'float' } as const] : []),
    ...(time ? [{ name: 'time', type: 'number' } as const] : []),
  ] as const;
  await writeTable(path, columns, async (sink) => {
    for (let row = 0; row < length; row++)
      await sink.add([
        users.idOf(userIndex[row]),
        items.idOf(itemIndex[row]),
        ...(rating ? [rating[row]] : []),
        ...(time ? [time[row]] : []),
      ]);
  });
}

/** The settings of the victims; without any, those of data and split alone. */
async function victimsOf(flags: AttackFlags, set: readonly string[]): Promise<RunSettings[]> {
  const { model, data } = flags;
  if (model === undefined) {
    const named = { name: 'popularity', form: 'pairs' } as const;
    const input = { data: dataOf(data, flags), ...runInputOf(named, flags), model: named.name };
    return [(await checkedRun(input as never, set, 'attack', 'pairs')) as RunSettings];
  }
  for (const name of model) checkVictim({ model: name });
  const found = await contenderSettings(
    { ...flags, models: model, set: [...set], refit: undefined },
    'attack',
    'unlike',
  );
  return found.map(({ settings }) => settings as RunSettings);
}

/** `bandwagon.popular=0.3` is about an attack, all else about victims. */
function settingsOf(names: readonly string[], set: readonly string[]) {
  const ofAttacks = new Map(names.map((name): [string, Record<string, unknown>] => [name, {}]));
  const ofVictims: string[] = [];
  for (const text of set) {
    const owner = text.split('.', 1)[0];
    const own = ofAttacks.get(owner);
    if (own) {
      const { key, value } = parseAssignment(text);
      own[key.slice(owner.length + 1)] = value;
    } else if (attacks.some(({ name }) => name === owner) && text.includes('.'))
      throw new DeepTasteError(
        'usage',
        `--set ${text}: "${owner}" is not among the attacks, found ${names.join(', ')}`,
      );
    else ofVictims.push(text);
  }
  return { ofAttacks, ofVictims };
}

function targetsOf({ targets, nTargets }: AttackFlags): Targets {
  const [first] = targets;
  const drawn = drawnTargets.find((name) => name === first);
  return targets.length === 1 && drawn ? { drawn, count: nTargets } : { ids: targets };
}

function lengthOf(text: string): ProfileLength {
  if (text === 'matched' || text === 'mean') return text;
  const length = Number(text);
  if (Number.isInteger(length) && length >= 1) return length;
  throw new DeepTasteError('usage', `--length: must be matched, mean, or a number of rows from 1, found "${text}"`);
}

function checkFiles(
  { model, writeData }: AttackFlags,
  chosen: readonly ChosenAttack[],
  budgets: readonly FakePeople[],
): void {
  if (model === undefined && writeData === undefined)
    throw new DeepTasteError(
      'usage',
      'attack: needs victims or a file for the poisoned data; say --model a,b or --write-data FILE',
    );
  if (writeData !== undefined && (chosen.length > 1 || budgets.length > 1))
    throw new DeepTasteError(
      'usage',
      '--write-data: is of one attack with one budget, found several; name one of each',
    );
}
