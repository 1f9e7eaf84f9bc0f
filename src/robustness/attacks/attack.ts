/**
 * What an attack is: from the data that the attacker sees, the targets and the budget to the profiles of fake people. An attack is there to
 * test one's own system: what it writes goes into a copy of the data from which a victim is trained.
 */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { type Budget, requireWithinBudget } from '../budget.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { itemsOfPeople, ratingStatistics } from '../real-people.ts';

/** Targets are to be recommended more, or less. */
export const goals = ['promote', 'demote'] as const;
export type Goal = (typeof goals)[number];

/**
 * What the attacker needs to know. none: general knowledge such as what is popular; grey: the data, or much of them, and not the victim;
 * white: the victim's own equations; black: nothing of either but the lists that spy users are shown.
 */
export type Knowledge = 'none' | 'grey' | 'white' | 'black';

/** What spy users are shown when the victim has been trained with fake people. */
export interface Oracle {
  /** Length of the lists. */
  readonly k: number;
  /** The real people whose lists can be asked for, dense user indices. */
  readonly spies: Int32Array;
  /** Questions that may still be asked. */
  readonly left: number;
  /** The lists [spies × k], best first, −1 where there are fewer. @throws DeepTasteError `usage`: no question is left */
  ask(profiles: readonly FakeProfile[]): Promise<Int32Array>;
}

/** One attack to be carried out. */
export interface AttackOrder {
  /** What the attacker sees of real people. */
  readonly data: Dataset;
  /** Dense indices, distinct [T]. */
  readonly targets: Int32Array;
  readonly goal: Goal;
  readonly budget: Budget;
  readonly random: RandomStream;
  readonly progress?: Progress;
  /** Started when it is asked for. */
  engine(): Engine;
  /** Of attacks from outside. */
  readonly oracle?: Oracle;
}

export interface Attack {
  readonly name: string;
  readonly title: string;
  /** Where it is from. */
  readonly paper: string;
  readonly knowledge: Knowledge;
  readonly goals: readonly [Goal, ...Goal[]];
  /** It makes no sense of data without ratings. */
  readonly needsRatings: boolean;
  /** Of white boxes: the models whose equations it knows; the option `greyBox` lets it stand for victims of other kinds. */
  readonly victims?: readonly [string, ...string[]];
  /** Options; every field has a default, a range and a `doc`. */
  readonly options: z.ZodObject;
  /** The same stream gives the same profiles. @param options as they were parsed */
  craft(
    order: AttackOrder,
    options: Readonly<Record<string, unknown>>,
  ): readonly FakeProfile[] | Promise<readonly FakeProfile[]>;
}

/** Declares an attack; its options are typed by the schema. */
export function attackKind<S extends z.ZodObject>(
  attack: Omit<Attack, 'options' | 'craft'> & {
    readonly options: S;
    craft(order: AttackOrder, options: z.output<S>): readonly FakeProfile[] | Promise<readonly FakeProfile[]>;
  },
): Attack {
  return { ...attack, craft: (order, options) => attack.craft(order, options as z.output<S>) };
}

/** Of white boxes. */
export const greyBoxOption = z.boolean().default(false).meta({
  doc: 'work on a surrogate although the victim is a model of another kind, whose gradients nobody has',
});

/** An attack and its options. */
export interface ChosenAttack {
  readonly attack: Attack;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Whether the attack has the gradients of such a victim, or needs none.
 * @throws DeepTasteError `config` for a white box on a victim of another kind, naming the grey-box form
 */
export function checkAttackable({ attack: { name, knowledge, victims }, options }: ChosenAttack, model: string): void {
  if (knowledge !== 'white' || !victims || options.greyBox === true || victims.includes(model)) return;
  throw new DeepTasteError(
    'config',
    `attack ${name}: has the gradients of ${victims.join(', ')} and of no other victim, found ${model}; take ${victims.join(' or ')} as the ` +
      `victim, say --set ${name}.greyBox=true to work on a surrogate, or choose revadv, which always does`,
    { attack: name, model },
  );
}

/** @throws DeepTasteError `config`: a goal that the attack does not have, data without ratings for an attack by ratings */
export function checkSuitable({ attack }: ChosenAttack, goal: Goal, hasRatings: boolean): void {
  const where = `attack ${attack.name}`;
  if (!attack.goals.includes(goal))
    throw new DeepTasteError(
      'config',
      `${where}: can ${attack.goals.join(' and ')}, asked to ${goal}; choose another attack`,
    );
  if (attack.needsRatings && !hasRatings)
    throw new DeepTasteError(
      'config',
      `${where}: needs ratings, the data have none; choose an attack on who took what, such as bandwagon`,
    );
}

/**
 * The profiles of an attack, held against its budget.
 * @throws DeepTasteError `config`: a goal that the attack does not have, data without ratings for an attack by ratings, too few people, targets that
 *   do not exist or are named twice, profiles beyond the budget
 */
export async function carryOut({ attack, options }: ChosenAttack, order: AttackOrder): Promise<readonly FakeProfile[]> {
  const { data, budget, goal } = order;
  const where = `attack ${attack.name}`;
  checkTargets(where, order);
  checkSuitable({ attack, options }, goal, data.interactions.rating !== null);
  if (attack.knowledge === 'black' && !order.oracle)
    throw new DeepTasteError(
      'config',
      `${where}: asks a victim for the lists of spy users, found no victim to ask; name one`,
    );
  const { rowStart, nRows } = itemsOfPeople(data);
  let people = 0;
  for (let user = 0; user < nRows; user++) if (rowStart[user + 1] > rowStart[user]) people++;
  if (people < 2)
    throw new DeepTasteError(
      'data',
      `${where}: the data must have rows of two people or more, found ${people}; take more data`,
    );
  const profiles = await attack.craft({ ...order, progress: order.progress ?? silent }, options);
  const ratings = ratingStatistics(data);
  requireWithinBudget(attack.name, profiles, budget, { nItems: data.items.size, ratings });
  return profiles;
}

function checkTargets(where: string, { targets, data }: AttackOrder): void {
  if (targets.length === 0)
    throw new DeepTasteError('config', `${where}: needs a target, found none; name items of the data`);
  if (new Set(targets).size !== targets.length)
    throw new DeepTasteError('config', `${where}: each target counts once, found one twice`);
  if (!targets.every((item) => Number.isInteger(item) && item >= 0 && item < data.items.size))
    throw new DeepTasteError('not-found', `${where}: targets must be items of the data, found others`);
}
