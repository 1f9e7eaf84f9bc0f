/**
 * `deeptaste retrain RUN`: trains with what a store was told since, measures the former and the new recommender on the newest feedback, which
 * neither was trained on, and lets the new one, trained with that part too, take the place of the run when it is not worse.
 */
import { rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { loadAttachment } from '../../artifact/artifact.ts';
import { attachedObject } from '../../artifact/fitting.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { RandomStream } from '../../core/random.ts';
import { makeTemporaryFolder } from '../../core/temporary-folder.ts';
import type { Engine } from '../../engine/runtime/engine.ts';
import { type ComparisonRow, compareResults } from '../../evaluation/comparison.ts';
import type { EvaluationResult } from '../../evaluation/evaluation-result.ts';
import { resultJson } from '../../evaluation/result.ts';
import { Recommender } from '../../recommender/recommender.ts';
import { runRecord, storedSettings } from '../../runs/run-record.ts';
import { type Run, withResult } from '../../runs/train-run.ts';
import { type RetrainingResult, retrainingWork } from '../../serving/retraining.ts';
import { parseServerSettings, readServerSettings, type ServerSettings } from '../../serving/settings.ts';
import { openStore } from '../../serving/store/open-store.ts';
import type { Store } from '../../serving/store/store.ts';
import type { EngineFlags } from '../engine-options.ts';
import { openEngine } from '../open-engine.ts';
import type { Terminal } from '../terminal.ts';
import { HeldWork } from './held-work.ts';
import { countFeedback, type NewFeedback, type ToldPlace, writeFeedbackTables } from './new-feedback.ts';
import { type HeldBackPerson, heldBackPeople, JUDGED_BY, measureServed, storedItems } from './served-lists.ts';
import { type RetrainingPlan, trainingOn, trainOn } from './training.ts';

/** What a run remembers of how it was retrained. */
const RECORD = 'retraining.json';
/** Intervals over fewer people say nothing. */
const LEAST_PEOPLE = 20;

const PROMOTIONS = ['not-worse', 'always'] as const;

export interface RetrainRequest extends EngineFlags {
  readonly store: string;
  readonly settings?: string;
  readonly anew?: true;
  readonly data?: string[];
  readonly epochs?: number;
  readonly set?: string[];
  readonly holdBack: number;
  readonly minEvents: number;
  readonly promote: (typeof PROMOTIONS)[number];
}

/** The document of `--json`. */
interface Told {
  readonly run: string;
  readonly outcome: RetrainingResult;
  readonly [key: string]: unknown;
}

/** @throws 'usage' for flags that do not go together; what training throws: then the run stays as it was */
export async function retrain(terminal: Terminal, run: string, request: RetrainRequest): Promise<void> {
  if (request.data !== undefined && !request.anew)
    throw new DeepTasteError(
      'usage',
      `retrain ${run}: --data says where the files of the run are, which are read with --anew alone; leave it out, or say --anew`,
    );
  const settings =
    request.settings === undefined ? parseServerSettings({}) : await readServerSettings(request.settings);
  await Recommender.read(run); // a run that is none is told before the store is made
  const store = await openStore(request.store);
  try {
    const work = await HeldWork.take(store, retrainingWork(basename(resolve(run))));
    if (work === null) {
      terminal.print(`another process is retraining ${run} with this store: nothing was done`);
      terminal.document({ run, outcome: 'busy' } satisfies Told);
      return;
    }
    let outcome: RetrainingResult = 'failed';
    try {
      const told = await retrainHeld(terminal, run, request, { store, settings, work });
      outcome = told.outcome;
      terminal.document(told);
    } finally {
      await work.end(outcome);
    }
  } finally {
    await store.close();
  }
}

interface Held {
  readonly store: Store;
  readonly settings: ServerSettings;
  readonly work: HeldWork;
}

async function retrainHeld(terminal: Terminal, run: string, request: RetrainRequest, held: Held): Promise<Told> {
  const { store, settings, work } = held;
  const progress = await terminal.progress();
  const parts = await Recommender.read(run);
  const former = request.anew ? null : await formerPlace(run);
  const feedback = await countFeedback(store, parts.info.schema, settings, former, request.holdBack);
  const since = former === null ? '' : ' since the last retraining';
  if (feedback.nRows < request.minEvents)
    return tooLittle(
      terminal,
      run,
      `${feedback.nRows} events that take items${since}`,
      `${request.minEvents}`,
      feedback,
    );
  const folder = makeTemporaryFolder('retrain');
  const engine = openEngine(request, progress);
  try {
    const tables = await writeFeedbackTables(
      store,
      parts.info.schema,
      settings,
      feedback,
      folder,
      request.anew === true,
    );
    const served = new Recommender(parts, engine);
    const people = await heldBackPeople(store, settings, tables, served);
    if (people.length < LEAST_PEOPLE && request.promote === 'not-worse') {
      const found = `${people.length} people with newest events to be found`;
      return tooLittle(terminal, run, found, `${LEAST_PEOPLE}`, feedback);
    }
    const plan: RetrainingPlan = { ...request, run, anew: request.anew === true, set: request.set ?? [] };
    progress.log(
      `${feedback.nRows} events${since}; ${feedback.nHeldBack} of them, from ${new Date(feedback.from).toISOString()} on, are held back: ` +
        `${people.length} people took something new there, by which the recommenders are judged; ${feedback.told}`,
    );
    const judged =
      people.length === 0 ? null : await judge(engine, served, people, { store, plan, tables, feedback, terminal });
    const isBetter = judged === null || judged.difference.high >= 0;
    const document = documentOf(run, feedback, people, judged);
    if (judged !== null) terminal.print(judgement(judged));
    if (!isBetter && request.promote === 'not-worse') {
      terminal.print(`${run} stays as it was: the new recommender is worse`);
      return { ...document, outcome: 'kept' };
    }
    const training = await trainingOn(tables.all, plan, progress);
    const trained = await trainOn(engine, training, progress);
    const record = { at: new Date().toISOString(), upTo: feedback.upTo, replaced: parts.saved ?? null, ...document };
    await work.require();
    await saveRetrained(run, trained, judged?.result ?? null, record);
    terminal.print(`${run} was replaced by the new recommender, trained with all ${feedback.nRows} events`);
    return { ...document, outcome: 'promoted' };
  } finally {
    engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function formerPlace(run: string): Promise<ToldPlace | null> {
  const bytes = await loadAttachment(run, RECORD);
  if (bytes === null) return null;
  const record = attachedObject(new TextDecoder().decode(bytes), `${run}/${RECORD}`) as { upTo?: Partial<ToldPlace> };
  const { store, place } = record.upTo ?? {};
  if (typeof store === 'number' && typeof place === 'number') return { store, place };
  throw new DeepTasteError(
    'artifact',
    `${run}/${RECORD}: must say where the feedback of its training ended, found otherwise; train the run anew`,
  );
}

function tooLittle(terminal: Terminal, run: string, found: string, least: string, feedback: NewFeedback): Told {
  terminal.print(`too little feedback: ${found}, at least ${least} are needed; ${run} stays as it was`);
  return { run, outcome: 'too-little', events: feedback.nRows, heldBack: feedback.nHeldBack };
}

interface Judged {
  readonly before: EvaluationResult;
  readonly result: EvaluationResult;
  readonly difference: NonNullable<ComparisonRow['difference']>;
}

interface Judging {
  readonly store: Store;
  readonly plan: RetrainingPlan;
  readonly tables: { readonly older: string };
  readonly feedback: NewFeedback;
  readonly terminal: Terminal;
}

/** Measures the served recommender and one that was trained without what is held back. */
async function judge(
  engine: Engine,
  served: Recommender,
  people: readonly HeldBackPerson[],
  { store, plan, tables, feedback, terminal }: Judging,
): Promise<Judged> {
  const progress = await terminal.progress();
  const items = await storedItems(store);
  const before = measureServed(served, people, items, feedback.from);
  served.close();
  const candidate = await trainOn(engine, await trainingOn(tables.older, plan, progress), progress);
  const result = measureServed(candidate.recommender, people, items, feedback.from);
  candidate.recommender.close();
  const runs = [
    { name: 'served', result: before },
    { name: 'new', result },
  ];
  const stream = new RandomStream(1, 'retrain');
  const { rows } = compareResults(runs, JUDGED_BY, { baseline: 'served', stream });
  const difference = rows.find(({ name }) => name === 'new')?.difference;
  if (!difference) throw new Error('internal: a comparison of two runs has a difference');
  return { before, result, difference };
}

function judgement({ before, result, difference }: Judged): string {
  const { mean, low, high, nPairs } = difference;
  const number = (value: number): string => value.toFixed(4);
  const signed = (value: number): string => `${value < 0 ? '−' : '+'}${number(Math.abs(value))}`;
  return (
    `${JUDGED_BY} of lists for ${nPairs} people: ${number(before.metrics[JUDGED_BY].mean)} served, ` +
    `${number(result.metrics[JUDGED_BY].mean)} new; difference ${signed(mean)} (95 % interval ${signed(low)} … ${signed(high)}, paired); ` +
    'worse = the whole interval below 0'
  );
}

function documentOf(run: string, feedback: NewFeedback, people: readonly HeldBackPerson[], judged: Judged | null) {
  return {
    run,
    events: feedback.nRows,
    heldBack: feedback.nHeldBack,
    people: people.length,
    heldBackFrom: new Date(feedback.from).toISOString(),
    rule: 'not worse: the 95 % interval of the paired difference does not lie below 0',
    metric: JUDGED_BY,
    served: judged && resultJson(judged.before),
    new: judged && resultJson(judged.result),
    difference: judged?.difference ?? null,
  };
}

/** The settings that are kept are those of the run: its own files, not the tables that were made here. */
async function saveRetrained(
  run: string,
  trained: Run,
  result: EvaluationResult | null,
  record: object,
): Promise<void> {
  const settings = await storedSettings(run);
  const files =
    settings === null
      ? new Map<string, string | Uint8Array>()
      : runRecord(settings, result, trained.log, trained.account);
  files.set(RECORD, `${JSON.stringify(record, null, 2)}\n`);
  const recommender = result === null ? trained.recommender : withResult(trained.recommender, result);
  await recommender.save(run, result, files);
  recommender.close();
}
