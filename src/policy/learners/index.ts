/** The closed list of policies that learn while they act, in the order of tables, and how one is named with its options. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { parseOptions } from '../../core/options.ts';
import { bandits } from '../bandits/index.ts';
import { banditLearner } from './bandit-learner.ts';
import { dqn } from './dqn.ts';
import { nextClick, topKReinforce } from './from-log.ts';
import type { LearnerKind } from './learner.ts';
import { myopic, slateQ } from './slateq.ts';
import { uniform } from './uniform.ts';

export const learners: readonly LearnerKind[] = [
  uniform,
  ...bandits.filter(({ name }) => name !== uniform.name).map(banditLearner),
  nextClick,
  topKReinforce,
  myopic,
  dqn,
  slateQ,
];

/** A policy of a simulation, and its options. */
export interface Contender {
  readonly kind: LearnerKind;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A policy by its name, its options checked. @throws DeepTasteError `not-found`; `config` */
export function contender(name: string, options: object = {}): Contender {
  const kind = learners.find((each) => each.name === name);
  const names = learners.map((each) => each.name);
  if (!kind) throw new DeepTasteError('not-found', `policy: none is called "${name}"${suggestion(name, names)}`);
  return { kind, options: parseOptions(kind.options, options, `policy ${name}`) };
}
