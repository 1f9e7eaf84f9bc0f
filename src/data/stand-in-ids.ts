/** Ids that stand for nobody, or for many people at once: what programs write for visitors who are not known. */
import { shellWord } from '../core/shell-word.ts';
import { counted } from './counted.ts';
import type { Interactions } from './dataset.ts';
import type { Vocabulary } from './vocabulary.ts';
import { words } from './words.ts';

const standIns = new Set([
  ...words(`
    unknown anonymous anon anonym anonymus anonymized anonymised guest gast guest_user guestuser visitor nobody noone nouser no_user
    none null nil nan na undefined missing empty unregistered unbekannt invité inconnu desconocido invitado default dummy
    nologin not_logged_in notset not_set logged_out loggedout
  `),
  ...[
    '',
    'n/a',
    'not set',
    '(not set)',
    '(null)',
    'no user',
    'not logged in',
    'logged out',
    'unknown user',
    'guest user',
    'anonymous user',
  ],
]);

/** A number such as 0 stands for nobody only where it has so many times the rows of most others, and so many rows at least. */
const manyTimes = 10;
/** So many times the rows of most others a word for nobody must have. */
const fewestTimes = 2;
const fewestRows = 10;

/** One user with this share of all rows is hardly one person, where there are so many others. */
const largestShare = 0.25;
const fewestUsers = 20;

/** One line for each user id that is hardly one person's. */
export function standInIds(
  users: Vocabulary,
  { userIndex, length }: Pick<Interactions, 'userIndex' | 'length'>,
): string[] {
  if (users.size < 2) return [];
  const count = new Int32Array(users.size);
  for (const user of userIndex) count[user]++;
  const median = count.slice().sort()[users.size >> 1];
  const lines: string[] = [];
  for (let user = 0; user < users.size; user++) {
    const n = count[user];
    // ids are texts that are put together; most are passed over
    if (n < fewestTimes * median) continue;
    const id = users.idOf(user);
    const isWord = id.length < 20 && standIns.has(id.trim().toLowerCase());
    const isOutlier = n >= fewestRows && n >= manyTimes * median;
    const isNumber = isOutlier && /^(?:-1|-?0+|-?9{3,}|[0-]{5,})(?:\.0)?$/.test(id);
    const isMany = isOutlier && n > largestShare * length && users.size > fewestUsers;
    if (!isWord && !isNumber && !isMany) continue;
    const share = `${((100 * n) / length).toFixed(1)} % of all rows`;
    const what = isWord || isNumber ? 'perhaps nobody, or many people at once' : 'perhaps many people at once';
    const advice = isWord
      ? `--missing ${shellWord(id.trim())} --skip-bad-rows leaves its rows out (name other marks of missing cells there too)`
      : 'leave its rows out of the file if it is';
    lines.push(`user id ${JSON.stringify(id)} has ${counted(n, 'row')} (${share}): ${what}; ${advice}`);
    if (lines.length === mostLines) break;
  }
  return lines;
}

const mostLines = 5;
