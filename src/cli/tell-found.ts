/** What the search of a saved model has left of its parts: a table for people, a document for scripts. */
import { DeepTasteError } from '../core/errors.ts';
import { textTable } from '../evaluation/text-table.ts';
import { isRowModel } from '../examples/rows.ts';
import type { FoundReport } from '../recommender/found-report.ts';
import { Recommender } from '../recommender/recommender.ts';
import { engineForOne } from './open-engine.ts';
import type { Terminal } from './terminal.ts';

/** @throws 'usage' for a model that searches nothing, of which only rows can be explained; 'artifact', 'not-found' */
export async function tellFound(terminal: Terminal, path: string): Promise<void> {
  const recommender = await Recommender.load(path, engineForOne());
  try {
    const { model } = recommender;
    if (!isRowModel(model) || !model.found)
      throw new DeepTasteError(
        'usage',
        'explain: needs a row, found none; say --row key=value, repeated, or --row JSON',
      );
    const found = recommender.found();
    terminal.print(foundText(terminal, model.title, found));
    terminal.document({ run: path, model: model.name, ...found });
  } finally {
    recommender.close();
  }
}

function foundText(terminal: Terminal, title: string, { unit, weight, share, kept, leftOut }: FoundReport): string {
  const { header, rule, rows } = textTable([
    { header: unit, align: 'left', cells: kept.map(({ name }) => name) },
    { header: weight, align: 'right', cells: kept.map((each) => each.weight.toFixed(4)) },
  ]);
  return [
    terminal.strong(`${title}: ${share}`),
    ...(kept.length > 0 ? ['', header, rule, ...rows] : []),
    ...(leftOut.length > 0 ? ['', `left out: ${leftOut.join(', ')}`] : []),
  ].join('\n');
}
