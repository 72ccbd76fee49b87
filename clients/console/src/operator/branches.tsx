// A tree of details in details: by Tab and Enter as the browser has it, and by arrows as a tree is gone through.
import { useRef } from 'preact/hooks';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { t } from '../words/words';
import type { Node } from './tree';

function Label({ node }: { node: Node }) {
  return (
    <span class="node__words">
      <span class="node__title">
        {node.mark === undefined ? null : <span class={`node__mark node__mark--${node.mark ? 'yes' : 'no'}`}><span aria-hidden="true">{node.mark ? '✔' : '✘'} </span><span class="only-read">{node.mark ? t('tree.yes') : t('tree.no')}: </span></span>}
        {node.title}
      </span>
      {node.words?.map((text) => <Badge key={text}>{text}</Badge>)}
      {node.note === undefined || node.note === '' ? null : <span class="node__note">{node.note}</span>}
    </span>
  );
}

function Branch({ node }: { node: Node }) {
  if (node.children.length === 0) return <li class="node node--leaf"><Label node={node} /></li>;
  return (
    <li class="node">
      <details open={node.open === true}>
        <summary class="node__summary"><Label node={node} /></summary>
        <ul class="branches">{node.children.map((child) => <Branch key={child.id} node={child} />)}</ul>
      </details>
    </li>
  );
}

export function Tree({ nodes, label, fold = true }: { nodes: readonly Node[]; label: string; fold?: boolean }) {
  const box = useRef<HTMLUListElement>(null);
  const all = (open: boolean) => box.current?.querySelectorAll('details').forEach((details) => {
    details.open = open;
  });
  const step = (event: KeyboardEvent) => {
    const here = event.target instanceof HTMLElement && event.target.tagName === 'SUMMARY' ? event.target : undefined;
    const details = here?.parentElement instanceof HTMLDetailsElement ? here.parentElement : undefined;
    if (here === undefined || details === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const shown = [...(box.current?.querySelectorAll<HTMLElement>('summary') ?? [])].filter((one) => one.parentElement?.parentElement?.closest('details:not([open])') === null);
    const at = shown.indexOf(here);
    const to = event.key === 'ArrowDown' ? shown[at + 1] : event.key === 'ArrowUp' ? shown[at - 1] : event.key === 'Home' ? shown[0] : event.key === 'End' ? shown[shown.length - 1] : undefined;
    if (event.key === 'ArrowRight' && !details.open) details.open = true;
    else if (event.key === 'ArrowRight') details.querySelector<HTMLElement>('details > .branches summary')?.focus();
    else if (event.key === 'ArrowLeft' && details.open) details.open = false;
    else if (event.key === 'ArrowLeft') details.parentElement?.closest('details')?.querySelector('summary')?.focus();
    else if (to !== undefined) to.focus();
    else return;
    event.preventDefault();
  };
  return (
    <>
      {fold ? <p class="tree__acts"><Button small kind="subtle" onClick={() => all(true)}>{t('tree.open_all')}</Button><Button small kind="subtle" onClick={() => all(false)}>{t('tree.shut_all')}</Button></p> : null}
      <ul ref={box} class="tree" aria-label={label} onKeyDown={step}>{nodes.map((node) => <Branch key={node.id} node={node} />)}</ul>
    </>
  );
}
