/** Negatives of many steps, put together. */
import type { DrawnNegatives } from './open-examples.ts';

type Values = ArrayLike<number>;

export class NegativeLists {
  readonly #users: number[] = [];
  readonly #items: number[] = [];
  readonly #slopes: number[] = [];

  /** @param labels of the rows: those with label 1 hold no negative; null = all do */
  add(users: Values, items: Values, slopes: Values, labels: Values | null): void {
    for (let r = 0; r < users.length; r++) {
      if (labels && labels[r] === 1) continue;
      this.#users.push(users[r]);
      this.#items.push(items[r]);
      this.#slopes.push(Math.abs(slopes[r]));
    }
  }

  lists(): DrawnNegatives {
    return {
      users: Int32Array.from(this.#users),
      items: Int32Array.from(this.#items),
      slopes: Float32Array.from(this.#slopes),
    };
  }
}
