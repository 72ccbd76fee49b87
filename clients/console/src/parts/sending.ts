// An act on its way. Where nothing answers, it is sent again by itself until it is answered: it is the same act each time, so
// that it is never done twice. Whoever changes something decides anew when it goes.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { link } from '../net/live';

const AGAIN_MS = 2000;

export interface Sending {
  busy: boolean;
  problem: Problem | undefined;
  /** It goes again by itself. */
  repeating: boolean;
  /** True: done. False: refused, or not answered yet. */
  send: (act: () => Promise<void>) => Promise<boolean>;
  /** Nothing goes by itself any more; what was wrong stays to be read. */
  hold: () => void;
  /** The same, and what was wrong is forgotten. */
  forget: () => void;
}

export function useSending(): Sending {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [repeating, setRepeating] = useState(false);
  const later = useRef<{ timer: ReturnType<typeof setTimeout> | undefined; act: (() => Promise<void>) | undefined; busy: boolean }>({
    timer: undefined, act: undefined, busy: false,
  });

  const hold = () => {
    clearTimeout(later.current.timer);
    later.current.act = undefined;
    setRepeating(false);
  };
  const send = async (act: () => Promise<void>): Promise<boolean> => {
    const state = later.current;
    if (state.busy) return false;
    clearTimeout(state.timer);
    if (state.act === undefined) setProblem(undefined); // what is tried again says so until it is done
    state.act = act;
    state.busy = true;
    setBusy(true);
    try {
      await act();
      hold();
      setProblem(undefined);
      return true;
    } catch (error) {
      const found = asProblem(error);
      setProblem((old) => (old !== undefined && old.code === found?.code ? old : found));
      if (found?.repeatable !== true) hold();
      else if (state.act !== undefined) {
        setRepeating(true);
        state.timer = setTimeout(() => void send(act), AGAIN_MS);
      }
      return false;
    } finally {
      state.busy = false;
      setBusy(false);
    }
  };

  useEffect(() => {
    const stop = link.subscribe((now) => {
      const { act, busy: under } = later.current;
      if (now === 'live' && act !== undefined && !under) void send(act);
    });
    return () => {
      stop();
      clearTimeout(later.current.timer);
      later.current.act = undefined;
    };
  }, []);

  const forget = () => {
    hold();
    setProblem(undefined);
  };
  return { busy, problem, repeating, send, hold, forget };
}
