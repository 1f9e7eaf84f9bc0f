/** A study of attacks as a table for terminals. */
import { textTable } from '../evaluation/text-table.ts';
import type { AttackOutcome, AttackStudy, Effect } from './measure-attacks.ts';

interface Column {
  readonly header: string;
  /** Null where an outcome has no such value; a column of nulls is left out. */
  cell(outcome: AttackOutcome): string | null;
}

/** Poisoned, and how far the interval of the difference to clean reaches. */
const columns: readonly Column[] = [
  { header: 'fakes', cell: ({ share }) => percent(share) },
  { header: 'rows', cell: ({ cost }) => cost.rows.toFixed(0) },
  ...['hr@10', 'hr@50'].flatMap((name): Column[] => [
    { header: name, cell: ({ hits }) => hits[name].poisoned.mean.toFixed(4) },
    { header: `${name} ±`, cell: ({ hits }) => change(hits[name], 4) },
  ]),
  { header: 'rank ±', cell: ({ rank }) => change(rank, 0) },
  { header: 'predicted ±', cell: ({ predicted }) => predicted && change(predicted, 3) },
  { header: 'accuracy ±', cell: ({ accuracy }) => (Number.isNaN(accuracy.clean.mean) ? null : change(accuracy, 4)) },
  { header: 'AUC length', cell: ({ visibility }) => visibility.auc.length.toFixed(2) },
  { header: 'popularity', cell: ({ visibility }) => visibility.auc.popularity.toFixed(2) },
  { header: 'best feature', cell: ({ visibility }) => bestFeature(visibility) },
];

export function renderAttacks({ data, goal, targets, seeds, outcomes }: AttackStudy): string {
  const clean = [...new Map(outcomes.map((each) => [each.victim, each])).values()];
  const metric = outcomes[0]?.metric ?? '';
  const what =
    'ids' in targets
      ? `the items ${targets.ids.join(', ')}`
      : `${targets.count} ${targets.drawn} items, drawn anew with each seed`;
  const before = textTable([
    { header: 'clean victim', align: 'left', cells: clean.map(({ victim }) => victim) },
    ...['hr@10', 'hr@50'].map((name) => ({
      header: `${name} of targets`,
      align: 'right' as const,
      cells: clean.map(({ hits }) => hits[name].clean.mean.toFixed(4)),
    })),
    { header: 'rank', align: 'right', cells: clean.map(({ rank }) => rank.clean.mean.toFixed(0)) },
    { header: metric, align: 'right', cells: clean.map(({ accuracy }) => accuracy.clean.mean.toFixed(4)) },
  ]);
  const after = textTable([
    { header: 'victim', align: 'left' as const, cells: outcomes.map(({ victim }) => victim) },
    { header: 'attack', align: 'left' as const, cells: outcomes.map(({ attack }) => attack) },
    ...columns
      .map(({ header, cell }) => ({ header, align: 'right' as const, cells: outcomes.map(cell) }))
      .filter(({ cells }) => cells.some((each) => each !== null))
      .map((column) => ({ ...column, cells: column.cells.map((each) => each ?? '') })),
  ]);
  return [
    `${data}: attacks that ${goal} ${what}; ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}`,
    before.header,
    before.rule,
    ...before.rows,
    '',
    after.header,
    after.rule,
    ...after.rows,
    `hr: share of real people without the target whose list holds it, mean over targets; rank among what they have not taken; accuracy: ${metric} of real ` +
      'people; columns with ± are differences to the clean victim with 95 % intervals over seeds; AUC: how well length, popularity and the best of all features tell fake people (½ = not at all)',
  ].join('\n');
}

/** The feature that tells fake people best, from either end. */
function bestFeature({ auc }: AttackOutcome['visibility']): string {
  const tells = ([, value]: [string, number]) => Math.abs(value - 0.5);
  const [name, value] = Object.entries(auc).reduce((best, each) => (tells(each) > tells(best) ? each : best));
  return `${name} ${value.toFixed(2)}`;
}

function change({ difference: { mean, high } }: Effect, digits: number): string {
  const reach = high === null ? '' : ` ± ${(high - mean).toFixed(digits)}`;
  return `${mean > 0 ? '+' : ''}${mean.toFixed(digits)}${reach}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}
