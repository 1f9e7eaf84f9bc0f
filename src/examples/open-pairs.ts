/** A training on taken pairs that is open: sampler, plan, and for draws by rank the order of the items. */
import { rowNumbers, unitedRows } from '../data/sparse-rows.ts';
import { slopesAt } from '../engine/gradient.ts';
import { indexInput, table } from '../engine/ops/index.ts';
import { withSampling } from '../engine/plan/profile.ts';
import { StepPlan, type StepResult } from '../engine/plan/step-plan.ts';
import { StepProbe, type StepProbeOptions } from '../engine/plan/step-probe.ts';
import { FactorRanks } from '../engine/runtime/factor-ranks.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { SamplerRecord } from '../engine/runtime/sampler.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { trainingPass } from '../layers/forward-pass.ts';
import type { Parameters } from '../layers/parameters.ts';
import { pairScorer, withConstants, withShared } from '../scoring/pair-scorer.ts';
import type { Scorer } from '../scoring/scorer.ts';
import type { OpenRequest } from './model.ts';
import { NegativeLists } from './negative-lists.ts';
import { drawWeights, logProbabilities, needsProbabilities } from './negative-weights.ts';
import type { DrawnNegatives, OpenExamples } from './open-examples.ts';
import { checkPairRow, feedOf, isInBlocks, type PairRow, pairRow, type TrainedScoring } from './pair-loss.ts';
import { drawsNegatives, type PairSettings, pairSettings, rowsOfLoss, rowsPerPositive } from './pair-settings.ts';
import { tookEverythingNote } from './took-everything.ts';
import { Trimming } from './trimming.ts';
import { UserWeights } from './user-weights.ts';

export class OpenPairs<C> implements OpenExamples<'pairs'> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: StepPlan;
  readonly nRows: number;
  readonly notes: readonly string[];
  readonly #sampler: SamplerRecord;
  readonly #ranks: FactorRanks | null;
  readonly #request: OpenRequest<C, 'pairs'>;
  readonly #model: TrainedScoring<C>;
  readonly #given: Parameters;
  readonly #row: PairRow;
  readonly #trimming: Trimming | null;
  /** Steps between two rankings of items by factor. */
  readonly #stepsOfRanking: number;
  /** Rankings so far and what they took, for profiles. */
  #ranking = { rankings: 0, milliseconds: 0 };

  constructor(model: TrainedScoring<C>, request: OpenRequest<C, 'pairs'>) {
    this.#model = model;
    this.#request = request;
    const { engine, config, data, random } = request;
    const { sizes, rows, former } = data;
    const taken = former ? unitedRows(rows, former) : rows;
    const training = pairSettings.parse(request.training);
    checkPairRow(model, training, sizes.nItems);
    const kind = rowsOfLoss[training.loss];
    this.notes = drawsNegatives(kind) ? tookEverythingNote(taken, sizes.nItems, training.rejectTaken) : [];
    const positives = { items: rows.columns, nItems: sizes.nItems };
    this.declared = declaredAs(model.parameters(config, sizes));
    this.#given = withConstants(model, this.declared.tensors, config, data);
    const probability = needsProbabilities(training) ? table('logProbability', sizes.nItems, 1) : undefined;
    this.#trimming = training.trim > 0 ? new Trimming(training.trim) : null;
    const weights = training.userWeight === undefined ? null : new UserWeights(training.userWeight, data);
    const untrained = [probability, this.#trimming?.tensor, weights?.tensor].filter((each) => each !== undefined);
    this.store = new ParameterStore(engine, [...this.declared.list, ...untrained]);
    weights?.writeTo(this.store);
    if (probability) this.store.write(probability, logProbabilities(training, positives));
    // one of the rows with a label is that of the taken item
    const isLabelled = kind === 'pointwise' || !drawsNegatives(kind);
    const negatives = rowsPerPositive(kind, training.negatives) - (isLabelled ? 1 : 0);
    this.#sampler = new SamplerRecord(engine, {
      users: former ? rowNumbers(rows) : null,
      items: rows.columns,
      ...sizes,
      rowStart: taken.rowStart,
      columns: taken.columns,
      positives: training.positives,
      negatives,
      reject: training.rejectTaken,
      popularityExponent: 0,
      weights: drawWeights(training, positives) ?? undefined,
      inBatch: training.negativeSampler === 'in-batch',
      key: random.child('examples').key,
    });
    this.#ranks = training.negativeSampler === 'aobpr' ? this.#openRanks(training) : null;
    this.#row = pairRow(model, this.#given, config, {
      training,
      sizes,
      capacity: Math.min(training.batchSize, rows.columns.length),
      pass: trainingPass(random.child('noise')),
      logProbability: probability,
      ranking: this.#ranks?.ranking,
    });
    this.nRows = this.#row.label ? this.#sampler.rowsPointwise : this.#sampler.rowsPairwise;
    const batchSize = Math.min(training.batchSize, this.nRows);
    const trimmed = this.#trimming?.trimmed(this.#row.loss) ?? this.#row.loss;
    this.#stepsOfRanking = stepsOfRanking(sizes.nItems, batchSize);
    this.plan = new StepPlan({
      engine,
      store: this.store,
      loss: weights?.weighted(trimmed, this.#row.user) ?? trimmed,
      trainable: this.declared.list,
      feed: feedOf(this.#sampler, this.#row, training),
      batchSize,
      totalRows: this.nRows,
      optimizer: training.optimizer,
      totalSteps: training.epochs * Math.ceil(this.nRows / batchSize),
      inBlocks: isInBlocks(model, training),
      stateWords: () => [...(this.#ranks?.state ?? []), ...(this.#trimming ? [this.#trimming.state(this.store)] : [])],
    });
    initialiseParameters(this.declared, this.store, random.child('init'));
  }

  #openRanks(training: PairSettings): FactorRanks {
    const { engine, config, data } = this.#request;
    const [user, item] = [indexInput('user'), indexInput('item')];
    const model = this.#model;
    const p = withShared(model, this.#given, config, data.sizes);
    const parts = [model.userParts(p, user, config), model.itemParts(p, item, config)] as const;
    return new FactorRanks(engine, {
      store: this.store,
      sampler: this.#sampler,
      vector: model.represent!(p, ...parts, config).item,
      item,
      nItems: data.sizes.nItems,
      scale: training.rankScale,
      inBlocks: model.shared !== undefined,
    });
  }

  get stepsPerEpoch(): number {
    return this.plan.stepsPerEpoch;
  }

  run(epoch: number, first: number, count: number): StepResult {
    this.#begin(epoch, first);
    if (!this.#ranks) return this.plan.run(epoch, first, count);
    let lossSum = 0;
    for (let done = 0; done < count; ) {
      const since = (first + done) % this.#stepsOfRanking;
      if (since === 0) this.#rank(this.#ranks);
      const steps = Math.min(count - done, this.#stepsOfRanking - since);
      lossSum += this.plan.run(epoch, first + done, steps).lossSum;
      done += steps;
    }
    return { steps: count, lossSum };
  }

  profile(epoch: number, first: number, count: number): ReturnType<StepPlan['profile']> {
    this.#begin(epoch, first);
    if (!this.#ranks) return this.plan.profile(epoch, first, count);
    const since = first % this.#stepsOfRanking;
    if (since === 0) this.#rank(this.#ranks);
    const { result, profile } = this.plan.profile(epoch, first, Math.min(count, this.#stepsOfRanking - since));
    const { rankings, milliseconds } = this.#ranking;
    const ofStep = (milliseconds * profile.threads) / Math.max(1, rankings) / this.#stepsOfRanking;
    return { result, profile: withSampling(profile, 'ranking of items by factor', ofStep) };
  }

  /** Before a step, what is done at the beginning of an epoch. */
  #begin(epoch: number, step: number): void {
    if (step > 0 || !this.#trimming) return;
    if (this.#ranks && epoch > 0) this.#rank(this.#ranks);
    this.#trimming.beginEpoch(epoch, this.#row.loss, this.#probe());
  }

  #probe(): Omit<StepProbeOptions, 'outputs'> {
    const { engine } = this.#request;
    const training = pairSettings.parse(this.#request.training);
    return {
      engine,
      store: this.store,
      feed: feedOf(this.#sampler, this.#row, training),
      batchSize: Math.min(training.batchSize, this.nRows),
      totalRows: this.nRows,
      inBlocks: isInBlocks(this.#model, training),
    };
  }

  #rank(ranks: FactorRanks): void {
    const started = performance.now();
    ranks.refresh();
    this.#ranking = {
      rankings: this.#ranking.rankings + 1,
      milliseconds: this.#ranking.milliseconds + performance.now() - started,
    };
  }

  drawnNegatives(epoch: number, steps: number): DrawnNegatives {
    const { loss, user, label, negatives } = this.#row;
    this.#ranks?.refresh();
    const slopes = slopesAt(
      loss,
      negatives.map(({ score }) => score),
    );
    const outputs = [user, ...(label ? [label] : []), ...negatives.flatMap(({ item }, k) => [item, slopes[k]])];
    const probe = new StepProbe({ ...this.#probe(), outputs });
    const drawn = new NegativeLists();
    for (let step = 0; step < Math.min(steps, this.stepsPerEpoch); step++) {
      const [users, ...rest] = probe.run(epoch, step);
      const labels = label ? rest.shift() : null;
      for (let k = 0; k < rest.length; k += 2) drawn.add(users, rest[k], rest[k + 1], labels ?? null);
    }
    probe.free();
    return drawn.lists();
  }

  skipTo(): void {}

  scorer(): Scorer {
    const { engine, config, data } = this.#request;
    return pairScorer(engine, this.#model, config, data, this.#given, this.store);
  }

  free(): void {
    this.plan.free();
    this.#ranks?.free();
    this.#sampler.free();
    this.store.free();
  }
}

/** Items are ranked anew after nItems · ln nItems draws, so that ranking costs no more than drawing (Rendle & Freudenthaler). */
function stepsOfRanking(nItems: number, batchSize: number): number {
  return Math.max(1, Math.round((nItems * Math.log(Math.max(2, nItems))) / batchSize));
}
