/** A study of negatives as a picture: how much a negative teaches, and how many teach nothing, epoch by epoch. */
import { DeepTasteError } from '../core/errors.ts';
import { colors, mark, place, svgFile, text } from '../evaluation/svg.ts';
import { IDLE_SLOPE, type NegativeLook, type NegativeStudy } from './negative-study.ts';

const LINE = 18;
const LEFT = 70;
const WIDTH = 520;
const HEIGHT = 170;
const GAP = 56;

interface Panel {
  readonly title: string;
  value(look: NegativeLook): number;
}

const panels: readonly Panel[] = [
  { title: 'mean |∂loss / ∂score| of a negative', value: ({ meanSlope }) => meanSlope },
  { title: `share of the negatives with |∂loss / ∂score| < ${IDLE_SLOPE}`, value: ({ idle }) => idle },
];

/** The text of an SVG file. @throws DeepTasteError `usage`: no epoch was looked at */
export function negativePlot(study: NegativeStudy): string {
  const { samplers, model } = study;
  const epochs = Math.max(0, ...samplers.flatMap(({ looks }) => looks.map(({ epoch }) => epoch)));
  if (epochs === 0)
    throw new DeepTasteError('usage', 'negatives: the picture shows epochs, found none; train for one at least');
  const x = (epoch: number) => LEFT + (epochs === 1 ? 0 : ((epoch - 1) / (epochs - 1)) * WIDTH);
  const legend = samplers.map(({ sampler }, n) => mark(n, 26, 60 + LINE * n, true) + text(38, 64 + LINE * n, sampler));
  const top = 92 + LINE * samplers.length;
  const body = panels.flatMap((panel, p) => panelOf(panel, study, top + p * (HEIGHT + GAP), x, epochs));
  return svgFile({
    title: `What negatives teach: ${model}`,
    about: 'at the beginning of each epoch, negatives as they are drawn then',
    width: LEFT + WIDTH + 30,
    height: top + panels.length * (HEIGHT + GAP),
    body: [...legend, ...body],
  });
}

function panelOf(
  { title, value }: Panel,
  { samplers }: NegativeStudy,
  top: number,
  x: (epoch: number) => number,
  epochs: number,
): string[] {
  const highest = Math.max(0.1, ...samplers.flatMap(({ looks }) => looks.map(value)));
  const ceiling = Math.ceil(highest * 10) / 10;
  const y = (v: number) => place(top + HEIGHT * (1 - v / ceiling));
  const step = ceiling > 0.5 ? 0.2 : 0.1;
  const levels = Array.from({ length: Math.floor(ceiling / step + 1e-9) + 1 }, (_, n) => n * step);
  const grid = levels.flatMap((level) => [
    `<line class="${level === 0 ? 'zero' : 'grid'}" x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(level)}" y2="${y(level)}"/>`,
    text(LEFT - 8, y(level) + 4, level.toFixed(1), 'end'),
  ]);
  const marked = [...new Set([1, Math.ceil(epochs / 2), epochs])];
  const axis = marked.map((epoch) => text(x(epoch), top + HEIGHT + 18, `epoch ${epoch}`, 'middle'));
  const lines = samplers.flatMap(({ looks }, n) => {
    const points = looks.map((look) => `${place(x(look.epoch))},${y(value(look))}`).join(' ');
    const ends = looks.length > 0 ? [looks[0], looks[looks.length - 1]] : [];
    return [
      `<polyline class="mark c${n % colors.length}" style="fill:none" points="${points}"/>`,
      ...ends.map((look) => mark(n, x(look.epoch), y(value(look)), true)),
    ];
  });
  return [text(LEFT, top - 12, title), ...grid, ...axis, ...lines];
}
