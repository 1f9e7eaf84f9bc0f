/** What of a server trains: uploads, jobs, and the runs that come out of them. */
import type { Log } from '../log.ts';
import type { ModelSource } from '../scoring/served-models.ts';
import type { ServerSettings } from '../settings.ts';
import { Jobs } from './jobs.ts';
import type { TrainingMeans } from './means.ts';
import { ServedRuns } from './served-runs.ts';
import { Uploads } from './uploads.ts';

export class TrainingDesk {
  readonly means: TrainingMeans;
  readonly jobs: Jobs;
  readonly uploads: Uploads;
  readonly runs: ServedRuns;

  /** @param added names of runs of the pool that were not given on the command line */
  constructor(
    means: TrainingMeans,
    pool: { readonly sources: readonly ModelSource[]; serve(sources: readonly ModelSource[]): Promise<void> },
    settings: ServerSettings,
    log: Log,
    added: readonly string[],
  ) {
    this.means = means;
    this.jobs = new Jobs(means, log);
    this.uploads = new Uploads(means, () => this.jobs.uploadsInUse);
    this.runs = new ServedRuns(means.folder, pool, settings, log, added);
  }

  /** Trainings end, what was uploaded is removed. */
  async close(): Promise<void> {
    await this.jobs.close();
    await this.uploads.close();
  }
}
