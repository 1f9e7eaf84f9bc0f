/** The film club in a browser: two models of it, trained in seconds, served with the Studio. */
import { join } from 'node:path';
import { checkArtifactPlace } from '../artifact/output-place.ts';
import { runRecord } from '../runs/run-record.ts';
import { trainRecommender } from '../runs/train-recommender.ts';
import { requireSqlite } from '../serving/store/sqlite-database.ts';
import { evaluationOptions } from '../tasks/ranking-settings.ts';
import { makeWorld, settingsOf } from './demo.ts';
import type { DemoFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { serveDefaults } from './serve-defaults.ts';
import { failuresOnly, serveUntilStopped } from './serve-runs.ts';
import type { Terminal } from './terminal.ts';
import { shortTime } from './terminal-progress.ts';

/** One that has vectors of people and films, and one that has none; the first one answers when none is named. */
const SERVED = ['bpr-mf', 'ease'] as const;
const METRICS = ['ndcg@10', 'hr@10', 'recall@20', 'coverage@10'];

/**
 * Resolves when the server has stopped.
 * @param out folder in which each model has one, beside what is told to the server
 */
export async function serveDemo(terminal: Terminal, flags: DemoFlags, out: string): Promise<void> {
  const { seed, port = serveDefaults.port } = flags;
  requireSqlite();
  const runs = SERVED.map((model) => join(out, model));
  for (const run of runs) await checkArtifactPlace(run);
  const started = performance.now();
  const progress = await terminal.progress();
  const { split } = makeWorld(terminal, progress, seed);
  const engine = openEngine(flags, progress);
  try {
    for (const [n, model] of SERVED.entries()) {
      const settings = { ...settingsOf({ model }, seed), evaluation: evaluationOptions.parse({ metrics: METRICS }) };
      const { recommender, result, log, account } = await trainRecommender({ engine, split, settings, progress });
      await recommender.save(runs[n], result, runRecord(settings, result, log, account));
      recommender.close();
    }
  } finally {
    engine.close();
  }
  const seconds = (performance.now() - started) / 1000;
  terminal.print(
    `${runs.join(' and ')} are trained and saved; all this took ${shortTime(seconds)}. Ctrl-C ends the server.`,
  );
  const places = { store: join(out, 'feedback.db'), runs: join(out, 'trained') };
  const served = { ...flags, ...serveDefaults, ...places, port, drain: 0 };
  await serveUntilStopped(terminal, runs, served, failuresOnly);
}
