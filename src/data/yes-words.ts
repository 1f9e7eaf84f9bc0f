/** Words that mean no and yes, by which labels are read. */
import { words } from './words.ts';

/** Pairs of words of which the second is the positive one. */
export const knownPairs: readonly (readonly [string, string])[] = [
  ['0', '1'],
  ['-1', '1'],
  ['-1', '+1'],
  ['0', '+1'],
  ['false', 'true'],
  ['f', 't'],
  ['no', 'yes'],
  ['n', 'y'],
  ['negative', 'positive'],
  ['neg', 'pos'],
  ['dislike', 'like'],
  ['disliked', 'liked'],
  ['off', 'on'],
  ['thumbs down', 'thumbs up'],
  ['downvote', 'upvote'],
  ['nein', 'ja'],
  ['nee', 'ja'],
  ['nej', 'ja'],
  ['non', 'oui'],
  ['no', 'si'],
  ['no', 'sí'],
  ['no', 'sì'],
  ['não', 'sim'],
  ['нет', 'да'],
  ['否', '是'],
  ['nei', 'ja'],
  ['nie', 'tak'],
  ['ne', 'ano'],
  ['ne', 'da'],
  ['nu', 'da'],
  ['nem', 'igen'],
  ['ei', 'kyllä'],
  ['hayır', 'evet'],
  ['ні', 'так'],
  ['όχι', 'ναι'],
  ['いいえ', 'はい'],
  ['아니요', '예'],
  ['falsch', 'wahr'],
  ['faux', 'vrai'],
  ['falso', 'verdadero'],
  ['falso', 'verdadeiro'],
  ['falso', 'vero'],
  ['onwaar', 'waar'],
  ['fałsz', 'prawda'],
  ['ложь', 'истина'],
  ['down', 'up'],
  ['👎', '👍'],
  ['bad', 'good'],
  ['failure', 'success'],
  ['rejected', 'accepted'],
  ['declined', 'accepted'],
  ['lost', 'won'],
  ['ignored', 'clicked'],
];

/** Events: what people were shown, and what they did then. */
export const shown = words(
  'view viewed views pageview impression impressions show shown showed display displayed seen skip skipped',
);
export const done = words(
  'click clicked clicks buy bought purchase purchased order ordered conversion converted transaction',
);

/** What people put where something is so, and nothing where it is not. */
export const ticks = ['x', '✓', '✔', '✔️', '☑', '✅', '*', '•'];
