/** Small recommenders of every kind of model, trained on two clubs whose members keep to their own club's items. */
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import type { Engine } from '../../src/engine/runtime/engine.ts';
import type { Recommender } from '../../src/recommender/recommender.ts';
import { trainFieldRecommender, trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { type MadeRow, madeDataset } from '../data/made-data.ts';

/** Two clubs of ten people and ten items each: everybody takes the items of the own club, one after the other, from some place on. */
const rows: MadeRow[] = Array.from({ length: 20 }, (_, user) => user).flatMap((user) =>
  Array.from({ length: 6 }, (_, n): MadeRow => [`u${user}`, `i${(user % 2) + 2 * ((user + n) % 10)}`, n]),
);

/** The club of a user or an item. */
export const clubOf = (id: string): number => Number(id.slice(1)) % 2;

export const madeModels = ['popularity', 'item-knn', 'ease', 'ials', 'mf', 'neumf', 'markov', 'gru4rec', 'fm'];

/** @param write writes a file and gives its path */
export async function madeRecommenders(
  engine: Engine,
  write: (name: string, text: string) => string,
): Promise<Map<string, Recommender>> {
  const recommenders = new Map<string, Recommender>();
  const dataset = madeDataset(rows);
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  for (const model of ['popularity', 'item-knn', 'ease', 'ials', 'mf', 'neumf']) {
    const training = ['mf', 'neumf'].includes(model) ? { epochs: 60, batchSize: 32, patience: 0 } : {};
    const config = model === 'neumf' ? { factors: 8, mlpFactors: 8, hidden: [8] } : {};
    const evaluation = { users: 0 };
    const settings = parseRunSettings({ data: { files: ['none'] }, model, config, training, evaluation });
    recommenders.set(model, (await trainRecommender({ engine, split, settings })).recommender);
  }
  const sequences = leaveLastOut(sequencesOf(dataset, { by: 'user' }));
  for (const model of ['markov', 'gru4rec']) {
    const more =
      model === 'gru4rec'
        ? { config: { hidden: [16], sharedNegatives: 5 }, training: { epochs: 60, batchSize: 8, patience: 0 } }
        : {};
    const run = await trainSequenceRecommender({ engine, split: sequences, model, ...more });
    recommenders.set(model, run.recommender);
  }
  const lines = rows.map(([user, item, time]) => `${user},${item},${time}`);
  const settings = parseFieldRunSettings({
    data: { files: [write('taken.csv', `user,item,time\n${lines.join('\n')}\n`)] },
    split: { method: 'leave-one-out' },
    model: 'fm',
    task: 'ranking',
    training: { epochs: 60, batchSize: 32, patience: 0 },
  });
  const data = await prepareFieldData(settings);
  recommenders.set('fm', (await trainFieldRecommender({ engine, data, settings })).recommender);
  return recommenders;
}
