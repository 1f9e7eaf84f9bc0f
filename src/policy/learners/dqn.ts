/**
 * DQN over whole slates — Mnih et al.: Human-level control through deep reinforcement learning. Nature 518, 2015; as a baseline without the
 * decomposition of SlateQ (full-slate Q-learning there).
 *
 *   Q(s, A) ← r + γ max_{A′} Q(s′, A′),     s′ and A′ by the target network
 *
 * The network reads the context and the items of the slate in their order; the maximum is over all ordered slates, so there must not be many.
 */
import { DeepTasteError } from '../../core/errors.ts';
import type { RandomStream } from '../../core/random.ts';
import { input, square, subtract } from '../../engine/ops/index.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import type { Place } from '../worlds/world.ts';
import { itemWidth, writeContext, writeItem } from './item-rows.ts';
import { LearnedNetworks } from './learned-networks.ts';
import { learnerKind, type Outcomes, type Situations } from './learner.ts';
import { type ReplayOptions, replayLearner, replayOptions, type SlateValues } from './replay-learner.ts';
import { declareNetworks, network, type ScoredRows } from './scored-rows.ts';
import { everySlate } from './slates.ts';

/** Ordered slates that a decision can choose among at most. */
const MOST_SLATES = 1000;

function slatesOf({ world, actions, slate }: Place): Int32Array {
  let count = 1;
  for (let k = 0; k < slate; k++) count *= actions - k;
  if (count > MOST_SLATES)
    throw new DeepTasteError(
      'config',
      `policy dqn: it looks at every slate, of which there must be at most ${MOST_SLATES}, found ${count.toLocaleString('en-US')} in ${world}; ` +
        'let the world offer or show fewer items, or take slateq',
    );
  return everySlate(actions, slate);
}

class WholeSlateValues implements SlateValues {
  readonly #place: Place;
  readonly #options: ReplayOptions;
  readonly #slates: Int32Array;
  readonly #width: number;
  readonly networks: LearnedNetworks<'taken' | 'target'>;

  constructor(engine: Engine, place: Place, options: ReplayOptions, random: RandomStream) {
    this.#place = place;
    this.#options = options;
    this.#slates = slatesOf(place);
    const { hidden } = options;
    this.#width = place.features + place.slate * itemWidth(place);
    const declared = declareNetworks(['value'], this.#width, hidden);
    const q = (rows: ReturnType<typeof input>) => network(declared.tensors, 'value', hidden.length + 1, rows);
    const x = input('x', [this.#width]);
    const leaves = { taken: input('shown', [this.#width]), target: input('target', [1]) };
    const loss = square(subtract(q(leaves.taken), leaves.target));
    this.networks = new LearnedNetworks(engine, { declared, row: x, outputs: [q(x)], loss, leaves }, options, random);
  }

  #writeRow(situations: Situations, person: number, slate: Int32Array, out: Float32Array, at: number): void {
    writeContext(this.#place, situations, person, out, at);
    const width = itemWidth(this.#place);
    for (let place = 0; place < slate.length; place++)
      writeItem(this.#place, situations, person, slate[place], out, at + this.#place.features + place * width);
  }

  /** The best slate of each person: its number, and its value. */
  #bestOf(scored: ScoredRows, situations: Situations): { readonly slate: Int32Array; readonly value: Float32Array } {
    const k = this.#place.slate;
    const count = this.#slates.length / k;
    const rows = new Float32Array(situations.n * count * this.#width);
    let at = 0;
    for (let person = 0; person < situations.n; person++)
      for (let n = 0; n < count; n++, at += this.#width)
        this.#writeRow(situations, person, this.#slates.subarray(n * k, (n + 1) * k), rows, at);
    const [q] = scored.of(rows);
    const slate = new Int32Array(situations.n);
    const value = new Float32Array(situations.n);
    for (let person = 0; person < situations.n; person++) {
      const own = q.subarray(person * count, (person + 1) * count);
      let best = 0;
      for (let n = 1; n < count; n++) if (own[n] > own[best]) best = n;
      slate[person] = best;
      value[person] = this.networks.valueOf(own[best]);
    }
    return { slate, value };
  }

  best(situations: Situations, shown: Int32Array): void {
    const k = this.#place.slate;
    this.#bestOf(this.networks.present, situations).slate.forEach((n, person) => {
      shown.set(this.#slates.subarray(n * k, (n + 1) * k), person * k);
    });
  }

  update({ before, shown, reward, isOver, after }: Outcomes): void {
    const { discount } = this.#options;
    const k = this.#place.slate;
    const later = this.#bestOf(this.networks.former, after).value;
    const rows = new Float32Array(before.n * this.#width);
    const target = new Float32Array(before.n);
    for (let n = 0; n < before.n; n++) {
      this.#writeRow(before, n, shown.subarray(n * k, (n + 1) * k), rows, n * this.#width);
      target[n] = this.networks.outputOf(reward[n] + (isOver[n] ? 0 : discount * later[n]));
    }
    this.networks.learn({ taken: rows, target });
  }
}

export const dqn = learnerKind({
  name: 'dqn',
  title: 'DQN',
  options: replayOptions,
  open: ({ place, random, engine }, options) =>
    replayLearner(place, options, random, new WholeSlateValues(engine(), place, options, random)),
});
