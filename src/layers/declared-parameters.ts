/** From declarations of parameters to tensors of an expression and a store that holds their values. */
import { float32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Tensor } from '../engine/expression.ts';
import { parameter, table } from '../engine/ops/index.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { initialValues } from './initializer.ts';
import type { ParameterDeclaration, Parameters } from './parameters.ts';

export interface DeclaredParameters {
  readonly declarations: readonly ParameterDeclaration[];
  readonly tensors: Parameters;
  readonly list: readonly Tensor[];
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

/** A store filled with given weights. @throws 'artifact' when one is missing or of another shape */
export function storeOf(engine: Engine, declared: DeclaredParameters, weights: NamedTensors): ParameterStore {
  const store = new ParameterStore(engine, declared.list);
  declared.declarations.forEach(({ name, shape }, n) => {
    store.write(declared.list[n], float32Tensor(weights, name, shape));
  });
  return store;
}

/** Copies of all parameters of a store, by name. */
export function weightsOf(declared: DeclaredParameters, store: ParameterStore): NamedTensors {
  const tensors = declared.declarations.map(({ name, shape }, n): [string, NamedTensor] => [
    name,
    { shape, data: store.read(declared.list[n]) },
  ]);
  return new Map(tensors);
}
