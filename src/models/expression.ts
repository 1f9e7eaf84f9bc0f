/** From a model's declarations to engine expressions: its parameters as tensors, its loss, its representations. */
import type { RandomStream } from '../core/random.ts';
import type { Tensor } from '../engine/expression.ts';
import {
  bceWithLogits,
  indexInput,
  input,
  negativeLogSigmoid,
  parameter,
  subtract,
  table,
} from '../engine/ops/index.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type ForwardPass, prediction } from '../layers/forward-pass.ts';
import { initialValues } from '../layers/initializer.ts';
import type { ParameterDeclaration, Parameters } from '../layers/parameters.ts';
import type { GradientModel, Sizes } from './model.ts';

export interface DeclaredParameters {
  readonly declarations: readonly ParameterDeclaration[];
  readonly tensors: Parameters;
  readonly list: readonly Tensor[];
}

export function declareParameters<C>(model: GradientModel<C>, config: C, sizes: Sizes): DeclaredParameters {
  return declaredAs(model.parameters(config, sizes));
}

/** Tensors for declarations. */
export function declaredAs(declarations: readonly ParameterDeclaration[]): DeclaredParameters {
  const list = declarations.map(({ name, shape, table: kind }) =>
    kind === undefined ? parameter(name, shape) : table(name, shape[0], shape[1]),
  );
  return { declarations, list, tensors: Object.fromEntries(declarations.map(({ name }, n) => [name, list[n]])) };
}

/** Fills a store with start values; every parameter draws from a stream of its own name. */
export function initialiseParameters(declared: DeclaredParameters, store: ParameterStore, random: RandomStream): void {
  declared.declarations.forEach(({ name, initializer }, n) => {
    store.write(declared.list[n], initialValues(initializer, declared.list[n].size, random.child(name)));
  });
}

export interface LossExpression {
  /** Loss of each row, [B, 1]. */
  readonly loss: Tensor;
  readonly user: Tensor;
  /** The leaves a sampler fills, in its order: (user, item, label) or (user, taken item, other item). */
  readonly leaves: readonly [Tensor, Tensor, Tensor];
}

/** pointwise: −y ln σ(ŷ) − (1 − y) ln(1 − σ(ŷ)); pairwise: −ln σ(ŷ(u, i) − ŷ(u, j)). @param pass noise of training; default none */
export function lossExpression<C>(
  model: GradientModel<C>,
  p: Parameters,
  config: C,
  pass: ForwardPass = prediction,
): LossExpression {
  const user = indexInput('user');
  const item = indexInput('item');
  const userParts = model.userParts(p, user, config);
  const score = model.score(p, userParts, model.itemParts(p, item, config), config, pass);
  if (model.loss === 'pointwise') {
    const label = input('label', [1]);
    return { loss: bceWithLogits(score, label), user, leaves: [user, item, label] };
  }
  const other = indexInput('other item');
  const otherScore = model.score(p, userParts, model.itemParts(p, other, config), config, pass);
  return { loss: negativeLogSigmoid(subtract(score, otherScore)), user, leaves: [user, item, other] };
}
