/** Who knows whom, for a training that needs it. */
import { DeepTasteError } from '../core/errors.ts';
import type { SparseRows } from '../data/sparse-rows.ts';
import type { TakenPairs } from './forms.ts';

/** @throws 'config' for data without edges between users */
export function knownFriends(title: string, friends: TakenPairs['friends']): SparseRows {
  if (friends) return friends;
  throw new DeepTasteError(
    'config',
    `train ${title}: the data must say who knows whom, found no edges between users; give them with --social FILE (data.social), or choose a model or options without friends`,
    { key: 'social' },
  );
}
