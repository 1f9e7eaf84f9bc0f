/** Parts of pictures as text of SVG files, which follow the reader's light or dark theme. */
import { withoutControls } from '../core/shown.ts';
import { displayWidth } from './text-table.ts';

/** Of the palette of Okabe and Ito, told apart by people who see fewer colours: on white, and on black. */
export const colors = [
  ['#0072b2', '#56b4e9'],
  ['#d55e00', '#e69f00'],
  ['#009e73', '#29d3a5'],
  ['#a3517f', '#e79bc7'],
  ['#555555', '#bbbbbb'],
];
const shapes = ['circle', 'square', 'diamond'] as const;

const CHARACTER = 7;

/** A whole picture: title, a line about it, and what is drawn; at least as wide as its words. */
export function svgFile(parts: {
  readonly title: string;
  readonly about: string;
  readonly width: number;
  readonly height: number;
  readonly body: readonly string[];
}): string {
  const { title, about, height, body } = parts;
  const width = Math.max(parts.width, 40 + CHARACTER * displayWidth(about));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>${escaped(title)}</title>`,
    style(),
    `<rect class="ground" width="100%" height="100%"/>`,
    `<text class="ink" x="20" y="24" font-weight="600">${escaped(title)}</text>`,
    text(20, 42, about),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function style(): string {
  const of = (theme: 0 | 1) =>
    colors
      .map((pair, n) => `.c${n}{stroke:${pair[theme]};fill:${pair[theme]}}`)
      .join('')
      .concat('.open{fill:', theme === 0 ? '#ffffff' : '#161616', '}');
  return [
    '<style>',
    `.ground{fill:#ffffff}.ink{fill:#222222}.grid{stroke:#dddddd}.zero{stroke:#666666}.mark{stroke-width:2}${of(0)}`,
    `@media (prefers-color-scheme: dark){.ground{fill:#161616}.ink{fill:#e6e6e6}.grid{stroke:#3a3a3a}.zero{stroke:#aaaaaa}${of(1)}}`,
    '</style>',
  ].join('\n');
}

/** Colours repeat after five runs, shapes then differ. */
export function mark(run: number, x: number, y: number, isFilled: boolean): string {
  const shape = shapes[Math.floor(run / colors.length) % shapes.length];
  const about = `class="mark c${run % colors.length}${isFilled ? '' : ' open'}"`;
  if (shape === 'circle') return `<circle ${about} cx="${place(x)}" cy="${y}" r="4"/>`;
  const turn = shape === 'diamond' ? ` transform="rotate(45 ${place(x)} ${y})"` : '';
  return `<rect ${about} x="${place(x - 4)}" y="${y - 4}" width="8" height="8"${turn}/>`;
}

export function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end' = 'start'): string {
  return `<text class="ink" x="${place(x)}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;
}

export const place = (x: number) => Number(x.toFixed(2));

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML has no characters for most controls, hence they are written as people see them elsewhere. */
export function escaped(content: string): string {
  return withoutControls(content).replace(/[&<>"]/g, (character) => entities[character]);
}
