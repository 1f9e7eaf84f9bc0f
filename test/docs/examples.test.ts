/** The code examples of docs/library.md and docs/features.md, run as they stand there against the built package. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../data/temporary-files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const library = pathToFileURL(join(root, 'dist/index.js')).href;
const { folder, write } = temporaryFolder();

/** What stands for the rows that example 1 leaves out: 40 people, of whom number 5 has "a" and "b" by the example itself. */
const moreRows = `Array.from({ length: 480 }, (_, n) => ({
  user: n % 40, item: 'abcdefghijklmnopqrst'[(n * 7 + Math.floor(n / 40)) % 20], time: new Date(Date.UTC(2024, 1, 1 + (n % 90))),
}))`;

function examplesOf(page: string): string[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  return Array.from(text.matchAll(/```(?:js|ts)\n([\s\S]*?)```/g), ([, code]) => code);
}

function run(name: string, script: string): string {
  write(name, script);
  const options = { cwd: folder, encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], options);
  expect(stderr.replace(/.*ExperimentalWarning.*|.*--trace-warnings.*/g, '').trim()).toBe('');
  expect(status).toBe(0);
  return stdout;
}

it('docs/library.md: each example goes on from those before', () => {
  const examples = examplesOf('library.md').map((code) =>
    code.replace(/^import .*\n/m, '').replace(/^ {2}\/\/ …$/m, `  ...${moreRows},`),
  );
  expect(examples).toHaveLength(13);
  const ratings = Array.from({ length: 480 }, (_, n) => {
    const item = 'abcdefghijklmnopqrst'[(n * 7 + Math.floor(n / 40)) % 20];
    return `${n % 40},${item},${3 + (n % 3)},${1_700_000_000 + n * 3600}`;
  });
  write('ratings.csv', `user,item,rating,time\n${ratings.join('\n')}\n`);
  // names are given anew from example to example: each stands in a block inside that of the one before
  const nested = examples.reduceRight((inner, code) => `{\n${code}\n${inner}\n}`, 'tell({ recommender, loaded });');
  const names = [
    ...new Set(
      nested.match(
        /\b(?:Engine|Recommender|RandomStream|DeepTasteError|(?:load|parse|train|prepare|compare|render)[A-Z]\w*)\b/g,
      ),
    ),
  ];
  const script = `import { ${names.join(', ')} } from '${library}';
const tell = ({ recommender, loaded }) => console.log(JSON.stringify({
  known: loaded.recommend({ user: 5 }, { k: 3 }).recommendations.length,
  value: recommender.predict([{ user: 5, item: 'a', hour: 20 }])[0].value,
}));
${nested}`;
  const { known, value } = JSON.parse(run('library.mjs', script));
  expect(known).toBe(3);
  expect(value).toBeGreaterThan(0);
  expect(value).toBeLessThan(1);
});

it('docs/features.md: both examples', () => {
  const rows = Array.from({ length: 400 }, (_, n) => {
    const [user, item] = [['ann', 'ben', 'cat', 'dan', 'eva'][n % 5], 'uvwxyz'[(n * 5 + Math.floor(n / 5)) % 6]];
    return `${user},${item},${['phone', 'tv'][n % 2]},${(n * 7) % 3 === 0 ? 1 : 0}`;
  });
  write('clicks.csv', `user,item,device,clicked\n${rows.join('\n')}\n`);
  const examples = examplesOf('features.md').map((code) => code.replace("'deeptaste'", `'${library}'`));
  expect(examples).toHaveLength(2);
  expect(run('fit.mjs', `${examples[0]}\nconsole.log(encoder.fieldValueName(0));`).trim()).toBe('user = ann');
  const asked = examples[1].replace(/^(loaded\.(?:predict|recommend|explain)\(.*\)[.\w]*);/gm, 'console.log($1);');
  expect(run('recommend.mjs', asked)).toMatch(/value:[\s\S]*recommendations:[\s\S]*owner:/);
});
