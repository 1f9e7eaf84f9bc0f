/** `deeptaste models`: the models, or the options of one; all from the schemas that check them. */
import { Command } from 'commander';
import { type CommonOptions, Terminal } from '../terminal.ts';

export function modelsCommand(): Command {
  return new Command('models')
    .description('list the models, or the options of one with defaults and ranges')
    .argument('[name]', 'a model')
    .action(async (name: string | undefined, flags: CommonOptions) => {
      const { describeModel, listModels } = await import('../model-pages.ts');
      const terminal = new Terminal(flags);
      return name === undefined ? listModels(terminal) : describeModel(terminal, name);
    });
}
