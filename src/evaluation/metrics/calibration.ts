/** Calibration: whether of the rows that get probability p the share p comes true; the data of a reliability plot. */
import { DeepTasteError } from '../../core/errors.ts';
import { checkBinaryLabels, checkLengths, checkNumbers, checkProbabilities } from './prediction-checks.ts';

/** Rows whose probabilities lie in [low, high) — the last bin holds its `high` too. */
export interface CalibrationBin {
  readonly low: number;
  readonly high: number;
  readonly nRows: number;
  /** Mean predicted probability; null in an empty bin. */
  readonly predicted: number | null;
  /** Share of rows labelled 1; null in an empty bin. */
  readonly observed: number | null;
  /** 95 % interval of the true share (Wilson, JASA 1927); null in an empty bin. */
  readonly interval: readonly [number, number] | null;
}

export interface Calibration {
  readonly bins: readonly CalibrationBin[];
  /** Expected calibration error Σ nᵢ/n · |observedᵢ − predictedᵢ| (Naeini et al., AAAI 2015). */
  readonly expectedError: number;
  /** Σ p / Σ y: above 1 = too many clicks promised; null without positives. */
  readonly ratio: number | null;
}

/**
 * Bins of equal width over [0, 1], or of about equal numbers of rows (rows of one probability stay together).
 * @param labels 0 or 1 [n]; @param probabilities in [0, 1] [n]
 * @throws DeepTasteError `data`, `numeric`: labels, lengths or probabilities that mean nothing; `config`: no bins
 */
export function calibration(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  { nBins = 10, by = 'width' }: { readonly nBins?: number; readonly by?: 'width' | 'count' } = {},
): Calibration {
  checkLengths('calibration', labels, probabilities);
  checkBinaryLabels('calibration', labels);
  checkNumbers('calibration', 'probability', probabilities);
  checkProbabilities('calibration', probabilities);
  if (!Number.isInteger(nBins) || nBins < 1)
    throw new DeepTasteError('config', `calibration: needs a whole number of bins of at least 1, found ${nBins}`);
  const edges = by === 'width' ? evenEdges(nBins) : countEdges(probabilities, nBins);
  const sums = edges.slice(1).map(() => ({ n: 0, p: 0, y: 0 }));
  for (let row = 0; row < labels.length; row++) {
    const sum = sums[binOf(edges, probabilities[row])];
    sum.n++;
    sum.p += probabilities[row];
    sum.y += labels[row];
  }
  const total = sums.reduce((all, { p, y }) => ({ p: all.p + p, y: all.y + y }), { p: 0, y: 0 });
  return {
    bins: sums.map(({ n, p, y }, b) => ({
      low: edges[b],
      high: edges[b + 1],
      nRows: n,
      ...(n > 0
        ? { predicted: p / n, observed: y / n, interval: wilson(y, n) }
        : { predicted: null, observed: null, interval: null }),
    })),
    expectedError: sums.reduce((error, { p, y }) => error + Math.abs(y - p), 0) / labels.length,
    ratio: total.y > 0 ? total.p / total.y : null,
  };
}

function evenEdges(nBins: number): number[] {
  return Array.from({ length: nBins + 1 }, (_, b) => b / nBins);
}

/** Edges at the quantiles of the probabilities; equal ones are merged. */
function countEdges(probabilities: ArrayLike<number>, nBins: number): number[] {
  const sorted = Float64Array.from(probabilities).sort();
  const inner = Array.from({ length: nBins - 1 }, (_, b) => sorted[Math.floor(((b + 1) * sorted.length) / nBins)]);
  const low = sorted[0];
  const high = sorted[sorted.length - 1];
  return [low, ...new Set(inner.filter((edge) => edge > low)), high];
}

/** The last bin that begins at or below p. */
function binOf(edges: readonly number[], p: number): number {
  let bin = 0;
  while (bin < edges.length - 2 && p >= edges[bin + 1]) bin++;
  return bin;
}

/** The Wilson score interval of a share of k in n at 95 %. */
function wilson(k: number, n: number): [number, number] {
  const z = 1.959963984540054;
  const share = k / n;
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n);
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
