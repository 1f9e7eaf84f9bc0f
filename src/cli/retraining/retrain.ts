/**
 * `deeptaste retrain RUN`: trains with what a store was told since, measures the former and the new recommender on the newest feedback, which
 * neither was trained on, and lets the new one, trained with that part too, take the place of the run where the difference allows it.
 */
import { rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { inspectArtifact, loadAttachment } from '../../artifact/artifact.ts';
import { attachedObject } from '../../artifact/fitting.ts';
import { DeepTasteError } from '../../core/errors.ts';
import { makeTemporaryFolder } from '../../core/temporary-folder.ts';
import type { EvaluationResult } from '../../evaluation/evaluation-result.ts';
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
import { type Judged, judge, judgedJson, judgement } from './judge.ts';
import { countFeedback, type NewFeedback, type ToldPlace, writeFeedbackTables } from './new-feedback.ts';
import { isPromoted, type Promotion } from './promotion.ts';
import { heldBackPeople, storedItems } from './served-lists.ts';
import { type RetrainingPlan, trainOnTold } from './training.ts';

/** What a run remembers of how it was retrained. */
const RECORD = 'retraining.json';
/** Intervals over fewer people say nothing. */
const LEAST_PEOPLE = 20;

export interface RetrainRequest extends EngineFlags {
  readonly store: string;
  readonly settings?: string;
  readonly anew?: true;
  readonly data?: string[];
  readonly epochs?: number;
  readonly set?: string[];
  readonly holdBack: number;
  readonly minEvents: number;
  readonly promote: Promotion;
  /** Share of the served metric by which a new one may be below it. */
  readonly margin: number;
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
  await inspectArtifact(run); // a run that is none is told before the store is made
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
  const { schema } = parts.info;
  const former = request.anew ? null : await formerPlace(run);
  const feedback = await countFeedback(store, schema, settings, former, request.holdBack);
  const since = former === null ? '' : ' since the last retraining';
  if (feedback.nRows < request.minEvents) {
    const found = `${feedback.nRows} events that take items${since}`;
    return tooLittle(terminal, run, found, request.minEvents, feedback);
  }
  const folder = makeTemporaryFolder('retrain');
  const engine = openEngine(request, progress);
  try {
    const tables = await writeFeedbackTables(store, schema, settings, feedback, folder, request.anew === true);
    const served = new Recommender(parts, engine);
    const people = await heldBackPeople(store, settings, tables, served);
    if (people.length < LEAST_PEOPLE && request.promote !== 'always') {
      const found = `${people.length} people with newest events to be found`;
      return tooLittle(terminal, run, found, LEAST_PEOPLE, feedback);
    }
    const plan: RetrainingPlan = { ...request, run, parts, anew: request.anew === true, set: request.set ?? [] };
    progress.log(heldBackText(feedback, people.length, since));
    const train = (table: string) => trainOnTold(engine, table, plan, progress);
    const { from } = feedback;
    const judging =
      from === null || people.length === 0 ? null : { people, items: await storedItems(store), from: from.time };
    const judged =
      judging === null
        ? null
        : await judge(served, async () => (await train(tables.older)).recommender, {
            ...judging,
            margin: request.margin,
          });
    const document = documentOf(run, feedback, people.length, request.promote, judged);
    if (judged !== null) terminal.print(judgement(judged));
    if (judged !== null && !isPromoted(judged.verdict, request.promote)) {
      terminal.print(`${run} stays as it was; the feedback counts in the next retraining, too`);
      return { ...document, outcome: 'kept' };
    }
    const trained = await train(tables.all);
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

function tooLittle(terminal: Terminal, run: string, found: string, least: number, feedback: NewFeedback): Told {
  terminal.print(`too little feedback: ${found}, at least ${least} are needed; ${run} stays as it was`);
  return { run, outcome: 'too-little', events: feedback.nRows, heldBack: feedback.nHeldBack };
}

function heldBackText({ nRows, nHeldBack, from, told }: NewFeedback, nPeople: number, since: string): string {
  const time = from === null ? '' : `, from ${new Date(from.time).toISOString()} on,`;
  return (
    `${nRows} events${since}; ${nHeldBack} of them${time} are held back: ` +
    `${nPeople} people took something new there, by which the recommenders are judged; ${told}`
  );
}

function documentOf(
  run: string,
  { nRows, nHeldBack, from }: NewFeedback,
  people: number,
  promote: Promotion,
  judged: Judged | null,
) {
  return {
    run,
    events: nRows,
    heldBack: nHeldBack,
    people,
    heldBackFrom: from && new Date(from.time).toISOString(),
    promote,
    ...judgedJson(judged),
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
