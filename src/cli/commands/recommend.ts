/** `deeptaste recommend`: what a saved recommender proposes to somebody, with titles and reasons. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import type { AnyRecommender } from '../answer-report.ts';
import { collect, commaList, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

export interface RecommendFlags extends CommonOptions {
  readonly user?: string;
  readonly history?: string[];
  readonly item?: string[];
  readonly row?: string[];
  readonly k: number;
  readonly includeSeen?: boolean;
}

export function recommendCommand(): Command {
  return new Command('recommend')
    .description(
      'recommend to a user of the training data, or to somebody new by the items that person took; models of sequences go on with them',
    )
    .argument('<run>', 'folder of a saved recommender')
    .option('--user <id>', 'a user of the training data')
    .option('--history <id,id,…>', 'items that somebody new took, the oldest first', commaList)
    .option('--item <id>', 'one such item, may be repeated; for ids that hold commas', collect)
    .option(
      '--row <json|key=value>',
      'of models over feature fields: the context, or what describes somebody new (repeated)',
      collect,
    )
    .option('-k <n>', 'number of recommendations', wholeNumber(1, 1_000_000), 10)
    .option('--include-seen', 'also items that the person already took; of sequences so by default')
    .option('--no-include-seen', 'none of these')
    .action(recommend);
}

async function recommend(path: string, flags: RecommendFlags): Promise<void> {
  const terminal = new Terminal(flags);
  const { loadAnyRecommender } = await import('../../recommender/load-any.ts');
  // one person's list: threads and libraries take longer to start
  const recommender = await loadAnyRecommender(path, { threads: 1, blas: 'off' });
  try {
    const { isFromFields, recommendFromFields } = await import('../recommend-from-fields.ts');
    if (isFromFields(recommender)) recommendFromFields(terminal, path, recommender, flags);
    else await recommendFromItems(terminal, path, recommender, flags);
  } finally {
    recommender.close();
  }
}

/** Of models that know people by their ids or by the items they took. @throws 'usage' unless it is one of the two */
async function recommendFromItems(
  terminal: Terminal,
  path: string,
  recommender: AnyRecommender,
  flags: RecommendFlags,
): Promise<void> {
  const { user, k, includeSeen } = flags;
  if (flags.row)
    throw new DeepTasteError(
      'usage',
      `recommend ${path}: --row is for models over feature fields; give --user or --history`,
    );
  const history = [...(flags.history ?? []), ...(flags.item ?? [])];
  if ((user === undefined) === (history.length === 0))
    throw new DeepTasteError(
      'usage',
      `recommend: needs somebody to recommend to, found ${user === undefined ? 'nobody' : 'a user and a history'}; ` +
        'say either --user ID, or --history ID,ID,… (or --item ID)',
    );
  const { answerDocument, answerReport } = await import('../answer-report.ts');
  const options = { k, includeSeen };
  const answer =
    user === undefined
      ? recommender.recommendForHistory(history, options)
      : recommender.recommendForUser(user, options);
  const report = { path, recommender, user: user ?? null, history, answer };
  terminal.print(answerReport(terminal, report));
  terminal.document(answerDocument(report));
}
