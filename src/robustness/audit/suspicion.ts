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
 * score of a person is the highest of all recipes. Real people who look like fakes raise π̂, too: up to 0.025 + 1 / √n it is no sign of
 * fakes, and unless a recipe has more, no more than one person in a hundred is called suspicious, whatever the scores.
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
import type { ProfileFeature } from '../detection/features/feature.ts';
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
  /** False: real people look like these fakes too often, and the detector adds to no score. */
  readonly isUsed: boolean;
}

export interface Suspicion {
  /** Of everybody [nUsers], in [0, 1]. */
  readonly score: Float64Array;
  readonly learned: readonly Learned[];
  /** People who are called suspicious at most. */
  readonly most: number;
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
/** Of the people of clean data as many may be called suspicious. */
const FALSE_ALARMS = 0.01;
/** Shares of fakes up to this, and 1 / √people for what chance adds, are found in clean data, too. */
const NO_SIGN = 0.025;
/** AUC below which a detector says nothing of single people: their own ways are those of the fakes. */
const LEAST_AUC = 0.85;
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
    return {
      score,
      learned: [{ from: 'labels', auc: aucOf(labels.ofUser, score), share, isUsed: true }],
      most: nUsers,
      features,
    };
  }
  const recipes = recipesFor(dataset);
  const score = new Float64Array(nUsers);
  const learned: Learned[] = [];
  for (const recipe of recipes) {
    const { name } = recipe;
    const copy = await withFakes(dataset, recipe, options);
    const ofUser = new Int8Array(copy.users.size).fill(1, nUsers);
    const own = featuresOf(copy).filter(({ feature }) => recipe.features(feature));
    const p = await detect(own, ofUser, options, name);
    const share = Math.max(LEAST_SHARE / recipes.length, shareOf(p.slice(0, nUsers), p.slice(nUsers)));
    const perOdds = (share * nUsers) / (copy.users.size - nUsers);
    const auc = aucOf(ofUser, p);
    const isUsed = auc.mean >= LEAST_AUC;
    for (let user = 0; isUsed && user < nUsers; user++)
      score[user] = Math.max(score[user], Math.min(1, (perOdds * p[user]) / (1 - p[user])));
    learned.push({ from: name, auc, share, isUsed });
  }
  const noSign = NO_SIGN + 1 / Math.sqrt(nUsers);
  const found = learned.reduce((sum, { share, isUsed }) => sum + (isUsed && share > noSign ? share : 0), 0);
  return { score, learned, most: Math.floor(nUsers * Math.max(FALSE_ALARMS, found)), features };
}

/** The people whose score is at least the threshold, the most suspicious first, as many as there may be. */
export function suspiciousPeople({ score, most }: Suspicion, threshold: number): number[] {
  const above = Array.from(score.keys()).filter((user) => score[user] >= threshold);
  return above.sort((a, b) => score[b] - score[a] || a - b).slice(0, most);
}

/** How far each person is trusted [nUsers]: 1 − score of who is called suspicious, 1 of all others. */
export function trustOf(suspicion: Suspicion, threshold: number): Float64Array {
  const trust = new Float64Array(suspicion.score.length).fill(1);
  for (const user of suspiciousPeople(suspicion, threshold)) trust[user] = 1 - suspicion.score[user];
  return trust;
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
  /** What the detector looks at. */
  features(feature: ProfileFeature): boolean;
}

function recipesFor({ interactions: { rating, time } }: Dataset): Recipe[] {
  const names = ['random', 'average', 'bandwagon', 'segment'];
  const allowed = names.filter((name) => rating !== null || !attackNamed(name).attack.needsRatings);
  const ofItems = ({ needs }: ProfileFeature) => needs !== 'times';
  const recipes = allowed.map((attack): Recipe => ({ name: attack, attack, timing: 'people', features: ofItems }));
  if (time === null) return recipes;
  // who acts all at once is found by that alone, whatever the items
  const ofTimes = ({ needs, name }: ProfileFeature) => needs === 'times' || name === 'length';
  return [...recipes, { name: 'all at once', attack: 'random', timing: 'burst', features: ofTimes }];
}

/** The data with fake people of a recipe behind the others, who push an unpopular item. */
async function withFakes(
  dataset: Dataset,
  { name, attack, timing }: Pick<Recipe, 'name' | 'attack' | 'timing'>,
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
