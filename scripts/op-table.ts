/** Writes `docs/engine-gradients.md` from the op definitions: op → formula → gradient. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { attentionOps } from '../src/engine/ops/attention.ts';
import { candidateOps } from '../src/engine/ops/candidates.ts';
import { dropoutOps } from '../src/engine/ops/dropout.ts';
import { elementwiseOps } from '../src/engine/ops/elementwise.ts';
import { fieldOps } from '../src/engine/ops/fields.ts';
import { fullSoftmaxOps } from '../src/engine/ops/full-softmax.ts';
import { graphOps } from '../src/engine/ops/graph.ts';
import { gruOps } from '../src/engine/ops/gru.ts';
import { interactionOps } from '../src/engine/ops/interactions.ts';
import { layerNormOps } from '../src/engine/ops/layer-norm.ts';
import { layoutOps } from '../src/engine/ops/layout.ts';
import { leafOps } from '../src/engine/ops/leaves.ts';
import { linearOps } from '../src/engine/ops/linear.ts';
import { listOps } from '../src/engine/ops/lists.ts';
import { lookupOps } from '../src/engine/ops/lookup.ts';
import { lstmOps } from '../src/engine/ops/lstm.ts';
import type { OpDefinition } from '../src/engine/ops/op.ts';
import { reduceOps } from '../src/engine/ops/reduce.ts';
import { rowNoiseOps } from '../src/engine/ops/row-noise.ts';
import { statisticOps } from '../src/engine/ops/statistics.ts';
import { stepOps } from '../src/engine/ops/steps-of-row.ts';
import { targetLossOps } from '../src/engine/ops/target-loss.ts';

export const opTableFile = fileURLToPath(new URL('../docs/engine-gradients.md', import.meta.url));

const families: readonly (readonly [title: string, file: string, ops: Readonly<Record<string, OpDefinition>>])[] = [
  ['What is given', 'leaves.ts', leafOps],
  ['Element by element', 'elementwise.ts', elementwiseOps],
  ['Matrix products', 'linear.ts', linearOps],
  ['Rows of tables', 'lookup.ts', lookupOps],
  ['Sums and scalars of rows', 'reduce.ts', reduceOps],
  ['Joining and cutting', 'layout.ts', layoutOps],
  ['Rows of tables for feature fields', 'fields.ts', fieldOps],
  ['Interactions of fields', 'interactions.ts', interactionOps],
  ['Statistics of the batch', 'statistics.ts', statisticOps],
  ['Noise', 'dropout.ts', dropoutOps],
  ['Lists and carried rows', 'lists.ts', listOps],
  ['Recurrent units', 'gru.ts', gruOps],
  ['Long short-term memory', 'lstm.ts', lstmOps],
  ['Steps of a row', 'steps-of-row.ts', stepOps],
  ['Softmax over all rows of a matrix', 'full-softmax.ts', fullSoftmaxOps],
  ['Losses over candidates', 'candidates.ts', candidateOps],
  ['Dropout and elu', 'row-noise.ts', rowNoiseOps],
  ['Self-attention', 'attention.ts', attentionOps],
  ['Normalisation of rows', 'layer-norm.ts', layerNormOps],
  ['Targets against a list', 'target-loss.ts', targetLossOps],
  ['Graphs', 'graph.ts', graphOps],
];

const cell = (text: string): string => text.replaceAll('|', '\\|');

function familyTable([title, file, ops]: (typeof families)[number]): string {
  const rows = Object.entries(ops).map(
    ([name, { formula, derivative, reduction }]) =>
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
    'line is held by `test/engine/ops.test.ts`: values and first and second derivatives in float64, and the kernels against them.',
    '',
  ];
  return `${[...head, ...families.map(familyTable)].join('\n').trimEnd()}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(opTableFile, opTable());
