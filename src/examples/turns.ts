/**
 * Examples of players that take turns: generators that draw targets for people, and discriminators that tell what was drawn from what
 * people took (players.ts). An epoch is a round: in each game first the discriminator has its turn, against draws of a generator that
 * stands still, then the generator, rewarded by a discriminator that stands still.
 */
import { DeepTasteError } from '../core/errors.ts';
import { type SparseRows, unitedRows } from '../data/sparse-rows.ts';
import { lookup, rowDot } from '../engine/ops/index.ts';
import type { PlanProfile } from '../engine/plan/profile.ts';
import type { StepResult } from '../engine/plan/step-plan.ts';
import { ParameterStore } from '../engine/runtime/parameter-store.ts';
import { type DeclaredParameters, declaredAs, initialiseParameters } from '../layers/declared-parameters.ts';
import { type PairScoring, pairScorer, trainedPairScorer } from '../scoring/pair-scorer.ts';
import type { Scorer } from '../scoring/scorer.ts';
import { Generator } from './generator.ts';
import { likelihoodTurn } from './likelihood.ts';
import type { AnyModel, Examples, Gradients, Model, ModelHead, OpenRequest, TrainingSizes } from './model.ts';
import type { OpenExamples, TrainedPlan } from './open-examples.ts';
import { type Game, type Player, pairStep } from './players.ts';
import { byPass, evenDraws, pairTurn, peopleOf, type Turn } from './turn.ts';
import { type Players, positivesOf, turnMemory } from './turn-memory.ts';
import { checkTurnSettings, type TurnDefaults, type TurnSettings, turnSettings } from './turn-settings.ts';

export const turns: Examples = {
  name: 'turns',
  title: 'turns of players: taken pairs against what a generator draws, and its draws with rewards',
  unit: 'examples',
  settings: turnSettings,
  checkSettings: checkTurnSettings,
};

/** What a model declares whose players take turns. */
export interface TurnParts<C> extends Players<C>, Pick<Gradients<C, 'pairs'>, 'pretraining' | 'fuse'> {
  /** Who recommends. */
  serves(config: C): 'generator' | 'discriminator';
  readonly trainingDefaults: TurnDefaults;
  /** Of them those that follow the size of the data. */
  defaultsForData?(sizes: TrainingSizes): TurnDefaults;
}

export type TurnModel<C = unknown> = Model<C, 'pairs'> &
  TurnParts<C> &
  PairScoring<C> & { readonly learn: Gradients<C, 'pairs'>; readonly loss: 'turns' };

/** Declares a model of players that take turns; infers the type of its options. */
export function turnModel<C>(declared: ModelHead<C> & TurnParts<C>): TurnModel<C> {
  const { title, trainingDefaults, defaultsForData, pretraining, fuse } = declared;
  const scoring = scoringOf(declared, (config) => declared.serves(config));
  return {
    ...declared,
    ...scoring,
    form: 'pairs',
    tasks: ['ranking'],
    streams: '',
    loss: 'turns',
    learn: {
      by: 'gradients',
      examples: turns,
      defaults: trainingDefaults,
      open: (request) => new OpenTurns(title, declared, request),
      memory: (request) => turnMemory(title, declared, request),
      defaultsForData,
      pretraining,
      fuse,
    },
    scorerOf: (engine, { config, weights, about }) =>
      trainedPairScorer(engine(), scoring, config, { sizes: about.sizes, rows: about.history }, weights),
  };
}

export function isTurnModel(model: AnyModel): model is TurnModel {
  return model.learn.by === 'gradients' && model.learn.examples === turns;
}

type Role = ReturnType<TurnParts<unknown>['serves']>;

/** How a player of the first game scores. */
function scoringOf<C>(model: TurnParts<C>, role: (config: C) => Role): PairScoring<C> {
  const player = (config: C): Player<C> => model.games(config)[0][role(config)];
  return {
    parameters: (config, sizes) => model.parameters(config, sizes),
    userParts: (p, user, config) => [player(config).vector(p, user, config)],
    itemParts: (p, item, config) => [lookup(p[player(config).targets], item)],
    score: (_, [x], [y]) => rowDot(x, y),
    represent: (_, [user], [item]) => ({ user, item }),
  };
}

const ofGenerators = ({ optimizer, generatorLearningRate, generatorL2 }: TurnSettings): TurnSettings['optimizer'] => ({
  ...optimizer,
  learningRate: generatorLearningRate,
  l2: generatorL2,
});

/** A turn with the number of its first step in an epoch. */
interface PlacedTurn {
  readonly turn: Turn;
  readonly first: number;
}

class OpenTurns<C> implements OpenExamples<'pairs'> {
  readonly declared: DeclaredParameters;
  readonly store: ParameterStore;
  readonly plan: TrainedPlan;
  readonly nRows: number;
  readonly stepsPerEpoch: number;
  readonly notes: readonly string[];
  readonly #request: OpenRequest<C, 'pairs'>;
  readonly #model: TurnParts<C>;
  readonly #generators: Generator[] = [];
  readonly #turns: PlacedTurn[] = [];

  constructor(title: string, model: TurnParts<C>, request: OpenRequest<C, 'pairs'>) {
    this.#request = request;
    this.#model = model;
    const { engine, config, data, random } = request;
    const training = turnSettings.parse(request.training);
    if (data.rows.columns.length === 0)
      throw new DeepTasteError('data', 'training: there is no interaction to learn from');
    this.declared = declaredAs(model.parameters(config, data.sizes));
    this.store = new ParameterStore(engine, this.declared.list);
    initialiseParameters(this.declared, this.store, random.child('init'));
    const notes: string[] = [];
    let first = 0;
    for (const game of model.games(config)) {
      const positives = positivesOf(title, game, data);
      if (positives.columns.length === 0) {
        notes.push(`nobody has ${game.targets}: the ${game.name} game is not played`);
        continue;
      }
      for (const turn of this.#openGame(game, positives, training)) {
        this.#turns.push({ turn, first });
        first += turn.plan.stepsPerEpoch;
      }
      if (game.targets === 'friends') notes.push(...friendlessNote(positives, data.rows));
    }
    this.notes = notes;
    this.stepsPerEpoch = first;
    this.nRows = this.#turns.reduce((sum, { turn }) => sum + turn.reportedRows, 0);
    this.plan = planOf(this.#turns.map(({ turn }) => turn));
  }

  #openGame(game: Game<C>, positives: SparseRows, training: TurnSettings): Turn[] {
    const { engine, config, data, random: all } = this.#request;
    const { store } = this;
    const { tensors } = this.declared;
    const random = all.child(`examples/${game.name}`);
    const { former } = data;
    const taken = game.targets === 'items' && former ? unitedRows(positives, former) : positives;
    const { discriminatorPasses, generatorPasses, batchSize, optimizer, epochs } = training;
    const common = { engine, store, positives, batchSize, epochs };
    const generatorName = `${game.name} generator`;
    const nTargets = tensors[game.generator.targets].shape[0];
    const even = (player: string) =>
      byPass((epoch, pass) => evenDraws(positives, taken, nTargets, random.child(`${player}/even/${epoch}/${pass}`)));
    const discriminator = (drawn: (epoch: number, pass: number) => Int32Array): Turn =>
      pairTurn({
        ...common,
        name: `${game.name} discriminator`,
        step: pairStep(game.discriminator, tensors, config, game),
        passes: discriminatorPasses,
        optimizer,
        random: random.child('discriminator'),
        isReported: game.isAdversarial,
        drawn,
      });
    if (!game.isAdversarial) {
      const generator = likelihoodTurn({
        ...common,
        name: generatorName,
        tensors,
        config,
        player: game.generator,
        batchSize: training.generatorBatchSize,
        passes: generatorPasses,
        optimizer: ofGenerators(training),
        random: random.child('generator'),
      });
      return [discriminator(even('discriminator')), generator];
    }
    const generator = new Generator({
      engine,
      store,
      tensors,
      config,
      game: game as Game<unknown>,
      positives,
      taken,
      training,
      optimizer: ofGenerators(training),
      random: random.child('generator'),
    });
    this.#generators.push(generator);
    return [discriminator(byPass((epoch, pass) => generator.drawnAgainst(epoch, pass))), generator.turn()];
  }

  /** The turn of a step of an epoch. */
  #turnAt(step: number): PlacedTurn {
    return this.#turns.findLast(({ first }) => first <= step) as PlacedTurn;
  }

  run(epoch: number, first: number, count: number): StepResult {
    const steps = Math.min(count, this.stepsPerEpoch - first);
    let lossSum = 0;
    for (let step = first; step < first + steps; step++) {
      const { turn, first: start } = this.#turnAt(step);
      turn.feed(epoch, step - start);
      const result = turn.plan.run(epoch, step - start, 1);
      if (turn.reportedRows > 0) lossSum += result.lossSum;
    }
    return { steps, lossSum };
  }

  profile(epoch: number, step: number): { readonly result: StepResult; readonly profile: PlanProfile } {
    const { turn, first } = this.#turnAt(step);
    turn.feed(epoch, step - first);
    const { result, profile } = turn.plan.profile(epoch, step - first, 1);
    return { result: turn.reportedRows > 0 ? result : { ...result, lossSum: 0 }, profile };
  }

  skipTo(): void {}

  afterEpoch(epoch: number): readonly string[] {
    return this.#generators.flatMap((generator) => generator.watch(epoch));
  }

  scorer(): Scorer {
    return this.#scorerOf(this.#model.serves(this.#request.config));
  }

  beside(): { readonly name: string; readonly scorer: Scorer }[] {
    const other = this.#model.serves(this.#request.config) === 'generator' ? 'discriminator' : 'generator';
    return [{ name: other, scorer: this.#scorerOf(other) }];
  }

  #scorerOf(role: Role): Scorer {
    const { engine, config, data } = this.#request;
    const scoring = scoringOf(this.#model, () => role);
    return pairScorer(engine, scoring, config, data, this.declared.tensors, this.store);
  }

  free(): void {
    for (const { turn } of this.#turns) turn.plan.free();
    for (const generator of this.#generators) generator.free();
    this.store.free();
  }
}

/** The plans of all players as one: optimizer state by player, and what turns carry. */
function planOf(turns: readonly Turn[]): TrainedPlan {
  const carried = turns.flatMap((turn) => turn.carried ?? []);
  return {
    setRateFactor: (factor) => {
      for (const { plan } of turns) plan.setRateFactor(factor);
    },
    state: {
      read: () =>
        turns.flatMap(({ name, plan }) => plan.state.read().map((each) => ({ ...each, name: `${name}/${each.name}` }))),
      write: (values) => {
        for (const { name, plan } of turns) {
          const own = [...values].filter(([key]) => key.startsWith(`${name}/`));
          plan.state.write(new Map(own.map(([key, data]) => [key.slice(name.length + 1), data])));
        }
      },
    },
    readCarried: () => carried.map((array) => array.slice()),
    writeCarried: (values) => {
      carried.forEach((array, n) => void array.set(values[n]));
    },
    flopsOfStep: Math.max(...turns.map(({ plan }) => plan.flopsOfStep)),
  };
}

/** How many of the users with training rows have no friends. */
function friendlessNote(friends: SparseRows, rows: SparseRows): string[] {
  const people = peopleOf(rows);
  const alone = people.filter((user) => friends.rowStart[user + 1] === friends.rowStart[user]).length;
  if (alone === 0) return [];
  return [
    `${alone.toLocaleString('en-US')} of ${people.length.toLocaleString('en-US')} users with training rows have no friends: no game is played for theirs`,
  ];
}
