/** External ids (strings, as they stand in the user's data) ↔ dense indices 0 … size−1. */
export class Vocabulary {
  readonly ids: readonly string[];
  readonly #indexOf: Map<string, number>;

  /** @param ids distinct ids; the position in the list is the dense index */
  constructor(ids: readonly string[]) {
    this.ids = ids;
    this.#indexOf = new Map(ids.map((id, index) => [id, index]));
  }

  get size(): number {
    return this.ids.length;
  }

  idOf(index: number): string {
    return this.ids[index];
  }

  /** The dense index of an external id, or undefined when the id is not known. */
  indexOf(id: string): number | undefined {
    return this.#indexOf.get(id);
  }
}
