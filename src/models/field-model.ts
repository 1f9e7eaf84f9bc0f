/**
 * The contract of a model over feature fields: it predicts one number (a logit, or a value) for a row of fields that describe a
 * user, an item and their context. Like every model file it declares options, parameters and pure functions only.
 */
import type { NamedTensors } from '../core/named-tensors.ts';
import type { FieldLayout } from '../data/features/field-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { FieldInputs } from './field-inputs.ts';
import type { ModelHead } from './model.ts';

/** Defaults of a model's training that differ from the general ones (see training/field-options.ts). */
export interface FieldTrainingDefaults {
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly embeddingL2?: number;
  readonly optimizer?: Readonly<Record<string, unknown>>;
}

/** A model that is trained first; its weights go into `fuse`. */
export interface FieldPretraining {
  readonly model: string;
  readonly config: unknown;
  readonly training: FieldTrainingDefaults;
}

export interface FieldModel<C = unknown> extends ModelHead<C> {
  readonly kind: 'field';
  readonly trainingDefaults: FieldTrainingDefaults;
  readonly parameters: (config: C, layout: FieldLayout) => readonly ParameterDeclaration[];
  /** The logit of a click, or the predicted value, [B, 1]; ranking derives from it what depends on the user or item alone. */
  readonly logit: (parameters: Parameters, inputs: FieldInputs, config: C, pass: ForwardPass) => Tensor;
  /** The table V whose pairs Σ_{i<j} ⟨v_i, v_j⟩ x_i x_j the logit adds as they are, so that they can be told apart; null = none. */
  readonly pairs?: (config: C) => string | null;
  /** Settings of the optimizer that differ for some parameters, by name; null = those of the run. */
  readonly optimizer?: (config: C, parameter: string) => Readonly<Record<string, unknown>> | null;
  readonly pretraining?: (config: C) => readonly FieldPretraining[];
  /** Start weights from the weights of the pretraining stages; other parameters start as declared. */
  readonly fuse?: (config: C, stages: readonly NamedTensors[]) => NamedTensors;
}

/** Declares a field model; infers the type of its options. */
export function fieldModel<C>(model: Omit<FieldModel<C>, 'kind'>): FieldModel<C> {
  return { kind: 'field', ...model };
}
