/** Slopes of a step's loss in float64, number by number of every parameter. */
import type { Tensor } from '../../src/engine/expression.ts';
import { gradientsOfMean } from '../../src/engine/gradient.ts';
import { evaluateReference } from '../../src/engine/reference.ts';

/** Of the mean loss over the rows; parameters that it does not depend on have zeros. */
export function slopesOf(
  loss: Tensor,
  given: ReadonlyMap<Tensor, Float64Array>,
  list: readonly Tensor[],
  rows: number,
): Map<Tensor, Float64Array> {
  const { rows: gradients, dense } = gradientsOfMean(loss);
  const values = evaluateReference([loss, ...gradients.map((each) => each.values), ...dense.values()], given, rows);
  const slopes = new Map(list.map((tensor) => [tensor, new Float64Array(tensor.size)]));
  for (const { table, index, values: of } of gradients) {
    const found = values.get(of)!;
    const width = table.shape[1];
    const places = given.get(index) ?? Float64Array.from({ length: table.shape[0] }, (_, row) => row);
    places.forEach((row, n) => {
      for (let k = 0; k < width; k++) if (row >= 0) slopes.get(table)![row * width + k] += found[n * width + k];
    });
  }
  for (const [tensor, slope] of dense) slopes.get(tensor)!.set(values.get(slope)!);
  return slopes;
}

/** Central differences of an objective by every number of an array, which is left as it was. */
export function differences(values: Float64Array, objective: () => number, step = 1e-5): Float64Array {
  return values.map((value, k) => {
    values[k] = value + step;
    const above = objective();
    values[k] = value - step;
    const below = objective();
    values[k] = value;
    return (above - below) / (2 * step);
  });
}
