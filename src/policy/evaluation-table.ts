/** An evaluation of policies as text for terminals: for each policy its support, then its estimates; at the end which is better. */
import { type TextColumn, textTable } from '../evaluation/text-table.ts';
import type { PolicyComparison } from './compare-policies.ts';
import type { JudgedPolicy, PolicyEvaluation } from './evaluate-policies.ts';
import type { SegmentSupport, SupportReport } from './support/support-report.ts';

export function renderPolicies(evaluation: PolicyEvaluation): string {
  const { log, policies, comparison, level, interval, rewardModel } = evaluation;
  const decisions = log.decisions === log.rows ? 'decisions' : `lists of ${count(log.rows)} rows`;
  const head =
    `${log.source}: ${count(log.decisions)} ${decisions}, ${count(log.actions)} actions; ` +
    `its own policy earned ${value(log.value.mean)} ${range(log.value)} a decision`;
  const how =
    `${percent(level)} intervals (${interval})` +
    (rewardModel === null ? '' : `, rewards predicted by ${rewardModel}, each row by a model that did not see it`);
  return [
    head,
    how,
    ...policies.flatMap((policy) => ['', ...policyLines(policy, level)]),
    ...comparisonLines(comparison),
    ...biasNote(policies),
  ]
    .join('\n')
    .trimEnd();
}

/** Estimators whose intervals tell how they vary, and not how far they are off. */
const BIASED = ['replay', 'clipped-ips', 'dm', 'switch-dr', 'dros', 'iips', 'sniips'];

function biasNote(policies: readonly JudgedPolicy[]): string[] {
  const shown = policies.flatMap(({ estimates }) => estimates).filter(({ estimator }) => BIASED.includes(estimator));
  const titles = [...new Set(shown.map(({ title }) => title))];
  return titles.length === 0 ? [] : ['', `intervals of ${titles.join(', ')} do not know the bias of these estimators`];
}

function policyLines({ policy, support, estimates }: JudgedPolicy, level: number): string[] {
  const verdict =
    support.refusals.length === 0 ? [] : ['  no verdict:', ...support.refusals.map((reason) => `    ${reason}`)];
  return [policy, ...supportLines(support), ...verdict, ...estimateLines(estimates, level)];
}

function supportLines(support: SupportReport): string[] {
  const { decisions, effective, rewarded, unseen, never, largest, heaviest, unseenActions, segments } = support;
  const largestText = largest.slice(0, 3).map(({ weight, row }) => `${number(weight)} (row ${row})`);
  const unseenText =
    unseen === null
      ? 'unknown: only the probabilities of the actions taken are given'
      : percent(unseen) +
        (unseenActions.length > 0 ? ` (${unseenActions.map(({ action }) => action).join(', ')})` : '');
  const lines: (readonly [string, string])[] = [
    ['effective decisions', `${number(effective)} of ${count(decisions)}, ${number(rewarded)} of them rewarded`],
    ['mean weight', `${number(support.meanWeight)} ${range(support)}, must be near 1`],
    ['largest weights', `${largestText.join(', ')}; the heaviest 1 % carry ${percent(heaviest)}`],
    ['never shown', unseenText],
    ['never taken', `${percent(never)} of the log's decisions`],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return [...lines.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`), ...segmentLines(segments)];
}

function segmentLines(segments: readonly SegmentSupport[]): string[] {
  if (segments.length === 0) return [];
  return indented([
    column('segment', 'left', segments, ({ segment }) => segment),
    column('rows', 'right', segments, ({ decisions }) => count(decisions)),
    column('effective', 'right', segments, ({ effective }) => number(effective)),
    column('rewarded', 'right', segments, ({ rewarded }) => number(rewarded)),
    column('mean weight', 'right', segments, (each) => `${number(each.meanWeight)} ${range(each)}`),
    column('never shown', 'right', segments, ({ unseen }) => (unseen === null ? '' : percent(unseen))),
  ]);
}

function estimateLines(estimates: JudgedPolicy['estimates'], level: number): string[] {
  if (estimates.length === 0) return [];
  const hasBounds = estimates.some(({ lambda }) => lambda !== null);
  return indented([
    column('estimator', 'left', estimates, ({ title }) => title),
    column('value', 'right', estimates, ({ mean }) => value(mean)),
    column(`${percent(level)} interval`, 'right', estimates, range),
    ...(hasBounds ? [column('λ', 'right', estimates, ({ lambda }) => (lambda === null ? '' : number(lambda)))] : []),
  ]);
}

function comparisonLines(comparison: PolicyComparison | null): string[] {
  if (comparison === null) return [];
  const { policies, title, baseline } = comparison;
  const table = textTable([
    column('policy', 'left', policies, ({ policy }) => policy),
    column('value', 'right', policies, (each) => value(each.value)),
    column(`− ${baseline}`, 'right', policies, ({ difference }) => (difference ? signed(difference.mean) : '')),
    column('interval', 'right', policies, ({ difference }) => (difference ? range(difference) : '')),
    column('p', 'right', policies, ({ difference }) => (difference ? probability(difference.adjustedP) : '')),
    column('', 'left', policies, ({ difference }) =>
      difference === null ? '' : difference.significant ? (difference.mean > 0 ? 'better' : 'worse') : 'not told apart',
    ),
  ]);
  return [
    '',
    `compared by ${title} over the same decisions; p adjusted for all comparisons (Holm)`,
    table.header,
    table.rule,
    ...table.rows,
  ];
}

function indented(columns: readonly TextColumn[]): string[] {
  const { header, rule, rows } = textTable(columns);
  return [header, rule, ...rows].map((line) => `  ${line}`);
}

function column<R>(
  header: string,
  align: TextColumn['align'],
  rows: readonly R[],
  cell: (row: R) => string,
): TextColumn {
  return { header, align, cells: rows.map(cell) };
}

const count = (n: number): string => n.toLocaleString('en-US');
/** Four digits: values of clicks are small. */
const value = (x: number): string =>
  Math.abs(x) < 0.1 ? x.toFixed(5) : Math.abs(x) < 100 ? x.toFixed(4) : x.toPrecision(6);
const signed = (x: number): string => (x > 0 ? `+${value(x)}` : value(x));
const number = (x: number): string => (x >= 1000 ? count(Math.round(x)) : x >= 100 ? x.toFixed(0) : x.toPrecision(3));
const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;
const probability = (p: number): string => (p < 0.0005 ? '<.001' : p.toFixed(3));
const range = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `[${value(low)}, ${value(high)}]`;
