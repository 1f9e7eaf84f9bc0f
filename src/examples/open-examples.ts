/** What the training loop sees of a model with its examples: steps, weights, and scores in between. */
import type { RandomStream } from '../core/random.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepPlan, StepResult } from '../engine/plan/step-plan.ts';
import type { OptimizerState } from '../engine/plan/updates.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { DeclaredParameters } from '../layers/declared-parameters.ts';
import type { Form, Forms } from './forms.ts';

/** What a checkpoint keeps of the plans of a training besides the weights, and what looks without gain change. */
export interface TrainedPlan extends Pick<StepPlan, 'setRateFactor' | 'readCarried' | 'writeCarried' | 'flopsOfStep'> {
  readonly state: Pick<OptimizerState, 'read' | 'write'>;
}

export interface OpenExamples<F extends Form = Form> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: TrainedPlan;
  /** Rows of an epoch: examples, or events that are predicted. */
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  /** What there is to say of the data before the training, a line each. */
  readonly notes: readonly string[];
  /** Runs steps of an epoch, at most `count`, from `first` on; the sum is over the losses of their rows. */
  run(epoch: number, first: number, count: number): StepResult;
  /** Runs some steps like `run`, and says what took the time. */
  profile(epoch: number, first: number, count: number): { readonly result: StepResult; readonly profile: PlanProfile };
  /** The negatives of some steps at the beginning of an epoch, as the present weights choose them; absent where none are drawn. */
  drawnNegatives?(epoch: number, steps: number): DrawnNegatives;
  /** To a step of an epoch, without running those before it; 0 = its beginning. */
  skipTo(step: number): void;
  /** Scores by the present weights. */
  scorer(): Forms[F]['scorer'];
  /** Scores by what is trained beside it, whose validation is told too; absent = there is nothing. */
  beside?(): readonly { readonly name: string; readonly scorer: Forms[F]['scorer'] }[];
  /**
   * After an epoch, by the present weights: what there is to say, a line each; absent = nothing.
   * @throws 'numeric' where going on makes no sense
   */
  afterEpoch?(epoch: number): readonly string[];
  free(): void;
}

/** Negatives of training rows, one entry each. */
export interface DrawnNegatives {
  readonly users: Int32Array;
  readonly items: Int32Array;
  /** |∂loss / ∂score| of the negative: how much the row learns from it. */
  readonly slopes: Float32Array;
}

/** Steps of a plan that any step can be run of: where each step's rows are known from its number. */
export function stepsOfPlan(
  plan: StepPlan,
): Pick<OpenExamples, 'stepsPerEpoch' | 'run' | 'profile' | 'skipTo'> & { readonly plan: StepPlan } {
  return {
    plan,
    stepsPerEpoch: plan.stepsPerEpoch,
    run: (epoch, first, count) => plan.run(epoch, first, count),
    profile: (epoch, first, count) => plan.profile(epoch, first, count),
    skipTo: () => {},
  };
}

/** Steps of a plan whose rows are written before each. @param feed writes what a step learns from, a function of its number alone */
export function stepsFedByCaller(
  plan: StepPlan,
  stepsPerEpoch: number,
  feed: (epoch: number, step: number) => void,
): Pick<OpenExamples, 'run' | 'profile' | 'skipTo'> {
  return {
    run: (epoch, first, count) => {
      const steps = Math.min(count, stepsPerEpoch - first);
      let lossSum = 0;
      for (let step = first; step < first + steps; step++) {
        feed(epoch, step);
        lossSum += plan.run(epoch, step, 1).lossSum;
      }
      return { steps, lossSum };
    },
    profile: (epoch, first) => {
      feed(epoch, first);
      return plan.profile(epoch, first, 1);
    },
    skipTo: () => {},
  };
}

/** The rows in the order of an epoch; that of the epoch asked last is kept. */
export function epochOrders(nRows: number, random: RandomStream): (epoch: number) => Int32Array {
  let last: { readonly epoch: number; readonly rows: Int32Array } | null = null;
  return (epoch) => {
    if (last?.epoch !== epoch) {
      const all = Int32Array.from({ length: nRows }, (_, row) => row);
      last = { epoch, rows: random.child(`order/${epoch}`).shuffle(all) };
    }
    return last.rows;
  };
}
