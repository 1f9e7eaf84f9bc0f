/** The command line: puts the commands together and turns failures into exit codes. Commands load their work when they run. */
import { Command } from 'commander';
import { DeepTasteError } from '../core/errors.ts';
import { ioError } from '../core/io-error.ts';
import { version } from '../core/version.ts';
import { exitCodeOf, oneLine, reportFailure } from './failure.ts';

/** The commands in the order of the help. The settings behind their flags take time to load, hence only what is asked for is. */
const commands = {
  demo: async () => (await import('./commands/demo.ts')).demoCommand(),
  data: async () => (await import('./commands/data.ts')).dataCommand(),
  models: async () => (await import('./commands/models.ts')).modelsCommand(),
  train: async () => (await import('./commands/train.ts')).trainCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  evaluate: async () => (await import('./commands/evaluate.ts')).evaluateCommand(),
  compare: async () => (await import('./commands/compare.ts')).compareCommand(),
  tune: async () => (await import('./commands/tune.ts')).tuneCommand(),
  negatives: async () => (await import('./commands/negatives.ts')).negativesCommand(),
  recommend: async () => (await import('./commands/recommend.ts')).recommendCommand(),
  similar: async () => (await import('./commands/similar.ts')).similarCommand(),
  predict: async () => (await import('./commands/predict.ts')).predictCommand(),
  explain: async () => (await import('./commands/explain.ts')).explainCommand(),
  export: async () => (await import('./commands/export.ts')).exportCommand(),
  policy: async () => (await import('./commands/policy.ts')).policyCommand(),
  attack: async () => (await import('./commands/attack.ts')).attackCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
  serve: async () => (await import('./commands/serve.ts')).serveCommand(),
  feedback: async () => (await import('./commands/feedback.ts')).feedbackCommand(),
  retrain: async () => (await import('./commands/retrain.ts')).retrainCommand(),
  keys: async () => (await import('./commands/keys.ts')).keysCommand(),
  bench: async () => (await import('./commands/bench.ts')).benchCommand(),
  doctor: async () => (await import('./commands/doctor.ts')).doctorCommand(),
} satisfies Record<string, () => Promise<Command>>;

type CommandName = keyof typeof commands;

/** The commands that the arguments may be about: the one that they name, none for the version, else all. */
function asked(args: readonly string[]): CommandName[] {
  const [first, second] = args;
  if (first === '-V' || first === '--version') return [];
  const name = first === 'help' ? second : first;
  const all = Object.keys(commands) as CommandName[];
  const named = all.find((each) => each === name);
  return named === undefined ? all : [named];
}

async function makeProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('deeptaste')
    .description(
      'Deep recommender systems: from a file of interactions to trained models, honest numbers, recommendations.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help');
  for (const name of asked(args)) program.addCommand(await commands[name]());
  program.addHelpText('after', firstSteps);
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
    if (command !== program) addCommonOptions(command);
    refuseRepeats(command);
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

/** Of a flag with one value, the last one would win unsaid. Readers that take the value before add to it. */
function refuseRepeats(command: Command): void {
  const given = new Map<string, string>();
  for (const option of command.options) {
    const isList = option.variadic || (!option.argChoices && (option.parseArg?.length ?? 0) > 1);
    if (isList) continue;
    const name = option.attributeName();
    command.on(`option:${option.name()}`, (value: string | null | undefined) => {
      const said = `${option.long ?? option.short}${value === null || value === undefined ? '' : ` ${value}`}`;
      const before = given.get(name);
      given.set(name, said);
      if (before !== undefined && before !== said)
        throw new DeepTasteError(
          'usage',
          `${option.long ?? option.short}: must be given once, found ${before} and ${said}; leave one out`,
        );
    });
  }
}

/** A reader that has seen enough (`| head`) closes the pipe: no error. A full disk under standard output is one. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  fail(ioError('writing', 'standard output', error));
});
/** Nobody is left to be told: the work goes on all the same. */
process.stderr.on('error', () => {});
/** What fails outside of the command that runs, such as a thread, a stream or a library's own callback, ends in one line too. */
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

function fail(error: unknown): never {
  reportFailure(error, process.argv.includes('--debug'));
  process.exit(exitCodeOf(error));
}

try {
  const program = await makeProgram(process.argv.slice(2));
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  reportFailure(error, process.argv.includes('--debug'));
  process.exitCode = exitCodeOf(error);
}
