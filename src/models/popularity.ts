/**
 * Popularity — everyone is shown what most people took. The yardstick below which nothing may fall.
 *
 *   ŷ(u, i) = |{ v : v took i }|
 */
import { z } from 'zod';
import { float32Tensor } from '../core/named-tensors.ts';
import { rankingBytes, solverMemory } from '../examples/memory-estimate.ts';
import { pairSolver } from '../examples/solvers.ts';

const options = z.strictObject({});

export const popularity = pairSolver({
  name: 'popularity',
  title: 'Popularity',
  paper: null,
  options,
  fit: (train, { nItems }) => {
    const counts = new Float32Array(nItems);
    for (const item of train.columns) counts[item]++;
    return new Map([['counts', { shape: [nItems], data: counts }]]);
  },
  memory: (train, sizes, _, engine) => {
    const { nUsers, nItems } = sizes;
    const ranking = 4 * (nUsers + 2 * nItems) + rankingBytes('dot', sizes, train.columns.length, engine);
    return solverMemory({ ranking }, { counts: 4 * nItems, 'vectors of users': 4 * nUsers });
  },
  // the user vector (1) · the item vector (count)
  score: (weights, { nUsers, nItems }) => ({
    form: 'dot',
    users: new Float32Array(nUsers).fill(1),
    items: float32Tensor(weights, 'counts', [nItems]),
    width: 1,
  }),
  foldIn: () => ({
    vector: Float32Array.of(1),
    how: 'what most people took; popularity is the same for everybody, so the given items change nothing',
  }),
});
