/** Options of models over feature fields alone. */
import { type Command, Option } from 'commander';
import { DeepTasteError } from '../core/errors.ts';

export function addTaskOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--task <task>',
      'of models over feature fields: what is predicted; default: what the data show',
    ).choices(['click', 'rating', 'ranking']),
  );
}

/** @throws 'usage' for a task of a model that has none to choose */
export function refuseTask({ task }: { readonly task?: string }): void {
  if (task === undefined) return;
  throw new DeepTasteError(
    'usage',
    '--task: is for models over feature fields, found other ones; leave it out ("deeptaste models" lists all)',
  );
}
