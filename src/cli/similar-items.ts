/** Items alike to one, as a table for people and a document for scripts. */
import { Recommender } from '../recommender/recommender.ts';
import { itemTitle, recommendationTable } from './answer-report.ts';
import { engineForOne } from './open-engine.ts';
import type { Terminal } from './terminal.ts';

/** @throws 'not-found' for an unknown item; 'usage' for a model that knows no likeness; 'artifact' */
export async function showSimilar(
  terminal: Terminal,
  path: string,
  item: string,
  options: { readonly k: number; readonly where?: string },
): Promise<void> {
  const recommender = await Recommender.load(path, engineForOne());
  try {
    const { similar, how } = recommender.similar(item, options);
    const title = itemTitle(recommender, item);
    const table = recommendationTable(
      similar.map((each) => ({ ...each, because: [] })),
      terminal,
    );
    const named = title === item ? item : `${title} (${item})`;
    const list = similar.length > 0 ? table : 'no other item is known';
    terminal.print([terminal.strong(`Like ${named}`), '', list, '', how].join('\n'));
    const ranked = similar.map((each, n) => ({ rank: n + 1, ...each }));
    terminal.document({ run: path, model: recommender.model.name, item, title, how, similar: ranked });
  } finally {
    recommender.close();
  }
}
