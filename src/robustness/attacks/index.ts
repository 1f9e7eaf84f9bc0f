/** The closed list of attacks, in the order of tables, and how one is named with its options. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { parseOptions } from '../../core/options.ts';
import type { Attack, ChosenAttack } from './attack.ts';
import { randomAttack } from './random.ts';

export const attacks: readonly Attack[] = [randomAttack];

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
