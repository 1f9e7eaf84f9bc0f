/** One page for an operator: who looks strange in the data, what rose by whom, how easily the recommender is pushed, and what helps. */
import { type Progress, silent } from '../../core/progress.ts';
import { RandomStream } from '../../core/random.ts';
import { type Dataset, displayName, type Split } from '../../data/dataset.ts';
import { rowOf } from '../../data/sparse-rows.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { profileFeatures } from '../detection/features/index.ts';
import type { ProfileLabels } from '../detection/labels.ts';
import { type Profiles, profilesOf } from '../detection/profiles.ts';
import { checkHasLists, checkVictim, type Victim } from '../victims.ts';
import { type Cost, costOfPushing, type DefenceOptions, type DefenceOutcome, defencesAgainst } from './cost.ts';
import { checkPushingAttack } from './pushing-attack.ts';
import { risesOf } from './rises.ts';
import { type Learned, type Suspicion, suspicionOf, suspiciousPeople, trustOf } from './suspicion.ts';
import { commonItems, groupsOf, mostSuspicious } from './targets.ts';

export interface AuditOptions {
  readonly engine: Engine;
  readonly split: Split;
  /** Recommender that is pushed; null = the data alone are looked at. */
  readonly victim: Victim | null;
  /** Attack that pushes it. */
  readonly attack?: string;
  readonly labels?: ProfileLabels;
  /** Score from which on people are counted as suspicious. */
  readonly threshold?: number;
  readonly seed: number;
  readonly progress?: Progress;
}

export interface SuspiciousPerson {
  readonly user: string;
  readonly score: number;
  readonly items: number;
  /** Whether the person is called suspicious: a high score may be beyond as many as there may be. */
  readonly isSuspicious: boolean;
  /** Features in which hardly anybody is more extreme, with the share of people who are. */
  readonly stands: readonly { readonly feature: string; readonly beyond: number }[];
}

export interface Audit {
  readonly data: string;
  readonly people: number;
  readonly items: number;
  readonly rows: number;
  readonly seed: number;
  readonly learned: readonly Learned[];
  readonly threshold: number;
  /** People who are called suspicious: with a score from the threshold on, as many as there may be. */
  readonly suspicious: number;
  /** People with a score from the threshold on. */
  readonly above: number;
  /** The most suspicious people, at most {@link LISTED}. */
  readonly suspects: readonly SuspiciousPerson[];
  readonly common: readonly {
    readonly item: string;
    readonly title: string;
    readonly people: number;
    readonly suspicious: number;
    readonly expected: number;
    readonly pValue: number;
    readonly when: { readonly from: number; readonly to: number } | null;
  }[];
  readonly groups: readonly { readonly items: readonly string[]; readonly people: readonly string[] }[];
  /** Null where rows have no times. */
  readonly rises: {
    readonly since: number;
    readonly byNew: number;
    readonly byFew: number;
    readonly risen: number;
    readonly items: readonly {
      readonly item: string;
      readonly title: string;
      readonly rows: number;
      readonly expected: number;
      readonly byNew: number;
      readonly byFew: number;
      readonly pValue: number;
    }[];
  } | null;
  readonly pushing:
    | (Omit<Cost, 'item'> & {
        readonly item: string;
        readonly title: string;
        readonly model: string;
        readonly metric: string;
        /** What each defence makes of so many fake people (`fakes`). */
        readonly defences: readonly DefenceOutcome[];
      })
    | null;
  /** Of everybody, for files: 1 − score of who is called suspicious, 1 of all others. */
  readonly trust: readonly (readonly [user: string, trust: number])[];
}

export const THRESHOLD = 0.5;
/** Lines of each list. */
export const LISTED = 20;
/** A rise stands out where chance explains it less often than this, over all that rose. */
const STANDS_OUT = 0.01;

/** @throws DeepTasteError `data`: too few people; `config`: a victim without lists, an attack that cannot push it; what trainings throw */
export async function audit(options: AuditOptions): Promise<Audit> {
  const {
    engine,
    split,
    victim,
    labels,
    threshold = THRESHOLD,
    seed,
    progress = silent,
    attack = 'bandwagon',
  } = options;
  const { dataset } = split;
  if (victim) checkPushing(victim, attack, split.train.rating !== null);
  const profiles = profilesOf(dataset);
  const random = new RandomStream(seed, 'audit');
  const suspicion = await suspicionOf(dataset, { engine, random, labels, progress });
  const ranked = mostSuspicious(profiles, suspicion.score);
  const suspicious = new Set(suspiciousPeople(suspicion, threshold));
  const common = commonItems(profiles, ranked);
  const person = (user: number) => dataset.users.idOf(user);
  return {
    data: dataset.name,
    people: dataset.users.size,
    items: dataset.items.size,
    rows: dataset.interactions.length,
    seed,
    learned: suspicion.learned,
    threshold,
    suspicious: suspicious.size,
    above: suspicion.score.reduce((n, score) => n + (score >= threshold ? 1 : 0), 0),
    suspects: ranked.slice(0, LISTED).map((user) => ({
      ...suspectOf(dataset, profiles, suspicion, user),
      isSuspicious: suspicious.has(user),
    })),
    common: common.map(({ item, ...rest }) => ({ ...named(dataset, item), ...rest })),
    groups: groupsOf(profiles, common, ranked).map(({ items, people }) => ({
      items: items.map((item) => dataset.items.idOf(item)),
      people: people.map(person),
    })),
    rises: risesIn(dataset, profiles),
    pushing: victim && (await pushing({ engine, split, victim, attack, labels, threshold, seed, progress })),
    trust: Array.from(trustOf(suspicion, threshold), (trust, user) => [person(user), trust] as const),
  };
}

function named({ items, itemFields }: Dataset, item: number): { readonly item: string; readonly title: string } {
  return { item: items.idOf(item), title: displayName(items, itemFields, item) };
}

function suspectOf(
  dataset: Dataset,
  { rows, nUsers }: Profiles,
  { score, features }: Suspicion,
  user: number,
): Omit<SuspiciousPerson, 'isSuspicious'> {
  const stands = profileFeatures.flatMap(({ name, title }) => {
    const values = features.get(name);
    if (!values) return [];
    const above = values.reduce((n, value) => n + (value > values[user] ? 1 : 0), 0);
    const below = values.reduce((n, value) => n + (value < values[user] ? 1 : 0), 0);
    const isHigh = above < below;
    return [{ feature: `${title} ${isHigh ? 'high' : 'low'}`, beyond: Math.min(above, below) / nUsers }];
  });
  stands.sort((a, b) => a.beyond - b.beyond);
  return {
    user: dataset.users.idOf(user),
    score: score[user],
    items: rowOf(rows, user).length,
    stands: stands.slice(0, 3),
  };
}

function risesIn(dataset: Dataset, profiles: Profiles): Audit['rises'] {
  const found = risesOf(profiles);
  if (!found) return null;
  const { items, ...all } = found;
  const out = items.filter(({ pValue }) => pValue * items.length < STANDS_OUT);
  return { ...all, risen: items.length, items: out.map(({ item, ...rest }) => ({ ...named(dataset, item), ...rest })) };
}

/**
 * Whether the attack can push the victim; before data are read they may be taken to have ratings.
 * @throws DeepTasteError `config`; `not-found`: no such attack or model
 */
export function checkPushing(victim: Pick<Victim, 'model'>, attack: string, hasRatings: boolean): void {
  checkVictim(victim);
  checkHasLists('audit', victim);
  checkPushingAttack(attack, { model: victim.model, hasRatings });
}

async function pushing(options: DefenceOptions) {
  const cost = await costOfPushing(options);
  const { dataset } = options.split;
  return {
    ...cost,
    ...named(dataset, cost.item),
    model: options.victim.model,
    metric: options.victim.evaluation.metrics[0],
    defences: await defencesAgainst(options, cost),
  };
}
