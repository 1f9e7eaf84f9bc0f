/** The closed list of bandits, in the order of tables. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { parseOptions } from '../../core/options.ts';
import type { BanditKind } from './bandit.ts';
import { epsilonGreedy, thompsonBeta, thompsonGaussian, ucb1, uniform } from './counting.ts';
import { hybridLinUcb } from './hybrid-linucb.ts';
import { linTs, linUcb } from './linear.ts';
import { logisticTs } from './logistic-ts.ts';

export const bandits: readonly BanditKind[] = [
  uniform,
  epsilonGreedy,
  ucb1,
  thompsonBeta,
  thompsonGaussian,
  linUcb,
  hybridLinUcb,
  linTs,
  logisticTs,
];

/** A bandit and its options. */
export interface ChosenBandit {
  readonly kind: BanditKind;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A bandit by its name, its options checked. @throws DeepTasteError `not-found`; `config` */
export function banditNamed(name: string, options: object = {}): ChosenBandit {
  const kind = bandits.find((each) => each.name === name);
  const names = bandits.map((each) => each.name);
  if (!kind) throw new DeepTasteError('not-found', `policy: no bandit is called "${name}"${suggestion(name, names)}`);
  return { kind, options: parseOptions(kind.options, options, `bandit ${name}`) };
}
