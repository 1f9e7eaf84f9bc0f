/** `deeptaste audit`: one page on who looks strange in the data, and how easily a recommender trained on them is pushed. */
import { Command } from 'commander';
import { addEngineOptions } from '../engine-options.ts';
import type { AuditFlags } from '../flags.ts';
import { folderPath, numberIn, seedValue } from '../option-values.ts';
import { addRunFlags } from '../run-flags.ts';
import { Terminal } from '../terminal.ts';

export function auditCommand(): Command {
  const command = new Command('audit')
    .description(
      'one page for who runs a recommender: suspicious people and groups in the data, items that rose by new people, how many fake people it takes ' +
        'to push an unpopular item, and what each defence changes of that',
    )
    .argument('<files...>', 'files of interactions (globs are expanded), or film-club for the simulated data')
    .option('--run <folder>', 'a saved recommender, whose model is pushed with its settings', folderPath)
    .option(
      '--model <name>',
      'the model that is pushed; default: that of --run, else item-knn; none = look at the data alone',
    )
    .option('--attack <name>', 'the attack that pushes it, as in deeptaste attack', 'bandwagon')
    .option('--labels <file>', 'table of the ids of people and 1 (fake) or 0 (real), from which the detector learns')
    .option('--threshold <x>', 'score from which on people count as suspicious', numberIn(0, 1), 0.5)
    .option('--seed <n>', 'seed of everything random', seedValue, 1)
    .option(
      '--out <folder>',
      'folder for audit.md, audit.json and trust.csv (1 − score of who is called suspicious, 1 of others)',
      folderPath,
    );
  addRunFlags(addEngineOptions(command));
  return command.action(async (files: string[], flags: AuditFlags) => {
    const { auditData } = await import('../audit-data.ts');
    await auditData(new Terminal(flags), files, flags);
  });
}
