/** External ids (strings, as they stand in the user's data) ↔ dense indices 0 … size−1. */
import { hashText, TextList } from './text-list.ts';

const FREE = -1;

export class Vocabulary {
  readonly #texts: TextList;
  /** Open addressing: positions of texts, at most five eighths of the slots taken; made when an id is first looked up. */
  #slots: Int32Array | null = null;
  #ids: readonly string[] | null = null;

  /** The ids were written small, and other spellings are looked up as these. */
  readonly ignoresCase: boolean;

  /** @param ids distinct ids; the position in the list is the dense index */
  constructor(ids: Iterable<string>, { ignoresCase = false }: { readonly ignoresCase?: boolean } = {}) {
    this.ignoresCase = ignoresCase;
    this.#texts = (ids instanceof TextList ? ids : new TextList(ids)).trim();
  }

  get size(): number {
    return this.#texts.size;
  }

  /** All ids by dense index as strings, made when first asked for; `idOf` and `idsFrom` spare the memory of many. */
  get ids(): readonly string[] {
    this.#ids ??= this.idsFrom(0, this.size);
    return this.#ids;
  }

  /** The ids of the dense indices [from, to). */
  idsFrom(from: number, to: number): string[] {
    return this.#texts.slice(from, to);
  }

  idOf(index: number): string {
    return index >= 0 && index < this.size ? this.#texts.at(index) : (undefined as never);
  }

  /** The dense index of an external id, or undefined when the id is not known. */
  indexOf(id: string): number | undefined {
    const index = this.#exact(id);
    return index === undefined && this.ignoresCase ? this.#exact(small(id)) : index;
  }

  #exact(id: string): number | undefined {
    this.#slots ??= this.#fill();
    const mask = this.#slots.length - 1;
    for (let slot = hashText(id) & mask; ; slot = (slot + 1) & mask) {
      const index = this.#slots[slot];
      if (index === FREE) return undefined;
      if (this.#texts.isAt(index, id)) return index;
    }
  }

  /** True when no id stands twice, as must be. */
  isDistinct(): boolean {
    this.#slots ??= this.#fill();
    return this.#slots.reduce((n, index) => n + (index === FREE ? 0 : 1), 0) === this.size;
  }

  /** Of equal ids the last one stays. */
  #fill(): Int32Array {
    const slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(2, this.size * 1.6)))).fill(FREE);
    const mask = slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let slot = this.#texts.hashAt(index) & mask;
      while (slots[slot] !== FREE && !this.#texts.areEqual(slots[slot], index)) slot = (slot + 1) & mask;
      slots[slot] = index;
    }
    return slots;
  }

  /** The same ids and, after them, those of `more` that are not among them. */
  with(more: Iterable<string>): Vocabulary {
    const spelt = this.ignoresCase ? Array.from(more, small) : more;
    const added = [...new Set(spelt)].filter((id) => this.#exact(id) === undefined);
    if (added.length === 0) return this;
    const texts = new TextList(this.#texts);
    for (const id of added) texts.push(id);
    return new Vocabulary(texts, this);
  }

  /** The ids at the given indices, in that order; the same vocabulary where these are all of its own. */
  select(indices: Int32Array): Vocabulary {
    if (indices.length === this.size && indices.every((index, place) => index === place)) return this;
    const texts = new TextList();
    for (const index of indices) texts.push(this.#texts.at(index));
    return new Vocabulary(texts, this);
  }
}

/** Without capitals, character by character as DuckDB's lower() has it: the end of a word and letters of two characters are no exceptions. */
function small(id: string): string {
  return Array.from(id, (character) => {
    const lower = character.toLowerCase();
    return lower.length > character.length ? String.fromCodePoint(lower.codePointAt(0) as number) : lower;
  }).join('');
}
