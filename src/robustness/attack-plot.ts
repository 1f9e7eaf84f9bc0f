/** A study of attacks as a picture: hit rate of the targets against fake people, a panel for each victim. */
import { type LinePoint, linePlot } from '../evaluation/line-plot.ts';
import type { AttackStudy } from './measure-attacks.ts';

/** @param cutoff `hr@10` or `hr@50` @returns an SVG file */
export function attackPlot({ data, goal, targets, seeds, outcomes }: AttackStudy, cutoff = 'hr@50'): string {
  const attacks = [...new Set(outcomes.map(({ attack }) => attack))];
  const victims = [...new Set(outcomes.map(({ victim }) => victim))];
  const shares = [...new Set(outcomes.map(({ share }) => share))].sort((a, b) => a - b);
  const most = shares[shares.length - 1];
  const what = 'ids' in targets ? 'chosen items' : `${targets.drawn} items`;
  const panels = victims.map((victim) => {
    const own = outcomes.filter((each) => each.victim === victim);
    return {
      title: `${cutoff} of targets, ${victim}`,
      floor: 0,
      lines: attacks.map((attack): LinePoint[] => {
        const points = own
          .filter((each) => each.attack === attack)
          .map(({ share, hits }) => ({ x: share / most, y: hits[cutoff].poisoned.mean }));
        const clean = own[0].hits[cutoff].clean.mean;
        return points.length === 0 ? [] : [{ x: 0, y: clean }, ...points.sort((a, b) => a.x - b.x)];
      }),
    };
  });
  return linePlot({
    title: `Poisoned feeds: ${data}`,
    about: `attacks that ${goal} ${what}, by share of fake people; means over ${seeds.length} trainings from scratch`,
    names: attacks,
    panels,
    marks: [0, ...shares].map((share) => ({ x: share / most, text: `${(100 * share).toFixed(1)} %` })),
  });
}
