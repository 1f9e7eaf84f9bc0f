/** What the server is told: it holds for the very next answer. */
import { DeepTasteError } from '../../core/errors.ts';
import { shownName } from '../../core/shown.ts';
import type { FeedbackInput } from '../api/telling.ts';
import { NOBODY } from '../scoring/question.ts';
import type { Cells, FeedbackEvent, HeldEvent, StoredItem } from '../store/records.ts';
import type { Service } from './service.ts';

export async function feedback(
  service: Service,
  events: readonly FeedbackInput[],
): Promise<{ readonly added: number; readonly known: number; readonly notes: readonly string[] }> {
  const now = service.now();
  const stored = events.map(
    ({ id, type, user, item, value, time, session, recommendationId }): FeedbackEvent => ({
      id: id ?? service.newId(),
      user: user ?? null,
      item,
      type,
      value: value ?? null,
      time: time ?? now,
      session: session ?? null,
      recommendation: recommendationId ?? null,
    }),
  );
  const named = events.flatMap(({ id }) => id ?? []);
  const { added, held } = await recordEvents(service, stored, named);
  const notes = [...heldNote(held), ...(await strangeAnswers(service, events))];
  return { added: added.length, known: stored.length - added.length - held.length, notes };
}

/** Events that name an answer which was never given, or is not kept any more, count for no comparison of scenarios. */
async function strangeAnswers({ store }: Service, events: readonly FeedbackInput[]): Promise<string[]> {
  const named = [...new Set(events.flatMap(({ recommendationId }) => recommendationId ?? []))];
  const known = await store.knownRecommendations(named);
  const unknown = named.filter((id) => !known.has(id));
  if (unknown.length === 0) return [];
  const shown = `"${shownName(unknown[0])}"${unknown.length > 1 ? ` and ${unknown.length - 1} more` : ''}`;
  return [`no answer ${shown} was given, or it is not kept any more: the events are kept, and count for no scenario`];
}

export function heldNote(held: readonly HeldEvent[]): string[] {
  if (held.length === 0) return [];
  const which = held.length === 1 ? '1 event is' : `${held.length} events are`;
  return [
    `${which} held back and count for nothing until they are released: ${[...new Set(held.map(({ reason }) => reason))].join('; ')}`,
  ];
}

/**
 * Keeps events: those that are new and count, and those that are held back.
 * @param named ids that the teller gave: such an event may have been told before, and is not looked at again
 */
export async function recordEvents(
  service: Service,
  events: readonly FeedbackEvent[],
  named: readonly string[] = [],
): Promise<{ readonly added: readonly FeedbackEvent[]; readonly held: readonly HeldEvent[] }> {
  const { store, log, guard } = service;
  if (!guard.isOn) return { added: await countEvents(service, events), held: [] };
  const known = await store.knownEvents(named);
  const held = await heldOf(
    service,
    events.filter(({ id }) => !known.has(id)),
  );
  const isHeld = new Set(held.map(({ event }) => event));
  const added = await countEvents(
    service,
    events.filter((event) => !isHeld.has(event)),
  );
  await store.holdEvents(held);
  if (held.length > 0) log.write('warn', 'feedback held', { events: held.length, reason: held[0].reason });
  return { added, held };
}

async function heldOf(service: Service, events: readonly FeedbackEvent[]): Promise<HeldEvent[]> {
  const { guard } = service;
  const isNew = new Map<string | null, boolean>([[null, true]]);
  const held: HeldEvent[] = [];
  for (const event of events) {
    const { user } = event;
    if (guard.asksForNew && !isNew.has(user)) isNew.set(user, !(await isTrainedOn(service, user as string)));
    const reason = guard.reasonToHold(event, isNew.get(user) ?? false);
    if (reason !== null) held.push({ event, reason, held: service.now() });
  }
  return held;
}

async function isTrainedOn({ scoring, store }: Service, user: string): Promise<boolean> {
  const { ids } = await store.person(user, 0);
  const person = { ...NOBODY, ids, isGiven: false };
  const known = await Promise.all(
    scoring.about.map(({ name: model }) => scoring.ask({ kind: 'history', model, person })),
  );
  return known.some(({ isTrained }) => isTrained);
}

/** Lets held events count. @returns how many were there, and were new */
export async function releaseHeld(service: Service, ids: readonly string[]): Promise<number> {
  const added = await countEvents(service, await service.store.heldNamed(ids));
  await service.store.dropHeld(ids);
  return added.length;
}

/** @returns those that are new */
async function countEvents(
  { store, watcher }: Service,
  events: readonly FeedbackEvent[],
): Promise<readonly FeedbackEvent[]> {
  const added = await store.addEvents(events);
  const byType = new Map<string, number>();
  for (const { type } of added) byType.set(type, (byType.get(type) ?? 0) + 1);
  for (const [type, n] of byType) watcher.fedBack(type, n);
  return added;
}

/** @throws 'usage' for cells that do not fit the fields that training had */
export async function putItem(
  { store, scoring, onItems }: Service,
  id: string,
  { fields, categories, available }: { fields: Cells; categories?: readonly string[]; available: boolean },
): Promise<StoredItem> {
  const cells = categories === undefined ? fields : { ...fields, categories };
  await scoring.ask({ kind: 'check-fields', fields: cells });
  const item = await store.putItem({ id, fields: cells, available, deleted: false });
  await scoring.itemsChanged([item]);
  onItems?.();
  return item;
}

/** @throws 'not-found' for an item that neither the models nor the store know */
export async function deleteItem({ store, scoring, onItems }: Service, id: string): Promise<void> {
  const stored = await store.item(id);
  const shown = await Promise.all(scoring.about.map(({ name }) => scoring.ask({ kind: 'item', model: name, id })));
  if ((stored === null || stored.deleted) && shown.every((each) => each === null))
    throw new DeepTasteError('not-found', `items: must be an item that is known, found "${shownName(id)}"`);
  const item = await store.putItem({ id, fields: {}, available: false, deleted: true });
  await scoring.itemsChanged([item]);
  onItems?.();
}
