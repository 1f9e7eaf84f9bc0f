/** Artifacts whose files all have the SHA-256 of their manifest, but whose parts do not belong together. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Artifact, loadArtifact, saveArtifact } from '../../src/artifact/artifact.ts';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import { splitDataset } from '../../src/data/splits/split-dataset.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { trainFieldRecommender, trainRecommender, trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { prepareFieldData } from '../../src/tasks/prepare-fields.ts';
import { parseRunSettings } from '../../src/tasks/ranking-settings.ts';
import { parseFieldRunSettings } from '../../src/tasks/row-settings.ts';
import { failure, temporaryFolder } from '../artifact/temporary-folder.ts';
import { type MadeRow, madeDataset, testRandom } from '../data/made-data.ts';
import { temporaryFolder as dataFolder } from '../data/temporary-files.ts';

const engine = new Engine({ threads: 1, blas: 'off' });
afterAll(() => engine.close());
const base = temporaryFolder();
const { write } = dataFolder();
const draw = testRandom(3);
const dataset = madeDataset(Array.from({ length: 200 }, (_, n): MadeRow => [`u${draw(12)}`, `i${draw(10)}`, n]));

async function savedGmf(): Promise<string> {
  const input = {
    data: { files: ['none'] },
    model: 'gmf',
    evaluation: { users: 0 },
    training: { epochs: 1, patience: 0 },
  };
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  const { recommender } = await trainRecommender({ engine, split, settings: parseRunSettings(input) });
  await recommender.save(join(base, 'gmf'));
  return join(base, 'gmf');
}

async function savedMarkov(): Promise<string> {
  const split = leaveLastOut(sequencesOf(dataset, { by: 'user' }));
  const { recommender } = await trainSequenceRecommender({ engine, split, model: 'markov' });
  await recommender.save(join(base, 'markov'));
  return join(base, 'markov');
}

let nChanged = 0;

/** The artifact with something else in it, signed anew. */
async function changed(path: string, change: (artifact: Artifact) => Partial<Artifact>): Promise<string> {
  const { manifest, ...parts } = await loadArtifact(path);
  const files = manifest.files.filter(({ name }) => /\.jsonl?$/.test(name)).map(({ name }) => name);
  const attachments = new Map(files.map((name) => [name, readFileSync(join(path, name), 'utf8')]));
  const artifact: Artifact = { ...parts, info: manifest, checkpoint: null, attachments };
  const to = join(base, `changed-${nChanged++}`);
  mkdirSync(to);
  await saveArtifact(to, { ...artifact, ...change(artifact) });
  return to;
}

async function isRefused(path: string, load: (path: string) => Promise<unknown> = Recommender.load): Promise<void> {
  const { code, message } = await failure(() => load(path));
  expect(code, message).toBe('artifact');
  expect(message).toContain(path);
  expect(message).not.toContain('\n');
}

const withModel = (name: string, config: object) => (artifact: Artifact) => ({
  info: { ...artifact.info, model: { name, config } },
});

it('an artifact that keeps options under their former names loads', async () => {
  const input = {
    data: { files: ['none'] },
    model: 'mlp',
    evaluation: { users: 0 },
    training: { epochs: 1, patience: 0 },
  };
  const split = splitDataset(dataset, { method: 'leave-one-out' });
  const config = { factors: 4, hidden: [8, 3] };
  const { recommender } = await trainRecommender({ engine, split, settings: parseRunSettings({ ...input, config }) });
  const path = join(base, 'mlp');
  await recommender.save(path);
  const old = await changed(path, withModel('mlp', { layers: [8, 8, 3], dropout: 0, deviation: 0.01 }));
  const [before, after] = await Promise.all([path, old].map((each) => Recommender.load(each)));
  expect(await after.recommend({ user: 'u1' })).toEqual(await before.recommend({ user: 'u1' }));
  before.close();
  after.close();
});

describe('an artifact is refused when it holds', () => {
  it('settings of another model, or a model that does not exist', async () => {
    const path = await savedGmf();
    await isRefused(await changed(path, withModel('gmf', { layers: [8, 4] })));
    await isRefused(await changed(path, withModel('gmf', { factors: -1 })));
    await isRefused(await changed(path, withModel('ease', {})));
    await isRefused(await changed(path, withModel('no-such-model', {})));
    const sequences = await savedMarkov();
    await isRefused(await changed(sequences, withModel('markov', { nothing: 1 })));
    await isRefused(await changed(sequences, withModel('gru4rec', {})));
  });

  it('weights of other names, shapes and kinds', async () => {
    const path = await savedGmf();
    await isRefused(await changed(path, () => ({ weights: new Map() })));
    await isRefused(
      await changed(path, ({ weights }) => ({
        weights: new Map([...weights].map(([name, { data }]) => [name, { shape: [data.length], data }])),
      })),
    );
    await isRefused(
      await changed(path, ({ weights }) => ({
        weights: new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: Int32Array.from(data) }])),
      })),
    );
  });

  it('counts below zero', async () => {
    const path = await savedMarkov();
    await isRefused(
      await changed(path, ({ weights }) => {
        const counts = weights.get('itemCounts')!;
        return {
          weights: new Map([...weights, ['itemCounts', { ...counts, data: Float32Array.from(counts.data, () => -1) }]]),
        };
      }),
    );
  });

  it('an attachment of null, of a list, cut short or nested deeply', async () => {
    const lines = Array.from({ length: 120 }, (_, n) => `u${draw(9)},i${draw(7)},${n % 5},${n % 2}`);
    const settings = parseFieldRunSettings({
      data: { files: [write('clicks.csv', `user,item,hour,label\n${lines.join('\n')}\n`)] },
      split: { method: 'ratio', test: 0.2 },
      model: 'lr',
      training: { epochs: 1 },
    });
    const data = await prepareFieldData(settings);
    const path = join(base, 'lr');
    await (await trainFieldRecommender({ engine, data, settings })).recommender.save(path);
    const features = readFileSync(join(path, 'features.json'), 'utf8');
    const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    for (const content of [
      'null',
      '[]',
      '',
      features.slice(0, -20),
      features.replace('"fields":[', `"fields":[${deep},`),
    ])
      await isRefused(
        await changed(path, ({ attachments }) => ({
          attachments: new Map([...attachments!, ['features.json', content]]),
        })),
        Recommender.load,
      );
    await isRefused(await changed(path, () => ({ attachments: new Map() })), Recommender.load);
  });
});
