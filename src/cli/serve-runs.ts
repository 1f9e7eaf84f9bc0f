/** Runs the server until a signal ends it. */
import { fileURLToPath } from 'node:url';
import { DeepTasteError } from '../core/errors.ts';
import { isStudioBuilt } from '../serving/http/studio-files.ts';
import { jsonLog, type Log, noLog } from '../serving/log.ts';
import { startServer } from '../serving/server.ts';
import { parseServerSettings, readServerSettings } from '../serving/settings.ts';
import type { ServeFlags } from './flags.ts';
import { engineForMany } from './open-engine.ts';
import { serveDefaults } from './serve-defaults.ts';
import type { Terminal } from './terminal.ts';
import { trainingMeans } from './training-means.ts';

/** What starts this very command line, and its first argument. */
function commandLine(): string[] {
  const file = import.meta.url.endsWith('.ts') ? './main.ts' : './main.js';
  return [process.execPath, fileURLToPath(new URL(file, import.meta.url))];
}

function retrainArguments({ store, settings, promote, margin }: ServeFlags): string[] {
  const said = { '--settings': settings, '--promote': promote, '--margin': margin };
  const others = Object.entries(said).flatMap(([flag, value]) => (value === undefined ? [] : [flag, String(value)]));
  return ['--store', store, ...others];
}

const stderrLog = jsonLog((line) => process.stderr.write(`${line}\n`));

/** For somebody who looks at the terminal: requests that went well are not told. */
export const failuresOnly: Log = {
  write: (level, event, fields) => {
    if (level === 'error') stderrLog.write(level, event, fields);
  },
};

/** Resolves when the server has stopped. @throws as `startServer`; 'config' for wrong settings */
export async function serveUntilStopped(
  terminal: Terminal,
  runs: readonly string[],
  flags: ServeFlags,
  log: Log = flags.quiet ? noLog : stderrLog,
): Promise<void> {
  const settings = flags.settings === undefined ? parseServerSettings({}) : await readServerSettings(flags.settings);
  const {
    host,
    port,
    store,
    bus = null,
    workers,
    queue,
    rate = null,
    drain,
    maxBody,
    cors = null,
    watch = false,
    keep,
    retrainEvery,
    runs: folder,
    maxUpload,
  } = flags;
  if (retrainEvery !== undefined && store === ':memory:')
    throw new DeepTasteError(
      'usage',
      'serve: --retrain-every needs a store that another process can read, found one in memory; say --store FILE',
    );
  if (retrainEvery === undefined && (flags.promote ?? flags.margin) !== undefined)
    throw new DeepTasteError(
      'usage',
      `serve: ${flags.promote === undefined ? '--margin' : '--promote'} is about retraining, which --retrain-every INTERVAL does, found it alone; write both, or leave it out`,
    );
  if (maxUpload !== undefined && folder === undefined)
    throw new DeepTasteError(
      'usage',
      'serve: --max-upload is about tables that are uploaded, which --runs FOLDER allows, found it alone; write both, or leave it out',
    );
  const program = commandLine();
  const server = await startServer({
    runs,
    host,
    port,
    store,
    bus,
    settings,
    workers,
    queue,
    rate,
    drain,
    watch,
    log,
    engine: engineForMany(),
    mostBody: maxBody,
    origins: cors,
    keepDays: keep,
    retraining: retrainEvery === undefined ? null : { everyMs: retrainEvery, program, args: retrainArguments(flags) },
    training: folder === undefined ? null : trainingMeans(folder, maxUpload ?? serveDefaults.maxUpload, program),
  });
  const studio = isStudioBuilt() ? 'the Studio is the page there, ' : '';
  terminal.print(`${server.url} answers: ${studio}the API is described at ${server.url}/docs`);
  terminal.document({ url: server.url });
  // a refused artifact is told by the log, and the former one goes on
  process.on('SIGHUP', () => void server.reload().catch(() => {}));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.stop();
}
