/** The closed list of attacks, in the order of tables, and how one is named with its options. */
import type { z } from 'zod';
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { optionMeta } from '../../core/option-metas.ts';
import { parseOptions } from '../../core/options.ts';
import { alsGradientAttack } from './als-gradient.ts';
import type { Attack, ChosenAttack } from './attack.ts';
import { averageAttack } from './average.ts';
import { bandwagonAttack } from './bandwagon.ts';
import { copyAttack } from './copy-attack.ts';
import { loveHateAttack } from './love-hate.ts';
import { pgaAttack } from './pga.ts';
import { poisonRecAttack } from './poisonrec.ts';
import { randomAttack } from './random.ts';
import { revAdvAttack } from './revadv.ts';
import { reverseBandwagonAttack } from './reverse-bandwagon.ts';
import { segmentAttack } from './segment.ts';

export const attacks: readonly Attack[] = [
  randomAttack,
  averageAttack,
  bandwagonAttack,
  reverseBandwagonAttack,
  segmentAttack,
  loveHateAttack,
  pgaAttack,
  alsGradientAttack,
  revAdvAttack,
  poisonRecAttack,
  copyAttack,
];

/** An attack by its name, its options checked. @throws DeepTasteError `not-found`; `config` */
export function attackNamed(name: string, options: object = {}): ChosenAttack {
  const attack = attacks.find((each) => each.name === name);
  const names = attacks.map((each) => each.name);
  if (!attack)
    throw new DeepTasteError(
      'not-found',
      `attack: none is called "${name}"${suggestion(name, names)}; there are ${names.join(', ')}`,
    );
  return { attack, options: parseOptions(attack.options, options, `attack ${name}`) };
}

/** All attacks with their options, for people. */
export function describeAttacks(): string {
  return attacks
    .flatMap(({ name, title, paper, knowledge, goals, needsRatings, options }) => [
      `  ${name}: ${title} (${paper}); to ${goals.join(' and ')}; ${knowledgeTexts[knowledge]}${needsRatings ? '; needs ratings' : ''}`,
      ...Object.entries(options.shape).map(([key, schema]) => {
        const { doc = '' } = optionMeta(schema as z.core.$ZodType);
        return `    --set ${name}.${key}=${JSON.stringify(options.parse({})[key])}  ${doc}`;
      }),
    ])
    .join('\n');
}

const knowledgeTexts = {
  none: 'knows what is popular',
  grey: 'knows the data, not the victim',
  white: 'knows the data and the equations of the victim',
  black: 'knows nothing and asks the victim',
} as const;
