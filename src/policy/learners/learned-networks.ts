/**
 * Networks that learn values from batches of remembered decisions: their present weights, the target network that stands still until it is
 * renewed (Mnih et al. 2015), and the steps of Adam.
 */
import type { RandomStream } from '../../core/random.ts';
import type { Tensor } from '../../engine/expression.ts';
import { optimizerOptions } from '../../engine/optimizers/optimizer.ts';
import { StepPlan } from '../../engine/plan/step-plan.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { ParameterStore } from '../../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, initialiseParameters } from '../../layers/declared-parameters.ts';
import type { ReplayOptions, ValueScale } from './replay-learner.ts';
import { ScoredRows } from './scored-rows.ts';

interface NetworkParts<L extends string> {
  readonly declared: DeclaredParameters;
  /** A row that is scored [inputs], and what is computed of it. */
  readonly row: Tensor;
  readonly outputs: readonly Tensor[];
  /** Of an example, from what the leaves hold. */
  readonly loss: Tensor;
  readonly leaves: Readonly<Record<L, Tensor>>;
}

export class LearnedNetworks<L extends string> {
  readonly #declared: DeclaredParameters;
  readonly #store: ParameterStore;
  readonly #target: ParameterStore;
  readonly #leaves: Readonly<Record<L, Tensor>>;
  readonly #plan: StepPlan;
  /** By the present weights, and by those of the target network. */
  readonly present: ScoredRows;
  readonly former: ScoredRows;
  scale: ValueScale = { unit: 1, offset: 0 };
  #updates = 0;

  constructor(
    engine: Engine,
    { declared, row, outputs, loss, leaves }: NetworkParts<L>,
    { batchSize, learningRate }: Pick<ReplayOptions, 'batchSize' | 'learningRate'>,
    random: RandomStream,
  ) {
    this.#declared = declared;
    this.#leaves = leaves;
    this.#store = new ParameterStore(engine, declared.list);
    this.#target = new ParameterStore(engine, declared.list);
    initialiseParameters(declared, this.#store, random);
    this.renewTarget();
    this.present = new ScoredRows(engine, this.#store, row, outputs);
    this.former = new ScoredRows(engine, this.#target, row, outputs);
    this.#plan = new StepPlan({
      engine,
      store: this.#store,
      loss,
      fedByCaller: Object.values<Tensor>(leaves),
      batchSize,
      totalRows: batchSize,
      optimizer: optimizerOptions.parse({ learningRate }),
      totalSteps: 1,
    });
  }

  /** Of what a network gives. */
  valueOf(output: number): number {
    return output * this.scale.unit + this.scale.offset;
  }

  /** What a network is to give. */
  outputOf(value: number): number {
    return (value - this.scale.offset) / this.scale.unit;
  }

  /** A step on a batch. @param fed of every leaf [batch × its size] */
  learn(fed: Readonly<Record<L, Float32Array>>): void {
    for (const name of Object.keys(this.#leaves) as L[]) this.#plan.write(this.#leaves[name], fed[name]);
    this.#plan.run(this.#updates++, 0, 1);
  }

  renewTarget(): void {
    for (const tensor of this.#declared.list) this.#target.write(tensor, this.#store.read(tensor));
  }

  free(): void {
    this.#plan.free();
    this.present.free();
    this.former.free();
    this.#store.free();
    this.#target.free();
  }
}
