/** Invented CSV files of labelled rows: half as the click logs of advertising, half as a shop's, written in little memory. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { RandomStream } from '../core/random.ts';

const FLUSH_CHARACTERS = 1 << 20;

async function writeLines(path: string, header: string, rows: number, line: (row: number) => string): Promise<void> {
  const stream = createWriteStream(path);
  let text = `${header}\n`;
  for (let row = 0; row < rows; row++) {
    text += `${line(row)}\n`;
    if (text.length < FLUSH_CHARACTERS) continue;
    if (!stream.write(text)) await once(stream, 'drain');
    text = '';
  }
  stream.end(text);
  await once(stream, 'finish');
}

/** Different texts of the categorical columns: as unlike as in the logs of advertising. */
const vocabularies = [
  ...[1000, 500, 200_000, 100_000, 300, 20, 10_000, 600, 3, 30_000, 5000, 150_000, 3000, 26],
  ...[10_000, 120_000, 10, 4000, 2000, 4, 130_000, 15, 15, 40_000, 80, 30_000, 50],
];
const N_NUMBERS = 13;
export const LOG_FIELDS = N_NUMBERS + vocabularies.length;

/** A label, 13 columns of numbers and 27 of codes; one cell in twenty is empty, a fourth of the labels is 1. */
export function writeClickLog(path: string, rows: number, random: RandomStream): Promise<void> {
  const header = [
    'label',
    ...Array.from({ length: N_NUMBERS }, (_, n) => `number${n + 1}`),
    ...vocabularies.map((_, n) => `code${n + 1}`),
  ];
  // of a uniform number below 1, what is above the share of empty cells
  const filled = (u: number) => (u - 0.05) / 0.95;
  const number = (n: number, u: number) => {
    if (u < 0.05) return '';
    return n < 10 ? Math.floor(Math.exp(8 * filled(u))).toString() : (100 * filled(u)).toFixed(3);
  };
  const code = (size: number, u: number) =>
    u < 0.05 ? '' : `v${Math.imul(Math.floor(size * filled(u) ** 3) + 1, 0x9e3779b1).toString(36)}`;
  return writeLines(path, header.join(), rows, () => {
    let line = random.uniform() < 0.25 ? '1' : '0';
    for (let n = 0; n < N_NUMBERS; n++) line += `,${number(n, random.uniform())}`;
    for (const size of vocabularies) line += `,${code(size, random.uniform())}`;
    return line;
  });
}

const devices = ['phone', 'tablet', 'desktop', 'television'];

/** Clicks of users on items on devices, with a file of the items beside. @param clicks,items paths */
export async function writeShop(
  { clicks, items }: { readonly clicks: string; readonly items: string },
  { nUsers, nItems, rows }: { readonly nUsers: number; readonly nItems: number; readonly rows: number },
  random: RandomStream,
): Promise<void> {
  const below = (n: number) => Math.floor(n * random.uniform());
  await writeLines(items, 'item_id,category,brand,price', nItems, (item) =>
    [`i${item}`, `c${below(40)}`, `b${below(200)}`, (5 + 95 * random.uniform()).toFixed(2)].join(),
  );
  await writeLines(clicks, 'user_id,item_id,device,hour,label', rows, () =>
    [
      ...[`u${below(nUsers)}`, `i${Math.floor(nItems * random.uniform() ** 2)}`],
      ...[devices[below(devices.length)], `${below(24)}`, random.uniform() < 0.3 ? '1' : '0'],
    ].join(),
  );
}
