/**
 * A generator's side of a game: what it draws against the taken pairs for the discriminator, its turn by policy gradient, and whether
 * it still draws different things. By the softmax over all targets, or over a few candidates of each person.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import { rowNumbers, rowOf, type SparseRows } from '../data/sparse-rows.ts';
import type { OptimizerOptions } from '../engine/optimizers/optimizer.ts';
import { StepPlan } from '../engine/plan/step-plan.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { Parameters } from '../layers/parameters.ts';
import { CollapseWatch, saysNothing } from './collapse.ts';
import { epochOrders } from './open-examples.ts';
import { type Game, policyStep } from './players.ts';
import { PairLogits, Policy } from './policy.ts';
import { rewardsOf, slopesOfCandidates, weightsOfDraws } from './rewards.ts';
import { SoftmaxDraws } from './softmax-draws.ts';
import { evenDraw, includes, peopleOf, type Turn } from './turn.ts';
import type { TurnSettings } from './turn-settings.ts';

export interface GeneratorOptions<C> {
  readonly engine: Engine;
  readonly store: ParameterStore;
  readonly tensors: Parameters;
  readonly config: C;
  readonly game: Game<C>;
  readonly positives: SparseRows;
  /** What is not drawn against somebody's taken pairs, where `rejectTaken` asks for it. */
  readonly taken: SparseRows;
  readonly training: TurnSettings;
  readonly optimizer: OptimizerOptions;
  readonly random: RandomStream;
}

/** People whose softmax is looked at after an epoch, evenly spread. */
const WATCHED = 256;

export class Generator {
  readonly #options: GeneratorOptions<unknown>;
  readonly #policy: Policy;
  readonly #draws: SoftmaxDraws;
  readonly #random: RandomStream;
  #logits: PairLogits | null = null;
  readonly #watch = new CollapseWatch();

  constructor(options: GeneratorOptions<unknown>) {
    const { training, game } = options;
    this.#options = options;
    this.#policy = new Policy({
      ...options,
      player: game.generator,
      capacity: Math.max(64, training.generatorBatchSize),
    });
    if (training.candidates > this.#policy.nTargets)
      throw new DeepTasteError(
        'config',
        `training.candidates: must be at most the ${this.#policy.nTargets} that the generator chooses among, found ${training.candidates}; lower it, or say 0 for all`,
        { key: 'training.candidates' },
      );
    this.#draws = new SoftmaxDraws(this.#policy.nTargets);
    this.#random = options.random;
  }

  /** One draw against each taken pair, by the present weights. */
  drawnAgainst(epoch: number, pass: number): Int32Array {
    const { positives, taken, training } = this.#options;
    const random = this.#random.child(`against/${epoch}/${pass}`);
    const drawn = new Int32Array(positives.columns.length);
    const people = peopleOf(positives);
    const rejected = (user: number) => (training.rejectTaken ? rowOf(taken, user) : NOTHING);
    if (training.candidates > 0) {
      this.#drawnOfCandidates(random, drawn, rejected);
      return drawn;
    }
    this.#policy.refresh();
    const { nTargets, capacity } = this.#policy;
    for (let from = 0; from < people.length; from += capacity) {
      const block = people.subarray(from, from + capacity);
      const scores = this.#policy.scoresOfAll(block);
      block.forEach((user, r) => {
        const own = scores.subarray(r * nTargets, (r + 1) * nTargets);
        this.#draws.set(own, { temperature: training.drawTemperature, excluded: rejected(user) });
        for (let k = positives.rowStart[user]; k < positives.rowStart[user + 1]; k++)
          drawn[k] = this.#draws.draw(random);
      });
    }
    return drawn;
  }

  #drawnOfCandidates(random: RandomStream, drawn: Int32Array, rejected: (user: number) => Int32Array): void {
    const { positives, training } = this.#options;
    const users = rowNumbers(positives);
    const n = training.candidates;
    const { nTargets, capacity } = this.#policy;
    for (let from = 0; from < users.length; from += capacity) {
      const block = users.subarray(from, from + capacity);
      const candidates = new Int32Array(block.length * n);
      for (let c = 0; c < candidates.length; c++)
        candidates[c] = evenDraw(random, nTargets, rejected(block[Math.floor(c / n)]));
      const scores = this.#policy.scoresOf(block, candidates);
      for (let r = 0; r < block.length; r++) {
        this.#draws.set(scores.subarray(r * n, (r + 1) * n), { temperature: training.drawTemperature });
        drawn[from + r] = candidates[r * n + this.#draws.draw(random)];
      }
    }
  }

  /** Its turn: steps by policy gradient, a row a person. */
  turn(): Turn {
    const { engine, store, tensors, config, game, positives, training, optimizer } = this.#options;
    const { generatorPasses: passes, candidates, samples, baseline, positiveShare } = training;
    const rows = training.generatorRows === 'people' ? peopleOf(positives) : rowNumbers(positives);
    const total = passes * rows.length;
    const people = Math.min(training.generatorBatchSize, total);
    // with the mean of the other draws as baseline the part of all targets cancels
    const isWhole = candidates === 0 && (baseline !== 'mean' || positiveShare > 0);
    const n = candidates || samples;
    const step = policyStep(game.generator, tensors, config, { n, isWhole, people });
    const { user, choices, slopes, total: whole } = step;
    const plan = new StepPlan({
      engine,
      store,
      loss: step.loss,
      fedByCaller: [user, choices, slopes, ...(whole ? [whole.weight, whole.any] : [])],
      batchSize: people,
      totalRows: total,
      optimizer,
      totalSteps: training.epochs * Math.ceil(total / people),
      inBlocks: true,
    });
    const logits = new PairLogits({ ...this.#options, player: game.discriminator, capacity: people * samples });
    this.#logits = logits;
    const orderOf = epochOrders(rows.length, this.#random.child('people'));
    const carried = new Float32Array(2);
    const feed = (epoch: number, s: number): void => {
      const first = s * people;
      const own = Int32Array.from({ length: Math.min(total, first + people) - first }, (_, k) => {
        const pass = Math.floor((first + k) / rows.length);
        return rows[orderOf(epoch * passes + pass)[(first + k) % rows.length]];
      });
      const random = this.#random.child(`draws/${epoch}/${s}`);
      const drawn = candidates > 0 ? this.#candidatesOf(own, random) : this.#drawsOf(own, random);
      const rewards = rewardsOf(training.reward, logits.of(own, drawn.targets));
      const written = this.#slopesOf(own.length, drawn, rewards, carried);
      plan.write(user, own);
      plan.write(choices, drawn.choices);
      plan.write(slopes, written.slopes);
      if (whole) {
        plan.write(whole.weight, written.total);
        plan.write(
          whole.any,
          own.map((_, r) => drawn.choices[r * n]),
        );
      }
    };
    return { name: `${game.name} generator`, plan, reportedRows: 0, carried, feed };
  }

  /** K draws of each person from the softmax over all targets, or, with a share, from what the person took. */
  #drawsOf(people: Int32Array, random: RandomStream): StepDraws {
    const { positives, training } = this.#options;
    const { samples, positiveShare } = training;
    const { nTargets } = this.#policy;
    const targets = new Int32Array(people.length * samples);
    const logProbability = new Float64Array(targets.length);
    const ratio = positiveShare > 0 ? new Float64Array(targets.length) : undefined;
    this.#policy.refresh();
    const scores = this.#policy.scoresOfAll(people);
    people.forEach((user, r) => {
      const draws = this.#draws.set(scores.subarray(r * nTargets, (r + 1) * nTargets));
      const own = rowOf(positives, user);
      for (let k = r * samples; k < (r + 1) * samples; k++) {
        const isPositive = ratio !== undefined && random.uniform() < positiveShare;
        targets[k] = isPositive ? own[random.below(own.length)] : draws.draw(random);
        logProbability[k] = draws.logProbability(targets[k]);
        if (!ratio) continue;
        const ofPositives = includes(own, targets[k]) ? positiveShare / own.length : 0;
        const p = Math.exp(logProbability[k]);
        ratio[k] = p / ((1 - positiveShare) * p + ofPositives);
      }
    });
    return { targets, choices: targets, logProbability, ratio };
  }

  /** K draws of each person from the softmax over candidates, of which a share is what the person took. */
  #candidatesOf(people: Int32Array, random: RandomStream): StepDraws {
    const { positives, taken, training } = this.#options;
    const { samples, positiveShare, candidates: n } = training;
    const { nTargets } = this.#policy;
    const choices = new Int32Array(people.length * n);
    people.forEach((user, r) => {
      const own = rowOf(positives, user);
      for (let c = r * n; c < (r + 1) * n; c++) {
        const isPositive = positiveShare > 0 && random.uniform() < positiveShare;
        choices[c] = isPositive ? own[random.below(own.length)] : evenDraw(random, nTargets, rowOf(taken, user));
      }
    });
    const scores = this.#policy.scoresOf(people, choices);
    const targets = new Int32Array(people.length * samples);
    const places = new Int32Array(targets.length);
    const logProbability = new Float64Array(targets.length);
    const probabilities = new Float64Array(choices.length);
    people.forEach((_, r) => {
      const draws = this.#draws.set(scores.subarray(r * n, (r + 1) * n));
      for (let c = 0; c < n; c++) probabilities[r * n + c] = draws.probability(c);
      for (let k = r * samples; k < (r + 1) * samples; k++) {
        places[k] = draws.draw(random);
        targets[k] = choices[r * n + places[k]];
        logProbability[k] = draws.logProbability(places[k]);
      }
    });
    return { targets, choices, logProbability, ofCandidates: { probabilities, places } };
  }

  /** Slopes of the choices, and the weight of all targets, of each person; moves the running mean on. */
  #slopesOf(
    people: number,
    { choices, logProbability, ratio, ofCandidates }: StepDraws,
    rewards: Float64Array,
    carried: Float32Array,
  ): { readonly slopes: Float32Array; readonly total: Float32Array } {
    const { samples: K, baseline, baselineDecay, entropyWeight } = this.#options.training;
    const n = choices.length / people;
    const mean = rewards.reduce((sum, r) => sum + r, 0) / rewards.length;
    if (carried[1] === 0) carried.set([mean, 1]);
    const moving = carried[0];
    const slopes = new Float32Array(choices.length);
    const total = new Float32Array(people);
    for (let r = 0; r < people; r++) {
      const [from, to] = [r * K, (r + 1) * K];
      const drawn = {
        rewards: rewards.subarray(from, to),
        logProbability: logProbability.subarray(from, to),
        ratio: ratio?.subarray(from, to),
      };
      const weights = weightsOfDraws(drawn, { baseline, moving, entropyWeight });
      const own = slopes.subarray(r * n, (r + 1) * n);
      if (ofCandidates) {
        const { probabilities, places } = ofCandidates;
        slopesOfCandidates(probabilities.subarray(r * n, (r + 1) * n), places.subarray(from, to), weights, own);
      } else
        weights.forEach((w, k) => {
          own[k] = -w / K;
          total[r] += w / K;
        });
    }
    carried[0] = baselineDecay * moving + (1 - baselineDecay) * mean;
    return { slopes, total };
  }

  /**
   * What there is to say of its variety after an epoch: a warning where all people together are offered next to nothing different.
   * @throws 'numeric' where it has collapsed: everybody is offered the same
   */
  watch(epoch: number): readonly string[] {
    const { game, positives } = this.#options;
    const people = peopleOf(positives);
    const { nTargets, capacity } = this.#policy;
    if (saysNothing(people.length, nTargets)) return [];
    const nWatched = Math.min(WATCHED, people.length);
    const watched = Int32Array.from({ length: nWatched }, (_, k) => people[Math.floor((k * people.length) / nWatched)]);
    const share = new Float64Array(nTargets);
    let entropy = 0;
    this.#policy.refresh();
    for (let from = 0; from < nWatched; from += capacity) {
      const block = watched.subarray(from, from + capacity);
      const scores = this.#policy.scoresOfAll(block);
      for (let r = 0; r < block.length; r++) {
        const draws = this.#draws.set(scores.subarray(r * nTargets, (r + 1) * nTargets));
        entropy += draws.entropy() / nWatched;
        for (let j = 0; j < nTargets; j++) share[j] += draws.probability(j) / nWatched;
      }
    }
    const together = share.reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
    return this.#watch.judge({ epoch, entropy, together: Math.exp(together), nTargets, name: game.name });
  }

  free(): void {
    this.#policy.free();
    this.#logits?.free();
  }
}

/** What a step drew. */
interface StepDraws {
  /** Targets drawn [people × K]. */
  readonly targets: Int32Array;
  /** Targets whose scores get slopes [people × n]. */
  readonly choices: Int32Array;
  readonly logProbability: Float64Array;
  readonly ratio?: Float64Array;
  readonly ofCandidates?: { readonly probabilities: Float64Array; readonly places: Int32Array };
}

const NOTHING = new Int32Array(0);
