/** Sessions of models of sequences whose state is kept from one question to the next, so that an answer costs the new events alone. */
import type { Candidates } from '../../recommender/answer.ts';
import type { OpenSession } from '../../recommender/open-session.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { RecommendOptions, Request } from '../../recommender/request.ts';

/** Sessions whose state is kept; the one that was not asked for longest goes first. */
const KEPT = 1000;

export class KeptSessions {
  readonly #recommender: Recommender;
  /** In the order of their last use. */
  readonly #kept = new Map<string, { readonly open: OpenSession; readonly items: string[] }>();

  constructor(recommender: Recommender) {
    this.#recommender = recommender;
  }

  /** As `recommender.candidates`; for a named session that continues what it was told before, from the state that is kept. */
  candidates(name: string | null, request: Request, options: RecommendOptions): Candidates {
    if (name === null || request.history === undefined || this.#recommender.asks.sessions === null)
      return this.#recommender.candidates(request, options);
    return this.#session(name, request.history.map(String)).candidates(options);
  }

  #session(name: string, history: readonly string[]): OpenSession {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    const goesOn = kept?.items.every((item, place) => history[place] === item) ?? false;
    if (kept && !goesOn) kept.open.close();
    const session = kept && goesOn ? kept : { open: this.#recommender.startSession(), items: [] };
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
