/**
 * Caser — convolutional sequence embedding.
 * Tang, Wang: Personalized Top-N Sequential Recommendation via Convolutional Sequence Embedding. WSDM 2018, arXiv:1809.07426.
 *
 *   X   = (E[i_{t−L}], …, E[i_{t−1}])                      the last L events as an image of L rows and d columns (§3.1)
 *   c_k = max_s φ(F_k · X[s … s + h − 1] + b_k)            horizontal filters of the heights h, max over time (§3.2)
 *   c̃_v = Σ_l F̃_v[l] X[l]                                  vertical filters: weighted sums of the rows
 *   z   = φ(W [c; c̃] + b)                                  dropout before it (§3.3)
 *   y_j = W′_j [z; P_u] + b′_j                              P_u the user's vector, where sequences are whole histories of users
 *   L   = − Σ_t ln σ(y_t) / T − Σ_j ln(1 − σ(y_j)) / n      the next T events, n items that the sequence does not hold (§3.4)
 *
 * φ is the rectifier. Differs from the paper, and settings: see docs/models/caser.md.
 */
import { z } from 'zod';
import type { Tensor } from '../engine/expression.ts';
import * as o from '../engine/ops/index.ts';
import { recentModel } from '../examples/recent.ts';
import { dropoutLayer } from '../layers/forward-pass.ts';
import { glorotUniform, lecunUniform, normal, zeros } from '../layers/initializer.ts';
import { dropoutOption, factorsOption } from '../layers/options.ts';
import type { ParameterDeclaration } from '../layers/parameters.ts';

const options = z
  .strictObject({
    factors: factorsOption
      .max(1024)
      .default(50)
      .meta({ doc: 'd, length of the vectors of items and users', search: [32, 50, 64, 100] }),
    maxLength: z
      .int()
      .min(1)
      .max(64)
      .default(5)
      .meta({ doc: 'L, last events that are looked at', search: [3, 5, 9] }),
    targets: z
      .int()
      .min(1)
      .max(64)
      .default(3)
      .meta({ doc: 'T, next events that a window is to predict', search: [1, 2, 3] }),
    negatives: z
      .int()
      .min(1)
      .max(256)
      .default(3)
      .meta({ doc: 'negatives of a window', search: [3, 9] }),
    heights: z
      .array(z.int().min(1).max(64))
      .min(1)
      .max(64)
      .nullable()
      .default(null)
      .meta({ doc: 'heights of the horizontal filters, in events; null = 1, 2, … L' }),
    horizontalFilters: z
      .int()
      .min(1)
      .max(1024)
      .default(16)
      .meta({ doc: 'horizontal filters of each height', search: [4, 16, 64] }),
    verticalFilters: z
      .int()
      .min(0)
      .max(1024)
      .default(4)
      .meta({ doc: 'vertical filters; 0 = none', search: [1, 2, 4] }),
    dropout: dropoutOption
      .default(0.5)
      .meta({ doc: 'share of what the filters found that a step drops', search: [0.2, 0.5] }),
  })
  .refine(({ heights, maxLength }) => heights === null || heights.every((height) => height <= maxLength), {
    path: ['heights'],
    message: 'Invalid input: a filter must not be higher than maxLength events',
  });

type Config = z.output<typeof options>;

const heightsOf = ({ heights, maxLength }: Config): readonly number[] =>
  heights ?? Array.from({ length: maxLength }, (_, n) => n + 1);

/** A layer's weights and bias. */
function layer(name: string, fanIn: number, width: number): ParameterDeclaration[] {
  return [
    { name, shape: [fanIn, width], initializer: glorotUniform(fanIn, width) },
    { name: `${name}.b`, shape: [width], initializer: zeros },
  ];
}

export const caser = recentModel({
  name: 'caser',
  title: 'Caser',
  paper: {
    authors: 'Tang, Wang',
    title: 'Personalized Top-N Sequential Recommendation via Convolutional Sequence Embedding',
    venue: 'WSDM',
    year: 2018,
  },
  options,
  trainingDefaults: { patience: 5, optimizer: { l2: 1e-6 } },
  maxLength: ({ maxLength }) => maxLength,
  width: ({ factors }, { nUsers }) => (nUsers > 0 ? 2 : 1) * factors,
  asked: ({ targets, negatives }) => ({ targets, negatives }),
  users: 'P',
  parameters: (config, { nItems, nUsers }) => {
    const { factors: d, maxLength, horizontalFilters, verticalFilters } = config;
    const heights = heightsOf(config);
    const found = heights.length * horizontalFilters + verticalFilters * d;
    const width = (nUsers > 0 ? 2 : 1) * d;
    return [
      { name: 'E', shape: [nItems, d], table: 'item', initializer: normal(1 / d) },
      ...(nUsers > 0 ? [{ name: 'P', shape: [nUsers, d], table: 'user' as const, initializer: normal(1 / d) }] : []),
      ...heights.flatMap((height, n) => layer(`horizontal${n + 1}`, height * d, horizontalFilters)),
      ...(verticalFilters > 0
        ? [{ name: 'vertical', shape: [maxLength, verticalFilters], initializer: lecunUniform(maxLength) }]
        : []),
      ...layer('W', found, d),
      { name: 'V', shape: [nItems, width], table: 'item', initializer: normal(1 / width) },
      { name: 'b', shape: [nItems, 1], table: 'item', initializer: zeros },
    ];
  },
  represent: (p, { item, user }, config, { nUsers }, pass) => {
    const { factors: d, maxLength, verticalFilters, dropout } = config;
    const x = o.lookupFields(p.E, item, Array<number>(maxLength).fill(1));
    const horizontal = heightsOf(config).map((height, n) => {
      const name = `horizontal${n + 1}`;
      const places = maxLength - height + 1;
      // the largest of rectified numbers is the rectified largest
      return o.relu(o.maxSteps(o.convolution(x, p[name], maxLength, p[`${name}.b`]), places));
    });
    const vertical = verticalFilters > 0 ? [o.linear(o.transposeSteps(x, maxLength), p.vertical, { groups: d })] : [];
    const found = dropoutLayer(o.concat(...vertical, ...horizontal), dropout, 'found', pass);
    const z = o.linearRelu(found, p.W, p['W.b']);
    return nUsers > 0 ? o.concat(z, o.lookupFields(p.P, user, [1])) : z;
  },
  loss: (p, represented, { candidates, weight }, { targets }) => {
    const n = candidates.size;
    const rows = (table: Tensor): Tensor => o.lookupFields(table, candidates, Array<number>(n).fill(1));
    const scores = o.add(o.dotSteps(represented, rows(p.V), n), rows(p.b));
    const labels = o.constant(Array.from({ length: n }, (_, k) => (k < targets ? 1 : 0)));
    return o.rowDot(o.bceWithLogits(scores, o.broadcastRow(labels)), weight);
  },
  output: { weights: 'V', bias: 'b' },
});
