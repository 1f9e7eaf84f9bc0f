/** The server that the page comes from, and the key with which it is asked. */
import { Client, ServerError } from 'deeptaste/client';

const PLACE = 'deeptaste-key';
/** Milliseconds: maps and comparisons of large runs take their time. */
const TIMEOUT = 60_000;

let client = connected();
const listeners = new Set<() => void>();
let isKeyWanted = false;

function connected(): Client {
  const key = sessionStorage.getItem(PLACE) ?? undefined;
  return new Client(new URL('.', document.baseURI).href, { key, timeout: TIMEOUT });
}

/** Whether the server has refused to answer without a key, or with the one that there is. */
export function keyIsWanted(): boolean {
  return isKeyWanted;
}

/** The key stays with this tab until it is closed. */
export function enterKey(key: string): void {
  sessionStorage.setItem(PLACE, key);
  client = connected();
  isKeyWanted = false;
  for (const tell of listeners) tell();
}

/** @returns what stops it */
export function onKey(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

/** Asks the server. @throws ServerError with its words, or what the connection throws */
export async function ask<T>(question: (client: Client) => Promise<T>): Promise<T> {
  try {
    return await question(client);
  } catch (error) {
    if (error instanceof ServerError && error.status === 401) {
      isKeyWanted = true;
      for (const tell of listeners) tell();
    }
    throw error;
  }
}

/** The words of the server, or what happened instead of an answer. */
export function messageOf(error: unknown): string {
  if (error instanceof ServerError) return error.message;
  return 'the server does not answer; is it still running?';
}
