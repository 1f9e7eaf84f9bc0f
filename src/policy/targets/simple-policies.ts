/** Policies that need nothing but the log. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import type { Decisions } from '../log/decisions.ts';
import { actionsAbove } from './above.ts';
import { fullPolicy, type TargetPolicy } from './target-policy.ts';

/** Every action with the same probability; in lists that show none twice, every one that does not stand above. */
export function uniformPolicy(decisions: Decisions): TargetPolicy {
  const k = decisions.actions.length;
  const above = actionsAbove(decisions);
  return fullPolicy('uniform', decisions, (rows, out) => {
    for (let n = 0; n < rows.length; n++) {
      const gone = above?.(rows[n]) ?? [];
      out.fill(1 / (k - gone.length), n * k, (n + 1) * k);
      for (const a of gone) out[n * k + a] = 0;
    }
  });
}

/**
 * One action, always.
 * @throws DeepTasteError `not-found`: the log does not know it; `config`: a log of lists that show no action twice
 */
export function constantPolicy(decisions: Decisions, action: string): TargetPolicy {
  const { actions, source } = decisions;
  const name = `always:${action}`;
  if (actionsAbove(decisions) !== null)
    throw new DeepTasteError(
      'config',
      `policy ${quotedName(name)}: must fill lists in which ${source} shows no action twice, and one action cannot; ` +
        'give the probabilities of all actions at each position (PREFIX*)',
      { action },
    );
  const chosen = actions.indexOf(action);
  if (chosen < 0)
    throw new DeepTasteError(
      'not-found',
      `policy ${quotedName(name)}: must be an action of ${source}, found none of that name; its actions are ` +
        `${actions.slice(0, 10).join(', ')}${actions.length > 10 ? ', …' : ''}`,
      { action },
    );
  return fullPolicy(name, decisions, (rows, out) => {
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
  const { actions, numbers, length } = decisions;
  const shown = new Set(decisions.action);
  const columns = actions.map((action, a) => {
    const values = numbers.get(`${beginning}${action}`);
    if (values) return values;
    // it is an action because another policy takes it
    if (!shown.has(a)) return new Float64Array(length);
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
