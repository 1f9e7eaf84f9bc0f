/**
 * How well people who were not in training are served: a part of the people is held out, half of the items of each is given,
 * the other half is to be found; recall@20, ndcg@10 and the processor time of an answer.
 * `node scripts/fold-in-quality.ts [FILE.inter.gz | film-club] [--models mf,neumf] [--part 1] [--dist FOLDER] [--kept FOLDER]`
 * `--part` of four holds out other people; another build (`--dist`) answers with the same weights, and the differences have 95 %
 * intervals over the people; `--kept` keeps the trained recommenders for the next time. Part 0 is the one constants are chosen on.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';

const PARTS = 4;
const GIVEN = 31;
const { values, positionals } = parseArgs({
  options: {
    models: { type: 'string', default: 'mf,gmf,bpr-mf,mlp,neumf' },
    part: { type: 'string', default: '1' },
    epochs: { type: 'string', default: '10' },
    dist: { type: 'string' },
    kept: { type: 'string' },
  },
  allowPositionals: true,
});
const [source = 'film-club'] = positionals;
const part = Number(values.part);
const load = (folder: string) => import(join(folder, 'index.js'));
const own = await load(fileURLToPath(new URL('../dist', import.meta.url)));
const other = values.dist ? await load(values.dist) : null;

/** User and item of every row, in the order of the file. */
function pairs(): [string, string][] {
  if (source !== 'film-club') {
    const lines = gunzipSync(readFileSync(source)).toString().trim().split('\n').slice(1);
    return lines.map((line) => line.split('\t').slice(0, 2) as [string, string]);
  }
  const { users, items, interactions } = own.simulateFilmClub({ nUsers: 2000, nItems: 800 }).dataset;
  return Array.from(interactions.userIndex as Int32Array, (user, r) => [
    users.idOf(user),
    items.idOf(interactions.itemIndex[r]),
  ]);
}

const people = new Map<string, string[]>();
for (const [user, item] of pairs()) {
  const list = people.get(user) ?? [];
  if (!list.includes(item)) list.push(item);
  people.set(user, list);
}

/** A number of a text, evenly spread (FNV-1a with a last mixing). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let k = 0; k < text.length; k++) hash = Math.imul(hash ^ text.charCodeAt(k), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

interface Person {
  readonly given: readonly string[];
  readonly wanted: ReadonlySet<string>;
}
const interactions: { user: string; item: string }[] = [];
const heldOut: Person[] = [];
for (const [user, items] of people)
  if (spread(`person ${user}`) % PARTS !== part) for (const item of items) interactions.push({ user, item });
const known = new Set(interactions.map(({ item }) => item));
for (const [user, items] of people) {
  if (spread(`person ${user}`) % PARTS !== part) continue;
  const order = items.filter((item) => known.has(item)).sort((a, b) => spread(`${user} ${a}`) - spread(`${user} ${b}`));
  const half = Math.ceil(order.length / 2);
  if (order.length >= 10) heldOut.push({ given: order.slice(0, half), wanted: new Set(order.slice(half)) });
}
console.log(
  `${source}, part ${part}: ${people.size} people, ${heldOut.length} held out, ${interactions.length} training rows`,
);

type Asked = {
  recommend(
    request: { readonly history: readonly string[] },
    options: { readonly k: number },
  ): { recommendations: { item: string }[] };
};

function qualityOf(recommender: Asked): { recall: number[]; ndcg: number[] } {
  const recall: number[] = [];
  const ndcg: number[] = [];
  for (const { given, wanted } of heldOut) {
    const top = recommender.recommend({ history: given }, { k: 20 }).recommendations.map(({ item }) => item);
    recall.push(top.filter((item) => wanted.has(item)).length / wanted.size);
    const gain = (rank: number) => 1 / Math.log2(rank + 2);
    let [sum, best] = [0, 0];
    for (let rank = 0; rank < 10; rank++) {
      if (wanted.has(top[rank])) sum += gain(rank);
      if (rank < wanted.size) best += gain(rank);
    }
    ndcg.push(sum / best);
  }
  return { recall, ndcg };
}

const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;

function meanAndInterval(list: readonly number[]): string {
  const m = mean(list);
  const error = Math.sqrt(list.reduce((sum, x) => sum + (x - m) ** 2, 0) / (list.length - 1) / list.length);
  return `${m >= 0 ? '+' : ''}${m.toFixed(4)} ± ${(1.96 * error).toFixed(4)}`;
}

/** Processor milliseconds of answers to 31 items: the first, the median of the rest. */
function timesOf(recommender: Asked, answers: number): string {
  const items = [...known];
  const times: number[] = [];
  for (let n = 0; n < answers; n++) {
    const given = Array.from({ length: GIVEN }, (_, k) => items[(n * 17 + k * 23) % items.length]);
    const before = process.cpuUsage();
    recommender.recommend({ history: given }, { k: 10 });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  const [first, ...rest] = times;
  const half = rest.slice(Math.floor(rest.length / 2)).sort((a, b) => a - b);
  return `first ${first.toFixed(1)} ms, p50 ${half[Math.floor(half.length / 2)].toFixed(2)} ms`;
}

for (const model of values.models.split(',')) {
  const engine = new own.Engine({ threads: 1 });
  const folder = values.kept && join(values.kept, `${source.replaceAll(/\W+/g, '-')}-${part}-${model}`);
  let recommender: InstanceType<typeof own.Recommender>;
  if (folder && existsSync(folder)) recommender = await own.Recommender.load(folder, { threads: 1 });
  else {
    const settings = own.parseRunSettings({
      data: { interactions },
      model,
      training: { epochs: Number(values.epochs) * (model === 'bpr-mf' ? 3 : 1) },
      split: { method: 'none' },
    });
    const split = await own.loadSplit({ interactions }, { method: 'none' });
    ({ recommender } = await own.trainRecommender({ engine, split, settings }));
    if (folder) await recommender.save(folder);
  }
  const times = timesOf(recommender, 300);
  const quality = qualityOf(recommender);
  console.log(
    `${model}: recall@20 ${mean(quality.recall).toFixed(4)}, ndcg@10 ${mean(quality.ndcg).toFixed(4)}; ${times}`,
  );
  if (other) {
    const otherEngine = new other.Engine({ threads: 1 });
    const compared = new other.Recommender(recommender.parts, otherEngine);
    const otherTimes = timesOf(compared, 16);
    const { recall, ndcg } = qualityOf(compared);
    const less = (a: readonly number[], b: readonly number[]) => meanAndInterval(a.map((x, k) => x - b[k]));
    console.log(
      `  other build: recall@20 ${mean(recall).toFixed(4)}, ndcg@10 ${mean(ndcg).toFixed(4)}; ${otherTimes}; ` +
        `this − other: recall@20 ${less(quality.recall, recall)}, ndcg@10 ${less(quality.ndcg, ndcg)}`,
    );
    compared.close();
    otherEngine.close();
  }
  recommender.close();
  engine.close();
}
