/** Writes `docs/engine-gradients.md` from the op definitions: op → formula → gradient. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type OpFamily, opFamilies } from '../src/engine/ops/families.ts';

export const opTableFile = fileURLToPath(new URL('../docs/engine-gradients.md', import.meta.url));

const cell = (text: string): string => text.replaceAll('|', '\\|');

function familyTable({ title, file, ops }: OpFamily): string {
  const rows = Object.values(ops).map(
    ({ name, formula, derivative, reduction }) =>
      `| \`${name}\` | ${cell(formula)} | ${cell(derivative)}${reduction ? ' — a sum over the batch' : ''} |`,
  );
  return [`## ${title} (\`ops/${file}\`)`, '', '| op | value | gradient |', '|---|---|---|', ...rows, ''].join('\n');
}

/** The page as it should be. */
export function opTable(): string {
  const head = [
    '# Ops of the engine and their gradients',
    '',
    'Made by `node scripts/op-table.ts` from the definitions in `src/engine/ops`; do not edit by hand.',
    '',
    '`r` is a row of the batch, `dy` the gradient of the loss with respect to the value, `∂x` that with respect to `x`. Every',
    'line is held by the tests of `test/engine/`: values and first and second derivatives in float64, and the kernels against them.',
    '',
  ];
  return `${[...head, ...opFamilies.map(familyTable)].join('\n').trimEnd()}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(opTableFile, opTable());
