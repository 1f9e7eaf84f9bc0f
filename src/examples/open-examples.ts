/** What the training loop sees of a model with its examples: steps, weights, and scores in between. */
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepPlan, StepResult } from '../engine/plan/step-plan.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { DeclaredParameters } from '../layers/declared-parameters.ts';
import type { Form, Forms } from './forms.ts';

export interface OpenExamples<F extends Form = Form> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  /** Rows of an epoch: examples, or events that are predicted. */
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  /** What there is to say of the data before the training, a line each. */
  readonly notes: readonly string[];
  /** Runs steps of an epoch, at most `count`, from `first` on; the sum is over the losses of their rows. */
  run(epoch: number, first: number, count: number): StepResult;
  /** Runs some steps like `run`, and says what took the time. */
  profile(epoch: number, first: number, count: number): { readonly result: StepResult; readonly profile: PlanProfile };
  /** To a step of an epoch, without running those before it; 0 = its beginning. */
  skipTo(step: number): void;
  /** Scores by the present weights. */
  scorer(): Forms[F]['scorer'];
  free(): void;
}

/** Steps of a plan that any step can be run of: where each step's rows are known from its number. */
export function stepsOfPlan(
  plan: StepPlan,
): Pick<OpenExamples, 'plan' | 'stepsPerEpoch' | 'run' | 'profile' | 'skipTo'> {
  return {
    plan,
    stepsPerEpoch: plan.stepsPerEpoch,
    run: (epoch, first, count) => plan.run(epoch, first, count),
    profile: (epoch, first, count) => plan.profile(epoch, first, count),
    skipTo: () => {},
  };
}
