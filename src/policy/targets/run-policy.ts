/** A saved recommender as a policy: among the actions of the log it takes what it ranks first for the row's user or situation. */
import { DeepTasteError } from '../../core/errors.ts';
import { quotedName } from '../../core/shown.ts';
import { isSureName, namedFor } from '../../data/role-names.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { Request } from '../../recommender/request.ts';
import type { Decisions } from '../log/decisions.ts';
import { NumberedTexts } from '../log/numbered-texts.ts';
import { actionsAbove } from './above.ts';
import { scoresToPolicy } from './greedy-scores.ts';
import { fullPolicy, type TargetPolicy } from './target-policy.ts';

export interface RunPolicyOptions {
  readonly name: string;
  /** 0 = the best action alone; else ∝ exp(score / temperature). */
  readonly temperature?: number;
  /** False: what a user took in training is not shown to that user again, as servers do it. */
  readonly includeSeen?: boolean;
}

/**
 * Actions that the recommender does not know it never takes. Rows that ask the same are asked once.
 * @throws DeepTasteError `usage`: a recommender that is asked by histories alone; `config`: the log lacks the column of the users;
 *   `not-found`: none of the actions is known
 */
export function runPolicy(
  decisions: Decisions,
  recommender: Recommender,
  { name, temperature = 0, includeSeen = true }: RunPolicyOptions,
): TargetPolicy {
  const { actions, length } = decisions;
  const { items } = recommender.parts;
  const known = actions.filter((action) => items.indexOf(action) !== undefined);
  if (known.length === 0)
    throw new DeepTasteError(
      'not-found',
      `policy ${quotedName(name)}: must know some of the actions of ${decisions.source}, found none; its items look like ` +
        `${items.idsFrom(0, 3).map(quotedName).join(', ')}, the actions like ${actions.slice(0, 3).map(quotedName).join(', ')}`,
    );
  const requestOf = requests(decisions, recommender, name);
  const asked = new NumberedTexts(length);
  for (let row = 0; row < length; row++) asked.set(row, JSON.stringify(requestOf(row)));
  const k = actions.length;
  const placeOf = new Map(actions.map((action, a) => [items.indexOf(action), a]));
  const scores = new Float64Array(asked.texts.length * k).fill(Number.NEGATIVE_INFINITY);
  for (const [n, text] of asked.texts.entries()) {
    const wanted = { k: known.length, only: known, includeSeen, whenEmpty: 'popularity' as const };
    const found = recommender.candidates(JSON.parse(text) as Request, wanted);
    for (const [place, item] of found.items.entries())
      scores[n * k + (placeOf.get(item) as number)] = found.scores[place];
    requireChoice(scores.subarray(n * k, (n + 1) * k), name, decisions, asked.index.indexOf(n));
  }
  const above = actionsAbove(decisions);
  if (above) {
    const own = new Float64Array(k);
    return fullPolicy(name, decisions, (rows, out) => {
      for (let n = 0; n < rows.length; n++) {
        own.set(scores.subarray(asked.index[rows[n]] * k, (asked.index[rows[n]] + 1) * k));
        for (const a of above(rows[n])) own[a] = Number.NEGATIVE_INFINITY;
        requireChoice(own, name, decisions, rows[n]);
        scoresToPolicy(own, k, temperature, out.subarray(n * k, (n + 1) * k));
      }
    });
  }
  const chosen = new Float64Array(scores.length);
  scoresToPolicy(scores, k, temperature, chosen);
  return fullPolicy(name, decisions, (rows, out) => {
    for (let n = 0; n < rows.length; n++) {
      const at = asked.index[rows[n]] * k;
      out.set(chosen.subarray(at, at + k), n * k);
    }
  });
}

/** @throws DeepTasteError `data`: nothing is left to be chosen in a row */
function requireChoice(scores: Float64Array, name: string, { source }: Decisions, row: number): void {
  if (scores.some((score) => score > Number.NEGATIVE_INFINITY)) return;
  throw new DeepTasteError(
    'data',
    `policy ${quotedName(name)}, row ${row + 1} of ${source}: must score an action that does not stand above in the list, found none`,
    { row },
  );
}

/** What the recommender is asked in each row: by its user where the log names one, by the situation where the model reads fields. */
function requests(decisions: Decisions, recommender: Recommender, name: string): (row: number) => Request {
  const { by } = recommender.asks;
  const userColumn = recommender.parts.info.schema.columns.find(({ role }) => role === 'user')?.name;
  // a log of a server, or of somebody else, may call users otherwise than the files of the training did
  const named = namedFor(
    'user',
    decisions.context.map((column) => column.name),
  ).filter((column) => isSureName('user', column));
  const userName = decisions.context.some((column) => column.name === userColumn) ? userColumn : named[0];
  const user = decisions.context.find((column) => column.name === userName);
  const cellOf = (column: Decisions['context'][number], row: number): string | number | null => {
    if (column.kind === 'categorical') return column.index[row] < 0 ? null : column.values[column.index[row]];
    return Number.isNaN(column.value[row]) ? null : column.value[row];
  };
  if (by.includes('row')) {
    const fields = recommender.parts.fields?.encoder.fitted.fields.map(({ key }) => key) ?? [];
    const read = decisions.context.filter((column) => column !== user && fields.includes(column.name));
    return (row) => {
      const cells = read.map((column) => [column.name, cellOf(column, row)]).filter(([, cell]) => cell !== null);
      const id = user ? cellOf(user, row) : null;
      return { row: Object.fromEntries(cells), ...(id !== null && { user: id }) };
    };
  }
  if (!by.includes('user'))
    throw new DeepTasteError(
      'usage',
      `policy ${quotedName(name)}: must be a recommender that is asked by users or fields, found ${recommender.model.title}, which is asked by histories`,
    );
  if (!user)
    throw new DeepTasteError(
      'config',
      `policy ${quotedName(name)}: ${recommender.model.title} ranks for users, and ${decisions.source} has no column ` +
        `${quotedName(userColumn ?? 'user')} to name them; add it, or name it so`,
      { column: userColumn },
    );
  return (row) => {
    const id = cellOf(user, row);
    if (id !== null) return { user: id };
    throw new DeepTasteError(
      'data',
      `policy ${quotedName(name)}, row ${row + 1} of ${decisions.source}: the user must be named, found nothing in ${quotedName(user.name)}`,
      { row },
    );
  };
}
