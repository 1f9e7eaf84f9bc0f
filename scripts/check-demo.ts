/** Checks the JSON of the main job, end to end: the leaderboard is complete, ordered and bounded, and people get recommendations. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Row {
  readonly model: string;
  readonly isReference?: boolean;
  readonly metrics: Readonly<Record<string, { readonly mean: number }>>;
}

const demo = JSON.parse(readFileSync(process.argv[2], 'utf8')) as {
  leaderboard: Row[];
  people: { name: string; recommendations: { title: string; because: unknown[] }[] }[];
};
const wanted = ['popularity', 'item-knn', 'ease', 'bpr-mf', 'mf', 'gmf', 'mlp', 'neumf'];
const scoreOf = (model: string): number => {
  const row = demo.leaderboard.find((candidate) => candidate.model === model);
  assert.ok(row, `the leaderboard must hold ${model}`);
  return row.metrics['ndcg@10'].mean;
};
const best = Math.max(...demo.leaderboard.filter((row) => row.isReference).map((row) => row.metrics['ndcg@10'].mean));
for (const model of wanted) assert.ok(scoreOf(model) <= best, `${model} must not beat the best possible score`);
for (const model of ['ease', 'mf', 'neumf'])
  assert.ok(scoreOf(model) > 1.2 * scoreOf('popularity'), `${model} must clearly beat popularity`);
assert.equal(demo.people.length, 3);
for (const { name, recommendations } of demo.people) {
  assert.ok(recommendations.length >= 5, `${name} must get recommendations`);
  assert.ok(recommendations.every(({ title }) => title.length > 3));
  assert.ok(recommendations.some(({ because }) => because.length > 0));
}
console.log(`main job: ${demo.leaderboard.length} rows, best ${best.toFixed(4)}, ${demo.people.length} people served`);
