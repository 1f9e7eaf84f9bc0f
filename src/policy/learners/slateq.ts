/**
 * SlateQ — Ie, Jain, Wang, Narvekar, Agarwal, Wu, Cheng, Chandra, Boutilier: SlateQ: A Tractable Decomposition for Reinforcement Learning with
 * Recommendation Sets. IJCAI 2019.
 *
 *   Q(s, A)  = Σ_{i ∈ A ∪ ∅} P(i | s, A) Q̄(s, i),     P(i | s, A) = v(s, i) / (v(s, ∅) + Σ_{j ∈ A} v(s, j))
 *   Q̄(s, i) ← r + γ max_{A′} Q(s′, A′)     of the i that was taken, ∅ where nothing was;   s′ and A′ by the target network
 *   ln v     ← by cross-entropy of what was taken among what was shown and ∅
 *
 * The maximum over slates is greedy or by top-s (slates.ts). Networks of their own for Q̄ and ln v read (context, item, [i = ∅]).
 *
 * Differs from the paper: (1) v is learned, since no policy knows people's choice model. (2) Q̄(s, ∅) is learned like the value of an item:
 * when nothing is taken, the visit goes on. Published code counts it as 0 and learns from what was taken alone: `nothing: zero`. Then all that is
 * gained by being taken sooner counts, and whatever is likely to be taken seems good. (3) Values are learned about what a visit without
 * choice would bring (replay-learner.ts).
 */
import { z } from 'zod';
import type { RandomStream } from '../../core/random.ts';
import { add, input, multiply, rowDot, slice, square, subtract } from '../../engine/ops/index.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { logSumExp } from '../../layers/losses.ts';
import type { Place } from '../worlds/world.ts';
import { itemWidth, writeContext, writeItem } from './item-rows.ts';
import { LearnedNetworks } from './learned-networks.ts';
import { learnerKind, type Outcomes, type Situations } from './learner.ts';
import { type ReplayOptions, replayLearner, replayOptions, type SlateValues } from './replay-learner.ts';
import { declareNetworks, network, type ScoredRows } from './scored-rows.ts';
import { greedySlate, type ItemValues, topSlate } from './slates.ts';

const ownOptions = replayOptions.extend({
  slates: z
    .enum(['greedy', 'top'])
    .default('greedy')
    .meta({ doc: 'how a slate is made; greedy: item by item by the value of the slate, top: by v (Q − Q of nothing)' }),
  nothing: z
    .enum(['learned', 'zero'])
    .default('learned')
    .meta({ doc: 'value of a decision of which nothing is taken; zero: as in published code' }),
});
type Options = z.output<typeof ownOptions>;

class DecomposedValues implements SlateValues {
  readonly #place: Place;
  readonly #options: Options;
  readonly #width: number;
  readonly networks: LearnedNetworks<'taken' | 'target' | 'isLearned' | 'shown' | 'choice'>;
  readonly #rule;
  readonly #slate: Int32Array;

  constructor(engine: Engine, place: Place, options: Options, random: RandomStream) {
    this.#place = place;
    this.#options = options;
    this.#rule = options.slates === 'greedy' ? greedySlate : topSlate;
    this.#slate = new Int32Array(place.slate);
    const { hidden } = options;
    const width = place.features + itemWidth(place) + 1;
    this.#width = width;
    const declared = declareNetworks(['value', 'choice'], width, hidden);
    const p = declared.tensors;
    const layers = hidden.length + 1;
    const x = input('x', [width]);
    const outputs = [network(p, 'choice', layers, x), network(p, 'value', layers, x)];
    const parts = place.slate + 1;
    const leaves = {
      taken: input('taken', [width]),
      target: input('target', [1]),
      isLearned: input('isLearned', [1]),
      shown: input('shown', [parts * width]),
      choice: input('choice', [parts]),
    };
    // (Q̄(s, i) − y)², and −ln P(i | s, A) = ln Σ_j e^{ln v_j} − ln v_i
    const error = subtract(network(p, 'value', layers, leaves.taken), leaves.target);
    const logits = network(p, 'choice', layers, leaves.shown, parts);
    const logSum = logSumExp(Array.from({ length: parts }, (_, k) => slice(logits, k, k + 1)));
    const loss = add(multiply(leaves.isLearned, square(error)), subtract(logSum, rowDot(logits, leaves.choice)));
    this.networks = new LearnedNetworks(engine, { declared, row: x, outputs, loss, leaves }, options, random);
  }

  #writeRow(situations: Situations, person: number, item: number, out: Float32Array, at: number): void {
    const { actions, features } = this.#place;
    const isNothing = item === actions;
    writeContext(this.#place, situations, person, out, at);
    if (isNothing) out.fill(0, at + features, at + this.#width);
    else writeItem(this.#place, situations, person, item, out, at + features);
    out[at + this.#width - 1] = isNothing ? 1 : 0;
  }

  /** v and Q̄ of all items of all people and of nothing, [n × (actions + 1)] each. */
  #itemValues(scored: ScoredRows, situations: Situations): ItemValues {
    const { actions } = this.#place;
    const rows = new Float32Array(situations.n * (actions + 1) * this.#width);
    let at = 0;
    for (let person = 0; person < situations.n; person++)
      for (let item = 0; item <= actions; item++, at += this.#width) this.#writeRow(situations, person, item, rows, at);
    const [logits, q] = scored.of(rows);
    const appeal = new Float64Array(logits.length);
    const value = Float64Array.from(q, (each) => this.networks.valueOf(each));
    for (let from = 0; from < logits.length; from += actions + 1) {
      const most = logits.subarray(from, from + actions + 1).reduce((a, b) => Math.max(a, b));
      for (let item = 0; item <= actions; item++) appeal[from + item] = Math.exp(logits[from + item] - most);
      if (this.#options.nothing === 'zero') value[from + actions] = 0;
    }
    return { appeal, value };
  }

  best(situations: Situations, shown: Int32Array): void {
    const { actions, slate } = this.#place;
    const values = this.#itemValues(this.networks.present, situations);
    for (let person = 0; person < situations.n; person++)
      this.#rule(values, person * (actions + 1), actions, shown.subarray(person * slate, (person + 1) * slate));
  }

  update(batch: Outcomes): void {
    const { actions, slate } = this.#place;
    const { discount, nothing } = this.#options;
    const { before, shown, taken, reward, isOver, after } = batch;
    const width = this.#width;
    const { n } = before;
    const later = discount === 0 ? null : this.#itemValues(this.networks.former, after);
    const rows = { taken: new Float32Array(n * width), shown: new Float32Array(n * (slate + 1) * width) };
    const target = new Float32Array(n);
    const isLearned = new Float32Array(n);
    const choice = new Float32Array(n * (slate + 1));
    for (let k = 0; k < n; k++) {
      const item = taken[k] < 0 ? actions : shown[k * slate + taken[k]];
      this.#writeRow(before, k, item, rows.taken, k * width);
      for (let place = 0; place <= slate; place++) {
        const other = place === slate ? actions : shown[k * slate + place];
        this.#writeRow(before, k, other, rows.shown, (k * (slate + 1) + place) * width);
      }
      choice[k * (slate + 1) + (taken[k] < 0 ? slate : taken[k])] = 1;
      isLearned[k] = taken[k] < 0 && nothing === 'zero' ? 0 : 1;
      const next = isOver[k] || !later ? 0 : this.#rule(later, k * (actions + 1), actions, this.#slate);
      target[k] = this.networks.outputOf(reward[k] + discount * next);
    }
    this.networks.learn({ ...rows, target, isLearned, choice });
  }
}

export const slateQ = learnerKind({
  name: 'slateq',
  title: 'SlateQ',
  options: ownOptions,
  open: ({ place, random, engine }, options) =>
    replayLearner(place, options, random, new DecomposedValues(engine(), place, options, random)),
});

/** The same without a future: what is likely to be taken and rewarded at once (MYOP in the paper). */
export const myopic = learnerKind({
  name: 'myopic',
  title: 'Myopic',
  options: ownOptions.omit({ discount: true, targetEvery: true, nothing: true }),
  open: ({ place, random, engine }, options) => {
    const all: Options & ReplayOptions = { ...options, discount: 0, targetEvery: 1_000_000_000, nothing: 'learned' };
    return replayLearner(place, all, random, new DecomposedValues(engine(), place, all, random));
  },
});
