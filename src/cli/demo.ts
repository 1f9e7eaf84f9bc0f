/** The main job from end to end: a world, models trained and measured alike, the best one saved and asked for recommendations. */

import { checkArtifactPlace } from '../artifact/output-place.ts';
import type { Progress } from '../core/progress.ts';
import { shellWord } from '../core/shell-word.ts';
import type { Split } from '../data/dataset.ts';
import { type SimulatedWorld, simulateFilmClub } from '../data/simulated/film-club.ts';
import { splitDataset } from '../data/splits/split-dataset.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import { type LeaderboardRow, renderLeaderboard } from '../evaluation/leaderboard.ts';
import { findModel } from '../models/index.ts';
import { type ComparedRun, compareModels } from '../runs/compare.ts';
import { runRecord } from '../runs/run-record.ts';
import { trainForUse } from '../runs/train-recommender.ts';
import { evaluateScorer } from '../tasks/evaluate-ranking.ts';
import { evaluationOptions, parseRunSettings, type RunSettings } from '../tasks/ranking-settings.ts';
import { answerBody, recommendationTable } from './answer-report.ts';
import { demoContenders, demoMetrics } from './demo-contenders.ts';
import { type DemoPerson, demoPeople } from './demo-people.ts';
import { referenceRows } from './demo-references.ts';
import type { DemoFlags } from './flags.ts';
import { openEngine } from './open-engine.ts';
import { describeProtocol } from './run-report.ts';
import type { Terminal } from './terminal.ts';
import { shortTime } from './terminal-progress.ts';

const CUTOFF = 10;
const splitMethod = { method: 'leave-one-out', by: 'time' } as const;

/** A measured contender; the validation value is what the choice of the best one looks at. */
interface Contestant extends ComparedRun {
  readonly title: string;
  readonly validation: number;
}

/** @param out folder of the best model */
export async function runDemo(terminal: Terminal, flags: DemoFlags, out: string): Promise<void> {
  const started = performance.now();
  const { seed } = flags;
  for (const { model } of demoContenders) findModel(model);
  await checkArtifactPlace(out);
  const progress = await terminal.progress();
  const { world, split } = makeWorld(terminal, progress, seed);
  const engine = openEngine(flags, progress);
  try {
    terminal.print(
      `\n${demoContenders.length} models, each trained on the same rows and asked for the film that every member watched last.`,
    );
    const contestants = await compete(engine, split, seed, progress);
    const rows = [...contestants.map(leaderboardRow), ...references(world, progress)];
    const best = contestants.reduce((a, b) => (b.validation > a.validation ? b : a));
    terminal.print(
      `\n${renderLeaderboard(rows, { metrics: demoMetrics, width: terminal.width, color: terminal.color })}`,
    );
    terminal.print(describeProtocol(best.run.result.protocol));
    const settings = settingsOf(best, seed);
    const forUse = await trainForUse({ engine, split, settings, progress }, best.run);
    const people = demoPeople(forUse, split, seed);
    for (const person of people) terminal.print(`\n${personReport(terminal, person)}`);
    await forUse.save(out, best.run.result, runRecord(settings, best.run.result, best.run.log, best.run.account));
    forUse.close();
    const seconds = (performance.now() - started) / 1000;
    const next = `deeptaste recommend ${shellWord(out)} --user ${people[0].user}`;
    terminal.print(
      `\n${best.title}, the best on the validation part, is trained anew on all viewings and saved in ${out}; all this took ${shortTime(seconds)}.`,
    );
    terminal.print(`next: ${next}`);
    terminal.print('or in a browser: deeptaste demo --serve');
    terminal.document(demoDocument({ seed, out, seconds, next, best, rows, contestants, people, engine }));
  } finally {
    engine.close();
  }
}

export function makeWorld(
  terminal: Terminal,
  progress: Progress,
  seed: number,
): { world: SimulatedWorld; split: Split } {
  const task = progress.start('simulating the film club');
  const world = simulateFilmClub({ seed });
  const { users, items, interactions, hash } = world.dataset;
  task.end(`hash ${hash.slice(0, 12)}`);
  const count = (n: number) => n.toLocaleString('en-US');
  terminal.print(
    `A simulated film club: ${count(users.size)} members, ${count(items.size)} films, ${count(interactions.length)} viewings. ` +
      'Everything is invented, so the best possible score is known.',
  );
  return { world, split: splitDataset(world.dataset, splitMethod) };
}

async function compete(engine: Engine, split: Split, seed: number, progress: Progress): Promise<Contestant[]> {
  const evaluation = evaluationOptions.parse({ metrics: demoMetrics });
  const contestants: Contestant[] = [];
  await compareModels({
    engine,
    split,
    evaluation,
    progress,
    contenders: demoContenders,
    seeds: [seed],
    onRun: (compared) => {
      const { recommender, result } = compared.run;
      const onValidation = { ...evaluation, metrics: [demoMetrics[0]], filter: 'train' as const };
      const { metrics } = evaluateScorer(engine, recommender.scorer('pairs'), split, onValidation, seed, 'validation');
      recommender.close(); // frees the tables of its scorer; they come back when they are asked for
      const { title } = recommender.model;
      contestants.push({ ...compared, title, validation: metrics[demoMetrics[0]].mean });
      progress.log(`${title}: ${demoMetrics[0]} ${result.metrics[demoMetrics[0]].mean.toFixed(4)}`);
    },
  });
  return contestants;
}

function leaderboardRow({ title, run }: Contestant): LeaderboardRow {
  return { model: title, metrics: run.result.metrics, seconds: run.trainingSeconds };
}

function references(world: SimulatedWorld, progress: Progress): LeaderboardRow[] {
  const task = progress.start('the best possible score');
  const rows = referenceRows(world, CUTOFF);
  task.end();
  return rows;
}

function personReport(terminal: Terminal, { name, user, history, answer }: DemoPerson): string {
  const films = history.map(({ title }) => title).join('; ');
  const head = user === null ? `${name}, who likes ${films}` : `${name} (${user}), who last watched ${films}`;
  const notes = user === null ? [`made for somebody the model has never seen: ${answer.how}`] : [];
  return [terminal.strong(head), recommendationTable(answer.recommendations, terminal), ...notes].join('\n');
}

/** The run that was kept, as an experiment would say it. */
export function settingsOf({ model }: Pick<Contestant, 'model'>, seed: number): RunSettings {
  const { config = {}, training = {} } = demoContenders.find((contender) => contender.model === model) ?? {};
  const data = { simulated: { seed } };
  return parseRunSettings({
    data,
    split: splitMethod,
    model,
    config,
    training,
    evaluation: { metrics: demoMetrics },
    seed,
  });
}

interface Demo {
  readonly seed: number;
  readonly out: string;
  readonly seconds: number;
  readonly next: string;
  readonly best: Contestant;
  readonly rows: readonly LeaderboardRow[];
  readonly contestants: readonly Contestant[];
  readonly people: readonly DemoPerson[];
  readonly engine: Engine;
}

function demoDocument({ seed, out, seconds, next, best, rows, contestants, people, engine }: Demo): object {
  const contenders = contestants.map(({ model, title, run, validation }) => ({
    model,
    title,
    isReference: false,
    metrics: run.result.metrics,
    validation,
    seconds: run.trainingSeconds,
    epochs: run.log.length,
  }));
  return {
    seed,
    threads: engine.threads,
    kernels: engine.build,
    out,
    best: best.model,
    seconds,
    next,
    protocol: best.run.result.protocol,
    leaderboard: [...contenders, ...rows.filter(({ isReference }) => isReference)],
    people: people.map(({ name, user, history, answer }) => ({ name, user, history, ...answerBody(answer) })),
  };
}
