/** What training steps leave in the JavaScript heap: garbage, and what stays after its collection. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Steps of a call, about as many as the training loop runs between two looks at the event loop. */
const STEPS_OF_CALL = 50;

export interface HeapGrowth {
  /** Bytes that 1,000 steps allocate; the collector frees them. */
  readonly allocatedBytes: number;
  /** Growth of the heap after a full collection, of 1,000 steps and of 10,000: what grows with the steps differs between them. */
  readonly retainedBytes: number;
  readonly retainedBytesOfTenThousand: number;
}

/** @param run runs the next steps of a training */
export function measureHeapGrowth(run: (steps: number) => void): HeapGrowth {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => getHeapStatistics().used_heap_size;
  const usedAfterCollection = () => {
    // code that was compiled meanwhile is dropped by the second collection
    collect();
    collect();
    return used();
  };
  const runThousands = (thousands: number) => {
    for (let steps = 0; steps < 1000 * thousands; steps += STEPS_OF_CALL) run(STEPS_OF_CALL);
  };
  // until the compiler has nothing left to do
  runThousands(2);
  const before = usedAfterCollection();
  runThousands(1);
  const allocated = used() - before;
  const afterOne = usedAfterCollection();
  runThousands(10);
  const afterTen = usedAfterCollection();
  return {
    allocatedBytes: Math.max(0, allocated),
    retainedBytes: Math.max(0, afterOne - before),
    retainedBytesOfTenThousand: Math.max(0, afterTen - afterOne),
  };
}
