/** What the training loop of sequences needs of a kind of model: steps, weights, and scores in between. */
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepPlan, StepResult } from '../engine/plan/step-plan.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { DeclaredParameters } from '../models/expression.ts';
import type { SequenceScorer } from '../models/sequence-scorer.ts';

export interface SequenceSteps {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  /** Events of an epoch that are predicted. */
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  /** Sequences of fewer than two events: there is nothing to predict in them. */
  readonly nSkipped: number;
  /** Runs steps of an epoch, at most `count`, from `first` on; the sum is over the losses of the predicted events. */
  run(epoch: number, first: number, count: number): StepResult;
  /** Runs some steps like `run`, and says what took the time. */
  profile(epoch: number, first: number, count: number): { readonly result: StepResult; readonly profile: PlanProfile };
  /** To the first step of an epoch. */
  restart(): void;
  /** To a step of an epoch, without running those before it. */
  skipTo(step: number): void;
  /** Scores by the present weights. */
  scorer(): SequenceScorer;
  free(): void;
}
