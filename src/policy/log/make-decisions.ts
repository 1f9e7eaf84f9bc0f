/** A log of decisions from arrays that a caller has in memory, or that a world made. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import { checkDecisions } from './check-decisions.ts';
import type { ContextColumn, Decisions } from './decisions.ts';

export interface GivenDecisions {
  readonly source?: string;
  /** All actions that there are; `action` are places in this list. */
  readonly actions: readonly string[];
  readonly action: Int32Array; // [n]
  readonly reward: Float64Array; // [n]
  readonly propensity: Float64Array; // [n]
  readonly behaviour?: Float64Array; // [n × actions]
  readonly positions?: readonly string[];
  readonly position?: Int32Array; // [n]
  readonly list?: Int32Array; // [n]
  readonly time?: Float64Array; // [n]
  readonly context?: readonly ContextColumn[];
  readonly numbers?: ReadonlyMap<string, Float64Array>;
}

/** @throws DeepTasteError `data`: columns of unlike lengths, indices out of range, NaN in the context, what `checkDecisions` refuses */
export function makeDecisions(given: GivenDecisions): Decisions {
  const { source = 'log', actions, action, reward, propensity, positions = [], context = [] } = given;
  const n = action.length;
  const columns: readonly (readonly [string, number | undefined])[] = [
    ['reward', reward.length],
    ['propensity', propensity.length],
    ['position', given.position?.length],
    ['list', given.list?.length],
    ['time', given.time?.length],
    ['behaviour', given.behaviour && given.behaviour.length / actions.length],
    ...context.map((column): [string, number] => [
      column.name,
      column.kind === 'categorical' ? column.index.length : column.value.length,
    ]),
    ...[...(given.numbers ?? [])].map(([name, values]): [string, number] => [name, values.length]),
  ];
  for (const [name, length] of columns)
    if (length !== undefined && length !== n)
      throw new DeepTasteError(
        'data',
        `${source}: all columns must have ${n} rows, found ${length} of ${quotedName(name)}`,
      );
  checkIndices(source, 'action', action, actions.length);
  if (given.position) checkIndices(source, 'position', given.position, positions.length);
  for (const column of context) refuseNaN(source, column);
  const nLists = given.list ? given.list.reduce((most, list) => Math.max(most, list + 1), 0) : 0;
  if (given.list) checkIndices(source, 'list', given.list, nLists);
  const decisions: Decisions = {
    source,
    length: n,
    actions,
    action,
    reward,
    propensity,
    behaviour: given.behaviour ?? null,
    positions,
    position: given.position ?? null,
    list: given.list ?? null,
    nLists,
    time: given.time ?? null,
    context,
    numbers: given.numbers ?? new Map(),
    notes: [],
  };
  checkDecisions(decisions, (row) => `${source} row ${row + 1}`, null);
  return decisions;
}

function checkIndices(source: string, name: string, index: Int32Array, size: number): void {
  const row = index.findIndex((value) => !(value >= 0 && value < size));
  if (row >= 0)
    throw new DeepTasteError(
      'data',
      `${source} row ${row + 1}: the ${name} must be a place in a list of ${size}, found ${index[row]}`,
      { row },
    );
}

function refuseNaN(source: string, column: ContextColumn): void {
  if (column.kind === 'categorical') return;
  const row = column.value.findIndex(Number.isNaN);
  if (row >= 0)
    throw new DeepTasteError(
      'data',
      `${source} row ${row + 1}: context ${quotedName(column.name)} must be a number, found NaN; leave the row out, or give a category for what is unknown`,
      { row, column: column.name },
    );
}
