/** `deeptaste policy`: policies judged by logs of decisions, and policies that learn in a world. */
import { Command, Option } from 'commander';
import { addLayoutFlags } from '../data-flags.ts';
import { addEngineOptions } from '../engine-options.ts';
import type { LogRoleFlags, PolicyEvaluateFlags, PolicyLogFlags, PolicySimulateFlags } from '../flags.ts';
import { collect, commaList, numberIn, seedValue, storeFlag, wholeNumber } from '../option-values.ts';
import { Terminal } from '../terminal.ts';

export function policyCommand(): Command {
  return new Command('policy')
    .description('what a recommendation policy is worth: by a log of decisions that another policy made, or in a world')
    .addCommand(evaluateCommand())
    .addCommand(simulateCommand())
    .addCommand(logCommand());
}

function logCommand(): Command {
  return new Command('log')
    .description('write the lists that a server gave, with their probabilities and what came of them, for "evaluate"')
    .option(...storeFlag)
    .option('--settings <file>', 'the settings of the server: which events mean that an item was taken')
    .option('--since <date>', 'only lists from then on, such as 2026-11-30 or 2026-11-30T12:00:00Z')
    .option('--scenario <name>', 'only lists of this scenario')
    .addOption(
      new Option(
        '--reward <what>',
        'taken: 1 where the item was taken, else 0; value: the sum of the values of its events, impressions aside',
      )
        .choices(['taken', 'value'])
        .default('taken'),
    )
    .requiredOption('--out <file>', 'the table to write, *.csv, *.parquet or *.jsonl')
    .action(async (_: PolicyLogFlags, self: Command) => {
      const flags: PolicyLogFlags = self.optsWithGlobals();
      const { writePolicyLog } = await import('../policy-log.ts');
      await writePolicyLog(new Terminal(flags), flags);
    });
}

function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description(
      'judge policies by logged decisions with their propensities: support first, then estimates and which is better',
    )
    .argument('<log...>', 'files of decisions (globs are expanded)')
    .option(
      '--policy <policy>',
      'what is judged, may be repeated: uniform, always:ACTION, a column with the probability of the action taken, ' +
        'PREFIX* for columns of all actions, a table FILE of action and probability, or a RUN',
      collect,
    )
    .option('--temperature <t>', 'of a RUN: 0 = what it ranks first, else ∝ exp(score / t) (default: 0)', numberIn(0))
    .option('--exclude-seen', 'of a RUN: does not show what the user took in its training, as servers do it');
  addLogFlags(command)
    .option('--reward-model <name>', 'a model over fields that predicts rewards, mean, or none', 'lr')
    .option('--set <key=value>', 'a setting of the reward model, e.g. training.epochs=30', collect)
    .option(
      '--folds <n>',
      'parts that the reward model is trained on, each without one of them (default: 3)',
      wholeNumber(2, 100),
    )
    .option('--estimator <name>', 'by which policies are compared (default: dr, or snips without predicted rewards)')
    .option('--baseline <policy>', 'what policies are compared with: log, what was earned, or one of them', 'log')
    .option('--segments <a,b,c>', 'columns whose values the support report looks at one by one', commaList)
    .option('--min-ess <n>', 'fewest effective decisions for a verdict', numberIn(1), 100)
    .option('--min-rewarded <n>', 'fewest effective decisions with a reward for a verdict', numberIn(0), 10)
    .option('--max-unseen <share>', 'largest share of choices that the log never shows', numberIn(0, 1), 0.05)
    .addOption(
      new Option('--interval <how>', 'how intervals are made (default: bootstrap up to 200,000 decisions)').choices([
        'bootstrap',
        'normal',
      ]),
    )
    .option('--level <share>', 'share covered by intervals', numberIn(0.5, 0.9999), 0.95)
    .option('--seed <n>', 'seed of everything random', seedValue, 1);
  return addEngineOptions(addLayoutFlags(command)).action(
    async (files: string[], _: PolicyEvaluateFlags, self: Command) => {
      // the options that `policy` has too (--json) are read by `policy`
      const flags: PolicyEvaluateFlags = self.optsWithGlobals();
      const { evaluateByLog } = await import('../policy-evaluate.ts');
      await evaluateByLog(new Terminal(flags), files, flags);
    },
  );
}

function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'let policies that learn act in a world whose truth is known: what they earn, their regret, how long people stay',
    )
    .argument(
      '<world>',
      'synthetic: contexts with a logistic reward of each action; interest-evolution: interests that move with what is watched, and a ' +
        'budget of time; long-term-satisfaction: clickbait, and the satisfaction that it costs; film-club: tastes that drift, boredom, ' +
        'clickbait, and people who leave',
    )
    .option(
      '--policies <a,b,c>',
      'uniform, epsilon-greedy, ucb1, thompson-beta, thompson-gaussian, linucb, linucb-hybrid, lints, logistic-ts, next-click, reinforce, myopic, dqn, slateq (default: some that suit the world)',
      commaList,
    )
    .option(
      '--users <n>',
      'people who decide at the same time; what came of all of them is learned after the step',
      wholeNumber(1, 1_000_000),
      10,
    )
    .option('--steps <n>', 'decisions of each', wholeNumber(1, 10_000_000), 1000)
    .option('--runs <n>', 'worlds, each with a seed of its own; intervals go over them', wholeNumber(1, 1000), 5)
    .option(
      '--set <key=value>',
      'a setting, e.g. world.actions=20, world.features=10, linucb.alpha=0.5, slateq.discount=0.9',
      collect,
    )
    .option('--seed <n>', 'seed of everything random', seedValue, 1)
    .option('--svg <file>', 'a picture of rewards and regret over the steps')
    .action(async (world: string, _: PolicySimulateFlags, self: Command) => {
      // as above
      const flags: PolicySimulateFlags = self.optsWithGlobals();
      const { simulatePolicies } = await import('../policy-simulate.ts');
      await simulatePolicies(new Terminal(flags), world, flags);
    });
}

/** Which column plays which role. */
function addLogFlags(command: Command): Command {
  const role = (name: keyof LogRoleFlags, doc: string, none = false) => {
    command.option(`--${name} <column>`, doc);
    if (none) command.option(`--no-${name}`, `there is no ${name}`);
  };
  role('action', 'column with the action that was taken');
  role('reward', 'column with what came of it, such as 1 for a click');
  role('propensity', 'column with the probability with which the action was chosen');
  role('position', 'column with the position on the page', true);
  role('list', 'column with the id of the list that a row is part of', true);
  role('time', 'column with times', true);
  return command
    .option('--context <a,b,c>', 'columns of the situation (default: all others but long texts)', commaList)
    .option('--no-context', 'the situation is not looked at')
    .option(
      '--behaviour <prefix>',
      'beginning of the names of columns with the probabilities of all actions in the log',
    )
    .option('--reward-range <low,high>', 'lowest and highest reward that there can be; others are refused', commaList);
}
