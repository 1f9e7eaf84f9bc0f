/** What feedback says of a person's taste. */
import type { ServerSettings } from '../settings.ts';
import type { FeedbackEvent } from '../store/records.ts';

/** The newest events of a person, and of a session, that are looked at. */
export const EVENTS = 1000;

export interface Taste {
  /** Items that the person took, in the order of the events. */
  readonly taken: readonly string[];
  /** Items that the person does not want to see; the last word on an item counts. */
  readonly refused: readonly string[];
}

/** What one event says: that the item was taken, that it is refused, or nothing. */
export function meaningOf(
  { type, value }: Pick<FeedbackEvent, 'type' | 'value'>,
  { feedback }: Pick<ServerSettings, 'feedback'>,
): 'taken' | 'refused' | 'shown' {
  if (feedback.shown.includes(type)) return 'shown';
  const least = feedback.atLeast[type];
  const isBelow = least !== undefined && value !== null && value < least;
  return isBelow || feedback.refusing.includes(type) ? 'refused' : 'taken';
}

export function tasteOf(events: readonly FeedbackEvent[], { feedback }: Pick<ServerSettings, 'feedback'>): Taste {
  const taken: string[] = [];
  const refused = new Set<string>();
  for (const event of events) {
    const meaning = meaningOf(event, { feedback });
    if (meaning === 'refused') refused.add(event.item);
    if (meaning !== 'taken') continue;
    refused.delete(event.item);
    taken.push(event.item);
  }
  return { taken: taken.filter((item) => !refused.has(item)), refused: [...refused] };
}
