/** `deeptaste retrain`: a run trained on with what a server was told, promoted when it is not worse. */
import { Command, Option } from 'commander';
import { addEngineOptions } from '../engine-options.ts';
import { collect, folderPath, numberIn, storeFlag, wholeNumber } from '../option-values.ts';
import { PROMOTIONS } from '../retraining/promotion.ts';
import type { RetrainRequest } from '../retraining/retrain.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

export function retrainCommand(): Command {
  const command = new Command('retrain')
    .description(
      'train a run on with the feedback of a store, and replace it where the new one is not worse (docs/serving.md)',
    )
    .argument('<run>', 'folder of the recommender that is served', folderPath)
    .option(...storeFlag)
    .option('--settings <file>', 'the settings of the server: which events mean that an item was taken')
    .option('--anew', 'train from the beginning on the files of the run and the feedback, instead of going on')
    .option('--data <file...>', 'with --anew: where the files of the run are now')
    .option('--set <key=value>', 'a setting that is other than that of the run', collect)
    .option(
      '--epochs <n>',
      'passes over the rows; default: 5 where training goes on, as many as the run had with --anew',
      wholeNumber(1),
    )
    .option(
      '--hold-back <share>',
      'newest share of the events, by which the former and the new one are judged',
      numberIn(0.01, 0.9),
      0.2,
    )
    .option('--min-events <n>', 'with fewer new events by which items are taken nothing is done', wholeNumber(1), 100)
    .addOption(
      new Option(
        '--promote <rule>',
        'by the 95 % interval of the paired difference: better = above 0, not-worse = above the margin; always = in any case',
      )
        .choices(PROMOTIONS)
        .default('not-worse'),
    )
    .option(
      '--margin <share>',
      'of the served metric, by which a new one that is not worse may be below it',
      numberIn(0, 1),
      0.1,
    );
  return addEngineOptions(command).action(async (run: string, flags: CommonOptions & RetrainRequest) => {
    const { retrain } = await import('../retraining/retrain.ts');
    await retrain(new Terminal(flags), run, flags);
  });
}
