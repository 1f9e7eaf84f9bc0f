/** The loss of a new person's items against others, with its slopes: what training minimises, in expectation over its negatives. */

/**
 * @param scores of n taken items and m others behind them [n + m]
 * @param share weights of the others in the mean over them [m], summing to 1
 * @param negatives N, of each taken item
 * @param slopes ∂loss / ∂score is written here [n + m]
 * @param weight what each score counts for [n + m]; absent = 1 each; of the pointwise loss alone
 */
export type FoldInLoss = (
  scores: Float64Array,
  n: number,
  share: Float64Array,
  negatives: number,
  slopes: Float64Array,
  weight?: Float64Array,
) => number;

/** −Σ_i w_i ln σ(s_i) − N n Σ_j share_j w_j ln σ(−s_j) */
export const pointwiseLoss: FoldInLoss = (scores, n, share, negatives, slopes, weight) => {
  let value = 0;
  for (let r = 0; r < scores.length; r++) {
    const s = r < n ? -scores[r] : scores[r];
    const e = Math.exp(-Math.abs(s));
    const w = (r < n ? 1 : negatives * n * share[r - n]) * (weight ? weight[r] : 1);
    value += w * (Math.max(0, s) + Math.log1p(e));
    const slope = w * (s > 0 ? 1 / (1 + e) : e / (1 + e));
    slopes[r] = r < n ? -slope : slope;
  }
  return value;
};

/** −Σ_i ln( e^{s_i} / (e^{s_i} + N Σ_j share_j e^{s_j}) ) */
export const softmaxLoss: FoldInLoss = (scores, n, share, negatives, slopes) => {
  slopes.fill(0);
  let top = Number.NEGATIVE_INFINITY;
  for (let j = n; j < scores.length; j++) if (share[j - n] > 0) top = Math.max(top, scores[j]);
  let sum = 0;
  for (let j = n; j < scores.length; j++) {
    slopes[j] = share[j - n] * Math.exp(Math.min(0, scores[j] - top));
    sum += slopes[j];
  }
  if (!(sum > 0)) return 0;
  const others = top + Math.log(negatives * sum);
  let value = 0;
  let all = 0;
  for (let i = 0; i < n; i++) {
    const ahead = others - scores[i];
    const e = Math.exp(-Math.abs(ahead));
    const slope = ahead > 0 ? 1 / (1 + e) : e / (1 + e);
    value += Math.max(0, ahead) + Math.log1p(e);
    slopes[i] = -slope;
    all += slope;
  }
  for (let j = n; j < scores.length; j++) slopes[j] *= all / sum;
  return value;
};

/** Scores further than this from their mean count as so far: exponentials of pairs, and products of CHUNK of them, stay finite. */
const FURTHEST = 80;
const CHUNK = 4;

/** −N Σ_i Σ_j share_j ln σ(s_i − s_j), with one exponential a score and one logarithm for CHUNK pairs. */
export const pairwiseLoss: FoldInLoss = (scores, n, share, negatives, slopes) => {
  slopes.fill(0);
  const mean = scores.reduce((sum, s) => sum + s, 0) / scores.length;
  const above = scores.map((s, r) => {
    const d = Math.max(-FURTHEST, Math.min(FURTHEST, s - mean));
    return Math.exp(r < n ? -d : d);
  });
  let value = 0;
  for (let j = n; j < scores.length; j++) {
    const w = negatives * share[j - n];
    const e = above[j];
    let logs = 0;
    let slopesOfJ = 0;
    for (let first = 0; first < n; first += CHUNK) {
      const end = Math.min(n, first + CHUNK);
      let product = 1;
      for (let i = first; i < end; i++) {
        const one = 1 + e * above[i];
        product *= one;
        const slope = w * (1 - 1 / one);
        slopes[i] -= slope;
        slopesOfJ += slope;
      }
      logs += Math.log(product);
    }
    slopes[j] = slopesOfJ;
    value += w * logs;
  }
  return value;
};
