/** What is said of a study: a line for each part of a training, the report at its end, its files. */
import { join } from 'node:path';
import { shortName } from '../automl/model-space.ts';
import { studyPlot } from '../automl/study-plot.ts';
import type { Trial } from '../automl/trial.ts';
import { shownValue, type TuneResult } from '../automl/tune.ts';
import { worthIt } from '../automl/verdict.ts';
import { writeFileAtomic } from '../core/atomic-file.ts';
import { shellWord } from '../core/shell-word.ts';
import { shortTime } from '../core/short-text.ts';
import { type Result, resultJson } from '../evaluation/result.ts';
import { textTable } from '../evaluation/text-table.ts';
import { writeTable } from './table-file.ts';
import type { OutputCell, OutputColumn } from './table-rows.ts';
import type { Terminal } from './terminal.ts';

/** Trials of the report's table. */
const SHOWN = 10;

/** Lines of a table that grows: its header once, then a row for each part that ended. */
export function trialTable(metric: string): (trial: Trial) => string[] {
  let hasHeader = false;
  return (trial) => {
    const header = hasHeader ? [] : [liveRow(['trial', 'model', 'epochs', metric, 'status', 'time', 'options'])];
    hasHeader = true;
    const { number, model, status, value, seconds } = trial;
    const shown = value === null ? '' : shownValue(metric, value).toFixed(4);
    const cells = [String(number), model, epochsOf(trial), shown, status, shortTime(seconds), optionsOf(trial)];
    return [...header, liveRow(cells)];
  };
}

/** Columns of widths that most values keep to: the rows to come are not known yet. */
function liveRow([number, model, epochs, value, status, time, options]: readonly string[]): string {
  const cells = [
    number.padStart(5),
    model.padEnd(17),
    epochs.padStart(8),
    value.padStart(8),
    status.padEnd(8),
    time.padStart(8),
  ];
  return [...cells, options].join('  ').trimEnd();
}

function epochsOf({ epochs, ownEpochs }: Trial): string {
  return epochs === null ? '' : `${ownEpochs}/${epochs}`;
}

/** `factors 32, optimizer.l2 0.003`; what it failed of. */
function optionsOf({ kind, point, reason, status }: Trial): string {
  if (status === 'failed') return String(reason);
  if (kind !== 'sampled') return kind === 'default' ? 'as it is' : 'as it is, a baseline';
  return Object.entries(point)
    .map(([name, value]) => `${shortName(name)} ${shownOption(value)}`)
    .join(', ');
}

function shownOption(value: unknown): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)));
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A trial for scripts: values as the metric is. */
export function trialRow({ looks: _, value, ...trial }: Trial, metric: string): object {
  return { ...trial, value: value === null ? null : shownValue(metric, value) };
}

export function studyReport(terminal: Terminal, result: TuneResult, out: string, next: string): string {
  const { metric, trials, winner, seconds } = result;
  const epochs = trials.reduce((sum, { epochsDone }) => sum + epochsDone, 0);
  const count = (status: Trial['status']) => trials.filter((trial) => trial.status === status).length;
  const failed = count('failed') > 0 ? `, ${count('failed')} failed` : '';
  return [
    bestTrials(result),
    '',
    measuredTable(result),
    `measured once on the test part, trained on training and validation part; trials were chosen by ${metric} of the validation part alone`,
    ...worthIt(result).map((line) => terminal.strong(line)),
    ...firstGainLine(result),
    ...optimismLines(result),
    ...importanceLines(result),
    '',
    `${trials.length} trials (${count('finished')} to their end, ${count('stopped') + count('paused')} stopped early${failed}), ${epochs} epochs, ${shortTime(seconds)} of search`,
    `winner: ${winner.model}, trial ${winner.number}${winner.bestEpoch > 0 ? `, ${winner.bestEpoch} epochs` : ''}; repeat it with`,
    `  ${trainCommand(result)}`,
    `trials in ${join(out, 'trials.csv')} and ${join(out, 'trials.parquet')}, the curve in ${join(out, 'best.svg')}`,
    `next: ${next}`,
  ].join('\n');
}

function bestTrials({ metric, trials }: TuneResult): string {
  const sorted = trials
    .filter(({ value }) => value !== null)
    .sort((a, b) => b.value! - a.value! || a.number - b.number);
  const shown = sorted.slice(0, SHOWN);
  const { header, rule, rows } = textTable([
    { header: 'trial', align: 'right', cells: shown.map(({ number }) => String(number)) },
    { header: 'model', align: 'left', cells: shown.map(({ model }) => model) },
    {
      header: `validation ${metric}`,
      align: 'right',
      cells: shown.map(({ value }) => shownValue(metric, value!).toFixed(4)),
    },
    { header: 'epochs', align: 'right', cells: shown.map(epochsOf) },
    { header: 'options', align: 'left', cells: shown.map(optionsOf) },
  ]);
  return [header, rule, ...rows].join('\n');
}

function measuredTable({ measured }: TuneResult): string {
  const names = Object.keys(measured[0].result.metrics);
  const { header, rule, rows } = textTable([
    { header: 'model', align: 'left', cells: measured.map(({ name }) => name) },
    ...names.map((name) => ({
      header: name,
      align: 'right' as const,
      cells: measured.map(({ result }) => metricCell(result, name)),
    })),
  ]);
  return [header, rule, ...rows].join('\n');
}

function metricCell(result: Result, name: string): string {
  const value = result.metrics[name];
  const mean = typeof value === 'number' || value === null || value === undefined ? value : value.mean;
  return mean === null || mean === undefined || Number.isNaN(mean) ? '–' : mean.toFixed(4);
}

/** How long it took until a trial was better than every model as it is. */
function firstGainLine({ curve, trials, bestDefault, metric }: TuneResult): string[] {
  const first = curve.find(
    ({ trial, value }) => trials[trial - 1].kind === 'sampled' && shownValue(metric, value) > bestDefault.value!,
  );
  if (!first) return [];
  return [
    `the first trial better than all untuned models was number ${first.trial}, after ${shortTime(60 * first.minutes)} and ${first.epochs} epochs`,
  ];
}

function optimismLines({ optimism, metric }: TuneResult): string[] {
  if (!optimism) return [];
  const { chosen, expected, nTrials, nUnits } = optimism;
  return [
    `validation flatters the choice: ${metric} ${chosen.toFixed(4)} of the best of ${nTrials} trials, ${expected.toFixed(4)} to be expected of such a choice ` +
      `on others (bootstrap over ${nUnits.toLocaleString('en-US')})`,
  ];
}

function importanceLines({ importance }: TuneResult): string[] {
  return importance.map(({ model, nTrials, options }) => {
    const told = options.slice(0, 4).map(({ name, share }) => `${shortName(name)} ${Math.round(100 * share)} %`);
    return `what mattered for ${model} (${nTrials} trials): ${told.join(', ')}`;
  });
}

/** The winner's settings as flags of `train`. */
function trainCommand({ winner }: TuneResult): string {
  const { config, training } = winner.settings;
  const { optimizer = {}, ...rest } = training as { optimizer?: object };
  const set = (prefix: string, values: object) =>
    Object.entries(values).map(
      ([key, value]) =>
        `--set ${shellWord(`${prefix}${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)}`,
    );
  const epochs = winner.bestEpoch > 0 ? [`--epochs ${winner.bestEpoch}`] : [];
  const { epochs: _, ...others } = rest as { epochs?: number };
  return [
    'deeptaste train … --model',
    winner.model,
    ...set('', config),
    ...set('training.', others),
    ...set('optimizer.', optimizer),
    ...epochs,
    '--refit',
  ].join(' ');
}

export function studyDocument(result: TuneResult, out: string, winnerPath: string): object {
  const { metric, trials, winner, bestDefault, curve, importance, optimism, measured, comparison, gain, seconds } =
    result;
  return {
    study: out,
    metric,
    seconds,
    winner: { ...trialRow(winner, metric), saved: winnerPath },
    bestDefault: bestDefault.number,
    worthIt: worthIt(result),
    measured: measured.map(({ name, trial, result: own }) => ({ name, trial: trial.number, result: resultJson(own) })),
    comparison,
    gain,
    optimism,
    importance,
    curve,
    trials: trials.map((trial) => trialRow(trial, metric)),
  };
}

/** Trials as tables, and the curve of the best value. */
export async function studyFiles(out: string, result: TuneResult): Promise<void> {
  const { metric, trials } = result;
  const options = [...new Set(trials.flatMap(({ point }) => Object.keys(point)))];
  const isNumber = (name: string) => trials.every(({ point }) => !(name in point) || typeof point[name] === 'number');
  const columns: OutputColumn[] = [
    { name: 'trial', type: 'integer' },
    { name: 'model', type: 'text' },
    { name: 'kind', type: 'text' },
    { name: 'status', type: 'text' },
    { name: metric, type: 'number' },
    { name: 'best_epoch', type: 'integer' },
    { name: 'epochs', type: 'integer' },
    { name: 'seconds', type: 'number' },
    { name: 'reason', type: 'text' },
    ...options.map((name): OutputColumn => ({ name: shortName(name), type: isNumber(name) ? 'number' : 'text' })),
  ];
  const cellOf = (value: unknown): OutputCell =>
    value === undefined ? null : typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
  for (const name of ['trials.csv', 'trials.parquet'])
    await writeTable(join(out, name), columns, async (sink) => {
      for (const { number, model, kind, status, value, bestEpoch, epochsDone, seconds, reason, point } of trials) {
        const shown = value === null ? null : shownValue(metric, value);
        const own = options.map((option) =>
          isNumber(option) || point[option] === undefined ? cellOf(point[option]) : String(cellOf(point[option])),
        );
        await sink.add([number, model, kind, status, shown, bestEpoch, epochsDone, seconds, reason, ...own]);
      }
    });
  if (result.curve.length > 0) await writeFileAtomic(join(out, 'best.svg'), studyPlot(result));
}
