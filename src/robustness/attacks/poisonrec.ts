/**
 * PoisonRec (Song, Li, Hu, Wu, Li, Li, Gao: PoisonRec: an adaptive data poisoning framework for attacking black-box recommender systems.
 * ICDE 2020): a policy learns by asking what makes the targets appear in the lists of spy users (RecNum). Its action space is a tree:
 * first whether the next item is a target, then a walk down a balanced binary tree over the other items in the order of popularity, a choice
 * left or right at each inner node, so that a profile of n rows costs n log₂ M choices. Every fake person k has an embedding e_k, every
 * node v one h_v:
 *   P(right at v) = σ(e_k·h_v + b_v),   P(target) = σ(e_k·h_0 + b_0)
 * Learned by PPO with clipped ratios: for each choice c of a sampled attack with advantage A (reward, standardised over the sampled attacks),
 *   max Σ min( ρ A, clip(ρ, 1 − ε, 1 + ε) A ),   ρ = P_new(c) / P_old(c)
 * Differences: the state is the fake person's embedding alone where the paper runs an LSTM over the items so far; who takes a target takes
 * the next one that is not taken. The best attack that was asked is used.
 */
import { z } from 'zod';
import { silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import type { FakeProfile } from '../fake-profiles.ts';
import { byPopularity, itemsOfPeople, popularityOf, ratingStatistics } from '../real-people.ts';
import { type AttackOrder, attackKind, type Oracle } from './attack.ts';
import { hitsOf } from './spied-hits.ts';

const options = z.strictObject({
  factors: z.int().min(1).max(128).default(8).meta({ doc: 'length of the embeddings of fake people and nodes' }),
  attacks: z
    .int()
    .min(2)
    .max(1000)
    .default(8)
    .meta({ doc: 'attacks that are asked between two updates of the policy' }),
  updates: z.int().min(1).max(100).default(3).meta({ doc: 'gradient steps on the attacks of a round' }),
  learningRate: z.number().positive().max(10).default(0.3).meta({ doc: 'size of a gradient step' }),
  clip: z.number().positive().max(1).default(0.2).meta({ doc: 'ε, how far a choice may become likelier in a round' }),
});

/** A choice at a node of the tree; node 0 asks for a target. */
interface Choice {
  readonly person: number;
  readonly node: number;
  readonly isRight: boolean;
  readonly probability: number;
}

interface Sample {
  readonly profiles: readonly FakeProfile[];
  readonly choices: readonly Choice[];
  readonly reward: number;
}

export const poisonRecAttack = attackKind({
  name: 'poisonrec',
  title: 'PoisonRec',
  paper: 'Song et al., ICDE 2020',
  knowledge: 'black',
  goals: ['promote', 'demote'],
  needsRatings: false,
  options,
  craft: async (order, { factors, attacks, updates, learningRate, clip }) => {
    const { goal, targets, random, progress = silent } = order;
    const oracle = order.oracle as Oracle;
    const policy = new TreePolicy(order, factors);
    const sign = goal === 'promote' ? 1 : -1;
    let best: Sample | null = null;
    const asked = oracle.left;
    const task = progress.start('poisonrec', asked, 'questions');
    for (let round = 0; oracle.left > 0; round++) {
      const samples: Sample[] = [];
      for (let n = 0; n < attacks && oracle.left > 0; n++) {
        const drawn = policy.sample(random.child(`round ${round}/${n}`));
        const reward = sign * hitsOf(await oracle.ask(drawn.profiles), targets, oracle.k);
        const sample = { ...drawn, reward };
        samples.push(sample);
        if (best === null || reward > best.reward) best = sample;
        task.update(asked - oracle.left, `best ${(sign * best.reward).toFixed(0)} of ${oracle.spies.length} × targets`);
      }
      policy.learn(samples, { updates, learningRate, clip });
    }
    task.end();
    return (best as Sample).profiles;
  },
});

class TreePolicy {
  readonly #order: AttackOrder;
  /** Leaves of the tree: items that are no targets, the most popular first. */
  readonly #leaves: Int32Array;
  readonly #depth: number;
  readonly #factors: number;
  readonly #people: Float64Array;
  readonly #nodes: Float64Array;
  readonly #biases: Float64Array;

  constructor(order: AttackOrder, factors: number) {
    const { data, targets, budget, random } = order;
    const isTarget = new Set(targets);
    this.#order = order;
    this.#factors = factors;
    this.#leaves = byPopularity(popularityOf(itemsOfPeople(data), data.items.size)).filter(
      (item) => !isTarget.has(item),
    );
    this.#depth = Math.max(1, Math.ceil(Math.log2(this.#leaves.length)));
    const draws = random.child('policy');
    const draw = (n: number) => Float64Array.from({ length: n }, () => 0.3 * draws.normal());
    this.#people = draw(budget.lengths.length * factors);
    this.#nodes = draw(2 ** this.#depth * factors);
    this.#biases = new Float64Array(2 ** this.#depth);
  }

  #probability(person: number, node: number): number {
    let sum = this.#biases[node];
    for (let k = 0; k < this.#factors; k++)
      sum += this.#people[person * this.#factors + k] * this.#nodes[node * this.#factors + k];
    return 1 / (1 + Math.exp(-sum));
  }

  /** One attack: a profile for each fake person. */
  sample(random: RandomStream): Omit<Sample, 'reward'> {
    const { budget, targets, data } = this.#order;
    const ratings = ratingStatistics(data);
    const choices: Choice[] = [];
    const choose = (person: number, node: number): boolean => {
      const probability = this.#probability(person, node);
      const isRight = random.uniform() < probability;
      choices.push({ person, node, isRight, probability: isRight ? probability : 1 - probability });
      return isRight;
    };
    const profiles = Array.from(budget.lengths, (length, person): FakeProfile => {
      const items: number[] = [];
      const taken = new Set<number>();
      const open = random.shuffle(targets.slice());
      let next = 0;
      while (items.length < length) {
        const isTarget = next < open.length && choose(person, 0);
        const item = isTarget ? open[next++] : this.#walk(person, taken, choose);
        if (item === null) break;
        taken.add(item);
        items.push(item);
      }
      const rated = (item: number) => {
        if (!ratings) return 1;
        const isTarget = targets.includes(item);
        return isTarget && this.#order.goal === 'demote' ? ratings.low : ratings.high;
      };
      return { items: Int32Array.from(items), ratings: ratings && Float32Array.from(items, rated) };
    });
    return { profiles, choices };
  }

  /** Down to a leaf; one that is taken, or beyond the last, gives way to the next free one before it. Null where none is left. */
  #walk(person: number, taken: ReadonlySet<number>, choose: (person: number, node: number) => boolean): number | null {
    let node = 1;
    for (let level = 0; level < this.#depth; level++) node = 2 * node + (choose(person, node) ? 1 : 0);
    const n = this.#leaves.length;
    const place = Math.min(n - 1, node - 2 ** this.#depth);
    for (let step = 0; step < n; step++) {
      const item = this.#leaves[(place - step + n) % n];
      if (!taken.has(item)) return item;
    }
    return null;
  }

  /** PPO on the attacks of a round. */
  learn(
    samples: readonly Sample[],
    { updates, learningRate, clip }: { readonly updates: number; readonly learningRate: number; readonly clip: number },
  ): void {
    const mean = samples.reduce((sum, { reward }) => sum + reward, 0) / samples.length;
    const deviation = Math.sqrt(samples.reduce((sum, { reward }) => sum + (reward - mean) ** 2, 0) / samples.length);
    if (deviation === 0) return;
    for (let update = 0; update < updates; update++) {
      const people = new Float64Array(this.#people.length);
      const nodes = new Float64Array(this.#nodes.length);
      const biases = new Float64Array(this.#biases.length);
      const rate = learningRate / samples.length;
      for (const { choices, reward } of samples)
        for (const choice of choices)
          this.#add(choice, (rate * (reward - mean)) / deviation, clip, { people, nodes, biases });
      people.forEach((g, k) => {
        this.#people[k] += g;
      });
      nodes.forEach((g, k) => {
        this.#nodes[k] += g;
      });
      biases.forEach((g, k) => {
        this.#biases[k] += g;
      });
    }
  }

  /** Gradient of min(ρ A, clip(ρ) A): ρ A ∇ log P, none where the ratio is clipped. */
  #add(
    { person, node, isRight, probability }: Choice,
    advantage: number,
    clip: number,
    into: { readonly people: Float64Array; readonly nodes: Float64Array; readonly biases: Float64Array },
  ): void {
    const right = this.#probability(person, node);
    const ratio = (isRight ? right : 1 - right) / probability;
    if (advantage > 0 ? ratio > 1 + clip : ratio < 1 - clip) return;
    const slope = advantage * ratio * ((isRight ? 1 : 0) - right);
    into.biases[node] += slope;
    for (let k = 0; k < this.#factors; k++) {
      into.people[person * this.#factors + k] += slope * this.#nodes[node * this.#factors + k];
      into.nodes[node * this.#factors + k] += slope * this.#people[person * this.#factors + k];
    }
  }
}
