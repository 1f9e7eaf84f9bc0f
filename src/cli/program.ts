/** The command line: puts the commands together and turns failures into exit codes. Commands load their work when they run. */
import { Command } from 'commander';
import { ioError } from '../core/io-error.ts';
import { version } from '../core/version.ts';
import { benchCommand } from './commands/bench.ts';
import { compareCommand } from './commands/compare.ts';
import { dataCommand } from './commands/data.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { modelsCommand } from './commands/models.ts';
import { predictCommand } from './commands/predict.ts';
import { recommendCommand } from './commands/recommend.ts';
import { runCommand } from './commands/run.ts';
import { similarCommand } from './commands/similar.ts';
import { trainCommand } from './commands/train.ts';
import { exitCodeOf, exitCodes, oneLine, reportFailure } from './failure.ts';

function makeProgram(): Command {
  const program = new Command('deeptaste')
    .description(
      'Deep recommender systems: from a file of interactions to trained models, honest numbers, recommendations.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help');
  for (const make of [
    ...[demoCommand, dataCommand, modelsCommand, trainCommand, runCommand, evaluateCommand, compareCommand],
    ...[recommendCommand, similarCommand, predictCommand, explainCommand, exportCommand, benchCommand, doctorCommand],
  ])
    program.addCommand(make());
  program.addHelpText('after', firstSteps);
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
    if (command !== program) addCommonOptions(command);
  }
  return program;
}

const firstSteps = `
First steps:
  deeptaste demo                                            compare the models on a simulated film club
  deeptaste data ratings.csv                                look at a file of your own
  deeptaste train --data ratings.csv --model neumf          train, measure, save
  deeptaste recommend runs/ratings-neumf --user USER        recommend
Exit codes: 0 done, 1 failed, 2 wrong usage or settings. Every command takes --json, --quiet, --debug.`;

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

function addCommonOptions(command: Command): void {
  const common: readonly (readonly [string, string])[] = [
    ['--json', 'print one JSON document on standard output, everything else on standard error'],
    ['--quiet', 'no progress and no notes'],
    ['--debug', 'print the stack of an error'],
  ];
  for (const [flag, doc] of common)
    if (!command.options.some((option) => option.long === flag)) command.option(flag, doc);
}

/** A reader that has seen enough (`| head`) closes the pipe: no error. A full disk under standard output is one. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  fail(ioError('writing', 'standard output', error));
});
/** Nobody is left to be told. */
process.stderr.on('error', () => process.exit(exitCodes.failed));
/** What fails outside of the command that runs, such as a thread, a stream or a library's own callback, ends in one line too. */
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

function fail(error: unknown): never {
  reportFailure(error, process.argv.includes('--debug'));
  process.exit(exitCodeOf(error));
}

try {
  const program = makeProgram();
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  reportFailure(error, process.argv.includes('--debug'));
  process.exitCode = exitCodeOf(error);
}
