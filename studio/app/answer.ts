/** An answer of the server as the state of a component. */
import type { Client } from 'deeptaste/client';
import { useEffect, useState } from 'preact/hooks';
import { waitBegins } from './busy.ts';
import { ask, messageOf } from './server.ts';

export interface Answer<T> {
  /** The latest that came, also while another is asked for; null = none yet. */
  readonly value: T | null;
  /** What is wrong with the latest question, in the words of the server. */
  readonly error: string | null;
  readonly isAsking: boolean;
}

/**
 * @param question null = nothing is asked
 * @param about what the question depends on: it is asked again when one of these changes
 * @param pause milliseconds in which nothing changes before it is asked
 */
export function useAnswer<T>(
  question: ((client: Client) => Promise<T>) | null,
  about: readonly unknown[],
  pause = 0,
): Answer<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ value: null, error: null, isAsking: question !== null });
  useEffect(() => {
    if (question === null) {
      setAnswer({ value: null, error: null, isAsking: false });
      return;
    }
    let isLate = false;
    const waitEnds = waitBegins();
    setAnswer(({ value, error }) => ({ value, error, isAsking: true }));
    const timer = setTimeout(async () => {
      try {
        const value = await ask(question);
        if (!isLate) setAnswer({ value, error: null, isAsking: false });
      } catch (error) {
        if (!isLate) setAnswer(({ value }) => ({ value, error: messageOf(error), isAsking: false }));
      }
      waitEnds();
    }, pause);
    return () => {
      isLate = true;
      clearTimeout(timer);
      waitEnds();
    };
  }, about);
  return answer;
}
