/** What commander gives to the commands: the flags of each, and those that several share. */

import type { FakeTiming } from '../robustness/fake-profiles.ts';
import type { DataFlags, LayoutFlags } from './data-flags.ts';
import type { EngineFlags } from './engine-options.ts';
import type { SettingsFlags } from './run-flags.ts';
import type { CommonOptions } from './terminal.ts';

/** Options that `train` and `run` share. */
export interface RunFlags extends EngineFlags {
  readonly out?: string;
  readonly seed?: number;
  readonly resume?: true;
  readonly finish?: true;
  readonly checkpointSeconds: number;
  readonly profile?: string | true;
  /** False by `--no-final`. */
  readonly final: boolean;
}

export interface CompareFlags extends CommonOptions, DataFlags, SettingsFlags, EngineFlags {
  readonly metric?: string;
  readonly baseline?: string;
  readonly significance: 'bootstrap' | 't' | 'wilcoxon';
  /** A picture's file where one is given. */
  readonly slices?: true | string;
  readonly data?: string[];
  readonly models?: string[];
  readonly seeds: number;
  readonly seed: number;
  readonly set?: string[];
  readonly epochs?: number;
  readonly refit?: true;
}

export interface TuneFlags extends CommonOptions, DataFlags, SettingsFlags, EngineFlags {
  readonly data?: string[];
  readonly models?: string[];
  readonly set?: string[];
  readonly search?: string[];
  readonly minutes?: number;
  readonly trials?: number;
  readonly epochs?: number;
  readonly metric?: string;
  readonly sampler?: 'tpe' | 'random';
  readonly out?: string;
  readonly resume?: true;
  readonly deterministic?: true;
  readonly workers?: number;
  readonly seed?: number;
  /** False by `--no-final`. */
  readonly final: boolean;
}

export interface EvaluateFlags extends CommonOptions, DataFlags, SettingsFlags, EngineFlags {
  readonly data?: string[];
  readonly save?: true;
}

export interface NegativesFlags extends CommonOptions, DataFlags, SettingsFlags, EngineFlags {
  readonly data?: string[];
  readonly model?: string;
  readonly samplers: string[];
  readonly set?: string[];
  readonly epochs?: number;
  readonly steps: number;
  readonly seed?: number;
  readonly svg?: string;
  readonly save?: boolean;
}

export interface PolicyLogFlags extends CommonOptions {
  readonly store: string;
  readonly settings?: string;
  readonly since?: string;
  readonly scenario?: string;
  readonly reward: 'taken' | 'value';
  readonly out: string;
}

/** Columns of a log of decisions; false by `--no-…`. */
export interface LogRoleFlags {
  readonly action?: string;
  readonly reward?: string;
  readonly propensity?: string;
  readonly position?: string | boolean;
  readonly list?: string | boolean;
  readonly time?: string | boolean;
}

export interface PolicyEvaluateFlags extends CommonOptions, EngineFlags, LogRoleFlags, LayoutFlags {
  readonly policy?: string[];
  readonly temperature?: number;
  readonly excludeSeen?: boolean;
  readonly context?: string[] | boolean;
  readonly behaviour?: string;
  readonly rewardRange?: string[];
  readonly rewardModel: string;
  readonly set?: string[];
  readonly folds?: number;
  readonly estimator?: string;
  readonly baseline: string;
  readonly segments?: string[];
  readonly minEss: number;
  readonly minRewarded: number;
  readonly maxUnseen: number;
  readonly interval?: 'bootstrap' | 'normal';
  readonly level: number;
  readonly seed: number;
}

export interface PolicySimulateFlags extends CommonOptions {
  /** Absent = those that the world names. */
  readonly policies?: string[];
  readonly users: number;
  readonly steps: number;
  readonly runs: number;
  readonly seed: number;
  readonly set?: string[];
  readonly svg?: string;
}

export interface AttackFlags extends CommonOptions, DataFlags, SettingsFlags, EngineFlags {
  readonly data: string[];
  /** Absent where the poisoned data are all that is wanted. */
  readonly model?: string[];
  readonly attack: string[];
  readonly budget: string[];
  readonly length: string;
  readonly times: FakeTiming;
  readonly targets: string[];
  readonly nTargets: number;
  readonly demote?: true;
  readonly seeds: number;
  readonly seed: number;
  readonly set?: string[];
  readonly epochs?: number;
  readonly questions: number;
  readonly spies: number;
  readonly out?: string;
  readonly writeData?: string;
}

export interface AuditFlags extends CommonOptions, DataFlags, SettingsFlags, EngineFlags {
  readonly run?: string;
  readonly model?: string;
  readonly attack: string;
  readonly labels?: string;
  readonly threshold: number;
  readonly seed: number;
  readonly out?: string;
}

export interface DemoFlags extends CommonOptions, EngineFlags {
  readonly seed: number;
  /** Absent = the folder of the demo, or that of its served models. */
  readonly out?: string;
  readonly serve?: boolean;
  readonly port?: number;
}

export interface ServeFlags extends CommonOptions {
  readonly host: string;
  readonly port: number;
  readonly store: string;
  readonly bus?: string;
  readonly settings?: string;
  readonly workers: number;
  readonly queue: number;
  readonly rate?: number;
  readonly maxBody: number;
  readonly cors?: string[];
  readonly watch?: true;
  readonly keep: number;
  readonly drain: number;
  /** Milliseconds. */
  readonly retrainEvery?: number;
  readonly promote?: string;
  readonly margin?: number;
  readonly runs?: string;
  readonly maxUpload?: number;
}
