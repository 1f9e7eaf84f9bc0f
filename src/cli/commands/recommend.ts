/** `deeptaste recommend`: what a saved recommender proposes to somebody, with titles and reasons. */
import { Command } from 'commander';
import { DeepTasteError } from '../../core/errors.ts';
import { collect, commaList, folderPath, threadCount, whereDoc, wholeNumber } from '../option-values.ts';
import { type CommonOptions, Terminal } from '../terminal.ts';

interface RecommendFlags extends CommonOptions {
  readonly user?: string;
  readonly history?: string[];
  readonly item?: string[];
  readonly row?: string[];
  readonly k: number;
  readonly includeSeen?: boolean;
  readonly exclude?: string[];
  readonly only?: string[];
  readonly where?: string;
  readonly users?: string;
  readonly out?: string;
  readonly threads?: number;
}

export function recommendCommand(): Command {
  return new Command('recommend')
    .description(
      'recommend to a user of the training data, or to somebody new by the items that person took (models of sequences go on with them), ' +
        'or to many users at once, into a file',
    )
    .argument('<run>', 'folder of a saved recommender', folderPath)
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
    .option('--exclude <id,id,…>', 'items that may not be recommended', commaList)
    .option('--only <id,id,…>', 'items of which some are to be recommended, and no others', commaList)
    .option('--where <condition>', whereDoc)
    .option(
      '--users <file|all>',
      'many users: a file with a column of users or one id on each line, or all of the data',
    )
    .option('--out <file>', 'with --users: the table to write, *.csv, *.parquet or *.jsonl')
    .option('--threads <n>', 'threads that compute (default: one for one person, all for many)', threadCount)
    .action(recommend);
}

async function recommend(path: string, flags: RecommendFlags): Promise<void> {
  const terminal = new Terminal(flags);
  if (flags.users !== undefined || flags.out !== undefined) return recommendToMany(terminal, path, flags);
  const request = await requestOf(flags);
  const { Recommender } = await import('../../recommender/recommender.ts');
  const { engineForOne } = await import('../open-engine.ts');
  const recommender = await Recommender.load(path, engineForOne(flags.threads));
  try {
    const { k, includeSeen, exclude, only, where } = flags;
    const answer = recommender.recommend(request, { k, includeSeen, exclude, only, where });
    const { user = null, history = [], row = {} } = request;
    const { answerDocument, answerReport } = await import('../answer-report.ts');
    const report = { path, recommender, user, history, row, answer };
    terminal.print(answerReport(terminal, report));
    terminal.document(answerDocument(report));
  } finally {
    recommender.close();
  }
}

async function recommendToMany(terminal: Terminal, path: string, flags: RecommendFlags): Promise<void> {
  const { users, out, k, includeSeen, exclude, only, where, threads } = flags;
  if (users === undefined || out === undefined)
    throw new DeepTasteError(
      'usage',
      `recommend: --users and --out belong together, found ${out === undefined ? '--users' : '--out'} alone; say both, e.g. ` +
        '--users all --out lists.parquet',
    );
  for (const one of ['user', 'history', 'item', 'row'] as const)
    if (flags[one] !== undefined)
      throw new DeepTasteError(
        'usage',
        `recommend: goes to many users or to one person, found --users and --${one}; leave one out`,
      );
  const { recommendMany } = await import('../recommend-many.ts');
  await recommendMany(terminal, path, { users, out, k, includeSeen, exclude, only, where, threads });
}

interface AskedRequest {
  readonly user?: string;
  readonly history?: readonly string[];
  readonly row?: Readonly<Record<string, unknown>>;
}

/** @throws 'usage' unless somebody is asked for, and one person */
async function requestOf({ user, history, item, row }: RecommendFlags): Promise<AskedRequest> {
  const items = [...(history ?? []), ...(item ?? [])];
  const isGiven = { user: user !== undefined, history: items.length > 0, row: row !== undefined };
  if ((isGiven.user && isGiven.history) || !Object.values(isGiven).includes(true))
    throw new DeepTasteError(
      'usage',
      `recommend: needs somebody to recommend to, found ${isGiven.user ? 'a user and a history' : 'nobody'}; ` +
        'say either --user ID, or --history ID,ID,… (or --item ID), or describe somebody new by --row key=value',
    );
  return {
    ...(user !== undefined && { user }),
    ...(items.length > 0 && { history: items }),
    ...(row && { row: (await import('../row-option.ts')).rowOf(row) }),
  };
}
