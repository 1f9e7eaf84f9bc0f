/** Which column of a log plays which role: as the caller says, else by names that are in use. */
import { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import type { ImportedTable } from '../../data/readers/imported-table.ts';
import { namedFor, normalName } from '../../data/role-names.ts';
import { missingColumn } from '../../data/roles.ts';
import { words } from '../../data/words.ts';

const column = z.string().min(1);

/** Roles that are left out are guessed; null = there is no such column. */
export const logRoles = z.strictObject({
  action: column.optional().meta({ doc: 'column with the action that was taken' }),
  reward: column.optional().meta({ doc: 'column with what came of it, such as 1 for a click' }),
  propensity: column.optional().meta({ doc: 'column with the probability with which the action was chosen' }),
  position: column.nullable().optional().meta({ doc: 'column with the position on the page; null = none' }),
  list: column.nullable().optional().meta({ doc: 'column with the id of the list that a row is part of; null = none' }),
  time: column.nullable().optional().meta({ doc: 'column with times; null = none' }),
  context: z
    .array(column)
    .nullable()
    .optional()
    .meta({ doc: 'columns of the situation; default: all others but long texts; null = none' }),
});
export type LogRoles = z.output<typeof logRoles>;

type SingleRole = Exclude<keyof LogRoles, 'context'>;

const names: Readonly<Record<Exclude<SingleRole, 'time'>, readonly string[]>> = {
  action: words('action actionid arm armid chosenaction actiontaken decision offer offerid variant adid creative'),
  reward: words('reward rewards click clicked clicks isclick conversion converted outcome payoff revenue y label'),
  propensity: words(`
    propensity propensityscore pscore actionprob actionprobability behaviorprob behaviourprob behaviorprobability
    behaviourprobability loggingprob loggingprobability loggedprobability probability prob pb
  `),
  position: words('position pos slot rank place slotid'),
  list: words('listid list slateid slate impressionid requestid recommendationid'),
};

const required = ['action', 'reward', 'propensity'] as const;

/** The column of each role; undefined where there is none. @throws DeepTasteError `config` */
export function assignLogRoles(table: ImportedTable, told: LogRoles): Partial<Record<SingleRole, string>> {
  const all = table.columns.map((each) => each.name);
  const found: Partial<Record<SingleRole, string>> = {};
  const context = told.context ?? [];
  for (const role of [...(Object.keys(names) as Exclude<SingleRole, 'time'>[]), 'time' as const]) {
    const name = told[role];
    if (name === null) continue;
    if (name !== undefined && !all.includes(name)) throw missingColumn(table, name, role);
    const free = all.filter((each) => !Object.values(found).includes(each) && !context.includes(each));
    found[role] = name ?? guessed(role, free);
  }
  const missing = required.filter((role) => found[role] === undefined);
  if (missing.length > 0)
    throw new DeepTasteError(
      'config',
      `${table.source}: cannot tell which column holds the ${missing.join(' and the ')}; say ` +
        `${missing.map((role) => `--${role} COLUMN`).join(' ')}; columns: ${all.join(', ')}`,
      { missing, columns: all },
    );
  checkDistinct(table, found);
  return found;
}

function guessed(role: SingleRole, free: readonly string[]): string | undefined {
  if (role === 'time') return namedFor('time', free)[0];
  for (const known of names[role]) {
    const name = free.find((each) => normalName(each) === known);
    if (name !== undefined) return name;
  }
  return role === 'action' ? namedFor('item', free)[0] : undefined;
}

function checkDistinct({ source }: ImportedTable, found: Partial<Record<SingleRole, string>>): void {
  const entries = Object.entries(found).filter(([, name]) => name !== undefined);
  for (const [role, name] of entries) {
    const other = entries.find(([each, same]) => each !== role && same === name);
    if (other)
      throw new DeepTasteError(
        'config',
        `${source}: "${name}" cannot be the ${role} and the ${other[0]}; name another column for one of them`,
      );
  }
}
