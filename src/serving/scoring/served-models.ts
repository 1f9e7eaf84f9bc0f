/** All recommenders of a server: one question, one answer, in this thread. */
import { basename, resolve } from 'node:path';
import { DeepTasteError } from '../../core/errors.ts';
import { quotedNames } from '../../core/shown.ts';
import type { FieldTable } from '../../data/dataset.ts';
import { rowOf } from '../../data/sparse-rows.ts';
import type { EngineOptions } from '../../engine/runtime/engine.ts';
import { Recommender } from '../../recommender/recommender.ts';
import type { StoredItem } from '../store/records.ts';
import { colorsOf, itemDirections } from './item-directions.ts';
import { layOut } from './item-layout.ts';
import { knownSomebody } from './known-person.ts';
import { exposureOf, ownLists, someUsers } from './list-exposure.ts';
import type { AboutModel, MeasureQuestion, Question, ReplyTo, ShownItem } from './question.ts';
import { comparedRuns, runMeasures } from './run-measures.ts';
import { ServedModel } from './served-model.ts';

/** A saved recommender and the name under which it is asked. */
export interface ModelSource {
  readonly name: string;
  readonly path: string;
}

/** The names of runs are those of their folders. @throws DeepTasteError `usage`: two of the same name */
export function modelSources(paths: readonly string[]): ModelSource[] {
  const sources = paths.map((path) => ({ name: basename(resolve(path)), path }));
  const names = sources.map(({ name }) => name);
  const twice = names.filter((name, n) => names.indexOf(name) !== n);
  if (twice.length === 0) return sources;
  throw new DeepTasteError(
    'usage',
    `serve: the folders of runs must have different names, found ${quotedNames(twice)} twice; rename one of them`,
  );
}

/** @throws as `Recommender.load` */
export async function loadModels(sources: readonly ModelSource[], engine: EngineOptions): Promise<ServedModels> {
  const models: ServedModel[] = [];
  try {
    for (const { name, path } of sources) {
      models.push(new ServedModel(name, await Recommender.load(path, engine)));
    }
  } catch (error) {
    for (const model of models) model.close();
    throw error;
  }
  return new ServedModels(models);
}

export class ServedModels {
  readonly #models: ReadonlyMap<string, ServedModel>;

  constructor(models: readonly ServedModel[]) {
    this.#models = new Map(models.map((model) => [model.name, model]));
  }

  /**
   * At once, but for what has to be read from files.
   * @throws DeepTasteError: what the recommender throws, 'not-found' for a model that is not served
   */
  answer<Q extends Exclude<Question, MeasureQuestion>>(question: Q): ReplyTo<Q>;
  answer<Q extends Question>(question: Q): ReplyTo<Q> | Promise<ReplyTo<Q>>;
  answer(question: Question): ReplyTo<Question> | Promise<ReplyTo<Question>> {
    if (question.kind === 'measures') return runMeasures(question.run);
    if (question.kind === 'compare') return comparedRuns(question.runs, question.metric, question);
    if (question.kind === 'layout') return layOut(question.directions, question.method);
    return this.#answer(question);
  }

  #answer(question: Exclude<Question, MeasureQuestion>): ReplyTo<Question> {
    if (question.kind === 'about') return [...this.#models.values()].map(aboutModel);
    if (question.kind === 'check-fields') {
      for (const { catalogue } of this.#models.values()) catalogue.check(question.fields);
      return null;
    }
    const model = this.#model(question.model);
    switch (question.kind) {
      case 'recommend':
        return model.recommend(question.person, question.wanted);
      case 'rank':
        return model.rank(question.person, question.items, question.wanted);
      case 'similar':
        return model.similar(question.item, question.k, question.where, question.exclude);
      case 'predict':
        return model.recommender.predict(question.rows);
      case 'explain-row':
        return model.recommender.explain(question.row);
      case 'item': {
        const item = model.catalogue.indexOf(question.id);
        return item === undefined || model.catalogue.storedOf(item)?.deleted ? null : shownItem(model, item);
      }
      case 'items': {
        const { items, total } = model.catalogue.search(question.search, question.offset, question.limit);
        return { items: items.map((item) => shownItem(model, item)), total };
      }
      case 'users':
        return usersLike(model, question);
      case 'history': {
        const known = knownSomebody(model.recommender, model.catalogue, question.person);
        const { taken } = known;
        const route = model.routeOf(known);
        const { users, userFields } = model.recommender.parts;
        const [user] = question.person.ids.flatMap((id) => users.indexOf(id) ?? []);
        const fields = user === undefined ? {} : cellsAt(userFields, user);
        return { isTrained: user !== undefined, route, items: taken.map((item) => model.named(item)), fields };
      }
      case 'some-users':
        return someUsers(model.recommender, question.count);
      case 'lists':
        return ownLists(model, question.users, question.k);
      case 'exposure':
        return exposureOf(model, question.lists);
      case 'directions':
        return itemDirections(model);
      case 'colors':
        return colorsOf(model, question.items, question.field);
    }
  }

  #model(name: string): ServedModel {
    const model = this.#models.get(name);
    if (model) return model;
    throw new DeepTasteError(
      'not-found',
      `model: must be one that is served, found ${quotedNames([name])}; there are ${quotedNames([...this.#models.keys()])}`,
    );
  }

  itemsChanged(items: readonly StoredItem[]): void {
    for (const { catalogue } of this.#models.values()) for (const item of items) catalogue.apply(item);
  }

  close(): void {
    for (const model of this.#models.values()) model.close();
  }
}

function aboutModel({ name, recommender }: ServedModel): AboutModel {
  const { parts, model, asks } = recommender;
  const { version, created } = parts.saved ?? { version: 'unsaved', created: null };
  const named = ({ fields }: FieldTable) => fields.map((field) => ({ name: field.name, kind: field.kind }));
  return {
    name,
    model: model.name,
    title: model.title,
    version,
    created,
    form: model.form,
    by: [...asks.by],
    users: parts.users.size,
    items: parts.items.size,
    interactions: parts.info.data.nInteractions,
    data: parts.info.data.name,
    metrics: { ...parts.info.metrics },
    itemFields: named(parts.itemFields),
    userFields: named(parts.userFields),
  };
}

function shownItem(model: ServedModel, item: number): ShownItem {
  const { catalogue, recommender } = model;
  const popularity = item < catalogue.nKnown ? recommender.asks.popularity[item] : 0;
  return {
    ...model.named(item),
    fields: catalogue.cellsOf(item),
    available: catalogue.isAvailable(item),
    trained: popularity > 0,
    popularity,
  };
}

function cellsAt({ fields }: FieldTable, row: number): Record<string, string | number | readonly string[]> {
  return Object.fromEntries(
    fields.flatMap(({ name, values }) => {
      const cell = values[row] ?? null;
      return cell === null ? [] : [[name, cell]];
    }),
  );
}

/** Ids of training users that hold the text, capitals aside, and took the item where one is named. */
function usersLike(
  { recommender, catalogue }: ServedModel,
  { search, item, limit }: { readonly search: string; readonly item: string | null; readonly limit: number },
): string[] {
  const { users, seen, heldOut } = recommender.parts;
  const taken = item === null ? null : catalogue.indexOf(item);
  const wanted = search.toLowerCase();
  const found: string[] = [];
  for (let user = 0; user < users.size && found.length < limit; user++) {
    const took = taken === null || [seen, heldOut].some((rows) => rows && rowOf(rows, user).includes(taken ?? -1));
    if (!took) continue;
    const id = users.idOf(user);
    if (id.toLowerCase().includes(wanted)) found.push(id);
  }
  return found;
}
