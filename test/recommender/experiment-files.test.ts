import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldExperiments } from '../../scripts/field-accuracy.ts';
import { parseOptions } from '../../src/core/options.ts';
import { resolveTraining } from '../../src/examples/settings.ts';
import { findModel, findModelOf, modelForTask, modelsOf } from '../../src/models/index.ts';
import { areOf } from '../../src/runs/any-settings.ts';
import { readExperiment, readExperimentDocument } from '../../src/runs/experiment-file.ts';
import { taskOfRun } from '../../src/tasks/ranking-settings.ts';
import { thrownCode } from '../models/thrown-code.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sequenceFolders = ['yoochoose-1-64', 'yoochoose-100k', 'ml-1m-sequences'];
const ratingFolders = ['ml-100k-ratings', 'ciao-ratings'];
/** Models of the graph, of players and of friends, on the sets of their papers. */
const homes: Readonly<Record<string, readonly string[]>> = {
  lightgcn: ['gowalla'],
  'gf-cf': ['gowalla'],
  ultragcn: ['gowalla'],
  mhcn: ['lastfm-hetrec', 'ciao-implicit'],
  irgan: ['irgan-ml-100k'],
  kbgan: ['irgan-ml-100k'],
  daso: ['ciao-implicit', 'lastfm-hetrec'],
};
const homeFolders = [...new Set(Object.values(homes).flat())];
const files = ['ml-1m', 'ml-100k', ...homeFolders, ...ratingFolders, ...sequenceFolders].flatMap((folder) =>
  readdirSync(join(root, 'experiments', folder)).map((name) => join('experiments', folder, name)),
);

describe.each(files)('%s', (file) => {
  it('is valid to the last option, and reads its data below DEEPTASTE_DATA', async () => {
    const settings = await readExperiment(join(root, file));
    const isOfSequences = areOf('sequences', settings);
    expect(isOfSequences).toBe(sequenceFolders.some((folder) => file.includes(`/${folder}/`)));
    expect('files' in settings.data && settings.data.files[0]).toMatch(
      /(ml-1m|ml-100k|gowalla|ciao|ciao-implicit|lastfm-hetrec|yoochoose-1-64|yoochoose-100k)\//,
    );
    const model = findModel(settings.model);
    expect(model.form).toBe(isOfSequences ? 'sequences' : 'pairs');
    parseOptions(model.options as never, settings.config, file);
    const isOfRatings = ratingFolders.some((folder) => file.includes(`/${folder}/`));
    const task = areOf('pairs', settings) ? taskOfRun(settings) : model.tasks[0];
    expect(task === 'rating').toBe(isOfRatings);
    resolveTraining(modelForTask(model, task), settings.training);
  });
});

it('names the columns of a file alike wherever it is read', async () => {
  // The data sets are no part of the project: whether a file holds these columns shows when it is read. What is checked here is that
  // all experiments that read one file name the same columns, so that none of them is left to guess what others must be told.
  const told = new Map<string, Set<string>>();
  const note = (path: string, columns: unknown) => {
    told.set(path, (told.get(path) ?? new Set()).add(JSON.stringify(columns)));
  };
  for (const file of files) {
    const { data } = await readExperiment(join(root, file));
    if (!('files' in data)) continue;
    note(data.files[0], data.columns);
    if (typeof data.social === 'string') note(data.social, data.socialColumns);
  }
  expect([...told].filter(([, columns]) => columns.size > 1)).toEqual([]);
});

const fieldFolders = ['frappe', 'adult', 'criteo-10k', 'ml-100k-fields'];
const fieldFiles = fieldFolders.flatMap((folder) =>
  readdirSync(join(root, 'experiments', folder)).map((name) => join('experiments', folder, name)),
);

describe.each(fieldFiles)('%s', (file) => {
  it('is valid to the last option, and reads its data below DEEPTASTE_DATA', async () => {
    const { model: name } = (await readExperimentDocument(join(root, file))) as { model: string };
    if (name === 'popularity') return expect((await readExperiment(join(root, file))).model).toBe(name);
    const settings = await readExperiment(join(root, file));
    if (!areOf('rows', settings)) throw new Error('it must be an experiment over fields');
    const model = findModelOf('rows', name);
    parseOptions(model.options as never, settings.config, file);
    const task = settings.task === 'rating' ? 'regression' : settings.task;
    resolveTraining(model, { ...settings.training, task });
    expect(settings.task).not.toBe('auto');
    expect('files' in settings.data && settings.data.files[0]).toMatch(
      /(frappe|adult|criteo-10k|ml-100k)\/[\w.-]+\.gz$/,
    );
  });
});

it('has an experiment on Frappe for every model over feature fields, and every file in the table of results', () => {
  for (const { name } of modelsOf('rows'))
    expect(readFileSync(join(root, 'experiments/frappe', `${name}.yaml`), 'utf8')).toContain(`model: ${name}\n`);
  const rankings =
    /\/(ciao-ratings|ciao-implicit|lastfm-hetrec|gowalla|irgan-ml-100k)\/|ml-1m-sequences\/(sasrec-softmax|esasrec)/;
  const bySeeds = files.filter((file) => rankings.test(file));
  expect(fieldExperiments.map((name) => join('experiments', `${name}.yaml`)).sort()).toEqual(
    [...fieldFiles, ...bySeeds].sort(),
  );
});

it('has an experiment on both data sets for every model that ranks, or on the sets of its paper', () => {
  for (const { name } of modelsOf('pairs').filter(({ tasks }) => tasks[0] === 'ranking'))
    for (const folder of homes[name] ?? ['ml-1m', 'ml-100k'])
      expect(readFileSync(join(root, 'experiments', folder, `${name}.yaml`), 'utf8')).toContain(`model: ${name}\n`);
});

it('has an experiment on ratings for every model that predicts them, on Ciao for those that need friends', () => {
  for (const { name } of modelsOf('pairs').filter(({ tasks }) => tasks.includes('rating'))) {
    const file = ['trustsvd', 'dscf', 'graphrec'].includes(name)
      ? `ciao-ratings/${name}-80`
      : `ml-100k-ratings/${name}`;
    expect(readFileSync(join(root, 'experiments', `${file}.yaml`), 'utf8')).toContain(`model: ${name}\n`);
  }
});

it('has an experiment on every set of sequences for every model of sequences', () => {
  for (const folder of sequenceFolders) {
    const texts = readdirSync(join(root, 'experiments', folder)).map((name) =>
      readFileSync(join(root, 'experiments', folder, name), 'utf8'),
    );
    for (const { name } of modelsOf('sequences'))
      expect(texts.some((text) => text.includes(`model: ${name}\n`))).toBe(true);
  }
});

describe('experiment files', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'deeptaste-experiments-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  it('take paths relative to themselves and values from the environment', async () => {
    process.env.DEEPTASTE_TEST_FILE = 'clicks.csv';
    const text = `data: { files: ["\${DEEPTASTE_TEST_FILE}", "\${DEEPTASTE_NOT_SET:-more.csv}", /abs/x.csv] }\nmodel: ease\n`;
    const settings = await readExperiment(write('a.yaml', text));
    expect(settings.name).toBe('a');
    expect(settings.data).toMatchObject({
      files: [join(folder, 'clicks.csv'), join(folder, 'more.csv'), '/abs/x.csv'],
    });
  });

  it('of models of sequences name their files relative to themselves too', async () => {
    const text =
      'data: { files: [a.txt] }\nsplit: { method: prefix-files, test: b.txt, validation: 0.1 }\nmodel: markov\n';
    expect(await readExperiment(write('p.yaml', text))).toMatchObject({
      data: { files: [join(folder, 'a.txt')] },
      split: { test: join(folder, 'b.txt'), validation: 0.1 },
      evaluation: { tieRule: 'conservative', filter: 'none' },
    });
  });

  it.each([
    ['a split of other models', 'data: { files: [x.csv] }\nmodel: ease\nsplit: { method: last-days }\n', 'config'],
    ['a split of other models', 'data: { files: [x.csv] }\nmodel: vsknn\nsplit: { method: ratio }\n', 'config'],
    ['a section of other models', 'data: { files: [x.csv] }\nmodel: ease\nsequences: { by: gap }\n', 'config'],
    ['a section of other models', 'data: { files: [x.csv] }\nmodel: vsknn\nsampleCandidates: { n: 9 }\n', 'config'],
    ['a filter of other models', 'data: { files: [x.csv] }\nmodel: vsknn\nevaluation: { filter: train }\n', 'config'],
    ['an unknown model', 'data: { files: [x.csv] }\nmodel: vskn\n', 'usage'],
    ['an unknown key', 'data: { files: [x.csv] }\nmodle: ease\n', 'config'],
    ['no model', 'data: { files: [x.csv] }\n', 'config'],
    ['a variable that is not set', `data: { files: ["\${DEEPTASTE_NOT_SET}"] }\nmodel: ease\n`, 'config'],
    ['text that is not YAML', 'data: [unclosed\n', 'config'],
    ['an unknown split', 'data: { files: [x.csv] }\nmodel: ease\nsplit: { method: leave-two-out }\n', 'config'],
  ])('with %s are refused', async (name, text, code) => {
    expect(await thrownCode(() => readExperiment(write(`${name.replaceAll(' ', '-')}.yaml`, text)))).toBe(code);
  });

  it('say what belongs to which models', async () => {
    const path = write('mixed.yaml', 'data: { files: [x.csv] }\nmodel: vsknn\nsplit: { method: ratio }\n');
    await expect(readExperiment(path)).rejects.toThrow(/ratio.*models of users.*vsknn.*last-days, leave-one-out/);
  });

  it('that hold two documents, or settings deeper than can be read, are told as such', async () => {
    const two = write('two.yaml', 'model: ease\n---\nmodel: gmf\n');
    await expect(readExperiment(two)).rejects.toThrow(/must hold one YAML document, found another one at line 2/);
    const deep = write('deep.yaml', `model: ${'['.repeat(50_000)}\n`);
    await expect(readExperiment(deep)).rejects.toThrow(/must nest settings a few levels deep/);
  });

  it('names the nearest key', async () => {
    const path = write('near.yaml', 'data: { files: [x.csv] }\nmodel: ease\nevaluaton: {}\n');
    await expect(readExperiment(path)).rejects.toThrow(/did you mean "evaluation"/);
  });
});
