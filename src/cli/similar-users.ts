/** Users alike to one, as a table for people and a document for scripts. */
import { displayName } from '../data/dataset.ts';
import { fitText, textTable } from '../evaluation/text-table.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { SimilarUser } from '../recommender/similar.ts';
import { engineForOne } from './open-engine.ts';
import type { Terminal } from './terminal.ts';

/** @throws 'not-found' for an unknown user; 'usage' for a model without vectors of users; 'artifact' */
export async function showSimilarUsers(
  terminal: Terminal,
  path: string,
  user: string,
  options: { readonly k: number },
): Promise<void> {
  const recommender = await Recommender.load(path, engineForOne());
  try {
    const { similar, how } = recommender.similarUsers(user, options);
    const { users, userFields } = recommender.parts;
    const name = displayName(users, userFields, users.indexOf(user) as number);
    const named = name === user ? `user ${user}` : `${name} (${user})`;
    const list = similar.length > 0 ? userTable(similar) : 'no other user is known';
    terminal.print([terminal.strong(`Like ${named}`), '', list, '', how].join('\n'));
    const ranked = similar.map((each, n) => ({ rank: n + 1, ...each }));
    terminal.document({ run: path, model: recommender.model.name, user, name, how, similar: ranked });
  } finally {
    recommender.close();
  }
}

/** rank, name where there are names, id, score. */
function userTable(list: readonly SimilarUser[]): string {
  const hasNames = list.some(({ user, name }) => name !== user);
  const names = { header: 'name', align: 'left', cells: list.map(({ name }) => fitText(name, 48)) } as const;
  const { header, rule, rows } = textTable([
    { header: '', align: 'right', cells: list.map((_, n) => String(n + 1)) },
    ...(hasNames ? [names] : []),
    { header: 'user', align: 'left', cells: list.map(({ user }) => fitText(user, 24)) },
    { header: 'score', align: 'right', cells: list.map(({ score }) => score.toPrecision(4)) },
  ]);
  return [header, rule, ...rows].join('\n');
}
