/** One policy in one world: N people at once, T decisions about each; who leaves is followed by somebody else. */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Learner, Situations } from './learners/learner.ts';
import type { Place, Visit, World } from './worlds/world.ts';

/** A visit that has ended. */
export interface EndedVisit {
  /** Number of the step that it ended with, from 0. */
  readonly end: number;
  readonly steps: number;
  readonly reward: number;
}

export interface SimulatedRun {
  /** Mean over the people of each step [steps]. */
  readonly rewards: Float64Array;
  /** Σ over the people / their number of (best expected reward − expected reward of what was shown) [steps]; null where no world tells. */
  readonly regrets: Float64Array | null;
  /** Mean expected reward of always the best; null likewise. */
  readonly best: number | null;
  /** Share of the items that were shown at all; null where items have no numbers. */
  readonly coverage: number | null;
  /** In the order of their ends. */
  readonly visits: readonly EndedVisit[];
}

export interface RunSizes {
  readonly users: number;
  readonly steps: number;
}

/** Everybody's situation now. */
class Seats {
  readonly visits: Visit[];
  readonly #world: World;
  readonly #random: RandomStream;
  readonly #place: Place;
  readonly #guests: Int32Array; // [users] how many have sat there before

  constructor(world: World, place: Place, users: number, random: RandomStream) {
    this.#world = world;
    this.#place = place;
    this.#random = random;
    this.#guests = new Int32Array(users);
    this.visits = Array.from({ length: users }, (_, user) => this.#comes(user));
  }

  #comes(user: number): Visit {
    const guest = this.#guests[user];
    const visit = this.#world.reset(this.#random.child(guest === 0 ? `person ${user}` : `person ${user}/${guest}`));
    const { world, features, actions, itemFeatures } = this.#place;
    const items = visit.items?.length ?? 0;
    if (visit.context.length !== features || items !== actions * itemFeatures)
      throw new DeepTasteError(
        'config',
        `world ${world}: a visit must have a context of ${features} numbers and ${actions * itemFeatures} about items, found ` +
          `${visit.context.length} and ${items}; make reset agree with features, actions and itemFeatures`,
      );
    return visit;
  }

  next(user: number): void {
    this.#guests[user]++;
    this.visits[user] = this.#comes(user);
  }

  write({ contexts, items }: Situations): void {
    const { features, actions, itemFeatures } = this.#place;
    this.visits.forEach((visit, user) => {
      contexts.set(visit.context, user * features);
      if (visit.items) items.set(visit.items, user * actions * itemFeatures);
    });
  }
}

function situations(place: Place, n: number): Situations {
  const { features, actions, itemFeatures } = place;
  return { n, contexts: new Float64Array(n * features), items: new Float64Array(n * actions * itemFeatures) };
}

/** @param random of the people; what the policy draws is its own */
export async function simulatedRun(
  world: World,
  place: Place,
  learner: Learner,
  { users, steps }: RunSizes,
  random: RandomStream,
): Promise<SimulatedRun> {
  const { actions, slate } = place;
  const seats = new Seats(world, place, users, random);
  let [before, after] = [situations(place, users), situations(place, users)];
  seats.write(before);
  const shown = new Int32Array(users * slate);
  const taken = new Int32Array(users);
  const reward = new Float64Array(users);
  const isOver = new Uint8Array(users);
  const rewards = new Float64Array(steps);
  const regrets = seats.visits[0].expected ? new Float64Array(steps) : null;
  const isShown = new Uint8Array(actions);
  const visits: EndedVisit[] = [];
  const [since, earned] = [new Int32Array(users), new Float64Array(users)];
  let bestSum = 0;
  for (let step = 0; step < steps; step++) {
    learner.choose(before, shown);
    for (let user = 0; user < users; user++) {
      const own = shown.subarray(user * slate, (user + 1) * slate);
      const visit = seats.visits[user];
      for (const item of own) isShown[item] = 1;
      if (regrets && visit.expected) {
        const best = most(visit.expected);
        bestSum += best;
        regrets[step] += (best - visit.expected[own[0]]) / users;
      }
      const outcome = visit.step(own);
      reward[user] = outcome.reward;
      taken[user] = outcome.taken ?? 0;
      isOver[user] = outcome.isOver ? 1 : 0;
      rewards[step] += outcome.reward / users;
      earned[user] += outcome.reward;
      since[user]++;
      if (!outcome.isOver) continue;
      visits.push({ end: step, steps: since[user], reward: earned[user] });
      [since[user], earned[user]] = [0, 0];
      seats.next(user);
    }
    seats.write(after);
    await learner.learn({ before, shown, taken, reward, isOver, after });
    [before, after] = [after, before];
  }
  return {
    rewards,
    regrets,
    best: regrets && bestSum / (steps * users),
    coverage: !place.isFixed ? null : isShown.reduce((sum, each) => sum + each, 0) / actions,
    visits,
  };
}

function most(values: Float64Array): number {
  let best = values[0];
  for (let n = 1; n < values.length; n++) if (values[n] > best) best = values[n];
  return best;
}

/** An engine that is started when it is asked for, and closed by who made this. */
export class LazyEngine {
  readonly #start: () => Engine;
  #engine: Engine | null = null;

  constructor(start: () => Engine) {
    this.#start = start;
  }

  get(): Engine {
    this.#engine ??= this.#start();
    return this.#engine;
  }

  close(): void {
    this.#engine?.close();
  }
}
