/**
 * Ending trainings that promise nothing more: below the median of the others (Golovin, Solnik, Moitra, Kochanski, Karro, Sculley: Google
 * Vizier. KDD 2017, §3.2.2), or on a plateau.
 */
import { bestUntil, type Look } from './trial.ts';

/** Trainings that must have come as far before there is a median to be below. */
export const LEAST_OTHERS = 5;

/** The median of the best values that others had by an epoch; null where too few came so far. */
export function medianAt(others: readonly (readonly Look[])[], epoch: number): number | null {
  const values = others.flatMap((looks) => {
    const last = looks.at(-1);
    return last && last[0] >= epoch ? [bestUntil(looks, epoch) ?? Number.NEGATIVE_INFINITY] : [];
  });
  if (values.length < LEAST_OTHERS) return null;
  values.sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/** Looks of a plateau, at least, and as a share of all looks. */
const PLATEAU = { looks: 3, share: 0.2, gain: 0.01 };

/** Whether the last fifth of the looks, three at least, brought a hundredth at most of what those before had gained since the first. */
export function isOnPlateau(looks: readonly Look[]): boolean {
  const window = Math.max(PLATEAU.looks, Math.ceil(PLATEAU.share * looks.length));
  const before = looks.length - window;
  if (before < PLATEAU.looks) return false;
  const [, first] = looks[0];
  const best = (part: readonly Look[]): number => Math.max(...part.map(([, value]) => value));
  const then = best(looks.slice(0, before));
  return best(looks) - then <= PLATEAU.gain * (then - first);
}
