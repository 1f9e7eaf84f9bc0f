/** Scores of all pairs in float64, straight from what a model declares: no ranking, no pair program, no kernels. */

import type { NamedTensors } from '../../src/core/named-tensors.ts';
import type { SparseRows } from '../../src/data/sparse-rows.ts';
import { indexInput } from '../../src/engine/ops/index.ts';
import { evaluateReference } from '../../src/engine/reference.ts';
import type { PairModel } from '../../src/examples/pairs.ts';
import type { SolvedPairs } from '../../src/examples/solvers.ts';
import { declaredAs } from '../../src/layers/declared-parameters.ts';
import { prediction } from '../../src/layers/forward-pass.ts';
import { loadedFriends } from '../../src/scoring/kept-friends.ts';
import { withConstants, withShared } from '../../src/scoring/pair-scorer.ts';
import type { Sizes } from '../../src/scoring/scorer.ts';

/** A model of users and items with the weights it learned. */
export interface TrainedModel {
  readonly model: PairModel | SolvedPairs;
  readonly config: unknown;
  readonly sizes: Sizes;
  readonly weights: NamedTensors;
}

/** @returns [nUsers × nItems] */
export function directScores(trained: TrainedModel, history: SparseRows): Float64Array {
  const { model, config, sizes, weights } = trained;
  const { nUsers, nItems } = sizes;
  if ('loss' in model) {
    const declared = declaredAs(model.parameters(config, sizes));
    const user = indexInput('user');
    const item = indexInput('item');
    const friends = model.usesFriends?.(config) ? loadedFriends(weights, nUsers) : null;
    const constants = withConstants(model, declared.tensors, config, { sizes, rows: history, friends });
    const p = withShared(model, constants, config, sizes);
    const score = model.score(
      p,
      model.userParts(p, user, config),
      model.itemParts(p, item, config),
      config,
      prediction,
    );
    const given = new Map(
      declared.list.map((tensor) => [tensor, Float64Array.from(weightsNamed(trained, tensor.attributes.name))]),
    );
    const nPairs = nUsers * nItems;
    given.set(
      user,
      Float64Array.from({ length: nPairs }, (_, k) => Math.floor(k / nItems)),
    );
    given.set(
      item,
      Float64Array.from({ length: nPairs }, (_, k) => k % nItems),
    );
    return Float64Array.from(evaluateReference([score], given, nPairs).get(score)!);
  }
  const scores = new Float64Array(nUsers * nItems);
  const form = model.score(weights, sizes, config, history);
  if (form.form === 'dot') {
    const { users, items, width } = form;
    for (let k = 0; k < scores.length; k++)
      for (let d = 0; d < width; d++)
        scores[k] += users[Math.floor(k / nItems) * width + d] * items[(k % nItems) * width + d];
    return scores;
  }
  if (form.form === 'two-steps') {
    const { users, items, width, rows, userScale, itemScale } = form;
    const took = (user: number, item: number) => {
      for (let k = rows.rowStart[user]; k < rows.rowStart[user + 1]; k++) if (rows.columns[k] === item) return true;
      return false;
    };
    for (let k = 0; k < scores.length; k++) {
      const [user, item] = [Math.floor(k / nItems), k % nItems];
      for (let d = 0; d < width; d++) scores[k] += users[user * width + d] * items[item * width + d];
      for (let v = 0; v < nUsers; v++) {
        if (!took(v, item)) continue;
        for (let h = history.rowStart[user]; h < history.rowStart[user + 1]; h++) {
          const j = history.columns[h];
          if (took(v, j)) scores[k] += userScale[v] * itemScale[item] * itemScale[j];
        }
      }
    }
    return scores;
  }
  if (form.form === 'takers') {
    const { users, width, takers, scale } = form;
    for (let user = 0; user < nUsers; user++) {
      const own = new Set(history.columns.slice(history.rowStart[user], history.rowStart[user + 1]));
      for (let item = 0; item < nItems; item++) {
        let sum = 0;
        for (let k = takers.rowStart[item]; k < takers.rowStart[item + 1]; k++)
          sum += users[user * width + takers.columns[k]];
        const taken = own.has(item) ? 1 : 0;
        scores[user * nItems + item] = taken + (sum - taken) * scale[item];
      }
    }
    return scores;
  }
  const rows = form.sparse ?? everyColumn(nItems);
  for (let user = 0; user < nUsers; user++)
    for (let h = history.rowStart[user]; h < history.rowStart[user + 1]; h++) {
      const taken = history.columns[h];
      for (let k = rows.rowStart[taken]; k < rows.rowStart[taken + 1]; k++)
        scores[user * nItems + rows.columns[k]] += form.weights[k];
    }
  return scores;
}

function weightsNamed({ weights }: TrainedModel, name: unknown): ArrayLike<number> {
  return weights.get(name as string)!.data;
}

function everyColumn(n: number): { rowStart: Int32Array; columns: Int32Array } {
  return {
    rowStart: Int32Array.from({ length: n + 1 }, (_, r) => r * n),
    columns: Int32Array.from({ length: n * n }, (_, k) => k % n),
  };
}
