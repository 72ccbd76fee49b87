// Texts of the configuration: what differs, and rules in sentences.
import type { ComponentChild } from 'preact';
import type { File } from '../net/control';
import { Scroll } from '../parts/scroll';
import { t, tn } from '../words/words';
import { diffLines, hunks } from './diff';
import { NAMES, textOf } from './draft';

const SIGN = { same: ' ', added: '+', gone: '−' } as const;

export function TextDiff({ before, after }: { before: readonly File[]; after: readonly File[] }) {
  const names = NAMES.filter((name) => textOf(before, name) !== textOf(after, name));
  if (names.length === 0) return <p class="subtle">{t('diff.none')}</p>;
  return (
    <>
      {names.map((name) => {
        const parts = hunks(diffLines(textOf(before, name), textOf(after, name)));
        return (
          <figure key={name} class="diff">
            <figcaption class="diff__name">{name}</figcaption>
            <Scroll label={name}>
              <div class="diff__lines">
                {parts.map((part, i) => (
                  <div key={i} class="diff__part">
                    {part.skipped === 0 ? null : <div class="diff__skip">{tn('diff.skipped', part.skipped)}</div>}
                    {part.lines.map((line, k) => (
                      <div key={k} class={`diff__line diff__line--${line.change}`}>
                        <span class="diff__sign">{line.change === 'same' ? null : <span class="only-read">{t(`diff.${line.change}`)} </span>}<span aria-hidden="true">{SIGN[line.change]}</span></span>
                        <code>{line.text}{'\n'}</code>
                      </div>
                    ))}
                  </div>
                ))}
              </div>
            </Scroll>
          </figure>
        );
      })}
    </>
  );
}

/** The few forms of Markdown that the broker's sentences have: paragraphs and lists. */
export function Sentences({ text }: { text: string }) {
  const blocks: ComponentChild[] = [];
  let items: string[] = [];
  const flush = () => {
    if (items.length > 0) blocks.push(<ul key={blocks.length}>{items.map((item) => <li key={item}>{item}</li>)}</ul>);
    items = [];
  };
  for (const block of text.split('\n')) {
    const line = block.trim();
    if (line.startsWith('- ')) {
      items.push(line.slice(2));
      continue;
    }
    flush();
    if (line.startsWith('#')) blocks.push(<p key={blocks.length} class="sentences__title">{line.replace(/^#+\s*/, '')}</p>);
    else if (line !== '') blocks.push(<p key={blocks.length}>{line}</p>);
  }
  flush();
  return <div class="sentences">{blocks}</div>;
}

/** The section of one rule in the sentences of all, without its title. */
export function sentenceOf(all: string, rule: string): string {
  const from = all.indexOf(`\n### ${rule}\n`);
  if (from < 0) return '';
  const rest = all.slice(from + rule.length + 6);
  const end = rest.search(/\n##/);
  return (end < 0 ? rest : rest.slice(0, end)).trim();
}
