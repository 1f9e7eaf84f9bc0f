/** The predicted rows of a run as a file of its artifact: a column a tensor, in the open format of the weights. */

import { decodeSafetensors } from '../artifact/safetensors-reader.ts';
import { encodeSafetensors } from '../artifact/safetensors-writer.ts';
import { DeepTasteError } from '../core/errors.ts';
import type { MeasuredRows } from '../evaluation/measured-rows.ts';
import { type TraitName, traitNames } from '../evaluation/traits.ts';

type Column = Int32Array | Float32Array | Float64Array;

/** Of one seed, as runs are saved. */
export function encodeRows({ userIndex, labels, predictions: [prediction], traits }: MeasuredRows): Uint8Array {
  const columns: [string, Column | null | undefined][] = [
    ['user', userIndex],
    ['label', labels],
    ['prediction', prediction],
    ...traitNames.map((name): [string, Int32Array | undefined] => [`trait:${name}`, traits[name]]),
  ];
  const tensors = columns.flatMap(([name, data]) => (data ? [[name, { shape: [data.length], data }] as const] : []));
  return encodeSafetensors(new Map(tensors));
}

/** @param nRows how many there must be; @param where the file. @throws DeepTasteError `artifact` for other contents */
export function decodeRows(bytes: Uint8Array, nRows: number, where: string): MeasuredRows {
  const { tensors } = decodeSafetensors(bytes, where);
  function column(name: string, kind: typeof Int32Array): Int32Array | null;
  function column(name: string, kind: typeof Float32Array): Float32Array | null;
  function column(name: string, kind: typeof Float64Array): Float64Array | null;
  function column(name: string, kind: typeof Int32Array | typeof Float32Array | typeof Float64Array): Column | null {
    const data = tensors.get(name)?.data;
    if (data === undefined) return null;
    if (data instanceof kind && data.length === nRows) return data;
    throw misfit(where, `a column "${name}" of ${nRows} numbers`, `${data.length} of ${data.constructor.name}`);
  }
  const labels = column('label', Float32Array);
  const prediction = column('prediction', Float64Array);
  if (labels === null || prediction === null)
    throw misfit(where, 'the columns "label" and "prediction"', 'one missing');
  const traits = traitNames.flatMap((name): [TraitName, Int32Array][] => {
    const counts = column(`trait:${name}`, Int32Array);
    return counts ? [[name, counts]] : [];
  });
  return {
    userIndex: column('user', Int32Array),
    labels,
    predictions: [prediction],
    traits: Object.fromEntries(traits),
  };
}

function misfit(where: string, must: string, found: string): DeepTasteError {
  return new DeepTasteError(
    'artifact',
    `${where}: must hold ${must}, found ${found}; measure the run again with "deeptaste evaluate RUN --save"`,
    { where },
  );
}
