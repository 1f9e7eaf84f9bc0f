/** Recommendations and whatever else is asked, from the store and the recommenders. */
import { DeepTasteError } from '../../core/errors.ts';
import { suggestion } from '../../core/nearest.ts';
import { shownName } from '../../core/shown.ts';
import type {
  ExplainReply,
  ExplainRequest,
  NextRequest,
  PredictReply,
  PredictRequest,
  RankRequest,
  RecommendReply,
  RecommendRequest,
  SimilarReply,
  SimilarRequest,
} from '../api/asking.ts';
import { NOBODY, type Replies, type ServedList, type Somebody, type Wanted } from '../scoring/question.ts';
import { type ListSettings, settingsFor } from '../settings.ts';
import type { GivenRecommendation } from '../store/records.ts';
import { StoreFailure } from '../store/store-failure.ts';
import { EVENTS, tasteOf } from './history.ts';
import type { Service } from './service.ts';
import { heldNote, recordEvents } from './telling.ts';

/** Items that the pages of one request may have. */
const MOST_PAGED = 10_000;

interface Asked {
  readonly model: string;
  readonly version: string;
  readonly list: ListSettings;
  readonly scenario: string | null;
  readonly variant: string | null;
}

/** Which model answers, and with which settings. @throws 'not-found' for a scenario that there is not */
function askedOf(
  { scoring, settings }: Service,
  { model, scenario }: { readonly model?: string; readonly scenario?: string },
  person: string | null,
): Asked {
  const models = scoring.about;
  if (scenario !== undefined && !Object.hasOwn(settings.scenarios, scenario))
    throw new DeepTasteError(
      'not-found',
      `scenario: must be one of the settings, found "${shownName(scenario)}"${suggestion(scenario, Object.keys(settings.scenarios))}`,
    );
  const { list, variant } =
    scenario === undefined ? { list: {}, variant: null } : settingsFor(scenario, settings.scenarios[scenario], person);
  const name = model ?? list.model ?? models[0].name;
  const about = models.find((each) => each.name === name);
  if (!about)
    throw new DeepTasteError(
      'not-found',
      `model: must be one that is served, found "${shownName(name)}"${suggestion(
        name,
        models.map((each) => each.name),
      )}`,
    );
  return { model: name, version: about.version, list, scenario: scenario ?? null, variant };
}

type ListRequest = Pick<
  RecommendRequest,
  'where' | 'boost' | 'diversity' | 'explore' | 'includeSeen' | 'exclude' | 'reasons'
>;

export function wantedOf(
  k: number,
  request: ListRequest,
  list: ListSettings,
  before: readonly string[],
  seed: string,
): Wanted {
  // a condition of the scenario holds beside that of the request
  return {
    k,
    where: [list.where, request.where].filter((each) => each !== undefined),
    boost: request.boost ?? list.boost ?? [],
    exclude: [...(request.exclude ?? []), ...before],
    diversity: request.diversity ?? list.diversity ?? 0,
    explore: request.explore ?? list.explore ?? null,
    posterior: null,
    includeSeen: request.includeSeen ?? list.includeSeen ?? null,
    reasons: request.reasons ?? list.reasons ?? true,
    providers: list.providers ?? [{ from: 'model', weight: 1 }],
    fallback: list.fallback ?? ['content', 'popular'],
    seed,
  };
}

type PersonRequest = Pick<RecommendRequest, 'user' | 'history' | 'row' | 'context'>;

/** @throws 'usage' for a user and a history at once */
async function somebodyOf({ store, settings }: Service, request: PersonRequest): Promise<Somebody> {
  const { user, history, row, context } = request;
  if (user !== undefined && history !== undefined)
    throw new DeepTasteError('usage', 'recommend: needs one person, found a user and a history; give either of them');
  const cells = row || context ? { ...context, ...row } : null;
  if (user === undefined) return { ...NOBODY, items: history ?? [], row: cells };
  const person = await store.person(user, EVENTS);
  const { taken, refused } = tasteOf(person.events, settings);
  return { ...NOBODY, ids: person.ids, items: taken, isGiven: false, refused, row: cells, fields: person.fields };
}

/** @throws 'not-found' for a page, model or scenario that there is not; 'usage' */
export async function recommend(service: Service, given: RecommendRequest): Promise<RecommendReply> {
  const { request, before } = await continued(service, given);
  const asked = askedOf(service, request, request.user ?? null);
  const person = await somebodyOf(service, request);
  const id = service.newId();
  const wanted = taught(service, asked, wantedOf(request.k, request, asked.list, before, id));
  const list = await service.scoring.ask({ kind: 'recommend', model: asked.model, person, wanted }, service.signal);
  if (request.trial) return answered(asked, id, list);
  return remembered(service, asked, list, {
    id,
    user: request.user ?? null,
    session: null,
    request: { ...request },
    before,
  });
}

/** The request whose next page is asked for, and what its pages had. */
async function continued(
  { store }: Service,
  given: RecommendRequest,
): Promise<{ readonly request: RecommendRequest; readonly before: readonly string[] }> {
  const { after, k, ...others } = given;
  if (after === undefined) return { request: given, before: [] };
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? [];
  if (other !== undefined)
    throw new DeepTasteError(
      'usage',
      `recommend: a next page takes "after" and "k" alone, found "${other}" too; leave it out`,
    );
  const page = await store.recommendation(after);
  if (page === null || page.request.kind !== undefined)
    throw new DeepTasteError(
      'not-found',
      `recommend: "after" must be the recommendationId of an answer that is kept, found "${shownName(after)}"; ask for the first page again`,
    );
  const before = [...page.before, ...page.items.map(({ id }) => id)];
  if (before.length > MOST_PAGED)
    throw new DeepTasteError('usage', `recommend: the pages of a request have at most ${MOST_PAGED} items, found more`);
  return { request: { ...(page.request as RecommendRequest), k }, before };
}

function answered(
  { model, version, scenario, variant }: Asked,
  id: string,
  { features: _, ...list }: ServedList,
): RecommendReply {
  return { recommendationId: id, model, version, scenario, variant, ...list };
}

/** Keeps what was given, for the page after it, feedback and estimates. */
async function remembered(
  { store, now, watcher, log }: Service,
  asked: Asked,
  list: ServedList,
  given: Pick<GivenRecommendation, 'id' | 'user' | 'session' | 'request' | 'before'>,
): Promise<RecommendReply> {
  const items = list.items.map(({ id, route, probability }) => ({ id, route, probability }));
  const { model, version, scenario, variant } = asked;
  const notes = [...list.notes];
  const kept = store
    .addRecommendation({
      ...{ ...given, time: now(), model, version, scenario, variant, items },
      ...(list.features && { features: list.features }),
    })
    .catch((error: Error) => {
      log.write('error', 'answer not kept', { recommendationId: given.id, message: error.message });
      if (!(error instanceof StoreFailure)) throw error;
      notes.push('the store could not keep this answer: it has no next page, and its probabilities are not kept');
    });
  if (store.mayAnswerBefore)
    kept.catch(() => {}); // the log tells it, whoever asked has the answer
  else await kept;
  watcher.listed(model, list);
  return answered(asked, given.id, { ...list, notes });
}

/** Wanted with what the scenario's Thompson sampling has learned, where it chooses so. */
function taught({ bandits }: Service, asked: Asked, wanted: Wanted): Wanted {
  const { explore } = wanted;
  if (explore?.method !== 'thompson') return wanted;
  return { ...wanted, posterior: bandits.posterior(asked, explore.ridge) };
}

export async function rank(service: Service, request: RankRequest): Promise<RecommendReply> {
  const asked = askedOf(service, request, request.user ?? null);
  const person = await somebodyOf(service, request);
  const id = service.newId();
  const { items, boost, diversity, explore, reasons } = request;
  const ofAll = { ...asked.list, where: undefined };
  const wanted = taught(service, asked, wantedOf(items.length, { boost, diversity, explore, reasons }, ofAll, [], id));
  const list = await service.scoring.ask({ kind: 'rank', model: asked.model, person, items, wanted }, service.signal);
  const kept = { kind: 'rank', ...request };
  return remembered(service, asked, list, { id, user: request.user ?? null, session: null, request: kept, before: [] });
}

/** What comes next in a session, whose events the store keeps: any server over it can go on with it. */
export async function next(service: Service, request: NextRequest): Promise<RecommendReply> {
  const { session, items } = request;
  const user = request.user ?? null;
  const events = items.map((item) => ({
    id: service.newId(),
    type: 'view',
    user,
    item,
    value: null,
    session,
    recommendation: null,
    time: service.now(),
  }));
  const { held } = await recordEvents(service, events);
  const asked = askedOf(service, request, user);
  const { taken, refused } = tasteOf(await service.store.eventsOfSession(session, EVENTS), service.settings);
  // what is held counts for nothing later, but this answer goes on from it
  const played = [...taken, ...held.map(({ event }) => event.item)];
  const person: Somebody = { ...NOBODY, items: played, refused, session };
  const id = service.newId();
  const wanted = taught(service, asked, wantedOf(request.k, request, asked.list, [], id));
  const list = await service.scoring.ask({ kind: 'recommend', model: asked.model, person, wanted }, service.signal);
  const kept = { kind: 'next', ...request };
  const noted = { ...list, notes: [...list.notes, ...heldNote(held)] };
  return remembered(service, asked, noted, { id, user, session, request: kept, before: [] });
}

/** @throws 'not-found' for an item that neither the model nor the store knows */
export async function similar(service: Service, request: SimilarRequest): Promise<SimilarReply> {
  const { item, k, where, exclude } = request;
  const { model, version } = askedOf(service, request, null);
  const list = await service.scoring.ask(
    {
      kind: 'similar',
      model,
      item,
      k,
      where: where === undefined ? [] : [where],
      exclude: exclude ?? [],
    },
    service.signal,
  );
  if (list === null) throw unknownItem('similar', item);
  return { model, version, ...list };
}

function unknownItem(where: string, item: string): DeepTasteError {
  return new DeepTasteError(
    'not-found',
    `${where}: the item must be known to the model or the store, found "${shownName(item)}"; tell of it with PUT /items/{id}`,
  );
}

export async function predict(service: Service, { rows, model: name }: PredictRequest): Promise<PredictReply> {
  const { model, version } = askedOf(service, { model: name }, null);
  return { model, version, predictions: await service.scoring.ask({ kind: 'predict', model, rows }, service.signal) };
}

/** @throws 'usage' unless a row, or a person and an item, is given */
export async function explain(service: Service, request: ExplainRequest): Promise<ExplainReply> {
  const { row, item, user, history } = request;
  const { model, version } = askedOf(service, request, user ?? null);
  const asksForRow = row !== undefined && item === undefined && user === undefined && history === undefined;
  if (asksForRow) {
    const explained = await service.scoring.ask({ kind: 'explain-row', model, row }, service.signal);
    return { model, version, item: null, how: null, row: { ...explained } };
  }
  if (item === undefined || row !== undefined)
    throw new DeepTasteError(
      'usage',
      'explain: needs either { row } or a person and an item: { user, item } or { history, item }',
    );
  const person = await somebodyOf(service, { user, history });
  const wanted = wantedOf(1, {}, {}, [], 'explain');
  const { items, how, unknownItems } = await service.scoring.ask(
    {
      kind: 'rank',
      model,
      person,
      items: [item],
      wanted,
    },
    service.signal,
  );
  if (unknownItems.includes(item)) throw unknownItem('explain', item);
  return { model, version, item: items[0] ?? null, how, row: null };
}

/** How somebody would be served, by the items that are known of the person. */
export async function personAsKnown(service: Service, user: string, name?: string): Promise<Replies['history']> {
  const { model } = askedOf(service, { model: name }, null);
  const person = await somebodyOf(service, { user });
  return service.scoring.ask({ kind: 'history', model, person }, service.signal);
}
