/** What feedback says of a person's taste. */
import type { ServerSettings } from '../settings.ts';
import type { FeedbackEvent } from '../store/records.ts';

export interface Taste {
  /** Items that the person took, in the order of the events. */
  readonly taken: readonly string[];
  /** Items that the person does not want to see; the last word on an item counts. */
  readonly refused: readonly string[];
}

export function tasteOf(events: readonly FeedbackEvent[], { feedback }: Pick<ServerSettings, 'feedback'>): Taste {
  const taken: string[] = [];
  const refused = new Set<string>();
  for (const { type, item, value } of events) {
    if (feedback.shown.includes(type)) continue;
    const least = feedback.atLeast[type];
    const isRefusal = feedback.refusing.includes(type) || (least !== undefined && value !== null && value < least);
    if (isRefusal) refused.add(item);
    else {
      refused.delete(item);
      taken.push(item);
    }
  }
  return { taken: taken.filter((item) => !refused.has(item)), refused: [...refused] };
}
