/**
 * Adversarial training: besides the loss of a row, its loss when user and items of the row are moved to where it hurts most.
 * He, He, Du, Chua: Adversarial Personalized Ranking for Recommendation. SIGIR 2018 (APR; AMF where the model is MF).
 *
 *   L_APR = L(Θ) + λ L(Θ + Δ)          Δ_v = ε Γ_v / ‖Γ_v‖,   Γ_v = ∂L / ∂v
 *
 * v: all numbers that the score reads of the user, or of one of the items, a bias among them. Δ counts as a constant. Γ is of the row
 * alone, where the paper adds up the rows of a batch that share a vector.
 */
import type { Tensor } from '../engine/expression.ts';
import { slopesAt } from '../engine/gradient.ts';
import { add, affine, multiplyColumn, reciprocal, rowDot, sqrt, stopGradient } from '../engine/ops/index.ts';

/** Parts of the user, of the item and of each other item. */
export type RowParts = readonly (readonly Tensor[])[];

/** Added to the square of a length, so that no slope at all moves nothing. */
const NOTHING = 1e-12;

/** The parts moved by Δ, a constant of the step. @param loss made of the parts, [B, 1] */
export function perturbed(loss: Tensor, parts: RowParts, epsilon: number): RowParts {
  return parts.map((ofOne) => {
    const slopes = slopesAt(loss, ofOne);
    const squares = slopes.map((slope) => rowDot(slope, slope)).reduce(add);
    const scale = affine(reciprocal(sqrt(affine(squares, 1, NOTHING))), epsilon);
    return ofOne.map((part, n) => add(part, stopGradient(multiplyColumn(slopes[n], scale))));
  });
}
