/** The attacks with which an audit can push an item: they promote, ask no victim, and need nothing that data and model do not have. */
import { DeepTasteError } from '../../core/errors.ts';
import type { ChosenAttack } from '../attacks/attack.ts';
import { attackNamed, attacks } from '../attacks/index.ts';

interface Pushed {
  /** Name of the model that is pushed. */
  readonly model: string;
  readonly hasRatings: boolean;
}

/** @throws DeepTasteError `not-found`: no such attack; `config`: one that cannot push this model by these data, naming those that can */
export function checkPushingAttack(name: string, pushed: Pushed): void {
  const hindrance = hindranceOf(attackNamed(name), pushed);
  if (hindrance === null) return;
  const fitting = attacks.map((each) => each.name).filter((each) => hindranceOf(attackNamed(each), pushed) === null);
  throw new DeepTasteError(
    'config',
    `audit: its attack must push ${pushed.model} by what is in the data, found ${name}, which ${hindrance}; choose one of ${fitting.join(', ')}`,
    { attack: name, fitting },
  );
}

function hindranceOf({ attack, options }: ChosenAttack, { model, hasRatings }: Pushed): string | null {
  const { goals, knowledge, victims, needsRatings } = attack;
  if (!goals.includes('promote')) return `can only ${goals.join(' and ')}`;
  if (knowledge === 'black') return 'asks its victim hundreds of times';
  if (knowledge === 'white' && victims && options.greyBox !== true && !victims.includes(model))
    return `has the gradients of ${victims.join(', ')} and of no other model`;
  if (needsRatings && !hasRatings) return 'needs ratings, which the data do not have';
  return null;
}
