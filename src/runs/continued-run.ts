/** A training that goes on from a saved recommender: the options it takes over, and the weights that it starts from. */
import type { RecommenderParts } from '../artifact/recommender-parts.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { Form } from '../examples/forms.ts';
import type { Model } from '../examples/model.ts';
import type { Task } from '../tasks/task.ts';
import type { StartWeights } from '../training/start-weights.ts';

/** Options of the model of the saved run, with those that are given over them. @throws 'config' for another model */
export function continuedConfig(
  { info }: RecommenderParts,
  { model, config }: { readonly model: string; readonly config: object },
): object {
  if (model !== info.model.name)
    throw new DeepTasteError(
      'config',
      `from: the model must be that of the saved run, "${info.model.name}", found "${model}"; leave the model out, or train it anew`,
    );
  return { ...info.model.config, ...config };
}

/** @param config parsed options of the model */
export function startWeights<F extends Form>(
  { weights, users, items, info }: RecommenderParts,
  { options }: Model<unknown, F>,
  config: object,
  task: Task<F>,
): StartWeights {
  const rows = task.formerRows?.();
  const nUsers = task.sizes?.nUsers ?? 0;
  const before = options.parse(info.model.config) as Readonly<Record<string, unknown>>;
  const changes = Object.entries(config).flatMap(([key, now]) => {
    const [a, b] = [JSON.stringify(before[key]), JSON.stringify(now)];
    return a === b ? [] : [`${key} was ${a} and is ${b} now`];
  });
  return {
    weights,
    changes,
    formerRow: {
      user: (row) => (row < users.size ? row : -1),
      item: (row) => (row < items.size ? row : -1),
      nodes: (row) => nodeBefore(row, nUsers, { nUsers: users.size, nItems: items.size }),
      ...(rows && { field: (row: number) => rows.field[row], cross: (row: number) => rows.cross[row] }),
    },
  };
}

/** Users, then items, of a saved recommender with fewer of both; −1 = new. */
function nodeBefore(row: number, nUsers: number, before: { readonly nUsers: number; readonly nItems: number }): number {
  if (row < nUsers) return row < before.nUsers ? row : -1;
  const item = row - nUsers;
  return item < before.nItems ? before.nUsers + item : -1;
}
