/**
 * NeuMF's training step in plain TypeScript loops over typed arrays: one thread, no SIMD, no library.
 * It is a peer of the speed comparison (what one gets by writing the loops by hand) and, on Float64Array weights, an
 * independent oracle for the engine: this file imports nothing.
 *
 * Model (He et al., WWW 2017): logit = h · [ (p_u ⊙ q_i) ⊕ x_L ] + bias, where x_0 = p'_u ⊕ q'_i and
 * x_l = ReLU(x_{l-1} W_l + b_l). Loss: the mean over the batch of binary cross-entropy from logits.
 *
 * Adam (Kingma & Ba, 2015): m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g², w ← w - lr · m̂ / (√v̂ + ε) with
 * m̂ = m / (1-β₁ᵗ) and v̂ = v / (1-β₂ᵗ). In tables only the rows of the batch are touched: the gradients of a row that
 * occurs more than once are summed first, the moments of the other rows do not decay, and t counts all steps, not those
 * of the row.
 */

export type Floats = Float32Array | Float64Array;

export interface DenseLayer {
  /** [in, out], row-major */
  W: Floats;
  /** [out] */
  b: Floats;
}

export interface NeumfWeights {
  /** [U, g] */
  userGmf: Floats;
  /** [I, g] */
  itemGmf: Floats;
  /** [U, e] */
  userMlp: Floats;
  /** [I, e] */
  itemMlp: Floats;
  /** 2e → … → last; at least one */
  layers: DenseLayer[];
  /** [g + last] */
  h: Floats;
  /** [1] */
  bias: Floats;
}

/** B examples: dense row indices in [0, U) and [0, I), labels 0 or 1. */
export interface NeumfBatch {
  users: Int32Array;
  items: Int32Array;
  labels: Floats;
}

export interface AdamSettings {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
}

/** The rows of one side's tables that a batch touches, in order of first occurrence. */
interface TouchedRows {
  /** [rows of the table]: position in `rows`, or -1 */
  slotOf: Int32Array;
  rows: Int32Array;
  count: number;
}

/** Moments, gradients and scratch of a training run; memory is taken once, a step allocates nothing. */
export interface NeumfState {
  /** steps done */
  step: number;
  m: NeumfWeights;
  v: NeumfWeights;
  /** Dense weights: as the weights. Tables: one row a touched row, [B, dim]. */
  gradient: NeumfWeights;
  users: TouchedRows;
  items: TouchedRows;
  /** x_0 … x_L of one example, and their gradients */
  activations: Floats[];
  deltas: Floats[];
}

/** Zero moments for `weights` and room for batches of at most `maxBatch` examples. */
export function neumfState(weights: NeumfWeights, maxBatch: number): NeumfState {
  const top = weights.layers[weights.layers.length - 1].b.length;
  const gmfDim = weights.h.length - top;
  const mlpDim = weights.layers[0].W.length / weights.layers[0].b.length / 2;
  const floats = (length: number): Floats => zeros(weights.h, length);
  const widths = [2 * mlpDim, ...weights.layers.map((layer) => layer.b.length)];
  return {
    step: 0,
    m: zerosLike(weights),
    v: zerosLike(weights),
    gradient: {
      ...zerosLike({ ...weights, userGmf: floats(0), itemGmf: floats(0), userMlp: floats(0), itemMlp: floats(0) }),
      userGmf: floats(maxBatch * gmfDim),
      itemGmf: floats(maxBatch * gmfDim),
      userMlp: floats(maxBatch * mlpDim),
      itemMlp: floats(maxBatch * mlpDim),
    },
    users: touchedRows(weights.userGmf.length / gmfDim, maxBatch),
    items: touchedRows(weights.itemGmf.length / gmfDim, maxBatch),
    activations: widths.map(floats),
    deltas: widths.map(floats),
  };
}

/** One training step: updates `weights` and `state` in place and returns the mean loss before the update. */
export function neumfStep(weights: NeumfWeights, state: NeumfState, batch: NeumfBatch, settings: AdamSettings): number {
  clearGradient(state);
  const n = batch.users.length;
  let loss = 0;
  for (let row = 0; row < n; row++) {
    const user = batch.users[row];
    const item = batch.items[row];
    const z = forward(weights, state.activations, user, item);
    const y = batch.labels[row];
    loss += Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
    backward(weights, state, user, item, (1 / (1 + Math.exp(-z)) - y) / n);
  }
  state.step++;
  update(weights, state, settings);
  return loss / n;
}

/** The logit of (user, item); leaves x_0 … x_L in `activations`. */
function forward(weights: NeumfWeights, activations: Floats[], user: number, item: number): number {
  const { userGmf, itemGmf, userMlp, itemMlp, layers, h } = weights;
  const x0 = activations[0];
  const mlpDim = x0.length / 2;
  for (let d = 0; d < mlpDim; d++) x0[d] = userMlp[user * mlpDim + d];
  for (let d = 0; d < mlpDim; d++) x0[mlpDim + d] = itemMlp[item * mlpDim + d];
  for (let l = 0; l < layers.length; l++) reluLayer(activations[l], layers[l], activations[l + 1]);

  const top = activations[layers.length];
  const gmfDim = h.length - top.length;
  let logit = weights.bias[0];
  for (let d = 0; d < gmfDim; d++) logit += h[d] * userGmf[user * gmfDim + d] * itemGmf[item * gmfDim + d];
  for (let d = 0; d < top.length; d++) logit += h[gmfDim + d] * top[d];
  return logit;
}

/** y = ReLU(x W + b) */
function reluLayer(x: Floats, { W, b }: DenseLayer, y: Floats): void {
  const width = b.length;
  for (let j = 0; j < width; j++) y[j] = b[j];
  for (let i = 0; i < x.length; i++) {
    const xi = x[i];
    if (xi === 0) continue; // about half of a ReLU's outputs
    const start = i * width;
    for (let j = 0; j < width; j++) y[j] += xi * W[start + j];
  }
  for (let j = 0; j < width; j++) if (y[j] < 0) y[j] = 0;
}

/** Adds one example's gradients, given dLoss/dLogit. */
function backward(weights: NeumfWeights, state: NeumfState, user: number, item: number, dLogit: number): void {
  const { layers, h } = weights;
  const { gradient, activations, deltas } = state;
  const top = activations[layers.length];
  const gmfDim = h.length - top.length;
  const userSlot = touch(state.users, user);
  const itemSlot = touch(state.items, item);

  gradient.bias[0] += dLogit;
  for (let d = 0; d < gmfDim; d++) {
    const p = weights.userGmf[user * gmfDim + d];
    const q = weights.itemGmf[item * gmfDim + d];
    gradient.h[d] += dLogit * p * q;
    gradient.userGmf[userSlot * gmfDim + d] += dLogit * h[d] * q;
    gradient.itemGmf[itemSlot * gmfDim + d] += dLogit * h[d] * p;
  }
  const dTop = deltas[layers.length];
  for (let d = 0; d < top.length; d++) {
    gradient.h[gmfDim + d] += dLogit * top[d];
    dTop[d] = top[d] > 0 ? dLogit * h[gmfDim + d] : 0;
  }
  for (let l = layers.length - 1; l > 0; l--)
    reluLayerBackward(activations[l], deltas[l + 1], layers[l], gradient.layers[l], deltas[l], true);
  reluLayerBackward(activations[0], deltas[1], layers[0], gradient.layers[0], deltas[0], false);

  const dx = deltas[0];
  const mlpDim = dx.length / 2;
  for (let d = 0; d < mlpDim; d++) gradient.userMlp[userSlot * mlpDim + d] += dx[d];
  for (let d = 0; d < mlpDim; d++) gradient.itemMlp[itemSlot * mlpDim + d] += dx[mlpDim + d];
}

/** dW += xᵀ dy, db += dy, dx = dy Wᵀ; `dy` is already masked by the layer's own ReLU, `dx` is masked where x is one. */
function reluLayerBackward(
  x: Floats,
  dy: Floats,
  { W }: DenseLayer,
  gradient: DenseLayer,
  dx: Floats,
  isReluInput: boolean,
): void {
  const dW = gradient.W;
  const width = dy.length;
  for (let j = 0; j < width; j++) gradient.b[j] += dy[j];
  for (let i = 0; i < x.length; i++) {
    const xi = x[i];
    dx[i] = 0;
    if (isReluInput && xi <= 0) continue;
    const start = i * width;
    let sum = 0;
    for (let j = 0; j < width; j++) {
      const d = dy[j];
      dW[start + j] += xi * d;
      sum += W[start + j] * d;
    }
    dx[i] = sum;
  }
}

function update(weights: NeumfWeights, state: NeumfState, settings: AdamSettings): void {
  const { m, v, gradient, users, items } = state;
  const adam = adamAt(state.step, settings);
  const dense = (w: Floats, mean: Floats, square: Floats, g: Floats) => adam(w, mean, square, 0, g, 0, w.length);
  weights.layers.forEach((layer, l) => {
    dense(layer.W, m.layers[l].W, v.layers[l].W, gradient.layers[l].W);
    dense(layer.b, m.layers[l].b, v.layers[l].b, gradient.layers[l].b);
  });
  dense(weights.h, m.h, v.h, gradient.h);
  dense(weights.bias, m.bias, v.bias, gradient.bias);

  const table = (touched: TouchedRows, w: Floats, mean: Floats, square: Floats, g: Floats) => {
    const dim = w.length / touched.slotOf.length;
    for (let slot = 0; slot < touched.count; slot++)
      adam(w, mean, square, touched.rows[slot] * dim, g, slot * dim, dim);
  };
  table(users, weights.userGmf, m.userGmf, v.userGmf, gradient.userGmf);
  table(users, weights.userMlp, m.userMlp, v.userMlp, gradient.userMlp);
  table(items, weights.itemGmf, m.itemGmf, v.itemGmf, gradient.itemGmf);
  table(items, weights.itemMlp, m.itemMlp, v.itemMlp, gradient.itemMlp);
}

/** Adam's update of `n` consecutive values, at step number `t` ≥ 1. */
function adamAt(t: number, { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamSettings) {
  const rate = learningRate / (1 - beta1 ** t);
  const unbias = 1 / (1 - beta2 ** t);
  return (w: Floats, m: Floats, v: Floats, offset: number, g: Floats, gOffset: number, n: number): void => {
    for (let k = 0; k < n; k++) {
      const at = offset + k;
      const gradient = g[gOffset + k];
      const mean = beta1 * m[at] + (1 - beta1) * gradient;
      const square = beta2 * v[at] + (1 - beta2) * gradient * gradient;
      m[at] = mean;
      v[at] = square;
      w[at] -= (rate * mean) / (Math.sqrt(square * unbias) + epsilon);
    }
  };
}

function clearGradient({ gradient, users, items }: NeumfState): void {
  for (const array of [gradient.h, gradient.bias, ...gradient.layers.flatMap(({ W, b }) => [W, b])]) array.fill(0);
  const tables: [TouchedRows, Floats, Floats][] = [
    [users, gradient.userGmf, gradient.userMlp],
    [items, gradient.itemGmf, gradient.itemMlp],
  ];
  for (const [touched, gmf, mlp] of tables) {
    gmf.fill(0, 0, (gmf.length / touched.rows.length) * touched.count);
    mlp.fill(0, 0, (mlp.length / touched.rows.length) * touched.count);
    for (let slot = 0; slot < touched.count; slot++) touched.slotOf[touched.rows[slot]] = -1;
    touched.count = 0;
  }
}

function touchedRows(nRows: number, maxBatch: number): TouchedRows {
  return { slotOf: new Int32Array(nRows).fill(-1), rows: new Int32Array(maxBatch), count: 0 };
}

/** The slot of `row`, a new one at its first occurrence. */
function touch(touched: TouchedRows, row: number): number {
  let slot = touched.slotOf[row];
  if (slot < 0) {
    slot = touched.count++;
    touched.slotOf[row] = slot;
    touched.rows[slot] = row;
  }
  return slot;
}

/** Zeros of the same precision as `like`. */
function zeros(like: Floats, length: number): Floats {
  return like instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

function zerosLike(weights: NeumfWeights): NeumfWeights {
  const same = (array: Floats): Floats => zeros(array, array.length);
  return {
    userGmf: same(weights.userGmf),
    itemGmf: same(weights.itemGmf),
    userMlp: same(weights.userMlp),
    itemMlp: same(weights.itemMlp),
    layers: weights.layers.map(({ W, b }) => ({ W: same(W), b: same(b) })),
    h: same(weights.h),
    bias: same(weights.bias),
  };
}
