/**
 * Feeds altered files of every format to the command line: altered blindly, byte by byte, or by what stands in them (alter.ts).
 * Whatever comes of it, the exit code is 0, 1 or 2, no line speaks of the unexpected or shows a stack, and no file is left over.
 *
 * `node scripts/fuzz.ts [--inputs N] [--seed N] [--format NAME] [--files] [--json]`; needs a build. `--files` leaves saved recommenders out. A process of its own runs the commands one after the other,
 * so that a crash ends that process only, which is then told and started anew.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { madeZip } from '../test/data/made-zip.ts';
import { alterBytes, alterInPlace, alterJson, alterRows, type Draw, generator, signed } from './alter.ts';

const mainFile = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
/** What `main.js` imports: it must be loaded anew for each command, or nothing runs. */
const programFile = fileURLToPath(new URL('../dist/cli/program.js', import.meta.url));
/** Nothing here takes longer, on a busy machine either; what does hangs. */
const LIMIT_MS = 180_000;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

interface Format {
  readonly name: string;
  /** Files beside each other; those that `alters` names are altered. */
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly alters: readonly string[];
  readonly args: readonly string[];
  /** Alters a file by what stands in it; without it JSON by its values, others byte by byte in place. */
  readonly deep?: (content: Buffer, draw: Draw) => Buffer;
  /** A saved recommender, whose manifest may be signed again. */
  readonly signed?: true;
}

/** Runs the commands that the parent sends, in this process. */
function serve(): void {
  let n = 0;
  process.on('message', async ({ args, folder }: { args: string[]; folder: string }) => {
    const texts = { out: '', err: '' };
    const capture = (name: 'out' | 'err') => (text: string | Uint8Array) => {
      texts[name] += text.toString();
      return true;
    };
    const write = { out: process.stdout.write, err: process.stderr.write };
    process.stdout.write = capture('out') as typeof process.stdout.write;
    process.stderr.write = capture('err') as typeof process.stderr.write;
    process.stdout.removeAllListeners('error');
    for (const event of ['uncaughtException', 'unhandledRejection']) process.removeAllListeners(event);
    process.exitCode = 0;
    process.chdir(folder);
    process.argv = [process.argv[0], mainFile, ...args];
    // the command line runs as it is loaded; another address loads it anew
    await import(`${pathToFileURL(programFile).href}?run=${n++}`);
    process.stdout.write = write.out;
    process.stderr.write = write.err;
    process.send?.({ code: Number(process.exitCode ?? 0), ...texts });
    process.exitCode = 0;
  });
}

async function fuzz(): Promise<void> {
  const { values } = parseArgs({
    options: {
      inputs: { type: 'string', default: '2400' },
      seed: { type: 'string', default: '1' },
      format: { type: 'string' },
      files: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const root = mkdtempSync(join(tmpdir(), 'deeptaste-fuzz-'));
  const place = join(root, 'place');
  const temporary = join(root, 'temporary');
  mkdirSync(temporary);
  const runner = new Runner(temporary);
  const counts: Record<string, { inputs: number; done: number; refused: number; faults: number }> = {};
  const faults: string[] = [];
  try {
    const all = await formats(runner, root, values.files);
    const chosen = values.format === undefined ? all : all.filter(({ name }) => name === values.format);
    for (const { name, files, args } of chosen) {
      rmSync(place, { recursive: true, force: true });
      put(place, files);
      const outcome = await runner.run(args, place);
      if (outcome?.code !== 0) throw new Error(`fuzz: the unaltered ${name} must be read, found: ${outcome?.err}`);
    }
    const random = generator(Number(values.seed));
    for (let n = 0; n < Number(values.inputs); n++) {
      const format = chosen[n % chosen.length];
      counts[format.name] ??= { inputs: 0, done: 0, refused: 0, faults: 0 };
      const count = counts[format.name];
      rmSync(place, { recursive: true, force: true });
      put(place, format.files);
      const how = alterOne(format, place, random);
      const before = namesIn(place);
      const outcome = await runner.run(format.args, place);
      const told = faultOf(outcome, before, namesIn(place), namesIn(temporary));
      count.inputs++;
      if (outcome?.code === 0) count.done++;
      else count.refused++;
      if (told === null) continue;
      count.faults++;
      const kept = mkdtempSync(join(tmpdir(), 'deeptaste-fault-'));
      cpSync(place, kept, { recursive: true });
      faults.push(`${format.name}, input ${n}, ${how}: ${told} (deeptaste ${format.args.join(' ')} in ${kept})`);
      console.error(faults.at(-1));
      rmSync(temporary, { recursive: true, force: true });
      mkdirSync(temporary);
    }
  } finally {
    runner.stop();
    rmSync(root, { recursive: true, force: true });
  }
  const total = Object.values(counts).reduce((sum, { inputs }) => sum + inputs, 0);
  if (values.json) console.log(JSON.stringify({ inputs: total, counts, faults }));
  else {
    console.table(counts);
    console.log(`${total} inputs, ${faults.length} faults`);
  }
  if (faults.length > 0) process.exitCode = 1;
}

/** What must not be; null = nothing. */
function faultOf(outcome: Outcome | null, before: string[], after: string[], temporary: string[]): string | null {
  if (outcome === null) return 'hangs, or the process has crashed';
  const { code, out, err } = outcome;
  if (out === '' && err === '') return 'nothing is told: the command did not run';
  if (![0, 1, 2].includes(code)) return `exit code ${code}`;
  const line = err.split('\n').find((each) => /unexpected;|^\s+at .*:\d+|internal:/i.test(each));
  if (line !== undefined) return line.slice(0, 300);
  if (code !== 0 && !/^error: /m.test(err)) return `no error is told: ${JSON.stringify(err.slice(0, 200))}`;
  const left = after.filter((name) => !before.includes(name) && !(code === 0 && name.startsWith('out')));
  if (left.length > 0) return `left over: ${left.join(', ')}`;
  return temporary.length > 0 ? `left over among temporary files: ${temporary.join(', ')}` : null;
}

/** A process that runs commands, made anew when it ends. */
class Runner {
  readonly #temporary: string;
  #child: ChildProcess | null = null;

  constructor(temporary: string) {
    this.#temporary = temporary;
  }

  /** Null when the process ended by itself or did not answer. */
  run(args: readonly string[], folder: string): Promise<Outcome | null> {
    const env = { ...process.env, DEEPTASTE_FUZZ_WORKER: '1', TMPDIR: this.#temporary, NO_COLOR: '1' };
    this.#child ??= fork(fileURLToPath(import.meta.url), { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const child = this.#child;
    return new Promise((resolve) => {
      const end = (outcome: Outcome | null): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (outcome === null) this.stop();
        resolve(outcome);
      };
      const timer = setTimeout(() => end(null), LIMIT_MS);
      child.once('exit', () => end(null));
      child.once('message', (message) => end(message as Outcome));
      child.send({ args, folder });
    });
  }

  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}

/** Alters one file of a format's: mostly by what stands in it, else blindly; a saved recommender is signed again every other time. */
function alterOne(format: Format, folder: string, draw: Draw): string {
  const altered = format.alters[draw(format.alters.length)];
  const path = join(folder, altered);
  const content = readFileSync(path);
  const deep = draw(3) > 0;
  const sign = format.signed === true && draw(3) > 0;
  if (!deep) writeFileSync(path, alterBytes(content, draw));
  else if (format.deep !== undefined) writeFileSync(path, format.deep(content, draw));
  else if (/\.jsonl?$/.test(altered)) writeFileSync(path, alterJson(content.toString(), draw));
  else writeFileSync(path, alterInPlace(content, draw));
  if (sign && (deep || !altered.endsWith('manifest.json'))) signFolder(folder);
  return `${altered} (${deep ? 'by content' : 'blindly'}${sign ? ', signed' : ''})`;
}

function signFolder(folder: string): void {
  const files = filesIn(join(folder, 'saved'), '');
  writeFileSync(join(folder, 'saved', 'manifest.json'), signed(new Map(Object.entries(files))));
}

function put(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function filesIn(folder: string, as: string): Record<string, Buffer> {
  return Object.fromEntries(namesIn(folder).map((name) => [join(as, name), readFileSync(join(folder, name))]));
}

/** Every format with a good file, and the command that reads it. */
async function formats(runner: Runner, root: string, filesOnly: boolean): Promise<Format[]> {
  const rows = Array.from({ length: 60 }, (_, n) => ({
    user: `u${n % 10}`,
    item: `i${(n * 7) % 13}`,
    rating: (n % 5) + 1,
    time: 1_700_000_000 + n * 60,
    title: `The "Film", no. ${(n * 7) % 13}`,
    tags: [`t${n % 3}`, `t${n % 4}`],
  }));
  const quote = (text: string | number): string => `"${String(text).replaceAll('"', '""')}"`;
  const table = (separator: string): string =>
    [
      ['user', 'item', 'rating', 'time', 'title'],
      ...rows.map((r) => [r.user, r.item, r.rating, r.time, quote(r.title)]),
    ]
      .map((cells) => cells.join(separator))
      .join('\n');
  const csv = `${table(',')}\n`;
  const lines = rows.map((row) => JSON.stringify(row)).join('\n');
  const nested = JSON.stringify(
    rows.map(({ user, item, ...rest }) => ({ user: { id: user }, item: { id: item, ...rest } })),
  );
  const bare = rows.map((r) => `${r.user.slice(1)}::${r.item.slice(1)}::${r.rating}::${r.time}`).join('\n');
  const recbole = [
    'user_id:token\titem_id:token\trating:float',
    ...rows.map((r) => `${r.user}\t${r.item}\t${r.rating}`),
  ].join('\n');
  const sequences = rows
    .map((_, n) =>
      rows
        .slice(n, n + 4)
        .map((r) => r.item)
        .join(' '),
    )
    .join('\n');
  const cases = rows
    .slice(0, 20)
    .map((r, n) => `${r.item} ${rows[n + 1].item}\t${rows[n + 2].item}`)
    .join('\n');
  const yaml = 'data:\n  files: [r.csv]\nsplit:\n  method: leave-one-out\n  by: order\nmodel: popularity\nseed: 3\n';
  const given =
    'data:\n  files: [r.csv]\nsplit:\n  method: given\n  test: t.csv\n  candidates: c.txt\nmodel: popularity\n';
  const data = (
    name: string,
    content: string | Buffer,
    alters = [name],
    more: Record<string, string> = {},
    deep?: Format['deep'],
  ): Format => ({
    name,
    files: { [name]: content, ...more },
    alters,
    args: ['data', name],
    deep,
  });
  const cells =
    (separator: string): NonNullable<Format['deep']> =>
    (content, draw) =>
      Buffer.from(alterRows(content.toString(), separator, draw));
  const candidates = rows
    .slice(0, 10)
    .map(
      (r) =>
        `${r.user}\t${rows
          .map(({ item }) => item)
          .slice(0, 13)
          .join('\t')}`,
    )
    .join('\n');
  const prefix = [
    'train',
    '--data',
    'train.txt',
    '--test',
    'test.txt',
    '--split',
    'prefix-files',
    '--model',
    'markov',
    '--out',
    'out',
  ];
  const list: Format[] = [
    data('r.csv', csv, ['r.csv'], {}, cells(',')),
    data('r.tsv', table('\t'), ['r.tsv'], {}, cells('\t')),
    data('utf16.txt', Buffer.from(`\ufeff${table('\t')}`, 'utf16le'), ['utf16.txt'], {}, (content, draw) =>
      Buffer.from(alterRows(content.toString('utf16le'), '\t', draw), 'utf16le'),
    ),
    data(
      'blanks.txt',
      rows.map((r) => `${r.user}   ${r.item}  ${r.rating}`).join('\n'),
      ['blanks.txt'],
      {},
      cells(' '),
    ),
    data('r.json', JSON.stringify(rows)),
    data('nested.json', nested),
    data('r.jsonl', lines),
    data('r.csv.gz', gzipSync(csv), ['r.csv.gz'], {}, (content, draw) =>
      gzipSync(alterRows(gunzipSync(content).toString(), ',', draw)),
    ),
    data('r.zip', madeZip({ 'r.csv': csv }), ['r.zip'], {}, (_, draw) =>
      madeZip({ 'r.csv': alterRows(csv, ',', draw) }),
    ),
    data(
      'x.inter',
      recbole,
      ['x.inter', 'x.item', 'x.net'],
      {
        'x.item': `item_id:token\ttitle:token_seq\n${rows
          .slice(0, 13)
          .map((r) => `${r.item}\tFilm`)
          .join('\n')}`,
        'x.net': 'source_id:token\ttarget_id:token\nu1\tu2\nu2\tu3\n',
      },
      cells('\t'),
    ),
    data(
      'ratings.dat',
      bare,
      ['ratings.dat', 'movies.dat'],
      {
        'movies.dat': rows.map((r) => `${r.item.slice(1)}::Film::A|B`).join('\n'),
      },
      cells('::'),
    ),
    data(
      'r.libfm',
      rows.map((_, n) => `${n % 2} ${n % 10}:1 ${10 + (n % 7)}:1`).join('\n'),
      ['r.libfm'],
      {},
      cells(' '),
    ),
    {
      name: 'lists',
      files: { 'l.txt': sequences },
      alters: ['l.txt'],
      args: ['data', 'l.txt', '--format', 'lists'],
      deep: cells(' '),
    },
    {
      name: 'prefix files',
      files: { 'train.txt': sequences, 'test.txt': cases },
      alters: ['train.txt', 'test.txt'],
      args: prefix,
      deep: cells(' '),
    },
    {
      name: 'experiment',
      files: { 'r.csv': csv, 'e.yaml': yaml },
      alters: ['e.yaml'],
      args: ['run', 'e.yaml', '--out', 'out'],
      deep: cells(': '),
    },
    {
      name: 'candidates',
      files: {
        'r.csv': csv,
        't.csv': 'user,item,rating,time,title\nu1,i0,3,1700009000,x\nu2,i1,4,1700009000,x\n',
        'c.txt': candidates,
        'e.yaml': given,
      },
      alters: ['c.txt', 't.csv'],
      args: ['run', 'e.yaml', '--out', 'out'],
      deep: (content, draw) => cells(content.includes('\t') ? '\t' : ',')(content, draw),
    },
  ];
  const tables = join(root, 'parquet');
  mkdirSync(tables);
  await writeTables(tables, lines);
  for (const name of readdirSync(tables)) list.push(data(name, readFileSync(join(tables, name))));
  if (filesOnly) return list;
  put(tables, { 'r.csv': csv });
  const train = async (name: string, more: readonly string[]): Promise<Record<string, Buffer>> => {
    const outcome = await runner.run(['train', '--data', 'r.csv', '--out', name, '--quiet', ...more], tables);
    if (outcome?.code !== 0) throw new Error(`fuzz: no artifact to alter: ${outcome?.err}`);
    return filesIn(join(tables, name), 'saved');
  };
  const saved = async (name: string, model: readonly string[], args: readonly string[]): Promise<void> => {
    const files = await train(name, model);
    list.push({ name: `saved ${name}`, files, alters: Object.keys(files), args, signed: true });
  };
  const recommend = ['recommend', 'saved', '--user', 'u1'];
  await saved('ItemKNN', ['--model', 'item-knn', '--metrics', 'hr@1'], recommend);
  await saved('BPR-MF', ['--model', 'bpr-mf', '--epochs', '1', '--metrics', 'hr@1'], recommend);
  await saved(
    'LR',
    ['--model', 'lr', '--epochs', '1', '--rating', 'rating'],
    ['explain', 'saved', '--row', 'user=u1', '--row', 'item=i1'],
  );
  list.push(...(await checkpoints(tables, csv)));
  return list;
}

/** Runs that were killed after their first checkpoint, to be resumed or finished. */
async function checkpoints(folder: string, csv: string): Promise<Format[]> {
  const args = ['train', '--data', 'r.csv', '--model', 'bpr-mf', '--epochs', '300', '--split', 'none', '--out', 'out'];
  const begin = [mainFile, ...args, '--checkpoint-seconds', '0', '--quiet'];
  const child = spawn(process.execPath, begin, { cwd: folder, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const place = join(folder, 'out.partial');
  for (let waited = 0; !existsSync(join(place, 'settings.json')); waited++) {
    if (child.exitCode !== null || waited > LIMIT_MS) throw new Error('fuzz: no checkpoint to alter');
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  child.kill('SIGKILL');
  await ended;
  const files = { 'r.csv': csv, ...filesIn(place, 'out.partial') };
  const alters = Object.keys(files).filter((name) => name !== 'r.csv');
  return [
    { name: 'checkpoint, resumed', files, alters, args: [...args, '--resume'] },
    { name: 'checkpoint, finished', files, alters, args: ['train', '--finish', '--out', 'out'] },
  ];
}

/** Parquet files of plain columns, of a dictionary, of lists, of structs. */
async function writeTables(folder: string, lines: string): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const source = join(folder, 'rows.jsonl');
  writeFileSync(source, lines);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const copy = (name: string, columns: string, options = ''): Promise<unknown> =>
    connection.run(
      `COPY (SELECT ${columns} FROM read_json('${source}')) TO '${join(folder, name)}' (FORMAT parquet${options})`,
    );
  await copy('flat.parquet', 'user, item, rating, time');
  await copy('plain.parquet', 'user, item, rating, title', ', COMPRESSION uncompressed, PARQUET_VERSION v2');
  await copy('list.parquet', 'user, item, tags', ', COMPRESSION uncompressed');
  await copy('items.parquet', 'user, list(item) AS items', ', COMPRESSION uncompressed').catch(async () => {
    await connection.run(
      `COPY (SELECT user, list(item) AS items FROM read_json('${source}') GROUP BY user) TO '${join(folder, 'items.parquet')}' (FORMAT parquet, COMPRESSION uncompressed)`,
    );
  });
  await copy('struct.parquet', `{'id': user, 'tags': tags} AS user, item, rating`, ', COMPRESSION zstd');
  connection.closeSync();
  instance.closeSync();
  rmSync(source);
}

if (process.env.DEEPTASTE_FUZZ_WORKER === '1') serve();
else await fuzz();
