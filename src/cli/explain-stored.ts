/** Explains a row with a saved model: a table for people, a document for scripts. */
import { fitText, textTable } from '../evaluation/text-table.ts';
import type { Explanation } from '../recommender/explain-row.ts';
import { Recommender } from '../recommender/recommender.ts';
import { engineForOne } from './open-engine.ts';
import type { Terminal } from './terminal.ts';

/** @throws 'usage' for a model of another kind; 'artifact', 'not-found' */
export async function explainStored(
  terminal: Terminal,
  path: string,
  row: Record<string, unknown>,
  nPairs: number,
): Promise<void> {
  const recommender = await Recommender.load(path, engineForOne());
  try {
    const explanation = recommender.explain(row, nPairs);
    terminal.print(explanationText(terminal, recommender, explanation));
    const { model, parts } = recommender;
    terminal.document({ run: path, model: model.name, task: parts.fields?.task, row, ...explanation });
  } finally {
    recommender.close();
  }
}

function explanationText(terminal: Terminal, { model, parts }: Recommender, explanation: Explanation): string {
  const { output, probability, base, remainder, notes, method } = explanation;
  const what =
    probability === null
      ? `${model.title} predicts ${output.toFixed(3)}`
      : `${model.title} predicts ${probability.toFixed(4)} (logit ${signed(output)})`;
  const rest = method.exact.length > 0 ? 'the rest of each field by' : 'each field by';
  const how =
    `base ${signed(base)}: ${method.baseline}; ` +
    (hasLayers(explanation)
      ? `${rest} integrated gradients from there, remainder ${remainder.toExponential(1).replaceAll('-', '−')}`
      : 'all terms are the model’s own');
  const title = parts.fields?.task === 'ranking' ? `${what}, against drawn items` : what;
  return [
    terminal.strong(title),
    '',
    fieldTable(terminal, explanation),
    ...pairLines(explanation),
    ...explanation.crosses.slice(0, 10).map(({ name, value }) => `cross ${name}: ${signed(value)}`),
    '',
    how,
    ...noteLines(notes),
  ].join('\n');
}

/** Cells that are missing are often many; they share a line. */
function noteLines(notes: readonly string[]): string[] {
  const missing = notes.flatMap((note) => /^"(.*)" has no value$/.exec(note)?.[1] ?? []);
  const others = notes.filter((note) => !note.endsWith(' has no value')).map((note) => `note: ${note}`);
  return missing.length > 0 ? [...others, `without a value: ${missing.join(', ')}`] : others;
}

function hasLayers({ fields }: Explanation): boolean {
  return fields.some(({ layers }) => Math.abs(layers) > 1e-6);
}

function fieldTable(terminal: Terminal, explanation: Explanation): string {
  const { fields } = explanation;
  if (fields.length === 0) return 'no value of the row is known to the model';
  const right = (header: string, cells: string[]) => ({ header, align: 'right' as const, cells });
  const names = fields.map(({ values }) => values.map(({ name }) => name).join(', '));
  const room = Math.max(24, Math.min(60, terminal.width - 50));
  const { header, rule, rows } = textTable([
    { header: 'value', align: 'left', cells: names.map((name) => fitText(name, room)) },
    right(
      'adds',
      fields.map(({ contribution }) => signed(contribution)),
    ),
    right(
      'linear',
      fields.map(({ linear }) => signed(linear)),
    ),
    ...(explanation.nPairs > 0
      ? [
          right(
            'pairs',
            fields.map(({ pairs }) => signed(pairs)),
          ),
        ]
      : []),
    ...(hasLayers(explanation)
      ? [
          right(
            'layers',
            fields.map(({ layers }) => signed(layers)),
          ),
        ]
      : []),
    right(
      'lost without',
      fields.map(({ withoutField }) => signed(withoutField)),
    ),
  ]);
  return [header, rule, ...rows].join('\n');
}

function pairLines({ pairs, nPairs }: Explanation): string[] {
  if (pairs.length === 0) return [];
  const shown = pairs.map(({ a, b, value }) => `  ${a} & ${b}: ${signed(value)}`);
  return ['', `strongest of ${nPairs} pairs (half of each counts for either field above)`, ...shown];
}

function signed(x: number): string {
  return `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(4)}`;
}
