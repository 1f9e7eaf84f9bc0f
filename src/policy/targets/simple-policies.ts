/** Policies that need nothing but the log. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import type { Decisions } from '../log/decisions.ts';
import { fullPolicy, type TargetPolicy } from './target-policy.ts';

/** Every action with the same probability. */
export function uniformPolicy(decisions: Decisions): TargetPolicy {
  const share = 1 / decisions.actions.length;
  return fullPolicy('uniform', decisions, (_rows, out) => out.fill(share));
}

/** One action, always. @throws DeepTasteError `not-found`: the log does not know it */
export function constantPolicy(decisions: Decisions, action: string): TargetPolicy {
  const { actions, source } = decisions;
  const chosen = actions.indexOf(action);
  if (chosen < 0)
    throw new DeepTasteError(
      'not-found',
      `policy ${quotedName(action)}: must be an action of ${source}, found none of that name; its actions are ` +
        `${actions.slice(0, 10).join(', ')}${actions.length > 10 ? ', …' : ''}`,
      { action },
    );
  return fullPolicy(action, decisions, (rows, out) => {
    out.fill(0);
    for (let n = 0; n < rows.length; n++) out[n * actions.length + chosen] = 1;
  });
}

/** π of the actions taken, as a column of the log says it. @throws DeepTasteError `data` */
export function columnPolicy(decisions: Decisions, column: string): TargetPolicy {
  const ofLogged = decisions.numbers.get(column);
  if (!ofLogged)
    throw new DeepTasteError('not-found', `policy ${quotedName(column)}: the log was read without this column`, {
      column,
    });
  const row = ofLogged.findIndex((p) => !(p >= 0 && p <= 1));
  if (row >= 0)
    throw new DeepTasteError(
      'data',
      `policy ${quotedName(column)}, row ${row + 1} of ${decisions.source}: must be the probability of the action taken, from 0 to 1, ` +
        `found ${Number.isNaN(ofLogged[row]) ? 'nothing' : ofLogged[row]}`,
      { row, column },
    );
  return { name: column, ofLogged, distribution: null };
}

/** π of all actions, in columns of the log that are named by a common beginning and the action. @throws DeepTasteError `data` */
export function columnsPolicy(decisions: Decisions, beginning: string): TargetPolicy {
  const { actions, numbers } = decisions;
  const columns = actions.map((action) => {
    const values = numbers.get(`${beginning}${action}`);
    if (values) return values;
    throw new DeepTasteError(
      'not-found',
      `policy ${quotedName(`${beginning}*`)}: there must be a column ${quotedName(`${beginning}${action}`)}, found none; give one for every action`,
      { action },
    );
  });
  return fullPolicy(`${beginning}*`, decisions, (rows, out) => {
    for (let n = 0; n < rows.length; n++)
      for (let a = 0; a < columns.length; a++) out[n * columns.length + a] = columns[a][rows[n]];
  });
}
