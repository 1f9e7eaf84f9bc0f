/** Weights of a saved recommender with which a training goes on: rows that it had keep theirs, new rows those of the initialiser. */
import { createHash } from 'node:crypto';
import { DeepTasteError } from '../core/errors.ts';
import { float32Tensor, type NamedTensor, type NamedTensors } from '../core/named-tensors.ts';
import type { ParameterStore } from '../engine/runtime/parameter-store.ts';
import type { DeclaredParameters } from '../layers/declared-parameters.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';

type TableKind = NonNullable<ParameterDeclaration['table']>;

export interface StartWeights {
  readonly weights: NamedTensors;
  /** The row that a row of a table was in the saved recommender, −1 = new; of tables of other kinds the rows are the same. */
  readonly formerRow: Readonly<Partial<Record<TableKind | 'nodes', (row: number) => number>>>;
  /** Options of the model that are not those of the saved run: `factors was 8 and is 16 now`. */
  readonly changes: readonly string[];
}

/** Over the values of the initialiser. @throws 'config' when the parameters are not those of the saved recommender */
export function writeStartWeights(declared: DeclaredParameters, store: ParameterStore, start: StartWeights): void {
  declared.declarations.forEach((declaration, n) => {
    const tensor = declared.list[n];
    const { name, shape, table, nodes } = declaration;
    const kind = nodes ? 'nodes' : table;
    const formerRow = kind && start.formerRow[kind];
    const saved = start.weights.get(name);
    if (saved === undefined || !fits(shape, saved, formerRow ? 1 : 0)) throw unlike(declaration, saved, start.changes);
    const before = float32Tensor(start.weights, name, saved.shape);
    if (!formerRow) {
      store.write(tensor, before);
      return;
    }
    const values = store.read(tensor);
    const width = values.length / shape[0];
    for (let row = 0; row < shape[0]; row++) {
      const former = formerRow(row);
      if (former >= 0) values.set(before.subarray(former * width, (former + 1) * width), row * width);
    }
    store.write(tensor, values);
  });
}

/** @param from the first dimension that must be the same */
function fits(shape: readonly number[], saved: NamedTensor, from: 0 | 1): boolean {
  return saved.shape.length === shape.length && shape.slice(from).every((size, d) => size === saved.shape[d + from]);
}

function unlike(
  { name, shape }: ParameterDeclaration,
  saved: NamedTensor | undefined,
  changes: readonly string[],
): DeepTasteError {
  const found = saved === undefined ? 'none of that name' : `[${saved.shape.join(', ')}]`;
  const why = changes.length > 0 ? ` (${changes.join('; ')})` : '';
  return new DeepTasteError(
    'config',
    `from: the weights of the saved run must have the shapes of the model, "${name}" is [${shape.join(', ')}], found ${found}${why}; ` +
      'leave out the options that differ, or train anew without --from',
    { parameter: name },
  );
}

/** Names the weights in the fingerprint of a run. */
export function hashOfWeights(weights: NamedTensors): string {
  const hash = createHash('sha256');
  for (const [name, { shape, data }] of weights)
    hash.update(`${name} ${shape.join()} `).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}
