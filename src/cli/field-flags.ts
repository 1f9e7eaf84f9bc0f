/** The option that says what is predicted. */
import { type Command, Option } from 'commander';

export function addTaskOption(command: Command): Command {
  return command.addOption(
    new Option(
      '--task <task>',
      'what is predicted: clicks (models over feature fields), ratings, or which items people take; default: over fields what the data show, else ranking where the model can rank',
    ).choices(['click', 'rating', 'ranking']),
  );
}
