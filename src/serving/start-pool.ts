/** The threads that score, with all that a server serves when it starts. */
import { DeepTasteError } from '../core/errors.ts';
import type { EngineOptions } from '../engine/runtime/engine.ts';
import type { Log } from './log.ts';
import { ScoringPool } from './scoring/scoring-pool.ts';
import type { ModelSource } from './scoring/served-models.ts';
import type { ServerSettings } from './settings.ts';
import type { TrainingMeans } from './training/means.ts';
import { notServed, rememberedRuns } from './training/remembered-runs.ts';

interface PoolParts {
  readonly settings: ServerSettings;
  readonly engine: EngineOptions;
  readonly workers: number;
  readonly queue: number;
  readonly training: Pick<TrainingMeans, 'folder'> | null;
  readonly log: Log;
}

/**
 * The runs of the command line, and those that were added before the server stopped. One of the latter that cannot be loaded is told and
 * left out; then they are loaded one after the other, to see which it is.
 * @param given runs of the command line
 * @throws what loading them throws; DeepTasteError `config`: a scenario names a model that is not served
 */
export async function startPool(
  { settings, engine, workers, queue, training, log }: PoolParts,
  given: readonly ModelSource[],
  onLost: (error: Error) => void,
): Promise<ScoringPool> {
  const added = training === null ? [] : await rememberedRuns(training.folder, given, log);
  const start = (sources: readonly ModelSource[]) => ScoringPool.start({ sources, engine, workers, queue, onLost });
  const pool = await start([...given, ...added]).catch(async (error: unknown) => {
    if (added.length === 0) throw error;
    const some = await start(given);
    for (const source of added)
      await some.serve([...some.sources, source]).catch((failure) => notServed(log, source.name, failure));
    return some;
  });
  try {
    checkModels(settings, pool);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return pool;
}

/** @throws DeepTasteError `config`: a scenario names a model that is not served */
function checkModels({ scenarios }: ServerSettings, { about }: ScoringPool): void {
  const names = about.map(({ name }) => name);
  for (const [scenario, { model, variants }] of Object.entries(scenarios))
    for (const named of [model, ...variants.map((each) => each.model)])
      if (named !== undefined && !names.includes(named))
        throw new DeepTasteError(
          'config',
          `settings: scenario "${scenario}" must name a model that is served (${names.join(', ')}), found "${named}"`,
        );
}
