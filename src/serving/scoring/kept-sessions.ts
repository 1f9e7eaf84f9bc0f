/**
 * Sequences whose state is kept from one question to the next, of sessions and of people: where the history only grew, an answer costs
 * the new events alone. What is answered is the same as after reading all of it.
 */
import type { Candidates } from '../../recommender/answer.ts';
import type { OpenSession } from '../../recommender/open-session.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { RecommendOptions, Request } from '../../recommender/request.ts';
import type { Somebody } from './question.ts';

/** Sequences whose state is kept, each of at most as many events as the store gives; the one that was not asked for longest goes first. */
const KEPT = 1000;

interface Kept {
  readonly open: OpenSession;
  /** What it was told; of a user of the training beside the history that it began with. */
  readonly items: string[];
}

export class KeptSessions {
  readonly #recommender: Recommender;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>();

  constructor(recommender: Recommender) {
    this.#recommender = recommender;
  }

  /** As `recommender.candidates`; where the sequence continues what was asked with before, from the state that is kept. */
  candidates(person: Pick<Somebody, 'session' | 'ids'>, request: Request, options: RecommendOptions): Candidates {
    const { user, history, row } = request;
    const name = row === undefined && this.#recommender.asks.sessions !== null ? nameOf(person, user) : null;
    if (name === null) return this.#recommender.candidates(request, options);
    return this.#session(name, user, (history ?? []).map(String)).candidates(options);
  }

  #session(name: string, user: Request['user'], history: readonly string[]): OpenSession {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    const goesOn = kept?.items.every((item, place) => history[place] === item) ?? false;
    if (kept && !goesOn) kept.open.close();
    const session = kept && goesOn ? kept : { open: this.#recommender.startSession({ user }), items: [] };
    for (const item of history.slice(session.items.length)) {
      session.open.add(item);
      session.items.push(item);
    }
    this.#kept.set(name, session);
    if (this.#kept.size > KEPT) this.#drop(this.#kept.keys().next().value as string);
    return session.open;
  }

  #drop(name: string): void {
    this.#kept.get(name)?.open.close();
    this.#kept.delete(name);
  }

  close(): void {
    for (const { open } of this.#kept.values()) open.close();
    this.#kept.clear();
  }
}

/** Null for somebody who is asked about by a history alone. A user as training knew it is told from one who took something since. */
function nameOf({ session, ids }: Pick<Somebody, 'session' | 'ids'>, user: Request['user']): string | null {
  if (session !== null) return `session ${session}`;
  if (user !== undefined) return `user ${user}`;
  return ids.length === 0 ? null : `person ${ids[0]}`;
}
