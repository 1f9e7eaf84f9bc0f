/** What the command line gives to a server that trains: how to start it, what it can train, how it checks settings. */
import type { Catalogue, ReadOptions } from '../api/training.ts';

export interface TrainingMeans {
  /** The folder in which runs are saved, each under its name. */
  readonly folder: string;
  /** Bytes of an upload. */
  readonly mostUpload: number;
  /** What starts the command line, and its first arguments. */
  readonly program: readonly string[];
  catalogue(): Promise<Pick<Catalogue, 'models' | 'read'>>;
  /** Checks all of the settings that can be wrong without a look at the data. @throws DeepTasteError `usage`, `config` */
  check(settings: Readonly<Record<string, unknown>>): Promise<void>;
  /** The options of reading as arguments of `deeptaste data`. */
  dataArguments(options: ReadOptions): string[];
}
