/** `recommend` of a saved model over feature fields: for a user, in a context, or for somebody new by what describes them. */
import { DeepTasteError } from '../core/errors.ts';
import { displayName } from '../data/dataset.ts';
import { FieldRecommender } from '../recommender/field-recommender.ts';
import { answerBody, recommendationTable } from './answer-report.ts';
import type { RecommendFlags } from './commands/recommend.ts';
import { rowOf } from './row-option.ts';
import type { Terminal } from './terminal.ts';

export function isFromFields(recommender: object): recommender is FieldRecommender {
  return recommender instanceof FieldRecommender;
}

/** @throws 'usage' without a user and without cells, and for a history, which these models do not look at */
export function recommendFromFields(
  terminal: Terminal,
  path: string,
  recommender: FieldRecommender,
  flags: RecommendFlags,
): void {
  const { user, k, includeSeen = false } = flags;
  if (flags.history || flags.item)
    throw new DeepTasteError(
      'usage',
      `recommend ${path}: models over feature fields know people by their fields, found a history; say --user ID, or --row key=value`,
    );
  if (user === undefined && flags.row === undefined)
    throw new DeepTasteError(
      'usage',
      'recommend: needs somebody to recommend to, found nobody; say --user ID, or describe somebody new by --row key=value',
    );
  const row = rowOf(flags.row ?? []);
  const options = { k, includeSeen };
  const answer =
    user === undefined
      ? recommender.recommendForRow(row, options)
      : recommender.recommendForUser(user, { ...options, row });
  const { users, userFields } = recommender.parts;
  const index = user === undefined ? undefined : users.indexOf(user);
  const name = index === undefined ? null : displayName(users, userFields, index);
  const { recommendations, how } = answer;
  const list =
    recommendations.length > 0 ? recommendationTable(recommendations, terminal) : 'no item is left to recommend';
  const person =
    user === undefined ? 'somebody new' : name === null || name === user ? `user ${user}` : `${name} (${user})`;
  const made = how === 'trained' ? 'which knows this user from its training' : `for ${how}`;
  const notes = [`made by ${recommender.model.title}, ${made}`, ...answer.notes];
  terminal.print([terminal.strong(`For ${person}`), '', list, '', ...notes].join('\n'));
  terminal.document({
    ...{ run: path, model: recommender.model.name, user: user ?? null, name, row },
    ...answerBody(answer),
  });
}
