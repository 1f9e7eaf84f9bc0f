/**
 * How suspicious each person of the data is: a rank with a calibrated score, no verdict. A detector learns from people who are labelled,
 * or, where nobody is, one for each of several recipes from fake people that are put into a copy of the data. All are cross-fitted.
 *
 * Without labels the people of the data are a mixture of real ones and of an unknown share π of fakes, f = (1 − π) f₀ + π f₁. The odds of a
 * detector of n₁ fakes among n people are (n₁ / n) f₁ / f, hence
 *
 *   score = π f₁ / f = π · odds · n / n₁        π̂ = min over cuts c of P(odds ≥ c) / P₁(odds ≥ c), but at least 0.005 shared by the recipes
 *
 * (learning from positive and unlabelled people: Elkan & Noto: Learning Classifiers from Only Positive and Unlabeled Data. KDD 2008). The
 * score of a person is the highest of all recipes. Over the people of the data f₁ / f has the mean 1, so that where no fakes are found at
 * most 0.005 / threshold of them reach a threshold: 1 % reach ½.
 */
import { DeepTasteError } from '../../core/errors.ts';
import { type Progress, silent } from '../../core/progress.ts';
import type { RandomStream } from '../../core/random.ts';
import type { Dataset } from '../../data/dataset.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { aucInterval } from '../../evaluation/statistics/auc-interval.ts';
import type { Interval } from '../../evaluation/statistics/bootstrap.ts';
import { carryOut } from '../attacks/attack.ts';
import { attackNamed } from '../attacks/index.ts';
import { drawBudget } from '../budget.ts';
import { type FeatureColumn, featureTable } from '../detection/feature-table.ts';
import type { ProfileLabels } from '../detection/labels.ts';
import { profilesOf } from '../detection/profiles.ts';
import { supervisedScores } from '../detection/supervised.ts';
import { addFakes, type FakeTiming } from '../fake-profiles.ts';
import { byPopularity, itemsOfPeople, popularityOf } from '../real-people.ts';

/** What a detector learned from, and how well it tells those people from all others, cross-fitted. */
export interface Learned {
  readonly from: string;
  readonly auc: Interval;
  /** Share of the people that are taken to be such fakes. */
  readonly share: number;
}

export interface Suspicion {
  /** Of everybody [nUsers], in [0, 1]. */
  readonly score: Float64Array;
  readonly learned: readonly Learned[];
  /** Value of each feature of everybody, by its name. */
  readonly features: ReadonlyMap<string, Float64Array>;
}

export interface SuspicionOptions {
  readonly engine: Engine;
  readonly random: RandomStream;
  readonly labels?: ProfileLabels;
  readonly progress?: Progress;
}

/** Fake people that are taken to be there although none are found, as a share of all people. */
const LEAST_SHARE = 0.005;
/** Fewer people say nothing of what people are like. */
const FEWEST_PEOPLE = 50;
/** Fake people of each recipe that are put in: a share of the people, but some of them at least. */
const PUT_IN = { share: 0.03, least: 100 };
const TARGETS = 1;
/** Share of the fakes that are above the highest cut that is looked at. */
const HIGHEST_CUT = 0.1;

/** @throws DeepTasteError `data`: fewer than 50 people */
export async function suspicionOf(dataset: Dataset, options: SuspicionOptions): Promise<Suspicion> {
  const { engine, random, labels, progress = silent } = options;
  const nUsers = dataset.users.size;
  if (nUsers < FEWEST_PEOPLE)
    throw new DeepTasteError(
      'data',
      `audit: the data must have ${FEWEST_PEOPLE} people, among whom some can stand out, found ${nUsers}; take more data`,
    );
  const featuresOf = (data: Dataset) =>
    featureTable(profilesOf(data), { engine, random: random.child('features') }, progress);
  const table = featuresOf(dataset);
  const features = new Map(table.map(({ feature, values }) => [feature.name, values]));
  if (labels) {
    const score = await detect(table, labels.ofUser, options, 'labels');
    const share = labels.nFake / (labels.nFake + labels.nReal);
    return { score, learned: [{ from: 'labels', auc: aucOf(labels.ofUser, score), share }], features };
  }
  const recipes = recipesFor(dataset);
  const score = new Float64Array(nUsers);
  const learned: Learned[] = [];
  for (const recipe of recipes) {
    const { name } = recipe;
    const copy = await withFakes(dataset, recipe, options);
    const ofUser = new Int8Array(copy.users.size).fill(1, nUsers);
    const p = await detect(featuresOf(copy), ofUser, options, name);
    const share = Math.max(LEAST_SHARE / recipes.length, shareOf(p.slice(0, nUsers), p.slice(nUsers)));
    const perOdds = (share * nUsers) / (copy.users.size - nUsers);
    for (let user = 0; user < nUsers; user++)
      score[user] = Math.max(score[user], Math.min(1, (perOdds * p[user]) / (1 - p[user])));
    learned.push({ from: name, auc: aucOf(ofUser, p), share });
  }
  return { score, learned, features };
}

function detect(
  table: readonly FeatureColumn[],
  ofUser: Int8Array,
  { engine, random, progress }: SuspicionOptions,
  name: string,
): Promise<Float64Array> {
  const count = (label: number) => ofUser.filter((each) => each === label).length;
  const labels = { ofUser, nFake: count(1), nReal: count(0) };
  return supervisedScores(table, labels, { engine, random: random.child(`detector ${name}`), progress });
}

function aucOf(ofUser: Int8Array, score: Float64Array): Interval {
  const known = Array.from(ofUser.keys()).filter((user) => ofUser[user] >= 0);
  return aucInterval(
    known.map((user) => ofUser[user]),
    known.map((user) => score[user]),
  );
}

/** π̂: at no cut there can be more fakes among the people above it than people. Sorts both. */
function shareOf(people: Float64Array, fakes: Float64Array): number {
  people.sort();
  fakes.sort();
  let least = 1;
  let below = people.length;
  for (let k = 1; k <= fakes.length; k++) {
    const cut = fakes[fakes.length - k];
    while (below > 0 && people[below - 1] >= cut) below--;
    if (k >= HIGHEST_CUT * fakes.length)
      least = Math.min(least, (people.length - below) / people.length / (k / fakes.length));
  }
  return least;
}

interface Recipe {
  readonly name: string;
  readonly attack: string;
  readonly timing: FakeTiming;
}

function recipesFor({ interactions: { rating, time } }: Dataset): Recipe[] {
  const names = ['random', 'average', 'bandwagon', 'segment'];
  const allowed = names.filter((name) => rating !== null || !attackNamed(name).attack.needsRatings);
  const recipes = allowed.map((attack): Recipe => ({ name: attack, attack, timing: 'people' }));
  if (time === null) return recipes;
  return [...recipes, { name: 'bandwagon, all at once', attack: 'bandwagon', timing: 'burst' }];
}

/** The data with fake people of a recipe behind the others, who push an unpopular item. */
async function withFakes(
  dataset: Dataset,
  { name, attack, timing }: Recipe,
  { engine, random }: SuspicionOptions,
): Promise<Dataset> {
  const nUsers = dataset.users.size;
  const count = Math.min(nUsers, Math.ceil(Math.max(PUT_IN.least, PUT_IN.share * nUsers)));
  const ranked = byPopularity(popularityOf(itemsOfPeople(dataset), dataset.items.size));
  const draws = random.child(name);
  const profiles = await carryOut(attackNamed(attack), {
    data: dataset,
    targets: draws
      .shuffle(ranked.slice(Math.floor(ranked.length / 2)))
      .slice(0, TARGETS)
      .sort(),
    goal: 'promote',
    budget: drawBudget(dataset, { count }, 'matched', draws.child('budget')),
    random: draws.child('craft'),
    engine: () => engine,
  });
  return addFakes(dataset, profiles, draws.child('fake people'), timing).dataset;
}
