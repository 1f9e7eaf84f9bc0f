/** Small recommenders to be served: two clubs of people who keep to their own club's items, which have a title, a genre and a year. */
import type { Dataset } from '../../src/data/dataset.ts';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { type AppOptions, createApp } from '../../src/serving/app.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { type MadeRow, madeDataset } from '../data/made-data.ts';

const N_ITEMS = 30;

/** User u takes eight items of club u % 2, one after the other from some place on. */
const rows: MadeRow[] = Array.from({ length: 40 }, (_, user) => user).flatMap((user) =>
  Array.from(
    { length: 8 },
    (_, n): MadeRow => [`u${user}`, `i${(user % 2) + 2 * ((user * 3 + n) % (N_ITEMS / 2))}`, n],
  ),
);

export const genreOf = (item: string): string => ['Comedy', 'Drama', 'War'][Number(item.slice(1)) % 3];
export const yearOf = (item: string): number => 1990 + Number(item.slice(1));

export function describedDataset(): Dataset {
  const dataset = madeDataset(rows);
  const { ids } = dataset.items;
  return {
    ...dataset,
    itemFields: {
      nRows: ids.length,
      title: 'title',
      fields: [
        { name: 'title', kind: 'text', values: ids.map((id) => `Film ${id}`) },
        { name: 'genre', kind: 'categorical', values: ids.map(genreOf) },
        { name: 'year', kind: 'numeric', values: ids.map(yearOf) },
      ],
    },
  };
}

export async function servedRecommender(engine: Engine, model: string): Promise<Recommender> {
  const dataset = describedDataset();
  if (model === 'markov') {
    const split = leaveLastOut(sequencesOf(dataset, { by: 'user' }));
    return (await trainSequenceRecommender({ engine, split, model })).recommender;
  }
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  const settings = parseRunSettings({ data: { files: ['none'] }, model, evaluation: { users: 0 } });
  return (await trainRecommender({ engine, split, settings })).recommender;
}

export type Json = Record<string, unknown> & {
  readonly items: readonly {
    readonly id: string;
    readonly title: string;
    readonly score: number;
    readonly probability: number;
    readonly route: string;
    readonly because: readonly { readonly id: string }[];
  }[];
};

/** Asks a handler as a client would. */
export async function servedApp(recommender: Recommender, options: AppOptions = {}) {
  const app = await createApp(recommender, { name: 'run', ...options });
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const request = new Request(`http://served${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const reply = await app.fetch(request);
    const text = await reply.text();
    const isJson = reply.headers.get('content-type')?.startsWith('application/json');
    return { status: reply.status, headers: reply.headers, text, body: (isJson ? JSON.parse(text) : null) as Json };
  };
  return { ask, post: (path: string, body: unknown) => ask('POST', path, body), close: () => app.close() };
}

export const idsOf = ({ body }: { readonly body: Json }): string[] => body.items.map(({ id }) => id);
