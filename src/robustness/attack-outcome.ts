/** What became of a victim under an attack, gathered over the seeds. */
import { type MeanInterval, meanInterval } from '../evaluation/statistics/mean-interval.ts';
import type { ChosenAttack } from './attacks/attack.ts';
import type { FakePeople } from './budget.ts';
import type { Crafted, Trained } from './seeded-attacks.ts';
import { hitCutoffs } from './target-standing.ts';
import { metricOf, type Victim } from './victims.ts';
import type { Visibility } from './visibility.ts';

/** What the fake people of an attack are. */
export interface AttackCost {
  /** Means over the seeds. */
  readonly fakes: number;
  readonly rows: number;
  readonly secondsToCraft: number;
  /** Questions that were asked of a victim; 0 of attacks that ask none. */
  readonly questions: number;
}

/** Clean, poisoned, and the difference poisoned − clean over the seeds. */
export interface Effect {
  readonly clean: MeanInterval;
  readonly poisoned: MeanInterval;
  readonly difference: MeanInterval;
}

export interface AttackOutcome {
  readonly victim: string;
  readonly attack: string;
  /** Fake people as a share of real ones. */
  readonly share: number;
  /** By cutoff: `hr@10`, `hr@50` of the targets. */
  readonly hits: Readonly<Record<string, Effect>>;
  readonly rank: Effect;
  /** Prediction shift; null of victims that predict no ratings. */
  readonly predicted: Effect | null;
  /** Name of the metric, over real people's held-out rows. */
  readonly metric: string;
  readonly accuracy: Effect;
  readonly cost: AttackCost;
  /** Means over the seeds. */
  readonly visibility: Visibility;
  readonly trainingSeconds: number;
}

/** One row of the table: what is gathered over the seeds. */
export class OutcomeCell {
  readonly victim: Victim;
  readonly people: FakePeople;
  readonly chosen: ChosenAttack;
  readonly #clean: Trained[] = [];
  readonly #poisoned: Trained[] = [];
  readonly #crafted: Crafted[] = [];

  constructor(victim: Victim, people: FakePeople, chosen: ChosenAttack) {
    this.victim = victim;
    this.people = people;
    this.chosen = chosen;
  }

  add(clean: Trained, poisoned: Trained, crafted: Crafted): void {
    this.#clean.push(clean);
    this.#poisoned.push(poisoned);
    this.#crafted.push(crafted);
  }

  outcome(nUsers: number): AttackOutcome {
    const crafted = this.#crafted;
    const meanOf = (value: (each: Crafted) => number) =>
      crafted.reduce((sum, each) => sum + value(each), 0) / crafted.length;
    const fakes = meanOf(({ profiles }) => profiles.length);
    const predicted = [...this.#clean, ...this.#poisoned].every(({ standing }) => standing.predicted !== null);
    return {
      victim: this.victim.model,
      attack: this.chosen.attack.name,
      share: fakes / nUsers,
      hits: Object.fromEntries(hitCutoffs.map((k, c) => [`hr@${k}`, this.#effect(({ standing }) => standing.hits[c])])),
      rank: this.#effect(({ standing }) => standing.rank),
      predicted: predicted ? this.#effect(({ standing }) => standing.predicted as number) : null,
      metric: metricOf(this.victim),
      accuracy: this.#effect(({ accuracy }) => accuracy),
      cost: {
        fakes,
        rows: meanOf(({ profiles }) => profiles.reduce((sum, { items }) => sum + items.length, 0)),
        secondsToCraft: meanOf(({ seconds }) => seconds),
        questions: meanOf(({ questions }) => questions),
      },
      visibility: meanVisibility(crafted.map(({ visibility }) => visibility)),
      trainingSeconds: this.#poisoned.reduce((sum, { seconds }) => sum + seconds, 0) / this.#poisoned.length,
    };
  }

  #effect(value: (trained: Trained) => number): Effect {
    const clean = this.#clean.map(value);
    const poisoned = this.#poisoned.map(value);
    return {
      clean: meanInterval(clean),
      poisoned: meanInterval(poisoned),
      difference: meanInterval(poisoned.map((after, n) => after - clean[n])),
    };
  }
}

function meanVisibility(all: readonly Visibility[]): Visibility {
  const meanOf = (value: (each: Visibility) => number) => all.reduce((sum, each) => sum + value(each), 0) / all.length;
  return {
    auc: Object.fromEntries(Object.keys(all[0].auc).map((name) => [name, meanOf((each) => each.auc[name])])),
    distances: Object.fromEntries(
      Object.keys(all[0].distances).map((name) => [
        name,
        {
          totalVariation: meanOf((each) => each.distances[name].totalVariation),
          divergence: meanOf((each) => each.distances[name].divergence),
        },
      ]),
    ),
  };
}
