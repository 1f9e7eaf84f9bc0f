/** The items of one recommender with what the store says of them since: new ones, changed fields, those that are not available. */
import type { RecommenderParts } from '../../artifact/recommender-parts.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { shownValue } from '../../core/ids.ts';
import { quotedName } from '../../core/shown.ts';
import { displayName, type Field, type FieldTable } from '../../data/dataset.ts';
import { matchingRows } from '../../data/filters/matching-rows.ts';
import type { Schema } from '../../data/schema.ts';
import type { Cell, Cells, StoredItem } from '../store/records.ts';

/** Conditions whose items are kept in mind. */
const KEPT_CONDITIONS = 100;

type MutableField = Pick<Field, 'name' | 'kind'> & { readonly values: (string | number | readonly string[] | null)[] };

export class Catalogue {
  readonly #parts: Pick<RecommenderParts, 'items' | 'itemFields'>;
  readonly #schema: Schema;
  /** Items that the recommender does not know, after those that it knows. */
  readonly #newIds: string[] = [];
  readonly #newIndex = new Map<string, number>();
  readonly #changed = new Map<number, StoredItem>();
  /** Copies of the recommender's fields, made when the first item changes. */
  #fields: MutableField[] | null = null;
  readonly #unavailable = new Set<number>();
  readonly #conditions = new Map<string, Uint8Array>();
  /** Grows with every change. */
  revision = 0;

  constructor({ items, itemFields, info }: Pick<RecommenderParts, 'items' | 'itemFields' | 'info'>) {
    this.#parts = { items, itemFields };
    this.#schema = info.schema;
  }

  /** Items that the recommender knows: dense indices below this are its own. */
  get nKnown(): number {
    return this.#parts.items.size;
  }

  get size(): number {
    return this.nKnown + this.#newIds.length;
  }

  indexOf(id: string): number | undefined {
    return this.#parts.items.indexOf(id) ?? this.#newIndex.get(id);
  }

  idOf(index: number): string {
    return index < this.nKnown ? this.#parts.items.idOf(index) : this.#newIds[index - this.nKnown];
  }

  /** Title where there is one, else the id. */
  titleOf(index: number): string {
    const { items, itemFields } = this.#parts;
    const told = this.#changed.get(index)?.fields[itemFields.title ?? 'title'];
    if (typeof told === 'string' && told !== '') return told;
    return index < this.nKnown ? displayName(items, itemFields, index) : this.idOf(index);
  }

  get table(): FieldTable {
    if (this.#fields === null) return this.#parts.itemFields;
    return { nRows: this.size, fields: this.#fields as Field[], title: this.#parts.itemFields.title };
  }

  /** What was deleted or is said not to be available. */
  get unavailable(): ReadonlySet<number> {
    return this.#unavailable;
  }

  /** False for what was deleted or is said not to be available. */
  isAvailable(index: number): boolean {
    return !this.#unavailable.has(index);
  }

  cellsOf(index: number): Cells {
    const cells: Record<string, Cell> = {};
    for (const { name, values } of this.table.fields) {
      const value = values[index] ?? null;
      if (value !== null) cells[name] = value;
    }
    return cells;
  }

  /** Of an item that was deleted, the store's word; null for what it says nothing of. */
  storedOf(index: number): StoredItem | null {
    return this.#changed.get(index) ?? null;
  }

  /** What the store says of an item, in place of what it said before. Cells that it does not name stay as training had them. */
  apply(item: StoredItem): void {
    const index = this.indexOf(item.id) ?? this.#add(item.id);
    this.#changed.set(index, item);
    if (item.available && !item.deleted) this.#unavailable.delete(index);
    else this.#unavailable.add(index);
    this.#fields ??= this.#copiedFields();
    const own = this.#parts.itemFields.fields;
    for (const field of this.#fields) {
      const known = own.find(({ name }) => name === field.name);
      field.values[index] = index < this.nKnown ? (known?.values[index] ?? null) : null;
    }
    for (const [name, cell] of Object.entries(item.fields)) {
      const field = this.#fields.find((each) => each.name === name) ?? this.#addField(name, cell);
      if (field) field.values[index] = cellAs(field, cell);
    }
    this.#conditions.clear();
    this.revision++;
  }

  #add(id: string): number {
    const index = this.size;
    this.#newIds.push(id);
    this.#newIndex.set(id, index);
    for (const { values } of this.#fields ?? []) values.push(null);
    return index;
  }

  #copiedFields(): MutableField[] {
    return this.#parts.itemFields.fields.map(({ name, kind, values }) => {
      const copy: MutableField['values'] = [...values];
      while (copy.length < this.size) copy.push(null);
      return { name, kind, values: copy };
    });
  }

  #addField(name: string, cell: Cell): MutableField | null {
    if (cell === null) return null;
    const kind = Array.isArray(cell) ? 'multi' : typeof cell === 'number' ? 'numeric' : 'categorical';
    const field: MutableField = { name, kind, values: new Array(this.size).fill(null) };
    this.#fields?.push(field);
    return field;
  }

  /**
   * The items of which a condition holds [size], and what is to be said where it holds of none.
   * @throws DeepTasteError `usage`: no condition, a field that there is not, a value of another kind
   */
  matching(where: string): { readonly rows: Uint8Array; readonly note: string | null } {
    const known = this.#conditions.get(where);
    if (known) return { rows: known, note: null };
    try {
      const rows = matchingRows(this.table, this.#schema, where);
      if (this.#conditions.size >= KEPT_CONDITIONS) this.#conditions.clear();
      this.#conditions.set(where, rows);
      return { rows, note: null };
    } catch (error) {
      if (!(error instanceof DeepTasteError && error.code === 'not-found')) throw error;
      return { rows: new Uint8Array(this.size), note: error.message };
    }
  }

  /** @throws DeepTasteError `usage`: a cell that does not fit the field as the recommender knows it */
  check(fields: Cells): void {
    for (const [name, cell] of Object.entries(fields)) {
      const field = this.table.fields.find((each) => each.name === name);
      if (!field) continue;
      cellAs(field, cell);
      if (field.kind === 'multi' && typeof cell === 'string') requireOneValue(field, cell);
    }
  }

  /** Indices of the items whose id or title holds the text, capitals aside, in the order of the catalogue. */
  search(text: string, offset: number, limit: number): { readonly items: number[]; readonly total: number } {
    const wanted = text.toLowerCase();
    const items: number[] = [];
    let total = 0;
    for (let index = 0; index < this.size; index++) {
      if (this.#changed.get(index)?.deleted) continue;
      const isFound =
        wanted === '' ||
        this.idOf(index).toLowerCase().includes(wanted) ||
        this.titleOf(index).toLowerCase().includes(wanted);
      if (isFound && total++ >= offset && items.length < limit) items.push(index);
    }
    return { items, total };
  }
}

/** A cell as the field holds it. @throws DeepTasteError `usage` where it does not fit */
function cellAs({ name, kind }: Pick<Field, 'name' | 'kind'>, cell: Cell): string | number | readonly string[] | null {
  if (cell === null) return null;
  if (kind === 'multi') return Array.isArray(cell) ? cell : [String(cell)];
  if (kind !== 'numeric') return Array.isArray(cell) ? cell.join(', ') : String(cell);
  const isDate = typeof cell === 'string' && /^\d{4}-\d\d-\d\d/.test(cell);
  const number = isDate ? Date.parse(cell) / 1000 : Number(cell);
  if (Number.isFinite(number) && cell !== '' && !Array.isArray(cell)) return number;
  throw new DeepTasteError(
    'usage',
    `items: field ${quotedName(name)} must be a number, as in training, found ${shownValue(cell)}`,
    { field: name },
  );
}

/** Between the values of a cell, in files. */
const separators = ['|', ';', ',', ' '];

/** A cell of a file with several values in one text would be one value that no other item has. @throws DeepTasteError `usage` */
function requireOneValue({ name, values }: Pick<Field, 'name' | 'values'>, cell: string): void {
  const candidates = separators
    .map((separator) => cell.split(separator).map((part) => part.trim()))
    .filter((parts) => parts.length > 1);
  if (candidates.length === 0) return;
  const known = new Set((values as readonly (readonly string[] | null)[]).flatMap((each) => each ?? []));
  const parts = known.has(cell) ? undefined : candidates.find((each) => each.every((part) => known.has(part)));
  if (parts === undefined) return;
  throw new DeepTasteError(
    'usage',
    `items: field ${quotedName(name)} has several values: must be a list, such as ${JSON.stringify(parts)}, found ${shownValue(cell)}`,
    { field: name },
  );
}
