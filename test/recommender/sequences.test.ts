import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { silent } from '../../src/core/progress.ts';
import { RandomStream } from '../../src/core/random.ts';
import { filterSequences } from '../../src/data/sequences/filter.ts';
import { sequencesOf } from '../../src/data/sequences/from-interactions.ts';
import { splitByLastDays } from '../../src/data/sequences/last-days.ts';
import { leaveLastOut } from '../../src/data/sequences/leave-last-out.ts';
import type { SequenceSplit } from '../../src/data/sequences/sequence-data.ts';
import { Engine } from '../../src/engine/runtime/engine.ts';
import { compareResults } from '../../src/evaluation/comparison.ts';
import { modelsOf } from '../../src/models/index.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { topItems } from '../../src/recommender/top-items.ts';
import { compareModels } from '../../src/runs/compare.ts';
import { trainSequenceRecommender } from '../../src/runs/train-recommender.ts';
import { evaluateSequences } from '../../src/tasks/evaluate-next-items.ts';
import { type MadeRow, madeDataset, testRandom } from '../data/made-data.ts';
import { codeOf } from '../data/temporary-files.ts';

const engine = new Engine({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), 'deeptaste-sequences-'));
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sessions that walk along a ring of items: what comes next is mostly the next on the ring. */
function ring(seed = 1, nSessions = 300, nItems = 20) {
  const below = testRandom(seed);
  const rows: MadeRow[] = [];
  for (let s = 0; s < nSessions; s++) {
    let item = below(nItems);
    for (let n = 0; n < 2 + below(6); n++) {
      rows.push([`u${s}`, `film ${item}`, s * 3600 + n, s]);
      item = below(5) === 0 ? below(nItems) : (item + 1) % nItems;
    }
  }
  return sequencesOf(madeDataset(rows));
}

const split = splitByLastDays(ring(), { days: 2 });
const run = async (model: string, config: object = {}, on: SequenceSplit = split) => {
  const trained = await trainSequenceRecommender({ engine, split: on, model, config, final: false });
  if (trained.result === null) throw new Error('nothing was measured');
  return { ...trained, result: trained.result };
};

describe('refit', () => {
  const bytesOf = ({ measured }: { measured: Recommender }) =>
    [...measured.parts.weights].map(([name, { data }]) => `${name} ${Buffer.from(data.buffer).toString('base64')}`);
  const validated = splitByLastDays(ring(), { days: 2, validationDays: 2 });

  it.each(['gru4rec', 'sasrec', 'caser', 'reinforce'])(
    'of %s is a training on both parts for as many epochs as were best',
    async (model) => {
      const request = { engine, model, config: {}, final: false };
      const training = { epochs: 6, patience: 2 };
      const refit = await trainSequenceRecommender({ ...request, split: validated, training, refit: true });
      const search = await trainSequenceRecommender({ ...request, split: validated, training });
      expect(refit.bestEpoch).toBe(search.bestEpoch);
      expect(refit.log.length).toBe(search.log.length + search.bestEpoch);
      const plain = await trainSequenceRecommender({ ...request, split, training: { epochs: search.bestEpoch } });
      expect(bytesOf(refit)).toEqual(bytesOf(plain));
      expect(bytesOf(refit)).not.toEqual(bytesOf(search));
      expect(refit.result!.metrics).toEqual(plain.result!.metrics);
      expect(refit.result!.protocol).toEqual(plain.result!.protocol);
    },
  );

  it('of a model without epochs is one on both parts', async () => {
    const request = { engine, model: 'markov', config: {}, final: false };
    const refit = await trainSequenceRecommender({ ...request, split: validated, refit: true });
    expect(bytesOf(refit)).toEqual(bytesOf(await trainSequenceRecommender({ ...request, split })));
  });

  it('says when there is no validation part', async () => {
    const told: string[] = [];
    const progress = { ...silent, log: (line: string) => told.push(line) };
    await trainSequenceRecommender({ engine, model: 'markov', split, refit: true, final: false, progress });
    expect(told.join()).toMatch(/refit: the split holds no validation part out/);
  });
});

describe('compareModels', () => {
  it('trains models of sequences as trainSequenceRecommender does, every model with every seed', async () => {
    const contenders = [{ model: 'markov' }, { model: 'vsknn', config: { neighbours: 50 } }];
    const evaluation = { metrics: ['mrr@5'] };
    const told: string[] = [];
    const onRun = ({ model, seed }: { model: string; seed: number }) => told.push(`${model} ${seed}`);
    const runs = await compareModels({ engine, split, contenders, seeds: [1, 2], evaluation, onRun });
    expect(told).toEqual(['markov 1', 'markov 2', 'vsknn 1', 'vsknn 2']);
    const { result } = await trainSequenceRecommender({ engine, split, ...contenders[1], seed: 2, evaluation });
    expect(runs[3].run.result.metrics).toEqual(result?.metrics);
    expect(runs[3].run.final).toBe(null);
    const wrong = compareModels({ engine, split, contenders: [{ model: 'ease' }], seeds: [1] });
    await expect(wrong).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('models of sequences'),
    });
  });
});

describe('trainSequenceRecommender', () => {
  it('finds the ring where the order is looked at', async () => {
    const recall = async (model: string, k: number) => (await run(model)).result.metrics[`recall@${k}`].mean;
    expect(await recall('markov', 1)).toBeGreaterThan(0.6);
    // neighbours that share an item all hold it: the item itself comes first, the next of the ring soon after
    expect(await recall('vsknn', 5)).toBeGreaterThan(0.6);
    expect(await recall('session-item-knn', 5)).toBeGreaterThan(0.6);
    expect(await recall('sequence-popularity', 5)).toBeLessThan(0.4);
  });

  it('records the protocol, on which runs can be compared', async () => {
    const [a, b] = [await run('markov'), await run('vsknn', { neighbours: 50 })];
    expect(a.result.protocol).toMatchObject({
      part: 'test',
      candidates: 'all',
      filter: 'none',
      tieRule: 'conservative',
      split: { method: 'last-days', days: 2, by: 'end', unknownItems: 'remove' },
      nextItem: { nMisses: 0 },
    });
    const runs = [
      { name: 'markov', result: a.result },
      { name: 'vsknn', result: b.result },
    ];
    const { rows } = compareResults(runs, 'mrr@20', { stream: new RandomStream(1, 'c') });
    expect(rows.map(({ difference }) => difference === null)).toEqual([true, false]);
    const validated = splitByLastDays(ring(), { days: 2, validationDays: 1 });
    const c = { name: 'markov, less data', result: (await run('markov', {}, validated)).result };
    expect(await codeOf(() => compareResults([...runs, c], 'mrr@20', { stream: new RandomStream(1, 'c') }))).toBe(
      'none',
    );
  });

  it('names users where every sequence is one of a user, and says how candidates were drawn', async () => {
    const histories = filterSequences(ring(2), { minLength: 4, minSupport: 1 });
    const listed = leaveLastOut(histories, { negatives: 5, seed: 3 });
    const { result } = await run('markov', {}, listed);
    expect(result.users[0]).toMatch(/^u\d+$/);
    expect(result.protocol.candidates).toEqual({
      listed: '5 sampled uniformly among the items outside the history, seed 3',
      n: 5,
    });
    const all = await run('markov', {}, leaveLastOut(histories));
    expect(all.result.protocol.candidates).toBe('all');
    expect(all.result.metrics['recall@5'].mean).toBeLessThanOrEqual(result.metrics['recall@5'].mean);
    const scorer = all.recommender.scorer('sequences');
    expect(evaluateSequences(scorer, leaveLastOut(histories), { filter: 'history' }).protocol.filter).toBe('history');
  });

  it.each([
    ['usage', 'an unknown model', () => run('vsknnn')],
    ['usage', 'a model of users', () => run('ease')],
    ['config', 'an unknown option', () => run('vsknn', { k: 3 })],
    [
      'data',
      'no such part',
      async () =>
        evaluateSequences((await run('markov')).recommender.scorer('sequences'), split, { part: 'validation' }),
    ],
  ])('%s: %s', async (code, _, action) => {
    expect(await codeOf(action)).toBe(code);
  });
});

describe.each(modelsOf('sequences'))('a recommender by $name', ({ name }) => {
  it('answers alike when told a history, told event by event, and after being saved', async () => {
    const { recommender } = await run(name);
    const path = join(folder, name);
    const manifest = await recommender.save(path);
    expect(manifest.metrics).toHaveProperty('mrr@20');
    const loaded = await Recommender.load(path);
    const session = loaded.startSession();
    const told: string[] = [];
    for (const id of ['film 3', 'never seen', 'film 4', 'film 5', 'film 3']) {
      expect(session.add(id)).toBe(id !== 'never seen');
      told.push(id);
      const answer = session.recommend({ k: 5 });
      expect(answer).toEqual(recommender.recommend({ history: told }, { k: 5 }));
      expect(answer.unknownItems).toEqual(told.includes('never seen') ? ['never seen'] : []);
    }
    session.close();
    loaded.close();
    recommender.close();
  });
});

describe('a model that is trained by epochs', () => {
  it('is given its settings, the validation metric and all that a run may ask of it', async () => {
    const validated = splitByLastDays(ring(), { days: 2, validationDays: 2 });
    const told: unknown[] = [];
    const fingerprints: string[] = [];
    const gru4rec = (training: object) =>
      trainSequenceRecommender({
        engine,
        split: validated,
        model: 'gru4rec',
        config: { hidden: [8], sharedNegatives: 5 },
        training,
        final: false,
        evaluation: { validationMetric: 'recall@1' },
        onEpoch: (record) => told.push(record.epoch),
        onCheckpoint: async ({ progress, fingerprint }) => {
          told.push(progress.epochsDone);
          fingerprints.push(fingerprint);
        },
      });
    const outcome = await gru4rec({ epochs: 1, optimizer: { learningRate: 0.2 } });
    expect(told).toEqual([1, 1]);
    expect(fingerprints[0]).toContain('"model":"gru4rec"');
    expect(outcome).toMatchObject({ bestEpoch: 1, log: [{ epoch: 1 }] });
    expect(outcome.recommender.parts.info.training).toMatchObject({
      epochs: 1,
      patience: 3,
      optimizer: { name: 'adagrad', learningRate: 0.2, epsilon: 1e-6 },
    });
    const part = { part: 'validation', metrics: ['recall@1'] } as const;
    const measured = evaluateSequences(outcome.recommender.scorer('sequences'), validated, part);
    expect(outcome.log[0].validation).toBeCloseTo(measured.metrics['recall@1'].mean, 12);
    await gru4rec({ epochs: 1, optimizer: { learningRate: 0.3 } });
    expect(fingerprints[1]).not.toBe(fingerprints[0]);
    expect(await codeOf(() => gru4rec({ epoch: 1 }))).toBe('config');
  });

  it('is the only one that takes training settings', async () => {
    expect(
      await codeOf(() => trainSequenceRecommender({ engine, split, model: 'markov', training: { epochs: 1 } })),
    ).toBe('config');
  });
});

describe('histories of users', () => {
  const histories = leaveLastOut(
    sequencesOf(
      madeDataset([
        ['ann', 'a', 1, 0],
        ['bob', 'b', 2, 1],
        ['ann', 'b', 3, 0],
        ['ann', 'a', 4, 0],
        ['ann', 'c', 5, 0],
        ['ann', 'a', 6, 0],
      ]),
      { by: 'user' },
    ),
  );

  it('are kept in order, and continued as if they were told', async () => {
    const { recommender } = await run('markov', {}, histories);
    const path = join(folder, 'histories');
    await recommender.save(path);
    const loaded = await Recommender.load(path);
    for (const each of [recommender, loaded]) {
      // of a b a c a, the last two are for validation and testing; training has no c
      expect(each.recommend({ user: 'ann' })).toEqual(each.recommend({ history: ['a', 'b', 'a', 'a'] }));
      expect(each.recommend({ user: 'bob' })).toEqual(each.recommend({ history: ['b'] }));
      expect(await codeOf(() => each.recommend({ user: 'eve' }))).toBe('not-found');
      each.close();
    }
  });

  it('are nobody’s in sessions', async () => {
    const { recommender } = await run('markov');
    expect(recommender.parts.users.size).toBe(0);
    expect(await codeOf(() => recommender.recommend({ user: 'u1' }))).toBe('usage');
  });

  it('hide what was taken where the run was measured so', async () => {
    const measured = async (filter: 'none' | 'history') => {
      const { recommender } = await trainSequenceRecommender({
        engine,
        split: histories,
        model: 'markov',
        final: false,
        evaluation: { filter },
      });
      return recommender.recommend({ history: ['a'] }).recommendations.map(({ item }) => item);
    };
    expect(await measured('none')).toEqual(['b', 'a']);
    expect(await measured('history')).toEqual(['b']);
  });
});

describe('candidates', () => {
  it('are all items when asked, whatever the split lists', async () => {
    const listed = leaveLastOut(filterSequences(ring(2), { minLength: 4, minSupport: 1 }), { negatives: 5, seed: 3 });
    const plain = leaveLastOut(filterSequences(ring(2), { minLength: 4, minSupport: 1 }));
    const scorer = (await run('markov', {}, plain)).recommender.scorer('sequences');
    const all = evaluateSequences(scorer, listed, { candidates: 'all', metrics: ['mrr@20'] });
    expect(all.protocol.candidates).toBe('all');
    expect(all.metrics).toEqual(evaluateSequences(scorer, plain, { metrics: ['mrr@20'] }).metrics);
    expect(all.metrics['mrr@20'].mean).toBeLessThan(
      evaluateSequences(scorer, listed, { metrics: ['mrr@20'] }).metrics['mrr@20'].mean,
    );
  });
});

describe('Recommender', () => {
  it('continues a walk along the ring, with names and scores that fall', async () => {
    const { recommender } = await run('markov');
    const { recommendations, how } = recommender.recommend({ history: ['film 7', 'film 8'] }, { k: 4 });
    expect(recommendations[0]).toMatchObject({ item: 'film 9', title: 'film 9', because: [] });
    expect(recommendations.map(({ score }) => score)).toEqual(
      recommendations.map(({ score }) => score).sort((a, b) => b - a),
    );
    expect(how).toBe('Markov chain continues the 2 known items');
  });

  it('returns items of the history unless told not to', async () => {
    const { recommender } = await run('session-popularity');
    const ids = (includeSeen: boolean) =>
      recommender
        .recommend({ history: ['film 1', 'film 2', 'film 1'] }, { k: 30, includeSeen })
        .recommendations.map((r) => r.item);
    expect(ids(true).slice(0, 2)).toEqual(['film 1', 'film 2']);
    expect(ids(true)).toHaveLength(20);
    expect(ids(false)).toHaveLength(18);
    expect(ids(false)).not.toContain('film 1');
  });

  it('refuses a history without known items, or shows what is popular and says so', async () => {
    const { recommender } = await run('markov');
    for (const history of [[], ['x', 'y']]) {
      const code = history.length === 0 ? 'usage' : 'not-found';
      expect(await codeOf(() => recommender.recommend({ history }))).toBe(code);
      const answer = recommender.recommend({ history }, { whenEmpty: 'popularity', k: 1 });
      expect(answer.how).toMatch(/no item of the history is known.*most people/);
      expect(answer.unknownItems).toEqual(history);
      const popular = (await run('sequence-popularity')).recommender.recommend({ history: ['film 1'] }, { k: 1 });
      expect(answer.recommendations).toEqual(popular.recommendations);
    }
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses k = %d', async (k) => {
    const { recommender } = await run('markov');
    expect(await codeOf(() => recommender.recommend({ history: ['film 1'] }, { k }))).toBe('usage');
  });

  it('refuses folders that are absent or altered', async () => {
    expect(await codeOf(() => Recommender.load(join(folder, 'absent')))).toBe('not-found');
    const { recommender } = await run('markov');
    const path = join(folder, 'altered');
    await recommender.save(path);
    writeFileSync(join(path, 'weights.safetensors'), 'x');
    expect(await codeOf(() => Recommender.load(path))).toBe('artifact');
  });
});

describe('topItems', () => {
  it('is the head of a full sort, equal scores by index, without NaN or excluded items', () => {
    const below = testRandom(4);
    for (let world = 0; world < 50; world++) {
      const scores = Float32Array.from({ length: 30 }, () => (below(9) === 0 ? Number.NaN : below(6) - 3));
      const excluded = Uint8Array.from(scores, () => (below(4) === 0 ? 1 : 0));
      const order = [...scores.keys()]
        .filter((i) => !Number.isNaN(scores[i]) && excluded[i] === 0)
        .sort((a, b) => scores[b] - scores[a] || a - b);
      for (const k of [1, 5, 100]) {
        const top = topItems(scores, k, excluded);
        expect([...top.items]).toEqual(order.slice(0, k));
        expect([...top.scores]).toEqual(order.slice(0, k).map((i) => scores[i]));
      }
    }
  });
});
