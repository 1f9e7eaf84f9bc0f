/** How many fake people it takes to bring an unpopular item into the lists of real people, and what defences change of it. */
import { type Progress, silent } from '../../core/progress.ts';
import { RandomStream } from '../../core/random.ts';
import { type Split, selectRows } from '../../data/dataset.ts';
import { findModel } from '../../models/index.ts';
import type { ProfileLabels } from '../detection/labels.ts';
import type { Victim } from '../victims.ts';
import { Lab, type LabOptions, type Standing } from './lab.ts';
import { suspicionOf, suspiciousPeople, trustOf } from './suspicion.ts';

/** Share of the top-10 lists of real people that the item is to be in. */
export const WANTED = 0.01;
/** More fake people than this share of the real ones are not tried. */
const MOST = 0.1;
/** The field of the users by which they are weighted. */
export const TRUST = 'trust';
/** So many fake people, as a share of the real ones, meet the defences where none are needed. */
const ANYWAY = 0.01;

export interface CostOptions extends LabOptions {
  readonly progress?: Progress;
}

export interface Cost {
  readonly item: number;
  readonly attack: string;
  readonly wanted: number;
  readonly clean: Standing;
  /** Every number of fake people that was tried, ascending; none where none are needed. */
  readonly tried: readonly (Standing & { readonly fakes: number })[];
  /** The least number tried that is enough; 0 where the item is there without any; null where the largest one is not. */
  readonly enough: number | null;
  /** How many meet the defences: enough, or as many as were tried, or a hundredth of the people where none are needed. */
  readonly fakes: number;
}

/** Tries 1, 2, 4 … fake people until the item is where it is wanted, then between the last two. */
export async function costOfPushing(options: CostOptions): Promise<Cost> {
  const { split, attack, progress = silent } = options;
  const lab = new Lab(options);
  const { item, clean } = await lab.drawTarget(WANTED);
  const nUsers = split.dataset.users.size;
  const found = { item, attack, wanted: WANTED, clean };
  if (clean.hits >= WANTED) return { ...found, tried: [], enough: 0, fakes: Math.max(1, Math.round(ANYWAY * nUsers)) };
  const most = Math.max(1, Math.floor(MOST * nUsers));
  const task = progress.start('fake people that it takes', undefined, 'trainings');
  const tried = new Map<number, Standing>();
  const isEnough = async (fakes: number): Promise<boolean> => {
    const standing = tried.get(fakes) ?? (await lab.train((await lab.poison(fakes, item)).split, item));
    tried.set(fakes, standing);
    task.update(tried.size, `${fakes} fake people: in ${(100 * standing.hits).toFixed(1)} % of the lists`);
    return standing.hits >= WANTED;
  };
  let [low, high] = [0, 1];
  while (!(await isEnough(high)) && high < most) [low, high] = [high, Math.min(most, 2 * high)];
  const isFound = tried.get(high)!.hits >= WANTED;
  while (isFound && high - low > Math.max(1, low / 4)) {
    const middle = Math.ceil((low + high) / 2);
    if (await isEnough(middle)) high = middle;
    else low = middle;
  }
  task.end();
  const all = [...tried].map(([fakes, standing]) => ({ fakes, ...standing })).sort((a, b) => a.fakes - b.fakes);
  return { ...found, tried: all, enough: isFound ? high : null, fakes: high };
}

export interface DefenceOutcome extends Standing {
  readonly name: string;
  /** How it is asked for. */
  readonly how: string;
  /** Real and fake people that are left out; absent = none are. */
  readonly leftOut?: { readonly real: number; readonly fake: number };
}

export interface DefenceOptions extends CostOptions {
  /** Of the people of the data: from these the detector learns. */
  readonly labels?: ProfileLabels;
  /** Score from which on people are left out. */
  readonly threshold: number;
}

/** What each defence makes of so many fake people who push the item. */
export async function defencesAgainst(
  options: DefenceOptions,
  { item, fakes }: Pick<Cost, 'item' | 'fakes'>,
): Promise<DefenceOutcome[]> {
  const { engine, victim, seed, threshold, progress = silent } = options;
  const lab = new Lab(options);
  const { split, fakeUsers } = await lab.poison(fakes, item);
  const task = progress.start('defences', undefined, 'trainings');
  const outcomes: DefenceOutcome[] = [{ name: 'none', how: '', ...(await lab.train(split, item)) }];
  task.update(1, 'none');
  const seen = { ...split.dataset, interactions: split.train };
  const suspicion = await suspicionOf(seen, {
    engine,
    random: new RandomStream(seed, 'audit/defences'),
    labels: options.labels && withUnlabelled(options.labels, fakes),
  });
  const isFake = new Set(fakeUsers);
  const out = suspiciousPeople(suspicion, threshold);
  const leftOut = {
    real: out.filter((user) => !isFake.has(user)).length,
    fake: out.filter((user) => isFake.has(user)).length,
  };
  outcomes.push({
    name: 'suspicious people left out',
    how: 'those who are called so',
    leftOut,
    ...(await trainedWithout(lab, split, item, new Set(out))),
  });
  task.update(2, 'left out');
  const trusted = withTrust(split, trustOf(suspicion, threshold));
  for (const { name, how, training } of trainingsOf(victim)) {
    const own = { ...victim, training: { ...victim.training, ...training } };
    outcomes.push({ name, how, ...(await lab.train(trusted, item, own)) });
    task.update(outcomes.length, name);
  }
  task.end();
  return outcomes;
}

const TRAININGS = [
  { name: 'people weighted by trust', how: 'training.userWeight', training: { userWeight: TRUST } },
  { name: 'trimmed by 5 %', how: 'training.trim=0.05', training: { trim: 0.05 } },
  { name: 'adversarial, ε = 0.5', how: 'training.adversarialEpsilon=0.5', training: { adversarialEpsilon: 0.5 } },
  { name: "Huber's loss", how: 'training.loss=huber', training: { loss: 'huber' } },
] as const;

/** Those that the training of a model has as settings. */
function trainingsOf({ model }: Victim): (typeof TRAININGS)[number][] {
  const { learn } = findModel(model);
  if (learn.by === 'solver') return [];
  const { settings } = learn.examples;
  return TRAININGS.filter(({ training }) => settings.safeParse(training).success);
}

/** With the field of the users by which they are weighted. */
function withTrust(split: Split, trust: Float64Array): Split {
  const { fields, ...table } = split.dataset.userFields;
  const field = { name: TRUST, kind: 'numeric' as const, values: [...trust] };
  const others = fields.filter(({ name }) => name !== TRUST);
  return { ...split, dataset: { ...split.dataset, userFields: { ...table, fields: [...others, field] } } };
}

/** Trained on the rows of all others; where these are nobody, there are no lists. */
async function trainedWithout(lab: Lab, split: Split, item: number, people: ReadonlySet<number>): Promise<Standing> {
  const { userIndex } = split.train;
  const rows = Int32Array.from(userIndex.keys()).filter((row) => !people.has(userIndex[row]));
  if (rows.length === 0) return { hits: 0, accuracy: null };
  return lab.train({ ...split, train: selectRows(split.train, rows) }, item);
}

/** Nobody is told of the fake people who were put in. */
function withUnlabelled(labels: ProfileLabels, fakes: number): ProfileLabels {
  const ofUser = new Int8Array(labels.ofUser.length + fakes).fill(-1);
  ofUser.set(labels.ofUser);
  return { ...labels, ofUser };
}
