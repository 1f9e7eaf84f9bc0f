/** Texts of rows as numbers of a list of distinct texts, in the order of their first appearance. */
export class NumberedTexts {
  readonly index: Int32Array;
  readonly texts: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** @param length number of rows; −1 stands for a missing text */
  constructor(length: number) {
    this.index = new Int32Array(length).fill(-1);
  }

  set(row: number, text: string | null): void {
    if (text === null) return;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.texts.length;
      this.#numbers.set(text, number);
      this.texts.push(text);
    }
    this.index[row] = number;
  }

  /** The same rows, with the list of texts in another order. */
  sorted(compare: (a: string, b: string) => number): NumberedTexts {
    const sorted = new NumberedTexts(this.index.length);
    for (const text of [...this.texts].sort(compare)) {
      sorted.#numbers.set(text, sorted.texts.length);
      sorted.texts.push(text);
    }
    for (let row = 0; row < this.index.length; row++)
      if (this.index[row] >= 0) sorted.index[row] = sorted.#numbers.get(this.texts[this.index[row]]) as number;
    return sorted;
  }
}
