/** What the server asks of trained recommenders, as plain data: questions and answers pass between threads. */
import type { Comparison } from '../../evaluation/comparison.ts';
import type { Calibration } from '../../evaluation/metrics/calibration.ts';
import type { SlicedComparison } from '../../evaluation/slice-comparison.ts';
import type { Unit } from '../../evaluation/unit-values.ts';
import type { Explanation } from '../../recommender/explain-row.ts';
import type { RowPrediction } from '../../recommender/named-rows.ts';
import type { NegativeStudy } from '../../runs/negative-study-schema.ts';
import type { TuningStudy } from '../../runs/tuning-study-schema.ts';
import type { EpochRecord } from '../../training/checkpoint.ts';
import type { Cell, Cells, StoredItem } from '../store/records.ts';
import type { Posterior } from './bandit-model.ts';

export const PROVIDERS = ['model', 'content', 'popular'] as const;
/** Where items of a list come from: the model, likeness of what describes them to what the person took, what most people took. */
export type Provider = (typeof PROVIDERS)[number];

/**
 * How an item came into a list: `model` = the person as training knew it; `fold-in` = the model, by items that training did not
 * have of the person; `content` = by what describes items or the person; `popular` = what most people took.
 */
export const ROUTES = ['model', 'fold-in', 'content', 'popular'] as const;
export type Route = (typeof ROUTES)[number];

/** Somebody, as far as anything is known. */
export interface Somebody {
  /** Under these ids training may know the person. */
  readonly ids: readonly string[];
  /** What the person took since, or instead: the oldest first. */
  readonly items: readonly string[];
  /** True: `items` are all that is known, what training knows is not to be looked at. */
  readonly isGiven: boolean;
  /** Items that are in none of the person's lists whatever is asked for, such as disliked ones. */
  readonly refused: readonly string[];
  /** Cells that were asked with: the context, or what describes the person. Null = none. */
  readonly row: Readonly<Record<string, unknown>> | null;
  /** What the store knows to describe the person; models that look at no fields do without. */
  readonly fields: Cells;
  /** A session whose state may be kept from one question to the next. */
  readonly session: string | null;
}

/** Of whom nothing is known. */
export const NOBODY: Somebody = {
  ids: [],
  items: [],
  isGiven: true,
  refused: [],
  row: null,
  fields: {},
  session: null,
};

export interface Boost {
  readonly where: string;
  /** Added to the score, in standard deviations of the scores of the person's candidates. */
  readonly by: number;
}

export type Explore =
  | { readonly method: 'epsilon'; readonly epsilon: number; readonly among: number }
  | { readonly method: 'boltzmann'; readonly temperature: number; readonly among: number }
  | { readonly method: 'thompson'; readonly scale: number; readonly ridge: number; readonly among: number };

/** How a list is made. */
export interface Wanted {
  readonly k: number;
  /** Conditions that all hold of every item. */
  readonly where: readonly string[];
  readonly boost: readonly Boost[];
  readonly exclude: readonly string[];
  /** 0 = the best, 1 = the most unlike each other. */
  readonly diversity: number;
  readonly explore: Explore | null;
  /** What Thompson sampling has learned; null = nothing yet. */
  readonly posterior: Posterior | null;
  /** Null = as the model does by itself. */
  readonly includeSeen: boolean | null;
  /** Whether it is said which items of the person speak for each. */
  readonly reasons: boolean;
  readonly providers: readonly { readonly from: Provider; readonly weight: number }[];
  readonly fallback: readonly Provider[];
  /** Names the random stream of exploration: the same seed, the same list. */
  readonly seed: string;
}

export interface NamedItem {
  readonly id: string;
  readonly title: string;
}

export interface ServedItem extends NamedItem {
  readonly score: number;
  /** With which the item got its place, those before it given; 1 without exploration. */
  readonly probability: number;
  readonly route: Route;
  /** Items of the person that speak most for it, best first. */
  readonly because: readonly NamedItem[];
}

export interface ServedList {
  readonly items: readonly ServedItem[];
  /** How the person was represented: `trained`, or one sentence. */
  readonly how: string;
  readonly unknownItems: readonly string[];
  readonly notes: readonly string[];
  /** What Thompson sampling looked at, by place; null = it did not choose the item. Absent = it did not choose at all. */
  readonly features?: readonly (readonly number[] | null)[];
}

export interface ShownItem extends NamedItem {
  readonly fields: Cells;
  readonly available: boolean;
  /** Whether the model was trained on it. */
  readonly trained: boolean;
  /** People, or events of sequences, of the training that have it. */
  readonly popularity: number;
}

export interface AboutModel {
  readonly name: string;
  /** The model's name and title in the catalogue of models: `mf`, `Matrix factorization`. */
  readonly model: string;
  readonly title: string;
  /** Of the files: another artifact, another version. */
  readonly version: string;
  /** ISO 8601; null where the recommender was never saved. */
  readonly created: string | null;
  readonly form: string;
  readonly by: readonly string[];
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
  readonly data: string;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly itemFields: readonly { readonly name: string; readonly kind: string }[];
  readonly userFields: readonly { readonly name: string; readonly kind: string }[];
}

export type Question =
  | { readonly kind: 'about' }
  | { readonly kind: 'recommend'; readonly model: string; readonly person: Somebody; readonly wanted: Wanted }
  | {
      readonly kind: 'rank';
      readonly model: string;
      readonly person: Somebody;
      readonly items: readonly string[];
      readonly wanted: Wanted;
    }
  | {
      readonly kind: 'similar';
      readonly model: string;
      readonly item: string;
      readonly k: number;
      readonly where: readonly string[];
      readonly exclude: readonly string[];
    }
  | { readonly kind: 'predict'; readonly model: string; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'explain-row'; readonly model: string; readonly row: Readonly<Record<string, unknown>> }
  | { readonly kind: 'item'; readonly model: string; readonly id: string }
  | {
      readonly kind: 'items';
      readonly model: string;
      readonly search: string;
      readonly offset: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'users';
      readonly model: string;
      readonly search: string;
      /** Only those who took it in training; null = all. */
      readonly item: string | null;
      readonly limit: number;
    }
  | { readonly kind: 'history'; readonly model: string; readonly person: Somebody }
  | { readonly kind: 'check-fields'; readonly fields: Cells }
  /** Users of the training, evenly from among all. */
  | { readonly kind: 'some-users'; readonly model: string; readonly count: number }
  /** The model's own lists for users of the training, without reasons. */
  | { readonly kind: 'lists'; readonly model: string; readonly users: readonly string[]; readonly k: number }
  | { readonly kind: 'exposure'; readonly model: string; readonly lists: readonly (readonly string[])[] }
  | { readonly kind: 'directions'; readonly model: string }
  | { readonly kind: 'colors'; readonly model: string; readonly items: readonly string[]; readonly field: string }
  | MeasureQuestion;

/** What needs no recommender and may take long: what is read from the folders of runs, and layouts. */
export type MeasureQuestion =
  | { readonly kind: 'measures'; readonly run: MeasuredRun }
  | {
      readonly kind: 'compare';
      readonly runs: readonly MeasuredRun[];
      /** Null = the first that all have. */
      readonly metric: string | null;
      /** Null = the best. */
      readonly baseline: string | null;
      readonly slices: boolean;
    }
  | { readonly kind: 'layout'; readonly method: Layout; readonly directions: Directions };

/** A served run and where it was read from. */
export interface MeasuredRun {
  readonly name: string;
  /** Null = it was never saved. */
  readonly path: string | null;
  readonly version: string;
}

export interface SimilarList {
  readonly items: readonly (NamedItem & { readonly score: number; readonly route: Route })[];
  readonly how: string;
  readonly notes: readonly string[];
}

/** How the lists of a model are spread over the items. */
export interface Exposure {
  readonly nItems: number;
  /** Share of the items that are in a list. */
  readonly coverage: number;
  /** Of the times that items are shown, 0 = all alike; NaN where none is shown. */
  readonly gini: number;
  /** Tenths of the items, those that most people took in training first. */
  readonly tenths: readonly {
    readonly items: number;
    /** Share of what was taken in training, and of the places of the lists. */
    readonly taken: number;
    readonly shown: number;
    /** Items in a list. */
    readonly covered: number;
  }[];
  /** Those that are shown most. */
  readonly points: readonly (NamedItem & { readonly popularity: number; readonly shown: number })[];
}

/** The directions of the vectors of items. */
export interface Directions {
  /** Of the items with a vector those that most people took. */
  readonly items: readonly (NamedItem & { readonly popularity: number })[];
  /** Items with a vector. */
  readonly nItems: number;
  readonly width: number;
  /** Rows of length 1, or of zeros [items.length × width], to four decimals: it travels as text. */
  readonly unit: readonly number[];
}

/** How items become points of a plane; `item-layout.ts` does it. */
export type Layout = 'axes' | 'neighbours';

export interface PlacedItems {
  /** Few items have no neighbourhoods: they are laid out along axes. */
  readonly layout: Layout;
  /** x and y of one item after the other. */
  readonly coordinates: readonly number[];
  /** Share of the variance of the points along x, and y; null where the plane is not one of axes. */
  readonly explained: readonly number[] | null;
}

export interface ItemMap {
  /** Items with a vector; the points are those of them that most people took. */
  readonly items: number;
  readonly layout: Layout;
  readonly explained: PlacedItems['explained'];
  readonly points: readonly (NamedItem & {
    readonly x: number;
    readonly y: number;
    readonly popularity: number;
    readonly value: Cell;
  })[];
}

/** What the folder of a run says of its measurement. */
export interface RunMeasures {
  /** What intervals go over; null = it was not measured, or is not there. */
  readonly unit: Unit | null;
  readonly protocol: Readonly<Record<string, unknown>> | null;
  readonly metrics: Readonly<
    Record<string, { readonly mean: number; readonly low: number | null; readonly high: number | null }>
  >;
  readonly seconds: number | null;
  readonly notes: readonly string[];
  /** Oldest first; empty where it was not trained by epochs. */
  readonly epochs: readonly EpochRecord[];
  /** What `validation` of an epoch is. */
  readonly validationMetric: string | null;
  /** Of click probabilities. */
  readonly calibration: Calibration | null;
  /** What the negatives of several samplers taught; null where that was not studied. */
  readonly negatives: NegativeStudy | null;
  /** The study that chose its model and options; null where none did. */
  readonly tuning: TuningStudy | null;
  /** What is not there, and why: one sentence each. */
  readonly missing: readonly string[];
}

export interface ComparedRuns extends Omit<Comparison, 'slices'> {
  /** Metrics that all runs have. */
  readonly shared: readonly string[];
  readonly slices: SlicedComparison | null;
}

export interface Replies {
  readonly about: readonly AboutModel[];
  readonly recommend: ServedList;
  readonly rank: ServedList;
  /** Null for an item of which nothing is known. */
  readonly similar: SimilarList | null;
  readonly predict: readonly RowPrediction[];
  readonly 'explain-row': Explanation;
  readonly item: ShownItem | null;
  readonly items: { readonly items: readonly ShownItem[]; readonly total: number };
  readonly users: readonly string[];
  readonly history: {
    readonly isTrained: boolean;
    /** How the person would be served. */
    readonly route: Route;
    readonly items: readonly NamedItem[];
    readonly fields: Cells;
  };
  readonly 'check-fields': null;
  readonly 'some-users': readonly string[];
  readonly lists: readonly (readonly string[])[];
  readonly exposure: Exposure;
  readonly directions: Directions;
  /** One value an item. */
  readonly colors: readonly Cell[];
  readonly layout: PlacedItems;
  readonly measures: RunMeasures;
  readonly compare: ComparedRuns;
}

export type ReplyTo<Q extends Question> = Replies[Q['kind']];

/** Whoever answers questions, in this thread or in others. */
export interface Scoring {
  /** The recommenders that are asked, the first one when none is named. */
  readonly about: readonly AboutModel[];
  /** False while there is nobody to answer. */
  readonly isThere: boolean;
  /** In the same order. */
  readonly runs: readonly MeasuredRun[];
  /**
   * @param signal aborted when nobody waits for the answer any more: a question that is not being scored yet is dropped
   * @throws Gone for a question that was dropped
   */
  ask<Q extends Question>(question: Q, signal?: AbortSignal): Promise<ReplyTo<Q>>;
  /** Tells what the store says of items; it holds from the next question on. */
  itemsChanged(items: readonly StoredItem[]): Promise<void>;
  /** Questions that wait or are being answered. */
  readonly waiting: number;
  /** Questions that were dropped since nobody waited for their answers any more. */
  readonly nDropped: number;
  close(): Promise<void>;
}
