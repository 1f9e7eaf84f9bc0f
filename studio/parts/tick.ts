/** A number that grows with time: what is asked about it is asked again and again. */
import { useEffect, useState } from 'preact/hooks';

/** @param every milliseconds; null = it stands still. Nobody looks at a page that is hidden: it stands still, too. */
export function useTick(every: number | null): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    if (every === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) setTick((n) => n + 1);
    }, every);
    return () => clearInterval(timer);
  }, [every]);
  return tick;
}
