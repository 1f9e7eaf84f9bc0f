/** How good the served runs are and what they do; what takes long is kept until other artifacts are served. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { shownName } from '../../core/shown.ts';
import { isLowerBetter, parseMetric } from '../../evaluation/metric-name.ts';
import type {
  AboutModel,
  ComparedRuns,
  Exposure,
  ItemMap,
  Layout,
  MeasuredRun,
  RunMeasures,
} from '../scoring/question.ts';
import type { Service } from './service.ts';

/** Users whose lists are asked for at once: other questions get their turn between. */
const USERS_AT_ONCE = 20;
/** Answers that are kept. */
const MOST_KEPT = 100;

type Of<T> = T & { readonly model: string; readonly version: string };

export class Measuring {
  readonly #service: Pick<Service, 'scoring' | 'store'>;
  readonly #kept = new Map<string, Promise<unknown>>();

  constructor(service: Pick<Service, 'scoring' | 'store'>) {
    this.#service = service;
  }

  /** @throws 'not-found' for a model that is not served */
  async measures(name: string): Promise<Of<RunMeasures>> {
    const about = this.#about(name);
    const found = await this.#once(['measures', about.name], [about], () =>
      this.#service.scoring.ask({ kind: 'measures', run: this.#run(about.name) }),
    );
    return { model: about.name, version: about.version, ...found };
  }

  /**
   * @param names absent = all that are served
   * @throws 'not-found'; 'protocol' for runs that were not measured alike; 'usage' for one without values of its users
   */
  async compare(
    names: readonly string[] | undefined,
    { metric = null, baseline = null, slices }: { metric?: string | null; baseline?: string | null; slices: boolean },
  ): Promise<ComparedRuns & { readonly lowerIsBetter: boolean }> {
    const chosen = (names ?? this.#service.scoring.about.map(({ name }) => name)).map((name) => this.#about(name));
    if (chosen.length === 0) throw new DeepTasteError('usage', 'compare: "models" must name a run, found none');
    const twice = chosen.find((each, n) => chosen.indexOf(each) !== n);
    if (twice)
      throw new DeepTasteError('usage', `compare: "models" must name each run once, found "${twice.name}" twice`);
    const runs = chosen.map(({ name }) => this.#run(name));
    const about = ['compare', ...runs.map(({ name }) => name), metric, baseline, slices];
    const found = await this.#once(about, chosen, () =>
      this.#service.scoring.ask({ kind: 'compare', runs, metric, baseline, slices }),
    );
    return { ...found, lowerIsBetter: isLowerBetter(parseMetric(found.metric)) };
  }

  /** The lists of some users of the training, of `k` items each. @throws 'usage' for a model that knows no users */
  async exposure(
    name: string,
    k: number,
    count: number,
  ): Promise<Of<Exposure & { readonly k: number; readonly users: number }>> {
    const about = this.#about(name);
    const nForgotten = await this.#service.store.nForgotten();
    const spread = await this.#once(['exposure', about.name, k, count, nForgotten], [about], () =>
      this.#spread(about, k, count),
    );
    return { model: about.name, version: about.version, k, ...spread };
  }

  async #spread(
    { name: model, title, users }: AboutModel,
    k: number,
    count: number,
  ): Promise<Exposure & { readonly users: number }> {
    const { scoring, store } = this.#service;
    if (users === 0)
      throw new DeepTasteError(
        'usage',
        `exposure: needs users of the training by name, found none in the data of ${title}; ask a model that knows users`,
      );
    const sample = await scoring.ask({ kind: 'some-users', model, count });
    const ids = await store.withoutForgotten(sample);
    const lists: (readonly string[])[] = [];
    for (let from = 0; from < ids.length; from += USERS_AT_ONCE)
      lists.push(...(await scoring.ask({ kind: 'lists', model, users: ids.slice(from, from + USERS_AT_ONCE), k })));
    const spread = await scoring.ask({ kind: 'exposure', model, lists });
    return { ...spread, users: lists.length };
  }

  /** @throws 'usage' for a model without vectors of items, 'not-found' for a field that there is not */
  async map(
    name: string,
    method: Layout,
    color: string | null,
  ): Promise<Of<ItemMap & { readonly color: string | null }>> {
    const about = this.#about(name);
    const { scoring } = this.#service;
    const { items, nItems, placed } = await this.#once(['map', about.name, method], [about], async () => {
      const directions = await scoring.ask({ kind: 'directions', model: about.name });
      return { ...directions, placed: await scoring.ask({ kind: 'layout', method, directions }) };
    });
    const ids = items.map(({ id }) => id);
    const colors =
      color === null ? null : await scoring.ask({ kind: 'colors', model: about.name, items: ids, field: color });
    const { layout, explained, coordinates } = placed;
    const points = items.map((item, n) => ({
      ...item,
      x: coordinates[2 * n],
      y: coordinates[2 * n + 1],
      value: colors?.[n] ?? null,
    }));
    return { model: about.name, version: about.version, color, items: nItems, layout, explained, points };
  }

  #run(name: string): MeasuredRun {
    return this.#service.scoring.runs.find((run) => run.name === name) as MeasuredRun;
  }

  #about(name: string): AboutModel {
    const models = this.#service.scoring.about;
    const about = models.find((each) => each.name === name);
    if (about) return about;
    const names = models.map((each) => each.name);
    throw new DeepTasteError(
      'not-found',
      `models: must be one that is served, found "${shownName(name)}"${suggestion(name, names)}`,
    );
  }

  /** The same question of the same artifacts is worked on once. What failed is asked again. */
  #once<T>(question: readonly unknown[], of: readonly AboutModel[], work: () => Promise<T>): Promise<T> {
    const key = JSON.stringify([question, of.map(({ version }) => version)]);
    const known = this.#kept.get(key);
    if (known) return known as Promise<T>;
    const answer = work();
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= MOST_KEPT) this.#kept.delete(oldest);
    this.#kept.set(key, answer);
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }
}
