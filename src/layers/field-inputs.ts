/** What a field model computes with: the rows of tables that the slots of an example name. */
import { DeepTasteError } from '../core/errors.ts';
import type { EncodedCross, EncodedField, FieldLayout, FieldOwner } from '../data/features/field-rows.ts';
import type { Tensor } from '../engine/expression.ts';
import { concat, indexInput, input, lookupFields } from '../engine/ops/index.ts';

/** Leaves of one owner's slots. */
export interface SlotLeaves {
  readonly index: Tensor; // [B, slots]
  readonly value: Tensor | null; // [B, slots]
  /** Slots of each field. */
  readonly slots: readonly number[];
}

/** Leaves by owner; null where the owner has no field. `itemCross` are the slots of crosses of item fields alone, `cross` those of all others. */
export type FieldLeaves = Readonly<Record<FieldOwner | CrossOwner, SlotLeaves | null>>;
export type CrossOwner = 'cross' | 'itemCross';

export interface FieldInputs {
  readonly leaves: FieldLeaves;
  /** Vectors of all fields in the order of the layout (user, item, context), [n, d] → [B, F · d]; slots of a field are summed. */
  readonly embed: (table: Tensor) => Tensor;
  /** As embed, without the summing: every slot is a vector of its own, [B, S · d]. */
  readonly slots: (table: Tensor) => Tensor;
  /** Vectors of one owner's fields; null where it has none. */
  readonly embedOwner: (owner: FieldOwner, table: Tensor) => Tensor | null;
  /** Vectors of the crosses from a table of their own; null where the layout has none. */
  readonly crosses: (table: Tensor) => Tensor | null;
}

const owners = ['user', 'item', 'context'] as const;

/** Fields and slots of a layout, in all: widths of what `embed` and `slots` give. */
export function countFields(layout: FieldLayout): { readonly nFields: number; readonly nSlots: number } {
  return { nFields: layout.fields.length, nSlots: layout.fields.reduce((sum, { slots }) => sum + slots, 0) };
}

/** The fields in the order of the vectors that `embed` gives. */
export function fieldsInOrder(layout: FieldLayout): EncodedField[] {
  return owners.flatMap((owner) => layout.fields.filter((field) => field.owner === owner));
}

/** @throws 'config' for a layout without any field, 'data' for slots with gaps */
export function fieldInputs(layout: FieldLayout): FieldInputs {
  if (layout.fields.length === 0)
    throw new DeepTasteError(
      'config',
      'features: a model needs at least one field (a column of role field, user or item)',
    );
  const of = (owner: FieldOwner) => layout.fields.filter((field) => field.owner === owner);
  const leaves: FieldLeaves = {
    user: slotLeaves('user', of('user')),
    item: slotLeaves('item', of('item')),
    context: slotLeaves('context', of('context')),
    cross: crossLeaves('cross', layout),
    itemCross: crossLeaves('itemCross', layout),
  };
  const pooled = lookups((table, { index, value, slots }) => lookupFields(table, index, slots, value ?? undefined));
  const single = lookups((table, { index, value, slots }) =>
    slots.every((n) => n === 1)
      ? pooled(table, { index, value, slots })
      : lookupFields(table, index, Array<number>(index.size).fill(1), value ?? undefined),
  );
  const joined = (lookup: typeof pooled) => (table: Tensor) =>
    concat(...owners.flatMap((owner) => (leaves[owner] ? [lookup(table, leaves[owner])] : [])));
  return {
    leaves,
    embed: joined(pooled),
    slots: joined(single),
    embedOwner: (owner, table) => leaves[owner] && pooled(table, leaves[owner]),
    crosses: (table) => {
      const parts = (['cross', 'itemCross'] as const).flatMap((owner) => leaves[owner] ?? []);
      return parts.length > 0 ? concat(...parts.map((own) => pooled(table, own))) : null;
    },
  };
}

/** The crosses whose slots belong to a leaf. */
export function crossesOf({ crosses }: FieldLayout, leaf: CrossOwner): readonly EncodedCross[] {
  return crosses.filter(({ owner }) => (owner === 'item') === (leaf === 'itemCross'));
}

function crossLeaves(leaf: CrossOwner, layout: FieldLayout): SlotLeaves | null {
  let firstSlot = 0;
  const placed = crossesOf(layout, leaf).map((cross) => {
    const own = { ...cross, firstSlot };
    firstSlot += cross.slots;
    return own;
  });
  return slotLeaves(leaf, placed);
}

function slotLeaves(owner: string, fields: readonly EncodedField[]): SlotLeaves | null {
  if (fields.length === 0) return null;
  let next = 0;
  for (const { name, firstSlot, slots } of fields) {
    if (firstSlot !== next)
      throw new DeepTasteError(
        'data',
        `features: field "${name}" must start at slot ${next} of its ${owner}, found ${firstSlot}`,
      );
    next += slots;
  }
  return {
    index: indexInput(`${owner} slots`, next),
    value: fields.some(({ weighted }) => weighted) ? input(`${owner} values`, [next]) : null,
    slots: fields.map(({ slots }) => slots),
  };
}

/** One lookup for each table and owner, however often a model asks for it. */
function lookups(make: (table: Tensor, leaves: SlotLeaves) => Tensor): (table: Tensor, leaves: SlotLeaves) => Tensor {
  const known = new Map<Tensor, Map<Tensor, Tensor>>();
  return (table, leaves) => {
    const ofTable = known.get(table) ?? new Map<Tensor, Tensor>();
    known.set(table, ofTable);
    const made = ofTable.get(leaves.index) ?? make(table, leaves);
    ofTable.set(leaves.index, made);
    return made;
  };
}
