// What left and cannot be opened again, and whether all the rest is what was written: figures and proofs, no content.
import { useEffect, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { type Row, text } from '../net/control';
import { useLoad } from '../net/load';
import { type ErasureRuns, type JsonLine, type Verification, readErasureRuns, readHeads, readProofs, readVerification, runErasure, verify } from '../net/operate';
import { session } from '../net/session';
import { Badge, type Shade } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { Note, ProblemNote, Waiting } from '../parts/note';
import { Ago, When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { instant } from '../words/dates';
import { count, known, t, tn, word } from '../words/words';
import { countLeft, newest } from './proofs';
import { told } from './refusal';
import { Figures } from './rows';

const SHOWN = 50;
const LOOK_MS = 700;
const RESULTS: Record<string, Shade> = { good: 'positive', bad: 'negative', none: 'neutral' };

/** Nothing of it may be there yet: then it is an empty list. */
const orNone = (lines: Promise<JsonLine[]>): Promise<JsonLine[]> => lines.catch((error: unknown) => {
  if (asProblem(error)?.code === 'not_found') return [];
  throw error;
});

interface Read { runs: ErasureRuns; proofs: JsonLine[]; heads: JsonLine[] }

async function read(signal: AbortSignal): Promise<Read> {
  const [runs, proofs, heads] = await Promise.all([readErasureRuns(signal), orNone(readProofs(signal)), orNone(readHeads(signal))]);
  return { runs, proofs, heads };
}

function RunNow({ waiting, onDone, onClose }: { waiting: number; onDone: () => void; onClose: () => void }) {
  const act = async () => {
    await told(runErasure);
    notify(t('storage.ran'));
    onDone();
  };
  return <ActDialog title={t('storage.run_title')} does={t('storage.run')} act={act} onClose={onClose}><p>{tn('storage.run_lead', waiting, { n: count(waiting) })}</p></ActDialog>;
}

function Erasure({ runs, onRun }: { runs: ErasureRuns; onRun: (() => void) | undefined }) {
  const of = (name: string) => runs.counters[name] ?? 0;
  const when = (name: string) => (of(name) > 0 ? of(name) : undefined);
  const step = runs.texts['step'] ?? 'idle';
  if (of('sealed') === 0) {
    return <section class="section" aria-labelledby="erasure"><h2 id="erasure" class="section__title">{t('storage.erasure')}</h2><Note tone="warning" title={t('storage.unsealed')}><p>{t('storage.unsealed_why')}</p></Note></section>;
  }
  return (
    <section class="section" aria-labelledby="erasure">
      <div class="section__head"><h2 id="erasure" class="section__title">{t('storage.erasure')} {step === 'idle' ? null : <Badge shade="info">{word('erase_step', step)}</Badge>}</h2>{onRun === undefined ? null : <Button onClick={onRun}>{t('storage.run')}</Button>}</div>
      <p>{of('waiting') === 0 ? t('storage.nothing_waits') : tn('storage.waits', of('waiting'), { n: count(of('waiting')) })} {of('erased') === 0 ? '' : tn('storage.waits_erased', of('erased'), { n: count(of('erased')) })}</p>
      {(runs.texts['failed'] ?? '') === '' ? null : <Note tone="error" title={t('storage.failed')}><p>{t('storage.failed_why', { code: runs.texts['failed'] ?? '' })}</p></Note>}
      {(runs.texts['escrow'] ?? '') === '' ? null : <Note tone="warning" title={t('storage.escrow')}><p>{t('storage.escrow_why', { code: runs.texts['escrow'] ?? '' })}</p></Note>}
      {of('backupStale') === 0 ? null : <Note tone="warning" title={t('light.backup')}><p>{t('light.backup_next')}</p></Note>}
      <Figures figures={[
        { name: t('storage.last'), value: when('lastMs') === undefined ? t('storage.never') : <Ago ms={when('lastMs')} /> }, { name: t('storage.next'), value: when('nextMs') === undefined ? '–' : <When ms={when('nextMs')} short /> },
        { name: t('storage.runs'), value: count(of('runs')) }, { name: t('storage.dropped'), value: count(of('lastDropped')) }, { name: t('storage.kept'), value: count(of('lastKept')) }, { name: t('storage.generation'), value: count(of('generation')) },
      ]} />
    </section>
  );
}

/** In words of our own; those of the broker, which are English, only where they say more: of what is not good, and of what is
    not known here. */
function Part({ part }: { part: Row }) {
  const result = text(part, 'result');
  const name = text(part, 'part');
  const says = known('part_says', `${name}_${result}`);
  const seen = [text(part, 'text'), text(part, 'next')].filter((words) => words !== '').join('; ');
  return (
    <li class="refusals__one">
      <span class="refusals__line"><strong>{word('part', name)}</strong> <Badge shade={RESULTS[result] ?? 'neutral'}>{word('part_result', result)}</Badge></span>
      {says ? <span class="subtle">{word('part_says', `${name}_${result}`)}</span> : null}
      {result === 'bad' && says ? <span>{word('part_next', name)}</span> : null}
      {seen === '' || (says && result !== 'bad') ? null : <span class="subtle">{t('storage.part_broker')}: <span lang="en">{seen}</span></span>}
    </li>
  );
}

/** A look at the whole store, begun here and followed while it goes on. */
function Verify() {
  const [found, setFound] = useState<Verification | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const now = await readVerification(stop.signal);
        setFound(now);
        if (now.running) timer = setTimeout(() => void look(), LOOK_MS);
      } catch (error) {
        if (!stop.signal.aborted) setProblem(asProblem(error));
      }
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [turn]);
  const begin = async () => {
    setProblem(undefined);
    try {
      await verify();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setTurn((n) => n + 1);
  };
  const parts = (found?.parts ?? []) as Row[];
  const bad = parts.filter((part) => text(part, 'result') === 'bad').length;
  return (
    <section class="section" aria-labelledby="verify">
      <div class="section__head"><h2 id="verify" class="section__title">{t('storage.verify')}</h2>{found?.running === true ? null : <Button onClick={begin}>{t('storage.verify_do')}</Button>}</div>
      <p class="subtle">{t('storage.verify_lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} />}
      <div aria-live="polite">
        {found === undefined ? null : found.running ? (
          <p><progress class="progress" max={Math.max(1, found.positionLast)} value={Math.min(found.position, found.positionLast)} aria-label={t('run.progress')} /> {t('run.done', { done: count(found.position), all: count(found.positionLast) })}</p>
        ) : !found.ever ? <p>{t('storage.verify_never')}</p> : bad > 0 ? <Note tone="error" title={tn('storage.verify_bad', bad)} /> : <Note tone="ok" title={t('storage.verify_good')}><p>{t('storage.verify_read', { n: count(found.positionLast) })}</p></Note>}
        {parts.length === 0 ? null : <ul class="plain refusals parts">{parts.map((part, i) => <Part key={i} part={part} />)}</ul>}
      </div>
    </section>
  );
}

function Proofs({ lines }: { lines: readonly JsonLine[] }) {
  const shown = newest(lines, SHOWN);
  const left = countLeft(lines);
  return (
    <section class="section" aria-labelledby="proofs">
      <h2 id="proofs" class="section__title">{t('storage.proofs')}</h2>
      <p class="subtle">{t('storage.proofs_lead')}</p>
      {shown.length === 0 ? <p>{t('storage.proofs_none')}</p> : (
        <>
          <Figures figures={[{ name: t('storage.signals'), value: count(left.signals) }, { name: t('storage.cases'), value: count(left.cases) }, { name: t('storage.households'), value: count(left.households) }]} />
          <ol class="plain proofs">
            {shown.map((proof, i) => (
              <li key={i} class="proof"><span class="proof__when"><When ms={proof.at} /></span><span><strong>{proof.title}</strong> <span class="subtle">{proof.note}</span></span></li>
            ))}
          </ol>
          {lines.length > SHOWN ? <p class="subtle">{t('storage.proofs_more', { n: count(SHOWN) })}</p> : null}
        </>
      )}
    </section>
  );
}

function Heads({ lines }: { lines: readonly JsonLine[] }) {
  const last = lines[lines.length - 1];
  const said = (name: string) => (last?.[name] === undefined ? '' : String(last[name]));
  return (
    <section class="section" aria-labelledby="heads">
      <h2 id="heads" class="section__title">{t('storage.heads')}</h2>
      <p class="subtle">{t('storage.heads_lead')}</p>
      {last === undefined ? <p>{t('storage.heads_none')}</p> : (
        <dl class="facts">
          <div><dt>{t('storage.head_number')}</dt><dd>{t('storage.head_said', { n: count(Number(last['number'] ?? 0)), position: count(Number(last['position'] ?? 0)) })} <When ms={instant(said('time')) ?? (typeof last['time'] === 'number' ? last['time'] : undefined)} /></dd></div>
          <div><dt>{t('storage.head_chain')}</dt><dd class="hash">{said('chain')}</dd></div>
          <div><dt>{t('storage.head_key')}</dt><dd class="hash">{said('key')}</dd></div>
        </dl>
      )}
    </section>
  );
}

export function Storage() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const [asking, setAsking] = useState(false);
  const operator = session.value?.party.kind === 'operator';
  return (
    <Page title={t('nav.storage')}>
      <p class="lead">{t('storage.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <div class="stack">
          <Erasure runs={value.runs} onRun={operator ? () => setAsking(true) : undefined} />
          <Proofs lines={value.proofs} />
          <Verify />
          <Heads lines={value.heads} />
        </div>
      )}
      {asking ? <RunNow waiting={value?.runs.counters['waiting'] ?? 0} onDone={() => void again()} onClose={() => setAsking(false)} /> : null}
    </Page>
  );
}
