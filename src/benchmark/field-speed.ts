/** How fast files become fields, and how fast models over fields predict: from a file, and of one row against many items. */
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Progress } from '../core/progress.ts';
import { RandomStream } from '../core/random.ts';
import { makeTemporaryFolder } from '../core/temporary-folder.ts';
import { fitFeatures } from '../data/features/fit-features.ts';
import { loadDataset } from '../data/load.ts';
import type { Engine } from '../engine/runtime/engine.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { areOf } from '../runs/any-settings.ts';
import { readExperiment } from '../runs/experiment-file.ts';
import { trainFieldRecommender } from '../runs/train-recommender.ts';
import { prepareFieldData } from '../tasks/prepare-fields.ts';
import { type FieldRunInput, parseFieldRunSettings } from '../tasks/row-settings.ts';
import { LOG_FIELDS, writeClickLog, writeShop } from './field-files.ts';

/** From a CSV file to encoded rows in memory. */
export interface ReadingSpeed {
  readonly rows: number;
  readonly fields: number;
  readonly fileBytes: number;
  readonly readSeconds: number;
  /** Fitting of the fields, on all rows, and encoding. */
  readonly encodeSeconds: number;
  readonly rowsPerSecond: number;
  /** Rows of the embedding table. */
  readonly tableRows: number;
  readonly encodedBytes: number;
  /** Of the whole process, after this. */
  readonly peakResidentBytes: number;
}

export interface FilePrediction {
  readonly model: string;
  readonly threads: number;
  readonly rows: number;
  /** From the CSV file to logits. */
  readonly rowsPerSecond: number;
  /** From encoded rows in memory to logits. */
  readonly encodedRowsPerSecond: number;
}

/** One request: a row by its names, against all items, to the ten best. */
export interface RequestLatency {
  readonly model: string;
  readonly threads: number;
  readonly items: number;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface ExperimentTime {
  readonly experiment: string;
  readonly epochs: number;
  /** Training and validation of an epoch. */
  readonly epochSeconds: number;
  /** Training alone. */
  readonly trainingSeconds: number;
  /** Reading, training until it stops, testing. */
  readonly totalSeconds: number;
}

export interface FieldSpeed {
  readonly reading: ReadingSpeed;
  readonly prediction: FilePrediction;
  readonly latency: readonly RequestLatency[];
  /** Or why it was not run. */
  readonly experiment: ExperimentTime | { readonly skipped: string };
}

export interface FieldSpeedOptions {
  /** Fewest threads first; the last one trains. */
  readonly engines: readonly Engine[];
  /** Rows of the file that is read. */
  readonly rows: number;
  /** Sizes of what is predicted; default: a million rows of a file, 1,000 items. */
  readonly predicted?: { readonly rows: number; readonly items: number; readonly requests: number };
  readonly progress: Progress;
}

const EXPERIMENT = 'experiments/frappe/deepfm.yaml';

/** Files are written to a temporary folder, of which nothing stays. */
export async function measureFields(options: FieldSpeedOptions): Promise<FieldSpeed> {
  const { engines, rows, progress } = options;
  const predicted = options.predicted ?? { rows: Math.min(rows, 1_000_000), items: 1000, requests: 500 };
  const folder = makeTemporaryFolder('bench');
  const random = new RandomStream(1, 'bench/fields');
  try {
    const log = join(folder, 'log.csv');
    progress.log(`writing ${rows.toLocaleString('en')} rows of ${LOG_FIELDS} fields`);
    await writeClickLog(log, rows, random.child('log'));
    progress.log('reading and encoding them');
    const reading = await measureReading(log);
    rmSync(log);
    progress.log('prediction');
    const prediction = await measureFilePrediction(engines[engines.length - 1], folder, predicted.rows, random);
    const latency = await measureLatency(engines, folder, predicted, random);
    return { reading, prediction, latency, experiment: await measureExperiment(engines[engines.length - 1], progress) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureReading(path: string): Promise<ReadingSpeed> {
  const started = performance.now();
  const dataset = await loadDataset({ files: [path] });
  const read = performance.now();
  const { encoder } = fitFeatures(dataset, dataset.interactions);
  const { context, nRows } = encoder.encodeExamples(dataset, dataset.interactions);
  const ended = performance.now();
  return {
    rows: nRows,
    fields: encoder.layout.fields.length,
    fileBytes: statSync(path).size,
    readSeconds: (read - started) / 1000,
    encodeSeconds: (ended - read) / 1000,
    rowsPerSecond: (1000 * nRows) / (ended - started),
    tableRows: encoder.layout.nRows,
    encodedBytes: context?.index.byteLength ?? 0,
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** DeepFM after one epoch. */
async function trained(engine: Engine, data: FieldRunInput['data']): Promise<Recommender> {
  const settings = parseFieldRunSettings({ data, model: 'deepfm', training: { epochs: 1 }, final: false });
  const run = await trainFieldRecommender({ engine, data: await prepareFieldData(settings), settings });
  return run.recommender;
}

async function measureFilePrediction(
  engine: Engine,
  folder: string,
  rows: number,
  random: RandomStream,
): Promise<FilePrediction> {
  const [train, other] = [join(folder, 'train.csv'), join(folder, 'other.csv')];
  await writeClickLog(train, Math.min(rows, 100_000), random.child('train'));
  await writeClickLog(other, rows, random.child('other'));
  const recommender = await trained(engine, { files: [train] });
  const encoder = recommender.parts.fields!.encoder;
  const started = performance.now();
  const dataset = await loadDataset({ files: [other] });
  const examples = encoder.encodeExamples(dataset, dataset.interactions);
  const encoded = performance.now();
  recommender.scorer('rows').logits(examples);
  const ended = performance.now();
  recommender.close();
  return {
    model: recommender.model.title,
    threads: engine.threads,
    rows,
    rowsPerSecond: (1000 * rows) / (ended - started),
    encodedRowsPerSecond: (1000 * rows) / (ended - encoded),
  };
}

async function measureLatency(
  engines: readonly Engine[],
  folder: string,
  { items: nItems, requests }: { readonly items: number; readonly requests: number },
  random: RandomStream,
): Promise<RequestLatency[]> {
  const files = { clicks: join(folder, 'clicks.csv'), items: join(folder, 'items.csv') };
  await writeShop(files, { nUsers: 10 * nItems, nItems, rows: 100 * nItems }, random.child('shop'));
  const found: RequestLatency[] = [];
  for (const engine of engines) {
    const recommender = await trained(engine, { files: [files.clicks], items: files.items });
    const ids = recommender.parts.users.ids;
    const ask = () => {
      const id = ids[Math.floor(ids.length * random.uniform())];
      const started = performance.now();
      recommender.recommend({ user: id, row: { device: 'phone', hour: '9' } }, { k: 10, includeSeen: true });
      return performance.now() - started;
    };
    for (let n = 0; n < requests / 10; n++) ask();
    const times = Float64Array.from({ length: requests }, ask).sort();
    const at = (share: number) => times[Math.min(requests - 1, Math.floor(share * requests))];
    recommender.close();
    found.push({
      model: recommender.model.title,
      threads: engine.threads,
      items: recommender.parts.items.size,
      requests,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
    });
  }
  return found;
}

/** As `deeptaste run` does it, but for the start of the process and the saving. */
async function measureExperiment(engine: Engine, progress: Progress): Promise<FieldSpeed['experiment']> {
  if (!existsSync(EXPERIMENT)) return { skipped: `there is no ${EXPERIMENT} here: run in a checkout of the source` };
  const settings = await readExperiment(EXPERIMENT);
  if (!areOf('rows', settings)) throw new Error('internal: the experiment must be one over fields');
  const [file] = 'files' in settings.data ? settings.data.files : [];
  if (!existsSync(file))
    return { skipped: 'the Frappe files are missing: set DEEPTASTE_DATA to the folder of data sets' };
  progress.log(EXPERIMENT);
  const started = performance.now();
  const data = await prepareFieldData(settings);
  const run = await trainFieldRecommender({ engine, data, settings });
  run.recommender.close();
  const seconds = run.log.map((record) => record.seconds);
  return {
    experiment: EXPERIMENT,
    epochs: run.log.length,
    epochSeconds: run.trainingSeconds / run.log.length,
    trainingSeconds: seconds.reduce((sum, each) => sum + each, 0) / seconds.length,
    totalSeconds: (performance.now() - started) / 1000,
  };
}
