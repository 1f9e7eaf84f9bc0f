/** What commander gives to the commands: the flags of each, and those that several share. */
import type { FieldTask } from '../tasks/row-settings.ts';
import type { DataFlags } from './data-flags.ts';
import type { EngineFlags } from './engine-options.ts';
import type { CommonOptions } from './terminal.ts';

export interface SplitFlags {
  readonly split?: string;
  readonly by?: string;
  readonly test?: unknown;
  readonly validation?: unknown;
  readonly sampleCandidates?: number;
}

export interface SequenceFlags {
  readonly sequences?: 'session' | 'gap' | 'user';
  readonly gap?: number;
  readonly minLength?: number;
  readonly minSupport?: number;
  readonly days?: number;
  readonly validationDays?: number;
  readonly unknownItems?: 'remove' | 'miss';
  readonly filter?: 'none' | 'history';
}

export interface EvaluationFlags {
  readonly metrics?: string[];
  readonly candidates?: 'auto' | 'all' | 'listed';
  readonly evalUsers?: number;
}

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

export interface CompareFlags
  extends CommonOptions,
    DataFlags,
    SplitFlags,
    SequenceFlags,
    EvaluationFlags,
    EngineFlags {
  readonly metric?: string;
  readonly baseline?: string;
  readonly significance: 'bootstrap' | 't' | 'wilcoxon';
  readonly data?: string[];
  readonly models?: string[];
  readonly seeds: number;
  readonly seed: number;
  readonly set?: string[];
  readonly epochs?: number;
  readonly refit?: true;
  readonly task?: FieldTask;
}

export interface EvaluateFlags
  extends CommonOptions,
    DataFlags,
    SplitFlags,
    SequenceFlags,
    EvaluationFlags,
    EngineFlags {
  readonly data?: string[];
  readonly save?: true;
}

export interface DemoFlags extends CommonOptions, EngineFlags {
  readonly seed: number;
  readonly out: string;
}
