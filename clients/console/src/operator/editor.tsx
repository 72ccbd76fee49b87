// The rules' texts while they are changed: checked as they are written, tried on what came, and proposed.
import { useEffect, useRef, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { type ConfigName, type RuleCheck, type RuleProblem, check, propose, readRules } from '../net/control';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { ChoiceField, LongField } from '../parts/field';
import { Link } from '../parts/link';
import { Note, ProblemNote, Waiting } from '../parts/note';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { go } from '../shell/router';
import { language, t, tn } from '../words/words';
import { NAMES, change, changed, draft, textOf } from './draft';
import { Sentences, TextDiff } from './texts';
import { Trying } from './trying';

const PAUSE_MS = 600;
const SHADES = { error: 'negative', warning: 'warning', note: 'info' } as const;

/** One text with its line numbers; a line that has a problem is marked. */
function Source({ name, value, problems, onValue }: { name: ConfigName; value: string; problems: readonly RuleProblem[]; onValue: (text: string) => void }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = value.split('\n');
  const marks = new Map(problems.filter((found) => found.line !== undefined).map((found) => [found.line, found.severity]));
  useEffect(() => {
    const jump = (event: Event) => {
      const { file, line = 1, column = 1 } = (event as CustomEvent<{ file: string; line?: number; column?: number }>).detail;
      const text = area.current;
      if (file !== name || text === null) return;
      const before = text.value.split('\n').slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
      text.focus();
      text.setSelectionRange(before + column - 1, before + column - 1);
      text.scrollTop = Math.max(0, (line - 5) * parseFloat(getComputedStyle(text).lineHeight));
    };
    addEventListener('voordeur:place', jump);
    return () => removeEventListener('voordeur:place', jump);
  }, [name]);
  return (
    <div class="editor">
      <div ref={gutter} class="editor__gutter" aria-hidden="true">
        {lines.map((_, i) => <div key={i} class={`editor__number${marks.has(i + 1) ? ` editor__number--${marks.get(i + 1)}` : ''}`}>{i + 1}</div>)}
      </div>
      <textarea
        ref={area} class="editor__text" aria-label={name} value={value} spellcheck={false} autocomplete="off" wrap="off" rows={24}
        aria-describedby="found" aria-invalid={problems.some(({ severity }) => severity === 'error') ? 'true' : undefined}
        onInput={(event) => onValue(event.currentTarget.value)}
        onScroll={(event) => {
          if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}

function Found({ result, onPlace }: { result: RuleCheck; onPlace: (problem: RuleProblem) => void }) {
  if (result.problems.length === 0) return <Note tone="ok" title={t('check.good')}>{result.testsPassed > 0 ? <p>{tn('check.tests', result.testsPassed)}</p> : null}</Note>;
  return (
    <ul class="plain found">
      {result.problems.map((problem, i) => (
        <li key={i} class="found__one">
          <Badge shade={SHADES[problem.severity]}>{t(`check.${problem.severity}`)}</Badge>{' '}
          {problem.file === undefined || problem.line === undefined ? null : (
            <button type="button" class="found__place" onClick={() => onPlace(problem)}>{problem.file}, {t('check.line', { line: problem.line })}</button>
          )}{' '}
          <span lang="en">{problem.text}{problem.meant === undefined ? '' : ` (${problem.meant}?)`}</span>
          {problem.advice === undefined ? null : <span class="found__advice" lang="en">{problem.advice}</span>}
        </li>
      ))}
    </ul>
  );
}

function ProposeDialog({ onClose }: { onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const act = async () => {
    setTried(true);
    const now = draft.value;
    if (reason.trim() === '' || now === undefined) return false;
    const made = await propose(now.files, reason, []);
    draft.value = undefined;
    notify(t(made.proposal === undefined ? 'propose.in_force' : 'propose.done', { n: made.proposal ?? made.version ?? 0 }));
    go(made.proposal === undefined ? '/regels' : `/voorstellen/${made.proposal}`);
    return undefined;
  };
  return (
    <ActDialog title={t('propose.title')} does={t('propose.do')} act={act} onClose={onClose} wide>
      <p>{t('propose.lead')}</p>
      <TextDiff before={draft.value?.base ?? []} after={draft.value?.files ?? []} />
      <LongField label={t('propose.reason')} hint={t('propose.reason_hint')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

export function Editor() {
  const [name, setName] = useState<ConfigName>('rules.yaml');
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [result, setResult] = useState<RuleCheck | undefined>(undefined);
  const [dialog, setDialog] = useState(false);
  const now = draft.value;
  const open = async () => {
    setProblem(undefined);
    try {
      const { version, files } = await readRules();
      draft.value = { version, base: files, files: [...files] };
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  useEffect(() => {
    if (draft.value === undefined) void open();
  }, []);
  useEffect(() => {
    if (now === undefined) return;
    const stop = new AbortController();
    const timer = setTimeout(() => {
      check(now.files, stop.signal).then((found) => {
        setResult(found);
        setProblem(undefined);
      }, (error: unknown) => !stop.signal.aborted && setProblem(asProblem(error)));
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [now]);
  const place = (found: RuleProblem) => {
    const file = NAMES.find((known) => known === found.file);
    if (file === undefined) return;
    setName(file);
    setTimeout(() => dispatchEvent(new CustomEvent('voordeur:place', { detail: found })));
  };
  const edited = changed(now);
  const sentences = (result?.sentences[language.value] ?? []);
  return (
    <Page title={t('editor.title')} back={<Link to="/regels">{t('nav.rules')}</Link>}
      under={now === undefined ? undefined : <span>{t('editor.from', { version: now.version })}</span>}
      acts={<>
        <Button kind="primary" disabled={edited.length === 0 || result?.fit !== true} onClick={() => setDialog(true)}>{t('propose.open')}</Button>
        <Button kind="subtle" disabled={edited.length === 0} onClick={open}>{t('editor.undo')}</Button>
      </>}>
      {problem === undefined ? null : <ProblemNote problem={problem} />}
      {now === undefined ? (problem === undefined ? <Waiting /> : null) : (
        <div class="desk">
          <section class="section" aria-labelledby="texts">
            <div class="section__head"><h2 id="texts" class="section__title">{t('editor.text')}</h2>
              <div class="flow__span"><ChoiceField label={t('editor.file')} value={name} onValue={(value) => setName(value as ConfigName)} choices={NAMES.map((one) => ({ value: one, label: edited.some((file) => file.name === one) ? t('editor.changed', { name: one }) : one }))} /></div>
            </div>
            <Source key={name} name={name} value={textOf(now.files, name)} problems={result?.problems.filter(({ file }) => file === name) ?? []} onValue={(text) => change(name, text)} />
          </section>
          <div class="desk__side">
            <section class="section" aria-labelledby="check" aria-live="polite">
              <h2 id="check" class="section__title">{t('check.title')}</h2>
              <div id="found">{result === undefined ? <p class="subtle">{t('check.waiting')}</p> : <Found result={result} onPlace={place} />}</div>
            </section>
            <section class="section" aria-labelledby="said">
              <h2 id="said" class="section__title">{t('editor.said')}</h2>
              {sentences.length === 0 ? <p class="subtle">{t('editor.unsaid')}</p> : sentences.map(({ rule, text }) => <Sentences key={rule} text={text} />)}
            </section>
          </div>
          <section class="section desk__wide" aria-labelledby="differs">
            <h2 id="differs" class="section__title">{t('diff.title')}</h2>
            <TextDiff before={now.base} after={now.files} />
          </section>
          <Trying files={edited} fit={result?.fit === true} />
        </div>
      )}
      {dialog ? <ProposeDialog onClose={() => setDialog(false)} /> : null}
    </Page>
  );
}
