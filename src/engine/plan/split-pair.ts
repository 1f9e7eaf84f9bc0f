/**
 * Splits a score of a user and an item into what depends on the user alone, what depends on the item alone, and the rest, so that
 * ranking all items for a user repeats the rest only. Where a layer reads both sides joined, it is taken apart first:
 *
 *   (a, b) W + c = a W_a + b W_b + c        f_BI(a, b) = f_BI(a) + f_BI(b) + Σa ⊙ Σb        Σ(a, b) = Σa + Σb
 */
import { DeepTasteError } from '../../core/errors.ts';
import { Tensor } from '../expression.ts';
import { add, input } from '../ops/index.ts';

export type Side = 'user' | 'item';

export interface PairSplit {
  /** What must be computed once a user and once an item, batch tensors over the original leaves. */
  readonly userParts: readonly Tensor[];
  readonly itemParts: readonly Tensor[];
  /** Input leaves that stand for the parts in `score`. */
  readonly userLeaves: readonly Tensor[];
  readonly itemLeaves: readonly Tensor[];
  readonly score: Tensor;
}

const USER = 1;
const ITEM = 2;
const BOTH = 3;

/**
 * @param score batch [B, 1]
 * @param sideOf whose each batch leaf is; null = of both, which cannot be ranked
 * @throws 'config' when a leaf belongs to neither side alone
 */
export function splitPair(score: Tensor, sideOf: (leaf: Tensor) => Side | null): PairSplit {
  return new Splitter(sideOf).split(score);
}

class Splitter {
  readonly #sideOf: (leaf: Tensor) => Side | null;
  readonly #sides = new Map<Tensor, number>();
  readonly #rewritten = new Map<Tensor, Tensor>();
  readonly #parts: Record<Side, { part: Tensor; leaf: Tensor }[]> = { user: [], item: [] };

  constructor(sideOf: (leaf: Tensor) => Side | null) {
    this.#sideOf = sideOf;
  }

  split(score: Tensor): PairSplit {
    const rest = this.#rewrite(score);
    const { user, item } = this.#parts;
    return {
      userParts: user.map(({ part }) => part),
      itemParts: item.map(({ part }) => part),
      userLeaves: user.map(({ leaf }) => leaf),
      itemLeaves: item.map(({ leaf }) => leaf),
      score: rest,
    };
  }

  /** Which sides a tensor depends on, as bits. */
  #sidesOf(tensor: Tensor): number {
    const known = this.#sides.get(tensor);
    if (known !== undefined) return known;
    const isLeaf = tensor.rows === 'batch' && tensor.inputs.length === 0;
    const sides = isLeaf ? this.#leafSide(tensor) : tensor.inputs.reduce((bits, x) => bits | this.#sidesOf(x), 0);
    this.#sides.set(tensor, sides);
    return sides;
  }

  #leafSide(leaf: Tensor): number {
    const side = this.#sideOf(leaf);
    if (side) return side === 'user' ? USER : ITEM;
    throw new DeepTasteError(
      'config',
      `ranking: every input must belong to the user and context or to the item, but ${leaf} mixes both ` +
        '(leave crosses of user and item fields out to rank all items)',
    );
  }

  #rewrite(tensor: Tensor): Tensor {
    const sides = this.#sidesOf(tensor);
    if (sides === 0) return tensor;
    const known = this.#rewritten.get(tensor);
    if (known) return known;
    const made = sides === BOTH ? this.#rewriteBoth(tensor) : this.#partLeaf(sides === USER ? 'user' : 'item', tensor);
    this.#rewritten.set(tensor, made);
    return made;
  }

  #partLeaf(side: Side, part: Tensor): Tensor {
    const parts = this.#parts[side];
    const leaf = input(`${side} part ${parts.length}`, part.shape);
    parts.push({ part, leaf });
    return leaf;
  }

  #rewriteBoth(tensor: Tensor): Tensor {
    if (tensor.rows === 'shared')
      throw new DeepTasteError(
        'shape',
        `ranking: ${tensor} must not depend on sums over the batch; score rows one by one`,
      );
    const apart = this.#takenApart(tensor);
    if (apart) return this.#rewrite(apart);
    const inputs = tensor.inputs.map((x) => this.#rewrite(x));
    return new Tensor(tensor.op, inputs, tensor.rows, tensor.shape, tensor.attributes);
  }

  /** The same value with sums over joined sides taken apart; null where there is nothing to take apart. */
  #takenApart(tensor: Tensor): Tensor | null {
    const { apart } = tensor.op;
    if (!apart) return null;
    const segments = this.#segments(tensor.inputs[0]);
    const isMixed = segments.some((x) => this.#sidesOf(x) !== BOTH) && segments.length > 1;
    if (!isMixed) return null;
    return apart(tensor, {
      segments,
      ofFirstSide: segments.filter((x) => this.#sidesOf(x) === USER),
      others: segments.filter((x) => this.#sidesOf(x) !== USER),
      sum: (terms) => this.#bySides(segments, terms),
    });
  }

  /** Σ terms, added side by side, so that what belongs to one side stays in one part. */
  #bySides(segments: readonly Tensor[], terms: readonly Tensor[]): Tensor {
    const sums = [USER, ITEM, BOTH, 0].flatMap((side) => {
      const own = terms.filter((_, n) => this.#sidesOf(segments[n]) === side);
      return own.length > 0 ? [own.reduce((sum, term) => add(sum, term))] : [];
    });
    return sums.reduce((sum, term) => add(sum, term));
  }

  /** The tensors that joins put side by side. */
  #segments(x: Tensor): readonly Tensor[] {
    return x.op.joins ? x.inputs.flatMap((part) => this.#segments(part)) : [x];
  }
}
