/** A simulation as a table for terminals. */
import type { MeanInterval } from '../evaluation/statistics/mean-interval.ts';
import { textTable } from '../evaluation/text-table.ts';
import type { SimulatedPolicy, Simulation } from './simulate.ts';

interface Column {
  readonly header: string;
  /** Null where the policy has no such value; a column of nulls is left out. */
  cell(policy: SimulatedPolicy): string | null;
}

const columns: readonly Column[] = [
  { header: 'reward a visit', cell: ({ visits }) => visits && withReach(visits.reward, 1) },
  { header: 'last tenth', cell: ({ visits }) => visits && withReach(visits.lastReward, 1) },
  { header: 'steps a visit', cell: ({ visits }) => visits && withReach(visits.lastSteps, 1) },
  { header: 'reward a step', cell: ({ reward }) => withReach(reward, 4) },
  { header: 'last tenth', cell: ({ lastReward }) => withReach(lastReward, 4) },
  { header: 'regret', cell: ({ regret }) => regret && withReach(regret, 1) },
  { header: 'slope', cell: ({ slope }) => slope?.toFixed(2) ?? null },
  { header: 'items shown', cell: ({ coverage }) => coverage && `${Math.round(100 * coverage.mean)} %` },
];

/** The policy that earned most first: of a visit in the last tenth of the steps where people leave, else of a step. */
export function renderSimulation({ world, users, steps, runs, best, policies, notes }: Simulation): string {
  const isLeft = policies.every(({ visits }) => visits !== null);
  const earned = ({ visits, reward }: SimulatedPolicy) => (isLeft && visits ? visits.lastReward.mean : reward.mean);
  const rows = [...policies].sort((a, b) => earned(b) - earned(a));
  const table = textTable([
    { header: 'policy', align: 'left' as const, cells: rows.map(({ title }) => title) },
    ...[...columns, { header: `− ${policies[0].title}`, cell: differenceCell }]
      .map(({ header, cell }) => ({ header, align: 'right' as const, cells: rows.map(cell) }))
      .filter(({ cells }) => cells.some((each) => each !== null))
      .map((column) => ({ ...column, cells: column.cells.map((each) => each ?? '') })),
  ]);
  const isPaired = rows.some(({ difference }) => difference);
  const count = (n: number) => n.toLocaleString('en-US');
  const most = best ? `; always the best action would earn ${best.mean.toFixed(4)} a step` : '';
  const hints = [
    ...(rows.some(({ visits }) => visits)
      ? ['last tenth, steps a visit: of visits that ended in the last tenth of the steps']
      : []),
    ...(rows.some(({ regret }) => regret)
      ? ['regret: of one person over all steps; slope: of log regret over log steps (1 = nothing learned)']
      : []),
    ...(isPaired ? [`− ${policies[0].title}: in the last tenth, paired over worlds`] : []),
    '± 95 % over worlds',
  ];
  return [
    `${world}: ${count(users)} people × ${count(steps)} steps, ${runs} worlds${most}`,
    table.header,
    table.rule,
    ...table.rows,
    hints.join('; '),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

/** Of visits with one digit, of steps with four. */
function differenceCell({ difference, visits }: SimulatedPolicy): string | null {
  if (!difference) return null;
  return `${difference.mean > 0 ? '+' : ''}${withReach(difference, visits ? 1 : 4)}`;
}

function withReach({ mean, high }: MeanInterval, digits: number): string {
  return high === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
}
