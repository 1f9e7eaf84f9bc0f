/** Networks of a learner, and their values of many rows. */
import type { Tensor } from '../../engine/expression.ts';
import { linear } from '../../engine/ops/index.ts';
import { RowPlan } from '../../engine/plan/row-plan.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import type { ParameterStore } from '../../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs } from '../../layers/declared-parameters.ts';
import { mlpParameters } from '../../layers/mlp.ts';
import type { Parameters } from '../../layers/parameters.ts';

/** Declares networks from `inputs` numbers over hidden layers to one number each. */
export function declareNetworks(
  names: readonly string[],
  inputs: number,
  hidden: readonly number[],
): DeclaredParameters {
  return declaredAs(names.flatMap((name) => mlpParameters(name, [inputs, ...hidden, 1])));
}

/**
 * A network's number for each part of a row, [B, parts · inputs] → [B, parts]: x_l = max(0, x_{l−1} W_l + b_l), the last layer linear.
 * @param layers hidden layers and the last one
 */
export function network(p: Parameters, name: string, layers: number, x: Tensor, parts = 1): Tensor {
  let out = x;
  for (let l = 1; l <= layers; l++)
    out = linear(out, p[`${name}${l}.W`], { bias: p[`${name}${l}.b`], relu: l < layers, groups: parts });
  return out;
}

/** Rows of one run of the plan. */
const CAPACITY = 2048;

export class ScoredRows {
  readonly #plan: RowPlan;
  readonly #x: Tensor;
  readonly #outputs: readonly Tensor[];

  constructor(engine: Engine, store: ParameterStore, x: Tensor, outputs: readonly Tensor[]) {
    this.#x = x;
    this.#outputs = outputs;
    this.#plan = new RowPlan(engine, store, outputs, [x], CAPACITY);
  }

  /** @param rows [n × inputs] @returns an array [n] for each output */
  of(rows: Float32Array): Float32Array[] {
    const width = this.#x.size;
    const n = rows.length / width;
    const results = this.#outputs.map(() => new Float32Array(n));
    for (let from = 0; from < n; from += CAPACITY) {
      const count = Math.min(CAPACITY, n - from);
      this.#plan.feed(this.#x, rows.subarray(from * width, (from + count) * width));
      this.#plan.run(count);
      this.#outputs.forEach(
        (output, k) => void this.#plan.read(output, count, results[k].subarray(from, from + count)),
      );
    }
    return results;
  }

  free(): void {
    this.#plan.free();
  }
}
