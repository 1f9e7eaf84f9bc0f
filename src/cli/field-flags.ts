/** Options of models over feature fields alone. */
import { type Command, Option } from 'commander';

export function addTaskOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--task <task>',
      'of models over feature fields: what is predicted; default: what the data show',
    ).choices(['click', 'rating', 'ranking']),
  );
}
