import { useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, asProblem } from './api';
import { stirred } from './live';

export interface Loaded<T> {
  value: T | undefined;
  problem: Problem | undefined;
  /** Being read, the first time. */
  fresh: boolean;
  again: () => Promise<void>;
}

const QUIET_MS = 60_000;

/** What `read` answers, read again when something was told, when `keys` change, and each minute besides: what other
 *  people do is not all told to everybody. The last answer stays while it is read again, and where that fails. */
export function useLoad<T>(read: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [value, setValue] = useState<T | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const turn = useRef<{ reading: boolean; more: boolean; stop: AbortController | undefined; waiting: (() => void)[] }>({
    reading: false, more: false, stop: undefined, waiting: [],
  });
  const latest = useRef(read);
  latest.current = read;

  const again = (): Promise<void> =>
    new Promise((done) => {
      const state = turn.current;
      state.waiting.push(done);
      if (state.reading) {
        state.more = true; // whoever asks while one is under way needs a newer one
        return;
      }
      void pass();
    });

  async function pass(): Promise<void> {
    const state = turn.current;
    state.reading = true;
    do {
      state.more = false;
      const waiting = state.waiting.splice(0);
      const stop = new AbortController();
      state.stop = stop;
      try {
        const answer = await latest.current(stop.signal);
        if (!stop.signal.aborted) {
          setValue(() => answer);
          setProblem(undefined);
        }
      } catch (error) {
        const found = asProblem(error);
        if (!stop.signal.aborted && found !== undefined) setProblem(found);
      }
      waiting.forEach((done) => done());
    } while (state.more);
    state.reading = false;
  }

  useEffect(() => {
    setValue(undefined);
    setProblem(undefined);
    void again();
    let seen = stirred.peek();
    const stop = stirred.subscribe((count) => {
      if (count !== seen) {
        seen = count;
        void again();
      }
    });
    const timer = setInterval(() => document.visibilityState === 'visible' && void again(), QUIET_MS);
    return () => {
      stop();
      clearInterval(timer);
      turn.current.stop?.abort();
    };
  }, keys);

  return { value, problem, fresh: value === undefined && problem === undefined, again };
}
