/** How many fake people it takes to bring an unpopular item into the lists of real people, and what defences change of it. */

import { optionMeta } from '../../core/option-metas.ts';
import { type Progress, silent } from '../../core/progress.ts';
import { RandomStream } from '../../core/random.ts';
import { type Dataset, type Split, selectRows } from '../../data/dataset.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { findModel } from '../../models/index.ts';
import { carryOut } from '../attacks/attack.ts';
import { attackNamed } from '../attacks/index.ts';
import { drawBudget } from '../budget.ts';
import { addFakesToSplit } from '../fake-profiles.ts';
import { exposablePairs, hitCutoffs, targetStanding } from '../target-standing.ts';
import { targetsOf } from '../targets.ts';
import { trainVictim, type Victim } from '../victims.ts';
import { suspicionOf, suspiciousPeople } from './suspicion.ts';

/** Share of the top-10 lists of real people that the item is to be in. */
export const WANTED = 0.01;
/** More fake people than this share of the real ones are not tried. */
const MOST = 0.1;
/** From this score on people are left out. */
const LEFT_OUT = 0.5;

export interface CostOptions {
  readonly engine: Engine;
  readonly split: Split;
  readonly victim: Victim;
  readonly attack: string;
  readonly seed: number;
  readonly progress?: Progress;
}

/** One training. */
export interface Standing {
  /** Share of top-10 lists of real people with the item. */
  readonly hits: number;
  /** First metric of the victim's evaluation, of held-out items of real people; null where nothing is held out. */
  readonly accuracy: number | null;
}

export interface Cost {
  readonly item: number;
  readonly attack: string;
  readonly wanted: number;
  readonly clean: Standing;
  /** Every number of fake people that was tried, ascending. */
  readonly tried: readonly (Standing & { readonly fakes: number })[];
  /** The least number tried that is enough; null where the largest one is not. */
  readonly enough: number | null;
}

/** Tries 1, 2, 4 … fake people until the item is where it is wanted, then between the last two. */
export async function costOfPushing(options: CostOptions): Promise<Cost> {
  const { split, attack, progress = silent } = options;
  const lab = new Lab(options);
  const clean = await lab.train(split);
  const most = Math.max(1, Math.floor(MOST * split.dataset.users.size));
  const task = progress.start('fake people that it takes', undefined, 'trainings');
  const tried = new Map<number, Standing>();
  const isEnough = async (fakes: number): Promise<boolean> => {
    const found = tried.get(fakes) ?? (await lab.train((await lab.poison(fakes)).split));
    tried.set(fakes, found);
    task.update(tried.size, `${fakes} fake people: in ${(100 * found.hits).toFixed(1)} % of the lists`);
    return found.hits >= WANTED;
  };
  let [low, high] = [0, 1];
  while (!(await isEnough(high)) && high < most) [low, high] = [high, Math.min(most, 2 * high)];
  const found = tried.get(high)!.hits >= WANTED;
  while (found && high - low > Math.max(1, low / 4)) {
    const middle = Math.ceil((low + high) / 2);
    if (await isEnough(middle)) high = middle;
    else low = middle;
  }
  task.end();
  const all = [...tried].map(([fakes, standing]) => ({ fakes, ...standing })).sort((a, b) => a.fakes - b.fakes);
  return { item: lab.target, attack, wanted: WANTED, clean, tried: all, enough: found ? high : null };
}

export interface DefenceOutcome extends Standing {
  readonly name: string;
  /** How it is asked for. */
  readonly how: string;
  /** Real and fake people that are left out; absent = none are. */
  readonly leftOut?: { readonly real: number; readonly fake: number };
}

/** What each defence makes of so many fake people. */
export async function defencesAgainst(options: CostOptions, fakes: number): Promise<DefenceOutcome[]> {
  const { engine, victim, seed, progress = silent } = options;
  const lab = new Lab(options);
  const { split, fakeUsers } = await lab.poison(fakes);
  const task = progress.start('defences', undefined, 'trainings');
  const outcomes: DefenceOutcome[] = [{ name: 'none', how: '', ...(await lab.train(split)) }];
  task.update(1, 'none');
  const seen = { ...split.dataset, interactions: split.train };
  const suspicion = await suspicionOf(seen, { engine, random: new RandomStream(seed, 'audit/defences') });
  const isFake = new Set(fakeUsers);
  const out = suspiciousPeople(suspicion, LEFT_OUT);
  const leftOut = {
    real: out.filter((user) => !isFake.has(user)).length,
    fake: out.filter((user) => isFake.has(user)).length,
  };
  outcomes.push({
    name: 'suspicious people left out',
    how: `those with a score from ${LEFT_OUT} on`,
    leftOut,
    ...(await lab.train(without(split, new Set(out)))),
  });
  task.update(2, 'left out');
  for (const { name, how, training, trust } of trainingsOf(victim)) {
    const own = trust ? withTrust(split, suspicion.score) : split;
    outcomes.push({
      name,
      how,
      ...(await lab.train(own, { ...victim, training: { ...victim.training, ...training } })),
    });
    task.update(outcomes.length, name);
  }
  task.end();
  return outcomes;
}

/** The defences that the training of a model has as settings. */
function trainingsOf({ model }: Victim) {
  const { learn } = findModel(model);
  if (learn.by === 'solver') return [];
  const { shape } = learn.examples.settings;
  const ofRatings = 'loss' in shape && optionMeta(shape.loss).doc?.startsWith('squared');
  return [
    {
      name: 'people weighted by 1 − score',
      how: 'training.userWeight',
      key: 'userWeight',
      training: { userWeight: TRUST },
      trust: true,
    },
    { name: 'trimmed by 5 %', how: 'training.trim=0.05', key: 'trim', training: { trim: 0.05 }, trust: false },
    {
      name: 'adversarial, ε = 0.5',
      how: 'training.adversarialEpsilon=0.5',
      key: 'adversarialEpsilon',
      training: { adversarialEpsilon: 0.5 },
      trust: false,
    },
    {
      name: "Huber's loss",
      how: 'training.loss=huber',
      key: ofRatings ? 'loss' : '',
      training: { loss: 'huber' },
      trust: false,
    },
  ].filter(({ key }) => key in shape);
}

/** The field of the users by which they are weighted. */
export const TRUST = 'trust';

function withTrust(split: Split, score: Float64Array): Split {
  const { fields, ...table } = split.dataset.userFields;
  const trust = { name: TRUST, kind: 'numeric' as const, values: Array.from(score, (p) => 1 - p) };
  const others = fields.filter(({ name }) => name !== TRUST);
  return { ...split, dataset: { ...split.dataset, userFields: { ...table, fields: [...others, trust] } } };
}

/** Training rows of all others. */
function without(split: Split, people: ReadonlySet<number>): Split {
  const { userIndex } = split.train;
  const rows = Int32Array.from(userIndex.keys()).filter((row) => !people.has(userIndex[row]));
  return { ...split, train: selectRows(split.train, rows) };
}

class Lab {
  readonly target: number;
  readonly #options: CostOptions;
  readonly #random: RandomStream;

  constructor(options: CostOptions) {
    this.#options = options;
    this.#random = new RandomStream(options.seed, 'audit/cost');
    [this.target] = targetsOf(options.split, { drawn: 'unpopular', count: 1 }, this.#random.child('target'));
  }

  async train(split: Split, victim: Victim = this.#options.victim): Promise<Standing> {
    const { engine, split: clean, seed } = this.#options;
    const targets = Int32Array.of(this.target);
    const { recommender, result } = await trainVictim(engine, split, victim, seed);
    try {
      const { hits } = targetStanding(engine, split, recommender, targets, exposablePairs(clean, targets));
      const value = result?.metrics[victim.evaluation.metrics[0]] ?? null;
      const accuracy = typeof value === 'object' ? (value?.mean ?? null) : value;
      return { hits: hits[hitCutoffs.indexOf(10)], accuracy };
    } finally {
      recommender.close();
    }
  }

  /** The split with so many fake people; fewer of them are the first of more. */
  async poison(fakes: number): Promise<{ readonly split: Split; readonly fakeUsers: Int32Array }> {
    const { engine, split, attack } = this.#options;
    const data: Dataset = { ...split.dataset, interactions: split.train };
    const profiles = await carryOut(attackNamed(attack), {
      data,
      targets: Int32Array.of(this.target),
      goal: 'promote',
      budget: drawBudget(data, { count: fakes }, 'matched', this.#random.child('budget')),
      random: this.#random.child('craft'),
      engine: () => engine,
    });
    return addFakesToSplit(split, profiles, this.#random.child('fake people'));
  }
}
