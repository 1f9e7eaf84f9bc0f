/** Something that is done when somebody asks for it: whether it is going on, and what went wrong. */
import type { Client } from 'deeptaste/client';
import { useState } from 'preact/hooks';
import { ask, messageOf } from '../app/server.ts';

export interface Work {
  readonly isGoingOn: boolean;
  /** In the words of the server; null = nothing. */
  readonly problem: string | null;
  /** @param then is given what came out */
  start<T>(question: (client: Client) => Promise<T>, then?: (result: T) => void): Promise<void>;
}

export function useWork(): Work {
  const [isGoingOn, setGoingOn] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  return {
    isGoingOn,
    problem,
    async start(question, then) {
      setGoingOn(true);
      setProblem(null);
      try {
        const result = await ask(question);
        then?.(result);
      } catch (error) {
        setProblem(messageOf(error));
      } finally {
        setGoingOn(false);
      }
    },
  };
}
