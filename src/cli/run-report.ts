/** What is said about a finished run: a table for people, a document for scripts. */
import { counted } from '../data/counted.ts';
import type { EvaluationResult } from '../evaluation/evaluation-result.ts';
import { renderLeaderboard } from '../evaluation/leaderboard.ts';
import type { Protocol } from '../evaluation/protocol.ts';
import { isRowResult, type Result, resultJson } from '../evaluation/result.ts';
import type { AnyRunSettings } from '../runs/any-settings.ts';
import type { Run } from '../runs/train-run.ts';
import { describeContinuation } from '../tasks/continuation.ts';
import { accountLines } from '../training/training-account.ts';
import { type PreparedRun, savedModel } from './prepared-run.ts';
import { rowMetricTable } from './row-report.ts';
import { savedDocument, savedNote, unmeasuredNote } from './saved-note.ts';
import type { Terminal } from './terminal.ts';
import { shortTime } from './terminal-progress.ts';

export interface FinishedRun {
  readonly run: Run;
  readonly prepared: PreparedRun;
  readonly settings: AnyRunSettings;
  readonly out: string;
  readonly threads: number;
}

export function runReport(terminal: Terminal, finished: FinishedRun): string {
  const { run, prepared, out } = finished;
  const continued = run.continuation ? [describeContinuation(run.continuation, prepared.unit)] : [];
  const { title } = run.recommender.model;
  const saved = savedModel(prepared, run);
  const measured = run.result ? metricTable(terminal, title, run.result, run.trainingSeconds) : unmeasuredNote(saved);
  const anew = saved.final === null ? '' : `, anew on all ${saved.unit} in ${shortTime(run.finalSeconds)}`;
  const made = `trained in ${shortTime(run.trainingSeconds)}${epochsNote(run)}${anew}, saved to ${out}`;
  return [
    measured,
    ...accountLines(run.account),
    ...continued,
    savedNote(saved),
    '',
    made,
    `next: ${prepared.next(out)}`,
  ].join('\n');
}

/** Metrics, with intervals where they have some, and how they were obtained. */
export function metricTable(terminal: Terminal, name: string, result: Result, seconds?: number): string {
  if (isRowResult(result)) return rowMetricTable(name, result, seconds);
  const { metrics, level } = result;
  const table = renderLeaderboard([{ model: name, metrics, seconds }], {
    level,
    over: evaluatedUnit(result.protocol),
    width: terminal.width,
    color: terminal.color,
  });
  return [table, describeProtocol(result.protocol), ...measurementNotes(result)].join('\n');
}

/** What a reader of the numbers must know, a line each: what counts as a miss by rule, what could not be computed. */
export function measurementNotes({ protocol, notes = [] }: Pick<EvaluationResult, 'protocol' | 'notes'>): string[] {
  const { takenBefore, filter, candidates, nextItem } = protocol;
  const lines = notes.map((note) => `note: ${note}`);
  const count = (n: number) => n.toLocaleString('en-US');
  if (takenBefore) {
    const [n, of] = [count(takenBefore.n), count(takenBefore.of)];
    const stand = nextItem
      ? `next items ${takenBefore.n === 1 ? 'stands' : 'stand'} earlier in ${takenBefore.n === 1 ? 'its' : 'their'} sequence`
      : `held-out items ${takenBefore.n === 1 ? 'was' : 'were'} taken before by the same user`;
    const counts = takenBefore.n === 1 ? 'counts as a miss' : 'count as misses';
    lines.push(`note: ${n} of ${of} ${stand} and ${counts}, since lists leave those out`);
  }
  if (filter === 'none' && candidates === 'all' && !nextItem)
    lines.push("note: the user's own items were ranked too, as in lists made with --include-seen");
  return lines;
}

/** One line: `2,950 test users, all items ranked, split leave-one-out by time, ties expected`. */
export function describeProtocol(protocol: Protocol): string {
  const { candidates, filter, split, tieRule, data, nextItem } = protocol;
  const listed = nextItem ? 'an event' : 'a user';
  const ranked =
    candidates === 'all' ? `all items ranked${filterNote(filter)}` : `${candidates.n} listed candidates ${listed}`;
  const by = typeof split.by === 'string' ? ` by ${split.by}` : '';
  const line = `${data.name}: ${measured(protocol)}, ${ranked}, split ${split.method}${by}, tie rule ${tieRule}`;
  return [line, ...untrainedNotes(protocol)].join('\n');
}

/** Held-out rows of users and items that no training row has: how many, and what became of them. */
function untrainedNotes({ part, split, untrained }: Protocol): string[] {
  const bySplit = droppedNotes(split);
  if (!untrained) return bySplit;
  const { nUsers, nUserRows, users, nItems, nItemRows, items } = untrained;
  const done = {
    'left out': 'left out',
    misses: 'counted as misses',
    'ranked last': 'ranked last',
    'from fields': 'ranked by their fields',
  };
  const note = (nRows: number, n: number, noun: string, rule: keyof typeof done) =>
    n === 0 ? [] : [`${counted(nRows, `${part} row`)} of ${counted(n, noun)} without training rows: ${done[rule]}`];
  return [...bySplit, ...note(nUserRows, nUsers, 'user', users), ...note(nItemRows, nItems, 'item', items)];
}

/** Some ways of splitting hold out no rows of users and items without training rows. */
function droppedNotes({ nUnseenUserRows, nUnseenItemRows }: Protocol['split']): string[] {
  const note = (n: unknown, whose: string) =>
    typeof n === 'number' && n > 0
      ? [`${counted(n, 'later row')} of ${whose} without training rows: left out by the split`]
      : [];
  return [...note(nUnseenUserRows, 'users'), ...note(nUnseenItemRows, 'items')];
}

/** What was measured: users, or the next items of sequences. */
function measured({ nUsers, part, nextItem, drawnUsers }: Protocol): string {
  const count = (n: number) => n.toLocaleString('en-US');
  const drawn = drawnUsers ? ` drawn from ${count(drawnUsers.of)}` : '';
  if (!nextItem) return `${count(nUsers)} ${part} users${drawn}`;
  const { nEvents, nMisses } = nextItem;
  const misses = nMisses > 0 ? ` (${count(nMisses)} of unknown items are misses)` : '';
  return `${count(nEvents)} next items${misses} of ${count(nUsers)} ${part} sequences`;
}

function filterNote(filter: Protocol['filter']): string {
  if (filter === 'history') return ' but those earlier in the sequence';
  return filter === 'none'
    ? ''
    : ` but those of the user's ${filter === 'train' ? 'training' : 'training and validation'} part`;
}

/** Over what intervals and tests go. */
export function evaluatedUnit({ nextItem }: Protocol): 'users' | 'sequences' {
  return nextItem ? 'sequences' : 'users';
}

export function runDocument({ run, prepared, settings, out, threads }: FinishedRun): object {
  const { recommender, result, trainingSeconds, log, bestEpoch, account } = run;
  return {
    model: settings.model,
    title: recommender.model.title,
    out,
    seed: settings.seed,
    threads,
    kernels: recommender.engine.build,
    data: prepared.data,
    ...(run.continuation && { continued: run.continuation }),
    ...prepared.document,
    trainingSeconds,
    epochs: log.length,
    bestEpoch,
    saved: savedDocument(savedModel(prepared, run)),
    training: account,
    result: result && resultJson(result),
    next: prepared.next(out),
  };
}

function epochsNote({ log, bestEpoch }: Run): string {
  if (log.length === 0) return '';
  const counted = (n: number): string => `${n} ${n === 1 ? 'epoch' : 'epochs'}`;
  // epochs are numbered within their stage
  const own = log[log.length - 1].epoch;
  const before = log.length > own ? ` after ${log.length - own} of pre-training` : '';
  return ` (${counted(own)}${before}, kept epoch ${bestEpoch})`;
}
