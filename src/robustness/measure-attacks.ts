/**
 * What attacks do to victims. For each seed the targets, the budget and the fake people are drawn anew and every victim is trained from
 * scratch, once on the clean split and once with the fake people of each attack; what is held out of real people is the same in all. Intervals
 * go over seeds, differences are between trainings with the same seed.
 */
import { DeepTasteError } from '../core/errors.ts';
import { silent } from '../core/progress.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type AttackOutcome, OutcomeCell } from './attack-outcome.ts';
import { checkAttackable, checkSuitable, type Goal } from './attacks/attack.ts';
import { type MeasureOptions, type Poisoned, SeededAttacks } from './seeded-attacks.ts';
import type { Targets } from './targets.ts';
import { checkHasLists, checkVictim } from './victims.ts';

export interface AttackStudy {
  readonly data: string;
  readonly goal: Goal;
  readonly targets: Targets;
  readonly seeds: readonly number[];
  readonly outcomes: readonly AttackOutcome[];
}

/**
 * @throws DeepTasteError `config`: what an attack cannot do on these data; `not-found`: targets; `data`: nothing held out, and what training throws
 */
export async function measureAttacks(engine: Engine, options: MeasureOptions): Promise<AttackStudy> {
  const { split, victims, attacks, budgets, targets, goal, seeds, progress = silent } = options;
  for (const chosen of attacks) checkSuitable(chosen, goal, split.dataset.interactions.rating !== null);
  for (const victim of victims) {
    checkVictim(victim);
    for (const chosen of attacks) {
      checkAttackable(chosen, victim.model);
      if (chosen.attack.knowledge === 'black') checkHasLists(`attack ${chosen.attack.name}`, victim);
    }
  }
  if (split.test === null)
    throw new DeepTasteError(
      'data',
      'attack: the split must hold test rows of real people, found none; choose another split',
    );
  const cells = victims.flatMap((victim) =>
    budgets.flatMap((people) => attacks.map((chosen) => new OutcomeCell(victim, people, chosen))),
  );
  const task = progress.start('attacks', seeds.length * (victims.length + cells.length), 'trainings');
  let done = 0;
  const told = <T>(value: T, note: string): T => {
    task.update(++done, note);
    return value;
  };
  try {
    for (const seed of seeds) {
      const place = new SeededAttacks(engine, options, seed);
      for (const victim of victims) {
        const clean = told(await place.train(victim, split), `${victim.model}, clean, seed ${seed}`);
        for (const cell of cells) {
          if (cell.victim !== victim) continue;
          const crafted = await place.craft(cell.chosen, cell.people, victim);
          const poisoned = await place.train(victim, crafted.split);
          cell.add(clean, poisoned, crafted);
          told(poisoned, `${victim.model}, ${cell.chosen.attack.name}, seed ${seed}`);
        }
      }
    }
  } finally {
    task.end();
  }
  const nUsers = split.dataset.users.size;
  return {
    data: split.dataset.name,
    goal,
    targets,
    seeds,
    outcomes: cells.map((cell) => cell.outcome(nUsers)),
  };
}

/** The fake people of the first attack with the first budget in the data; no victim is trained. */
export function craftFakes(
  engine: Engine,
  options: Omit<MeasureOptions, 'onPoisoned'>,
  seed: number,
): Promise<Poisoned> {
  return new Promise((resolve, reject) => {
    const place = new SeededAttacks(engine, { ...options, onPoisoned: resolve }, seed);
    place.craft(options.attacks[0], options.budgets[0], null).catch(reject);
  });
}
