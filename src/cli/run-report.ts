/** What is said about a finished run: a table for people, a document for scripts. */
import type { Split } from '../data/dataset.ts';
import { type EvaluationJson, type EvaluationResult, toJson } from '../evaluation/evaluation-result.ts';
import { renderLeaderboard } from '../evaluation/leaderboard.ts';
import type { Protocol } from '../evaluation/protocol.ts';
import type { RunSettings } from '../recommender/settings.ts';
import type { TrainedRun } from '../recommender/train-recommender.ts';
import { shellWord, type Terminal } from './terminal.ts';
import { shortTime } from './terminal-progress.ts';

export interface FinishedRun {
  readonly run: TrainedRun;
  readonly split: Split;
  readonly settings: RunSettings;
  readonly out: string;
  readonly threads: number;
}

export function runReport(terminal: Terminal, finished: FinishedRun): string {
  const { run, out } = finished;
  const lines: string[] = [];
  if (run.result) lines.push(metricTable(terminal, run.recommender.model.title, run.result, run.trainingSeconds));
  else lines.push('nothing was measured: the split has no test part');
  lines.push('', `trained in ${shortTime(run.trainingSeconds)}${epochsNote(run)}, saved to ${out}`);
  return [...lines, `next: ${nextCommand(finished)}`].join('\n');
}

/** Metrics with intervals, and how they were obtained. */
export function metricTable(terminal: Terminal, name: string, result: EvaluationResult, seconds?: number): string {
  const { metrics, level } = result;
  const table = renderLeaderboard([{ model: name, metrics, seconds }], {
    level,
    width: terminal.width,
    color: terminal.color,
  });
  return `${table}\n${describeProtocol(result.protocol)}`;
}

/** One line: `2,950 test users, all items ranked, split leave-one-out by time, ties expected`. */
export function describeProtocol({ nUsers, part, candidates, filter, split, tieRule, data }: Protocol): string {
  const ranked =
    candidates === 'all' ? `all items ranked${filterNote(filter)}` : `${candidates.n} listed candidates a user`;
  const by = typeof split.by === 'string' ? ` by ${split.by}` : '';
  return `${data.name}: ${nUsers.toLocaleString('en-US')} ${part} users, ${ranked}, split ${split.method}${by}, tie rule ${tieRule}`;
}

function filterNote(filter: Protocol['filter']): string {
  return filter === 'none'
    ? ''
    : ` but those of the user's ${filter === 'train' ? 'training' : 'training and validation'} part`;
}

export interface RunDocument {
  readonly model: string;
  readonly title: string;
  readonly out: string;
  readonly seed: number;
  readonly threads: number;
  readonly kernels: string;
  readonly data: object;
  readonly trainingSeconds: number;
  readonly epochs: number;
  readonly bestEpoch: number;
  readonly result: EvaluationJson | null;
  readonly next: string;
}

export function runDocument(finished: FinishedRun): RunDocument {
  const { run, split, settings, out, threads } = finished;
  const { dataset } = split;
  const { recommender, result, trainingSeconds, log, bestEpoch } = run;
  return {
    ...{ model: settings.model, title: recommender.model.title, out, seed: settings.seed, threads },
    kernels: recommender.engine.build,
    data: {
      ...{ name: dataset.name, hash: dataset.hash, nUsers: dataset.users.size, nItems: dataset.items.size },
      ...{ nInteractions: dataset.interactions.length, warnings: dataset.warnings },
    },
    ...{
      trainingSeconds,
      epochs: log.length,
      bestEpoch,
      result: result && toJson(result),
      next: nextCommand(finished),
    },
  };
}

function epochsNote({ log, bestEpoch }: TrainedRun): string {
  if (log.length === 0) return '';
  return ` (${log.length} ${log.length === 1 ? 'epoch' : 'epochs'}, kept epoch ${bestEpoch})`;
}

/** Recommending for somebody who is in the training data. */
function nextCommand({ split, out }: FinishedRun): string {
  const user = split.dataset.users.idOf(split.train.userIndex[0]);
  return `deeptaste recommend ${shellWord(out)} --user ${shellWord(user)}`;
}
