/** A study of negatives as a table for terminals. */
import { type TextColumn, textTable } from '../evaluation/text-table.ts';
import { IDLE_SLOPE } from './negative-study.ts';
import type { NegativeLook, NegativeStudy } from './negative-study-schema.ts';

/** The first epoch, the one in the middle and the last of every sampler. */
export function renderNegatives(study: NegativeStudy): string {
  const lines = study.samplers.flatMap(({ sampler, looks, metric }) => {
    const shown = [...new Set([0, Math.floor((looks.length - 1) / 2), looks.length - 1])].filter((n) => n >= 0);
    return shown.map((n, k) => ({
      look: looks[n],
      sampler: k === 0 ? sampler : '',
      metric: k === shown.length - 1 ? metric : null,
    }));
  });
  const column = (header: string, cell: (line: (typeof lines)[number]) => string): TextColumn => ({
    header,
    align: header === 'sampler' ? 'left' : 'right',
    cells: lines.map(cell),
  });
  const ofLook = (header: string, cell: (look: NegativeLook) => string) => column(header, ({ look }) => cell(look));
  const knows = study.chance.falseNegatives !== null;
  const table = textTable([
    column('sampler', ({ sampler }) => sampler),
    ofLook('epoch', ({ epoch }) => String(epoch)),
    ofLook('mean slope', ({ meanSlope }) => meanSlope.toFixed(3)),
    ofLook('10 %', ({ slopes }) => slopes.p10.toFixed(3)),
    ofLook('50 %', ({ slopes }) => slopes.p50.toFixed(3)),
    ofLook('90 %', ({ slopes }) => slopes.p90.toFixed(3)),
    ofLook(`below ${IDLE_SLOPE}`, ({ idle }) => share(idle)),
    ofLook('held out', ({ heldOut }) => share(heldOut)),
    ...(knows ? [ofLook('would take', ({ falseNegatives }) => share(falseNegatives as number))] : []),
    column(study.metric, ({ metric }) => (metric === null ? '' : metric.toFixed(4))),
  ]);
  const { heldOut, falseNegatives } = study.chance;
  const uniform = `uniform draws of what a user did not take: ${share(heldOut)} held out${
    falseNegatives === null ? '' : `, ${share(falseNegatives)} would be taken when shown`
  }`;
  return [table.header, table.rule, ...table.rows, uniform].join('\n');
}

const share = (value: number): string => `${(100 * value).toFixed(value < 0.01 ? 2 : 1)} %`;
