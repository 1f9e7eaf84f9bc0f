/** Ranking of all items for all users, from the weights to every user's best ten, with a pair scorer and with a dot product. */
import type { RandomStream } from '../core/random.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { RankingTables } from '../engine/runtime/ranking.ts';
import { isPairModel, type PairModel } from '../examples/pairs.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { findModel } from '../models/index.ts';
import { pairScorer } from '../scoring/pair-scorer.ts';
import type { Scorer } from '../scoring/scorer.ts';
import type { Effort } from './effort.ts';
import type { MachineLimits } from './machine-limits.ts';
import type { NeumfSize } from './neumf-training.ts';
import { limitsOf, type StepCost, type StepLimit, stepLimit } from './step-limit.ts';
import { interleave, median, secondsOf } from './timing.ts';

const TOP_K = 10;

export interface RankingSpeed {
  readonly model: string;
  readonly threads: number;
  /** User–item pairs scored and ranked per second, median of the rounds. */
  readonly scoresPerSecond: number;
  readonly seconds: number;
  /** Of the whole ranking. */
  readonly limit: StepLimit;
  /** limit.limitMs / (1000 · seconds) */
  readonly shareOfLimit: number;
}

export function measureRanking(
  engines: readonly Engine[],
  size: NeumfSize,
  effort: Effort,
  random: RandomStream,
  machine: readonly MachineLimits[],
): RankingSpeed[] {
  const rankings = [
    {
      model: pairModelNamed('neumf'),
      options: { factors: size.factors, mlpFactors: size.layers[0] / 2, hidden: size.layers.slice(1) },
    },
    { model: pairModelNamed('mf'), options: { factors: size.factors } },
  ].flatMap(({ model, options }) => engines.map((engine) => new Ranking(engine, model, options, size, random)));
  for (const ranking of rankings) ranking.rank();
  const tasks = Object.fromEntries(
    rankings.map((ranking, n) => [`${n}`, () => secondsOf(() => ranking.rank())] as const),
  );
  const seconds = interleave(effort.rounds, tasks);
  return rankings.map((ranking, n) => {
    const each = median(seconds[`${n}`]);
    const limit = stepLimit(ranking.cost(), limitsOf(machine, ranking.engine.threads), false);
    ranking.free();
    return {
      model: ranking.model.title,
      threads: ranking.engine.threads,
      scoresPerSecond: (size.nUsers * size.nItems) / each,
      seconds: each,
      limit,
      shareOfLimit: limit.limitMs / (1000 * each),
    };
  });
}

class Ranking {
  readonly engine: Engine;
  readonly model: PairModel;
  readonly #config: unknown;
  readonly #size: NeumfSize;
  readonly #declared: DeclaredParameters;
  readonly #store: ParameterStore;

  constructor(engine: Engine, model: PairModel, options: object, size: NeumfSize, random: RandomStream) {
    this.engine = engine;
    this.model = model;
    this.#size = size;
    this.#config = model.options.parse(options);
    this.#declared = declaredAs(model.parameters(this.#config, size));
    this.#store = new ParameterStore(engine, this.#declared.list);
    initialiseParameters(this.#declared, this.#store, random.child(model.name));
  }

  rank(): void {
    const { engine } = this;
    const scorer = this.#scorer();
    const tables = new RankingTables(engine, scorer.form, this.#size.nItems);
    tables.rank({ users: Int32Array.from({ length: this.#size.nUsers }, (_, u) => u), topK: TOP_K });
    tables.free();
    scorer.free();
  }

  /** The products of every pair; the rows of users and items are read once. */
  cost(): StepCost {
    const { nUsers, nItems } = this.#size;
    const scorer = this.#scorer();
    const { form } = scorer;
    scorer.free();
    if (form.form !== 'dot' && form.form !== 'pair') throw new Error('internal: a gradient model scores by vectors');
    const flopsOfPair = form.form === 'dot' ? 2 * form.width : form.program.flopsOfPair;
    const bytes = form.users.byteLength + form.items.byteLength;
    return { flops: nUsers * nItems * flopsOfPair, bytes };
  }

  #scorer(): Scorer {
    const { nUsers, nItems } = this.#size;
    const nobody = { nRows: nUsers, rowStart: new Int32Array(nUsers + 1), columns: new Int32Array(0) };
    const data = { sizes: { nUsers, nItems }, rows: nobody };
    return pairScorer(this.engine, this.model, this.#config, data, this.#declared.tensors, this.#store);
  }

  free(): void {
    this.#store.free();
  }
}

function pairModelNamed(name: string): PairModel {
  const model = findModel(name);
  if (!isPairModel(model)) throw new Error(`internal: ${name} scores pairs of a user and an item`);
  return model;
}
