/** A bandit as a learner: in worlds that show one item, known by its number. */
import { DeepTasteError } from '../../core/errors.ts';
import type { BanditKind } from '../bandits/bandit.ts';
import type { LearnerKind } from './learner.ts';

export function banditLearner(kind: BanditKind): LearnerKind {
  const { name, title, options } = kind;
  return {
    name,
    title,
    options,
    open({ place, random }, parsed) {
      const { world, actions, features, slate, itemFeatures } = place;
      if (slate !== 1 || itemFeatures > 0)
        throw new DeepTasteError(
          'config',
          `policy ${name}: it chooses one of a few items that are the same in all decisions; ${world} shows ${slate} of items that ` +
            'come and go: take uniform, myopic, slateq or dqn there',
        );
      const bandit = kind.open({ actions, features }, parsed, random);
      const contextOf = (contexts: Float64Array, person: number) =>
        contexts.subarray(person * features, (person + 1) * features);
      return {
        choose({ n, contexts }, shown) {
          for (let person = 0; person < n; person++) shown[person] = bandit.choose(contextOf(contexts, person));
        },
        learn({ before, shown, reward }) {
          for (let person = 0; person < before.n; person++)
            bandit.learn(contextOf(before.contexts, person), shown[person], reward[person]);
        },
      };
    },
  };
}
