/**
 * The feature pipeline after fitting: rows of a data set, or one named row, as rows of embedding tables. It holds all it
 * needs (vocabularies, means, boundaries), so that a trained model predicts without its training data. What was never
 * seen in training is never an error: it takes the row of rare values where there is one, else it has no value.
 */
import { assert } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import type { Dataset, Interactions } from '../dataset.ts';
import type { ValueColumn } from '../value-columns.ts';
import { crossLookup, type FieldCodes, writeCross } from './cross.ts';
import { encodingRowName, isWeighted, writeEncoding } from './encodings.ts';
import { cellColumn, contextColumn, entityColumn, missingColumn } from './feature-columns.ts';
import type { FieldExamples } from './field-examples.ts';
import { crossedParts, crossName, rowNumber } from './field-names.ts';
import { type EncodedField, type FieldLayout, type FieldOwner, type FieldRows, slotColumns } from './field-rows.ts';
import type { FittedFeatures, FittedField } from './fitted-features.ts';
import { fieldLayout, slotsOf } from './layout.ts';
import { emptySlots } from './slots.ts';

/** One row by its names, encoded: each part has one row. */
export interface EncodedRow {
  readonly user: FieldRows;
  readonly item: FieldRows;
  readonly context: FieldRows;
  readonly crosses: FieldRows;
  /** One line each: cells that are missing or were never seen in training, names that are no field. */
  readonly notes: readonly string[];
}

/** Where the cells of a field are found; a column that is not there has missing cells only. */
type CellsOf = (field: FittedField) => ValueColumn;

export class FeatureEncoder {
  readonly fitted: FittedFeatures;
  readonly layout: FieldLayout;
  readonly #lookups: readonly ((parts: Int32Array) => number | undefined)[];

  constructor(fitted: FittedFeatures) {
    this.fitted = fitted;
    this.layout = fieldLayout(fitted);
    this.#lookups = fitted.crosses.map(crossLookup);
  }

  /** The fields of every user [users × slots]. */
  encodeUsers(dataset: Dataset): FieldRows {
    return this.#encode('user', dataset.users.size, this.#entities(dataset));
  }

  /** The fields of every item [items × slots]. */
  encodeItems(dataset: Dataset): FieldRows {
    return this.#encode('item', dataset.items.size, this.#entities(dataset));
  }

  /** The context fields of each row [rows × slots]. */
  encodeContext(interactions: Interactions): FieldRows {
    return this.#encode('context', interactions.length, this.#rows(interactions));
  }

  /** The crosses of each row [rows × slots of all crosses]; rows of the second table. */
  encodeCrosses(dataset: Dataset, interactions: Interactions = dataset.interactions): FieldRows {
    const { userIndex, itemIndex } = interactions;
    const entities = this.#entities(dataset);
    const rows = this.#rows(interactions);
    const rowOf = { user: (row: number) => userIndex[row], item: (row: number) => itemIndex[row], context: own };
    return this.#encodeCrosses(interactions.length, (field) => {
      const column = field.owner === 'context' ? rows(field) : entities(field);
      return fieldCodes(field, column, rowOf[field.owner]);
    });
  }

  /** The crosses of item fields alone, of every item [items × slots of these crosses]; null where there are none. */
  encodeItemCrosses(dataset: Dataset): FieldRows | null {
    const ofItems = this.layout.crosses.filter(({ owner }) => owner === 'item');
    if (ofItems.length === 0) return null;
    const entities = this.#entities(dataset);
    const known = (field: FittedField) => (field.owner === 'item' ? entities(field) : emptyColumn(field));
    const rowOf = (owner: string) => (owner === 'item' ? own : first);
    const rows = this.#encodeCrosses(dataset.items.size, (field) =>
      fieldCodes(field, known(field), rowOf(field.owner)),
    );
    return slotColumns(rows, ofItems);
  }

  /** The crosses of one row with every item [items × slots of all crosses]: what the row says of its item does not count. */
  encodeCrossesWithItems(record: Readonly<Record<string, unknown>>, dataset: Dataset): FieldRows {
    const entities = this.#entities(dataset);
    return this.#encodeCrosses(dataset.items.size, (field) =>
      field.owner === 'item'
        ? fieldCodes(field, entities(field), own)
        : fieldCodes(field, cellColumn(field.key, record[field.key], field.kind), first),
    );
  }

  /**
   * All that a model of fields reads of labelled rows; what an owner has no field of is null.
   * @param label one a row; default: the label or rating of the row, 1 where there is none
   */
  encodeExamples(dataset: Dataset, interactions: Interactions, label?: Float32Array): FieldExamples {
    const { length, userIndex, itemIndex, rating } = interactions;
    const { fields, crosses } = this.layout;
    const has = (owner: FieldOwner): boolean =>
      fields.some((field) => field.owner === owner) ||
      (owner === 'item' && crosses.some((cross) => cross.owner === owner));
    return {
      nRows: length,
      user: has('user') ? userIndex : null,
      users: has('user') ? this.encodeUsers(dataset) : null,
      item: has('item') ? itemIndex : null,
      items: has('item') ? this.encodeItems(dataset) : null,
      context: has('context') ? this.encodeContext(interactions) : null,
      crosses: crosses.length > 0 ? this.encodeCrosses(dataset, interactions) : null,
      label: label ?? rating ?? new Float32Array(length).fill(1),
    };
  }

  /**
   * One row by the names of its columns, e.g. `{ user_id: 'ann', genre: ['Comedy'], age: 31 }`. Cells are texts, numbers,
   * booleans, dates or lists; several values of a text are separated by `|`.
   */
  encodeRow(record: Readonly<Record<string, unknown>>): EncodedRow {
    const cells: CellsOf = ({ key, kind }) => cellColumn(key, record[key], kind);
    const part = (owner: FieldOwner): FieldRows => this.#encode(owner, 1, cells);
    return {
      user: part('user'),
      item: part('item'),
      context: part('context'),
      crosses: this.#encodeCrosses(1, (field) => fieldCodes(field, cells(field), own)),
      notes: this.#notes(record, cells),
    };
  }

  /** What a row of the common table stands for, for people: `genre = Comedy`. */
  fieldValueName(row: number): string {
    const { field, own } = rowNumber(this.layout.fields, row);
    return `${field.name}${encodingRowName(this.#field(field.name), own)}`;
  }

  /** What a row of the crosses' table stands for: `education = Bachelors & sex = Male`. */
  crossValueName(row: number): string {
    const { field, own } = rowNumber(this.layout.crosses, row);
    const cross = this.fitted.crosses.find(({ name }) => name === field.name)!;
    return crossName(cross, own, (name) => this.#field(name));
  }

  /** The fields whose values a cross combines. */
  crossedFields(cross: EncodedField): readonly string[] {
    return crossedParts(this.fitted, cross.name);
  }

  /** Plain JSON; `parseFeatures` makes an encoder of it again. */
  toJSON(): FittedFeatures {
    return this.fitted;
  }

  #field(name: string): FittedField {
    const field = this.fitted.fields.find((each) => each.name === name);
    assert(field, `no field ${name}`);
    return field;
  }

  #entities(dataset: Dataset): CellsOf {
    return (field) => {
      const nRows = field.owner === 'user' ? dataset.users.size : dataset.items.size;
      return entityColumn(columnRef(field), dataset) ?? missingColumn(field.column, nRows);
    };
  }

  #rows(interactions: Interactions): CellsOf {
    return (field) => contextColumn(columnRef(field), interactions) ?? missingColumn(field.column, interactions.length);
  }

  #encode(owner: FieldOwner, nRows: number, cellsOf: CellsOf): FieldRows {
    const fields = this.layout.fields.filter((field) => field.owner === owner);
    const stride = slotsOf(fields);
    const { index, value } = emptySlots(
      nRows,
      stride,
      fields.some((field) => field.weighted),
    );
    for (const { name, firstRow, firstSlot } of fields) {
      const field = this.#field(name);
      writeEncoding(field.encoding, cellsOf(field), { index, value, stride, offset: firstSlot, firstRow });
    }
    return { nRows, slots: stride, index, value };
  }

  #encodeCrosses(nRows: number, codesOf: (field: FittedField) => FieldCodes): FieldRows {
    const stride = slotsOf(this.layout.crosses);
    const { index } = emptySlots(nRows, stride, false);
    this.fitted.crosses.forEach((cross, c) => {
      const { firstRow, firstSlot: offset } = this.layout.crosses.find(({ name }) => name === cross.name)!;
      const codes = cross.fields.map((name) => codesOf(this.#field(name)));
      writeCross(cross, this.#lookups[c], codes, nRows, { index, value: null, stride, offset, firstRow });
    });
    return { nRows, slots: stride, index, value: null };
  }

  #notes(record: Readonly<Record<string, unknown>>, cells: CellsOf): string[] {
    const keys = [...new Set(this.fitted.fields.map(({ key }) => key))];
    const known = new Set([...keys, ...this.fitted.otherColumns]);
    const strange = Object.keys(record).filter((key) => !known.has(key));
    const lines = strange.map((key) => `"${key}" is not a field${suggestion(key, keys)}`);
    for (const field of this.fitted.fields) {
      const column = cells(field);
      const what = 'value' in column ? Number.isNaN(column.value[0]) : column.index.length === 0 || column.index[0] < 0;
      if (what) lines.push(`"${field.name}" has no value`);
      else if (fieldCodes(field, column, own).code.every((code) => code < 0 || isRareRow(field, code)))
        lines.push(`"${field.name}": ${JSON.stringify(record[field.key])} was not, or rarely, seen in training`);
    }
    return lines;
  }
}

function own(row: number): number {
  return row;
}

function first(): number {
  return 0;
}

function emptyColumn({ column }: FittedField): ValueColumn {
  return missingColumn(column, 1);
}

function columnRef({ owner, source, column }: FittedField) {
  return { owner, source, name: column };
}

function isRareRow({ encoding }: FittedField, code: number): boolean {
  return 'unknown' in encoding && encoding.unknown && code === encoding.values.length;
}

/** A field's own row numbers for each row of its column. */
export function fieldCodes(field: FittedField, column: ValueColumn, rowOf: FieldCodes['rowOf']): FieldCodes {
  const slots = 'slots' in field.encoding ? field.encoding.slots : 1;
  const nRows =
    'rowStart' in column ? column.rowStart.length - 1 : ('index' in column ? column.index : column.value).length;
  const { index: code, value } = emptySlots(nRows, slots, isWeighted(field.encoding));
  writeEncoding(field.encoding, column, { index: code, value, stride: slots, offset: 0, firstRow: 0 });
  return { slots, code, rowOf };
}
