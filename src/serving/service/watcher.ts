/** Whoever is told what the server does. */
import type { ServedList } from '../scoring/question.ts';

export interface Watcher {
  /** A list was made. */
  listed(model: string, list: Pick<ServedList, 'items'>): void;
  /** Events of feedback by their type, those that are new. */
  fedBack(type: string, events: number): void;
}
