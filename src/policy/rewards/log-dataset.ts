/** A log as a data set of labelled rows: actions are its items, the situation is its context, nobody is named. */
import type { Dataset, Interactions, Split } from '../../data/dataset.ts';
import { selectRows } from '../../data/dataset.ts';
import type { ColumnSchema } from '../../data/schema.ts';
import type { ValueColumn } from '../../data/value-columns.ts';
import { Vocabulary } from '../../data/vocabulary.ts';
import { type Decisions, isBinary } from '../log/decisions.ts';

/** What the field of the action is called. */
export const ACTION = 'action';
const POSITION = 'position';

/** Clicks where all rewards are 0 or 1, else ratings. */
export function logDataset(decisions: Decisions): Dataset {
  const { source, length, actions, action, reward } = decisions;
  const context = contextOf(decisions);
  const columns: ColumnSchema[] = [
    { name: ACTION, role: 'item', kind: 'id', owner: 'interaction', guessed: false },
    ...context.map(
      ({ name, kind }): ColumnSchema => ({ name, role: 'field', kind, owner: 'interaction', guessed: false }),
    ),
  ];
  const none = { fields: [], title: null };
  return {
    name: source,
    users: new Vocabulary(['']),
    items: new Vocabulary(actions),
    interactions: {
      length,
      userIndex: new Int32Array(length),
      itemIndex: action,
      rating: Float32Array.from(reward),
      time: null,
      session: null,
      context,
    },
    userFields: { nRows: 1, ...none },
    itemFields: { nRows: actions.length, ...none },
    social: null,
    schema: { columns },
    ...(isBinary(decisions) && { label: { column: 'reward', positive: '1' } }),
    unnamed: ['user'],
    hash: '',
    warnings: [],
  };
}

/** The columns of the situation, with the position as one of them. */
function contextOf({ context, position, positions }: Decisions): ValueColumn[] {
  const names = new Set([ACTION, POSITION, ...context.map(({ name }) => name)]);
  const free = (name: string) => (context.some((column) => column.name === name) ? freeName(name, names) : name);
  const own = context.map((column) => (column.name === ACTION ? { ...column, name: freeName(ACTION, names) } : column));
  if (position === null) return own;
  return [...own, { name: free(POSITION), kind: 'categorical', values: positions, index: position }];
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = `${name} of the log`;
  while (taken.has(free)) free += ' ';
  return free;
}

/** All the rows at these places are for training. */
export function trainingOn(dataset: Dataset, rows: Int32Array): Split {
  const train: Interactions = selectRows(dataset.interactions, rows);
  return {
    dataset,
    train,
    validation: null,
    test: null,
    validationCandidates: null,
    testCandidates: null,
    description: { method: 'none', data: dataset.hash, nTrain: train.length, nValidation: 0, nTest: 0 },
  };
}
