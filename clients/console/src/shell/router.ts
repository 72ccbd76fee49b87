// Addresses of pages: `/app/` and what follows. A link is an ordinary link, so it can be copied and opened in a new tab.
import { signal } from '@preact/signals';

export const BASE = '/app';

/** What is shown: the path below /app, always beginning with a slash. */
export const place = signal(inside(location.pathname));
export const query = signal(new URLSearchParams(location.search));
/** Counts up with each change of page, not with the first one: the reader is told, and the focus moves. */
export const moved = signal(0);

function inside(path: string): string {
  const rest = path.startsWith(BASE) ? path.slice(BASE.length) : path;
  const clean = rest.replace(/\/+$/, '');
  return clean === '' ? '/' : clean;
}

/** Something on the page is not saved: leaving it is asked about. The words of the question; '' where all is saved. */
export const unsaved = signal('');

function mayLeave(): boolean {
  if (unsaved.value === '') return true;
  if (!confirm(unsaved.value)) return false;
  unsaved.value = '';
  return true;
}

addEventListener('beforeunload', (event) => {
  if (unsaved.value !== '') event.preventDefault();
});

export function href(path: string): string {
  return BASE + path;
}

export function go(path: string, replace = false): void {
  if (!replace && !mayLeave()) return;
  const url = new URL(href(path), location.href);
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  arrive();
}

function arrive(): void {
  const changed = inside(location.pathname) !== place.value;
  query.value = new URLSearchParams(location.search);
  place.value = inside(location.pathname);
  if (changed) {
    scrollTo(0, 0);
    moved.value++;
  }
}

/** The values of `:name` parts where the path fits the pattern; undefined where it does not. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const wants = pattern.split('/');
  const has = path.split('/');
  if (wants.length !== has.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, want] of wants.entries()) {
    const part = has[i] ?? '';
    if (want.startsWith(':')) {
      if (part === '') return undefined;
      try {
        values[want.slice(1)] = decodeURIComponent(part);
      } catch {
        return undefined;
      }
    } else if (want !== part) return undefined;
  }
  return values;
}

addEventListener('popstate', arrive);
document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download') || link.origin !== location.origin) return;
  if (!link.pathname.startsWith(`${BASE}/`) && link.pathname !== BASE) return;
  if (link.pathname === location.pathname && link.search === location.search && link.hash !== '') return; // within the page
  event.preventDefault();
  if (!mayLeave()) return;
  history.pushState(null, '', link.href);
  arrive();
});
