/** A simulation as a table for terminals. */
import type { MeanInterval } from '../evaluation/statistics/mean-interval.ts';
import { textTable } from '../evaluation/text-table.ts';
import type { SimulatedPolicy, Simulation } from './simulate.ts';

/** The policy that earned most first. */
export function renderSimulation({ world, users, steps, runs, best, policies }: Simulation): string {
  const rows = [...policies].sort((a, b) => b.reward.mean - a.reward.mean);
  const column = (header: string, cell: (policy: SimulatedPolicy) => string) => ({
    header,
    align: header === 'policy' ? ('left' as const) : ('right' as const),
    cells: rows.map(cell),
  });
  const table = textTable([
    column('policy', ({ title }) => title),
    column('reward a step', ({ reward }) => withReach(reward, 4)),
    column('last tenth', ({ lastReward }) => withReach(lastReward, 4)),
    column('regret', ({ regret }) => withReach(regret, 1)),
    column('slope', ({ slope }) => (slope === null ? '' : slope.toFixed(2))),
    column('actions taken', ({ coverage }) => `${Math.round(100 * coverage.mean)} %`),
  ]);
  const count = (n: number) => n.toLocaleString('en-US');
  return [
    `${world}: ${count(users)} people × ${count(steps)} steps, ${runs} worlds; always the best action would earn ${best.mean.toFixed(4)} a step`,
    table.header,
    table.rule,
    ...table.rows,
    'regret: of one person over all steps; slope: of log regret over log steps (1 = nothing learned); ± 95 % over worlds',
  ].join('\n');
}

function withReach({ mean, high }: MeanInterval, digits: number): string {
  return high === null ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${(high - mean).toFixed(digits)}`;
}
