/** What is said about a finished run over feature fields: tables for people, a document for scripts. */

import { shellWord } from '../core/shell-word.ts';
import { textTable } from '../evaluation/text-table.ts';
import type { RowResult } from '../recommender/evaluate-rows.ts';
import type { FieldRunSettings } from '../recommender/field-settings.ts';
import type { FieldData } from '../recommender/prepare-field-run.ts';
import { type FieldResult, type FieldRun, isRowResult } from '../recommender/train-fields.ts';
import { accountLines } from '../training/training-account.ts';
import { resultDocument } from './field-record.ts';
import { metricTable } from './run-report.ts';
import { type SavedModel, savedDocument, savedNote, unmeasuredNote } from './saved-note.ts';
import type { Terminal } from './terminal.ts';
import { shortTime } from './terminal-progress.ts';

export interface FinishedFieldRun {
  readonly run: FieldRun;
  readonly data: FieldData;
  readonly settings: FieldRunSettings;
  readonly out: string;
  readonly threads: number;
}

export function fieldRunReport(terminal: Terminal, finished: FinishedFieldRun): string {
  const { run, out } = finished;
  const { recommender, result, trainingSeconds, log, bestEpoch, account } = run;
  const measured = result
    ? fieldMetricTable(terminal, recommender.model.title, result, trainingSeconds)
    : unmeasuredNote(savedModel(finished));
  const epochs = `${log.length} ${log.length === 1 ? 'epoch' : 'epochs'}, kept epoch ${bestEpoch}`;
  const saved = savedModel(finished);
  const anew = saved.final === null ? '' : `, anew on all rows in ${shortTime(run.finalSeconds)}`;
  const made = `trained in ${shortTime(trainingSeconds)} (${epochs})${anew}, saved to ${out}`;
  return [measured, ...accountLines(account), savedNote(saved), '', made, `next: ${nextCommand(finished)}`].join('\n');
}

function savedModel({ run, data }: FinishedFieldRun): SavedModel {
  const { dataset, train, description } = data.split;
  return {
    final: run.final,
    isMeasured: run.result !== null,
    split: description.method,
    nRows: dataset.interactions.length,
    nTrained: train.length,
    unit: 'rows',
  };
}

/** Metrics, and how they were obtained. */
export function fieldMetricTable(terminal: Terminal, title: string, result: FieldResult, seconds?: number): string {
  if (!isRowResult(result)) return metricTable(terminal, title, result, seconds);
  return [rowTable([{ name: title, result, seconds }]), ...rowNotes(result)].join('\n');
}

export interface NamedRowResult {
  readonly name: string;
  readonly result: Pick<RowResult, 'metrics'>;
  readonly seconds?: number;
}

export function rowTable(rows: readonly NamedRowResult[]): string {
  const names = Object.keys(rows[0].result.metrics);
  const right = (header: string, cells: string[]) => ({ header, align: 'right' as const, cells });
  const {
    header,
    rule,
    rows: lines,
  } = textTable([
    { header: 'model', align: 'left', cells: rows.map(({ name }) => name) },
    ...names.map((name) =>
      right(
        name,
        rows.map(({ result }) => result.metrics[name]?.toFixed(4) ?? '–'),
      ),
    ),
    ...(rows.some(({ seconds }) => seconds !== undefined)
      ? [
          right(
            'time',
            rows.map(({ seconds }) => (seconds === undefined ? '' : shortTime(seconds))),
          ),
        ]
      : []),
  ]);
  return [header, rule, ...lines].join('\n');
}

function rowNotes(result: RowResult): string[] {
  const { calibration, lowerIsBetter } = result;
  const lower = lowerIsBetter.length > 0 ? [`less is better of ${lowerIsBetter.join(', ')}`] : [];
  const calibrated = calibration
    ? [
        `calibration: error ${calibration.expectedError.toFixed(4)}` +
          (calibration.ratio === null ? '' : `, promised ${calibration.ratio.toFixed(3)} of the clicks that came`),
      ]
    : [];
  const notes = (result.notes ?? []).map((note) => `note: ${note}`);
  return [...lower, ...calibrated, describeRows(result), ...notes];
}

/** One line: `adult: 16,281 test rows, 23.6 % labelled 1, split given`. */
export function describeRows({ protocol, meanLabel, task }: RowResult): string {
  const { data, nRows, part, split, clipped } = protocol;
  const labels =
    task === 'click'
      ? `${(100 * meanLabel).toFixed(1)} % labelled 1`
      : `mean rating ${meanLabel.toFixed(3)}, predictions ${clipped ? 'clipped to the training range' : 'not clipped'}`;
  const by = typeof split.by === 'string' ? ` by ${split.by}` : '';
  return `${data.name}: ${nRows.toLocaleString('en-US')} ${part} rows, ${labels}, split ${split.method}${by}`;
}

export function fieldRunDocument(finished: FinishedFieldRun): object {
  const { run, data, settings, out, threads } = finished;
  const { dataset, train } = data.split;
  const { recommender, result, trainingSeconds, log, bestEpoch, account } = run;
  return {
    ...{ model: settings.model, title: recommender.model.title, task: data.task, out, seed: settings.seed, threads },
    kernels: recommender.engine.build,
    data: {
      ...{ name: dataset.name, hash: dataset.hash, nUsers: dataset.users.size, nItems: dataset.items.size },
      ...{ nInteractions: dataset.interactions.length, nTraining: train.length, warnings: data.warnings },
    },
    fields: data.encoder.layout.fields.map(({ name, owner, nRows }) => ({ name, owner, nRows })),
    saved: savedDocument(savedModel(finished)),
    training: account,
    ...{ trainingSeconds, epochs: log.length, bestEpoch, result: result && resultDocument(result) },
    next: nextCommand(finished),
  };
}

/** Recommending for somebody of the training data where the model can, else asking why of a row of it. */
function nextCommand({ data, out }: FinishedFieldRun): string {
  const { dataset, train } = data.split;
  const folder = shellWord(out);
  if (data.task === 'ranking')
    return `deeptaste recommend ${folder} --user ${shellWord(dataset.users.idOf(train.userIndex[0]))}`;
  const { fields } = data.encoder.fitted;
  const ids = fields.flatMap(({ key, source, owner }) => {
    if (source !== 'id') return [];
    const id = owner === 'user' ? dataset.users.idOf(train.userIndex[0]) : dataset.items.idOf(train.itemIndex[0]);
    return [`--row ${shellWord(`${key}=${id}`)}`];
  });
  const cells = ids.length > 0 ? ids : firstCells(data);
  return `deeptaste explain ${folder} ${cells.join(' ')}`;
}

/** Two cells of the first training row. */
function firstCells({ encoder, split }: FieldData): string[] {
  const cells = (split.train.context ?? []).flatMap((column) => {
    const key = encoder.fitted.fields.find((field) => field.owner === 'context' && field.column === column.name)?.key;
    if (key === undefined || column.kind !== 'categorical' || column.index[0] < 0) return [];
    return [`--row ${shellWord(`${key}=${column.values[column.index[0]]}`)}`];
  });
  return cells.length > 0 ? cells.slice(0, 2) : ["--row '{…}'"];
}
