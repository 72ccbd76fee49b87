import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** What may be wider than the screen: text as it stands, a table. Only while it is, it can be reached and scrolled by keyboard. A group, no
    region: the section around it, often of the same name, is the landmark. On a small screen a table is a list instead: each row a
    block, each cell with the title of its column before it. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const watch = new ResizeObserver(() => setWide(element.scrollWidth > element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const titles = [...(box.current?.querySelectorAll('thead th') ?? [])].map((title) => title.textContent ?? '');
    for (const row of box.current?.querySelectorAll('tbody tr') ?? []) {
      [...row.children].forEach((cell, i) => {
        if (i > 0) cell.setAttribute('data-title', titles[i] ?? '');
      });
    }
  });
  return (
    <div ref={box} class="scroll" {...(wide ? { tabIndex: 0, role: 'group', 'aria-label': label } : {})}>{children}</div>
  );
}
