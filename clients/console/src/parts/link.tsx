import type { ComponentChildren } from 'preact';
import { href } from '../shell/router';

export function Link({ to, children, current, keys }: { to: string; children: ComponentChildren; current?: boolean; keys?: string }) {
  return (
    <a class="utrecht-link utrecht-link--html-a" href={href(to)} aria-current={current === true ? 'page' : undefined} aria-keyshortcuts={keys}>
      {children}
    </a>
  );
}
