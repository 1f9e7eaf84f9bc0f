/**
 * A victim that an attacker from outside can ask: fake people go into its data, it is trained anew from scratch, and the lists of a few
 * spy users are read. Every question costs such a training.
 */
import { DeepTasteError } from '../core/errors.ts';
import type { RandomStream } from '../core/random.ts';
import type { Split } from '../data/dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { HeldOutRanking } from '../evaluation/ranking.ts';
import { rankTestBy } from '../tasks/ranking-by-history.ts';
import type { Oracle } from './attacks/attack.ts';
import { addFakesToSplit, type FakeProfile, type FakeTiming } from './fake-profiles.ts';
import { trainVictim, type Victim } from './victims.ts';

export interface OracleOptions {
  /** Questions that may be asked. */
  readonly questions: number;
  /** Real people whose lists can be read, drawn at random. */
  readonly spies: number;
  /** Length of the lists. */
  readonly k: number;
  /** When the fake people act that go into its data. */
  readonly timing: FakeTiming;
}

export const oracleDefaults: OracleOptions = { questions: 500, spies: 50, k: 10, timing: 'people' };

export function openOracle(
  engine: Engine,
  split: Split,
  victim: Victim,
  seed: number,
  random: RandomStream,
  given: Partial<OracleOptions> = {},
): Oracle {
  const { questions, spies: nSpies, k, timing } = { ...oracleDefaults, ...given };
  const people = Int32Array.from(new Set(split.train.userIndex)).sort();
  const spies = random.shuffle(people).slice(0, nSpies).sort();
  let left = questions;
  return {
    k,
    spies,
    get left() {
      return left;
    },
    async ask(profiles: readonly FakeProfile[]) {
      if (left === 0)
        throw new DeepTasteError(
          'usage',
          `attack: ${questions} questions may be asked of ${victim.model}, asked for one more; allow more`,
        );
      left--;
      // the same stream each time: what answers differ by is the profiles
      const poisoned = addFakesToSplit(split, profiles, random.child('fake people'), timing).split;
      const { recommender } = await trainVictim(engine, poisoned, victim, seed, { measured: false });
      try {
        return listsOf(engine, poisoned, recommender, spies, k);
      } finally {
        recommender.close();
      }
    },
  };
}

type Recommender = Awaited<ReturnType<typeof trainVictim>>['recommender'];

function listsOf(engine: Engine, split: Split, recommender: Recommender, spies: Int32Array, k: number): Int32Array {
  // a held-out row of each spy, of whatever item, so that they are who is ranked for
  const test = {
    length: spies.length,
    userIndex: spies,
    itemIndex: new Int32Array(spies.length),
    rating: split.dataset.label ? new Float32Array(spies.length).fill(1) : null,
    time: null,
    session: null,
  };
  const ranking = new HeldOutRanking({
    engine,
    split: { ...split, test, testCandidates: null },
    part: 'test',
    filter: 'train+validation',
    allItems: true,
    listLength: k,
  });
  const counts =
    recommender.model.form === 'sequences'
      ? rankTestBy(split, recommender.scorer('sequences'))(ranking)
      : ranking.rank(recommender.scorer('pairs').form);
  return counts.topItems as Int32Array;
}
