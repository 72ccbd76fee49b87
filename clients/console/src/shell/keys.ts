// One-letter keys. They can be turned off (WCAG 2.1.4), say nothing while somebody writes or a dialog is open, and the list
// of those that work here is one key away.
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Key } from '../words/words';

export interface Shortcut {
  /** As KeyboardEvent.key has it, or two after each other, with a blank between: `g i`. */
  keys: string;
  does: Key;
  run: () => void;
}

const KEPT = 'voordeur.keys';
const PAUSE_MS = 1200;

function kept(): boolean {
  try {
    return localStorage.getItem(KEPT) !== 'off';
  } catch {
    return true;
  }
}

export const keysOn = signal(kept());
/** Those that work now, page and shell together. */
export const shortcuts = signal<readonly Shortcut[]>([]);

export function setKeys(on: boolean): void {
  keysOn.value = on;
  try {
    localStorage.setItem(KEPT, on ? 'on' : 'off');
  } catch {
    // then it lasts for the page
  }
}

let first = '';
let firstAt = 0;

function writing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

document.addEventListener('keydown', (event) => {
  if (!keysOn.value || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (writing(event.target) || document.querySelector('dialog[open]') !== null) return;
  const pair = event.timeStamp - firstAt < PAUSE_MS ? `${first} ${event.key}` : event.key;
  const found = shortcuts.value.findLast((s) => s.keys === pair) ?? shortcuts.value.findLast((s) => s.keys === event.key);
  const opens = shortcuts.value.some((s) => s.keys.startsWith(`${event.key} `));
  first = found === undefined && opens ? event.key : '';
  firstAt = event.timeStamp;
  if (found === undefined) return;
  // Enter and the arrows belong to what has the focus, where that is something to press.
  if (event.key === 'Enter' && event.target instanceof Element && event.target.closest('a,button,summary') !== null) return;
  event.preventDefault();
  found.run();
});

/** These work while the component is there. */
export function useKeys(list: readonly Shortcut[]): void {
  const current = useRef(list);
  current.current = list;
  const names = list.map((s) => s.keys).join('|');
  useEffect(() => {
    const mine = current.current.map(
      (s): Shortcut => ({ keys: s.keys, does: s.does, run: () => current.current.find((c) => c.keys === s.keys)?.run() }),
    );
    shortcuts.value = [...shortcuts.value, ...mine];
    return () => {
      shortcuts.value = shortcuts.value.filter((s) => !mine.includes(s));
    };
  }, [names]);
}
