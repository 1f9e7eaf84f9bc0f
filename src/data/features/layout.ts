/** Where each field's rows and slots lie: user fields, then item, then context fields, one after the other. */
import { crossRows } from './cross.ts';
import { encodingRows, encodingSlots, isWeighted } from './encodings.ts';
import type { EncodedCross, EncodedField, FieldLayout, FieldOwner } from './field-rows.ts';
import type { FittedFeatures } from './fitted-features.ts';

const fieldOwners = ['user', 'item', 'context'] as const satisfies readonly FieldOwner[];

type Size = Pick<EncodedCross, 'name' | 'owner' | 'nRows' | 'slots' | 'weighted' | 'mixesItem'>;

export function fieldLayout({ fields, crosses }: FittedFeatures): FieldLayout {
  const placed = place(
    fields
      .filter((field) => !field.crossOnly)
      .map(({ name, owner, encoding }) => ({
        name,
        owner,
        nRows: encodingRows(encoding),
        slots: encodingSlots(encoding),
        weighted: isWeighted(encoding),
      })),
  );
  const placedCrosses = inOneRow(
    place(
      crosses.map((cross) => ({
        name: cross.name,
        owner: cross.owner,
        nRows: crossRows(cross),
        slots: cross.slots,
        weighted: false,
        ...(mixesItem(cross.fields, fields) && { mixesItem: true }),
      })),
    ),
  );
  return {
    fields: placed,
    nRows: endOf(placed),
    crosses: placedCrosses,
    nCrossRows: endOf(placedCrosses),
  };
}

function mixesItem(names: readonly string[], fields: FittedFeatures['fields']): boolean {
  const owners = names.map((name) => fields.find((field) => field.name === name)?.owner);
  return owners.includes('item') && owners.some((owner) => owner !== 'item');
}

function place(sizes: readonly Size[]): EncodedField[] {
  let firstRow = 0;
  return fieldOwners.flatMap((owner) => {
    let firstSlot = 0;
    return sizes
      .filter((size) => size.owner === owner)
      .map((size) => {
        const field = { ...size, firstRow, firstSlot };
        firstRow += size.nRows;
        firstSlot += size.slots;
        return field;
      });
  });
}

/** Slots numbered over all fields, of users, items and context alike. */
function inOneRow(fields: readonly EncodedField[]): EncodedField[] {
  let firstSlot = 0;
  return fields.map((field) => {
    const placed = { ...field, firstSlot };
    firstSlot += field.slots;
    return placed;
  });
}

function endOf(fields: readonly EncodedField[]): number {
  const last = fields.at(-1);
  return last ? last.firstRow + last.nRows : 0;
}

/** Slots of the fields together. */
export function slotsOf(fields: readonly EncodedField[]): number {
  return fields.reduce((n, field) => n + field.slots, 0);
}
