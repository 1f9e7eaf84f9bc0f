/** Vectors of items or users as a table: id, title (of items), d0, d1, … */
import { displayName } from '../data/dataset.ts';
import type { EmbeddingOwner, Embeddings } from '../recommender/embeddings.ts';
import { Recommender } from '../recommender/recommender.ts';
import { itemTitle } from './answer-report.ts';
import { engineForOne } from './open-engine.ts';
import { checkTableFile, writeTable } from './table-file.ts';
import type { OutputColumn } from './table-rows.ts';
import type { Terminal } from './terminal.ts';

/** @throws 'usage' for a model without vectors, or a place that cannot be used; 'artifact'; 'io' */
export async function exportEmbeddings(
  terminal: Terminal,
  path: string,
  out: string,
  owner: EmbeddingOwner,
): Promise<void> {
  await checkTableFile(out);
  const recommender = await Recommender.load(path, engineForOne());
  try {
    const embeddings = recommender.embeddings(owner);
    await writeVectors(recommender, embeddings, owner, out);
    const { ids, width } = embeddings;
    terminal.print(`${out}: ${ids.length.toLocaleString('en-US')} vectors of ${owner}s, ${width} numbers each`);
    terminal.document({ run: path, model: recommender.model.name, path: out, of: owner, rows: ids.length, width });
  } finally {
    recommender.close();
  }
}

async function writeVectors(
  recommender: Recommender,
  { ids, width, values }: Embeddings,
  owner: EmbeddingOwner,
  out: string,
): Promise<void> {
  const dimensions = Array.from({ length: width }, (_, d): OutputColumn => ({ name: `d${d}`, type: 'float' }));
  const names = ['id', 'title'].map((name): OutputColumn => ({ name, type: 'text' }));
  await writeTable(out, [...names, ...dimensions], async (sink) => {
    for (const [row, id] of ids.entries()) {
      const vector = values.subarray(row * width, (row + 1) * width);
      await sink.add([id, titleOf(recommender, owner, id), ...vector]);
    }
  });
}

function titleOf(recommender: Recommender, owner: EmbeddingOwner, id: string): string {
  if (owner === 'item') return itemTitle(recommender, id);
  const { users, userFields } = recommender.parts;
  return displayName(users, userFields, users.indexOf(id) as number);
}
