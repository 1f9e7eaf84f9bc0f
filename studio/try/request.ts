/** What is tried, as it stands in the address, and the request of it. */
import type { Client } from 'deeptaste/client';

export type RecommendRequest = Parameters<Client['recommend']>[0];
export type Recommendations = Awaited<ReturnType<Client['recommend']>>;
export type Item = Recommendations['items'][number];
export type Model = Awaited<ReturnType<Client['models']>>['models'][number];

/** Parts of the address; what is absent has its default. */
export interface Tried {
  readonly user?: string;
  /** Ids with commas between them; a comma or a backslash of an id stands behind a backslash. Takes the place of a user. */
  readonly history?: string;
  readonly model?: string;
  /** The model beside it. */
  readonly other?: string;
  readonly k?: string;
  readonly where?: string;
  readonly diversity?: string;
  readonly explore?: string;
  readonly chance?: string;
  readonly scenario?: string;
}

export const USUAL_K = 10;
export const methods = ['epsilon', 'boltzmann', 'thompson'] as const;
type Method = (typeof methods)[number];
export const USUAL_CHANCE: Readonly<Record<Method, number>> = { epsilon: 0.2, boltzmann: 0.5, thompson: 0.25 };

export function historyOf({ history = '' }: Tried): string[] {
  const parts = history.match(/(?:\\.|[^,\\]|\\$)+/gsu) ?? [];
  return parts.map((part) => part.replace(/\\(.)/gsu, '$1'));
}

export function historyText(ids: readonly string[]): string {
  return ids.map((id) => id.replace(/[\\,]/g, '\\$&')).join(',');
}

export function methodOf({ explore }: Tried): Method | null {
  return methods.find((each) => each === explore) ?? null;
}

export function chanceOf(tried: Tried): number {
  const method = methodOf(tried);
  if (method === null) return 0;
  return Number(tried.chance ?? USUAL_CHANCE[method]);
}

/** A trial: it is neither kept nor counted. Null = nobody is chosen yet. */
export function requestOf(tried: Tried, user: string | null, model: string): RecommendRequest | null {
  const person = tried.history === undefined ? user && { user } : { history: historyOf(tried) };
  if (!person) return null;
  const method = methodOf(tried);
  const amount = chanceOf(tried);
  return {
    ...person,
    model,
    trial: true,
    k: Number(tried.k ?? USUAL_K),
    where: tried.where || undefined,
    diversity: tried.diversity === undefined ? undefined : Number(tried.diversity),
    scenario: tried.scenario,
    explore: method === null ? undefined : exploreBy(method, amount),
  };
}

function exploreBy(method: Method, amount: number): RecommendRequest['explore'] {
  if (method === 'epsilon') return { method, epsilon: amount };
  return method === 'boltzmann' ? { method, temperature: Math.max(0.01, amount) } : { method, scale: amount };
}

/** How far down the order of a model is looked for items that moved. */
export const DEEP = 100;

/** The order of a model by itself: without diversity and chance, further down than a list. */
export function deepRequest(request: RecommendRequest): RecommendRequest {
  return { ...request, k: DEEP, diversity: 0, explore: undefined };
}
