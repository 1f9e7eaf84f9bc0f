/** Lines over something that goes on, such as epochs or steps, in panels below each other, as an SVG file. */
import { colors, mark, place, svgFile, text } from './svg.ts';
import { ticksOf, tickText } from './ticks.ts';

const LINE = 18;
const LEFT = 70;
const WIDTH = 520;
const HEIGHT = 180;
const GAP = 58;
/** Room beside the axis for half of the last mark's text. */
const RIGHT = 60;

/** A point of a line; x is a share of the width, from 0 to 1. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
}

export interface LinePanel {
  readonly title: string;
  /** One for each name of the legend. */
  readonly lines: readonly (readonly LinePoint[])[];
  /** The axis begins here at the latest. */
  readonly floor?: number;
}

export interface LinePlot {
  readonly title: string;
  readonly about: string;
  /** What the lines are called. */
  readonly names: readonly string[];
  readonly panels: readonly LinePanel[];
  /** Marks of the axis that all panels share. */
  readonly marks: readonly { readonly x: number; readonly text: string }[];
}

/** The text of the file. */
export function linePlot({ title, about, names, panels, marks }: LinePlot): string {
  const legend = names.map((name, n) => mark(n, 26, 60 + LINE * n, true) + text(38, 64 + LINE * n, name));
  const top = 92 + LINE * names.length;
  return svgFile({
    title,
    about,
    width: LEFT + WIDTH + RIGHT,
    height: top + panels.length * (HEIGHT + GAP),
    body: [...legend, ...panels.flatMap((panel, p) => panelOf(panel, marks, top + p * (HEIGHT + GAP)))],
  });
}

function panelOf({ title, lines, floor }: LinePanel, marks: LinePlot['marks'], top: number): string[] {
  const all = lines.flatMap((line) => line.map(({ y }) => y));
  const least = Math.min(floor ?? Number.POSITIVE_INFINITY, ...all);
  const { step, decimals, from, to, values } = ticksOf(least, Math.max(least, ...all));
  const x = (share: number) => place(LEFT + share * WIDTH);
  const y = (value: number) => place(top + HEIGHT * (1 - (value / step - from) / (to - from)));
  const grid = values.flatMap((value, n) => [
    `<line class="${n === 0 ? 'zero' : 'grid'}" x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(value)}" y2="${y(value)}"/>`,
    text(LEFT - 8, place(y(value) + 4), tickText(value, decimals), 'end'),
  ]);
  const axis = marks.map((each) => text(x(each.x), top + HEIGHT + 18, each.text, 'middle'));
  const drawn = lines.flatMap((line, n) => {
    if (line.length === 0) return [];
    const points = line.map((point) => `${x(point.x)},${y(point.y)}`).join(' ');
    const ends = [line[0], line[line.length - 1]].map((point) => mark(n, x(point.x), y(point.y), true));
    return [`<polyline class="mark c${n % colors.length}" style="fill:none" points="${points}"/>`, ...ends];
  });
  return [text(LEFT, top - 12, title), ...grid, ...axis, ...drawn];
}
