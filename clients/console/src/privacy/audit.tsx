// Who did and saw what: of one household or case, of one party, or of everybody, in a time. Printable.
import { useRef, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { type Row, number, text, time } from '../net/control';
import { partyName, typeName } from '../net/directory';
import { audit } from '../net/privacy';
import { Button } from '../parts/button';
import { TextField } from '../parts/field';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { Page } from '../shell/page';
import { Cell, Line, Table } from '../operator/figures';
import { endOfDay, startOfDay } from '../words/dates';
import { t, tn, word } from '../words/words';

const MOST = 2000;
const ofWhat = (row: Row) => [number(row, 'household') > 0 ? `H${number(row, 'household')}` : '', number(row, 'case') > 0 ? `C${number(row, 'case')}` : ''].filter((part) => part !== '').join(', ');
const party = (name: string) => (name === '' ? '–' : `${partyName({ kind: name.replace(/:.*$/, ''), id: name.replace(/^[a-z_]+:/, '') })} (${word('role', name.replace(/:.*$/, '')).toLowerCase()})`);

/** A type of signal by its title; an act, message, change or question by its word, and of a view what was shown. */
function whatOf(row: Row): string {
  const what = text(row, 'what');
  const parts = text(row, 'parts').split(/[ ,]+/).filter((part) => part !== '').map((part) => word('part', part).toLowerCase());
  const named = text(row, 'kind') === 'signal' && what.includes('.') ? typeName(what) : word('deed', what);
  return parts.length === 0 ? named : `${named}: ${parts.join(', ')}`;
}

export function AuditRows({ rows }: { rows: readonly Row[] }) {
  return (
    <Table label={t('nav.audit')} columns={[{ title: t('glass.when') }, { title: t('audit.kind') }, { title: t('glass.who') }, { title: t('audit.what') }, { title: t('audit.of') }, { title: t('glass.why') }]}>
      {rows.map((row, i) => (
        <Line key={i} name={<When ms={time(row, 'atMs')} />}>
          <Cell>{word('trail', text(row, 'kind'))}</Cell>
          <Cell>{text(row, 'by') !== '' ? party(text(row, 'by')) : text(row, 'to') !== '' ? t('audit.to', { name: party(text(row, 'to')) }) : '–'}</Cell>
          <Cell>{whatOf(row)}</Cell><Cell>{ofWhat(row)}</Cell><Cell>{text(row, 'reason')}</Cell>
        </Line>
      ))}
    </Table>
  );
}

export function AuditPage() {
  const [about, setAbout] = useState('');
  const [whose, setWhose] = useState('');
  const [from, setFrom] = useState('');
  const [until, setUntil] = useState('');
  const [tried, setTried] = useState(false);
  const [found, setFound] = useState<{ rows: Row[]; more: boolean } | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const asked = useRef<AbortController | undefined>(undefined);
  const wrongAbout = about.trim() !== '' && !/^[HC][1-9]\d*$/.test(about.trim());
  const wrongParty = whose.trim() !== '' && !/^[a-z_]+:.+$/.test(whose.trim());
  const look = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (wrongAbout || wrongParty) return;
    asked.current?.abort();
    const stop = new AbortController();
    asked.current = stop;
    setBusy(true);
    setProblem(undefined);
    const begin = startOfDay(from);
    const end = endOfDay(until);
    const id = about.trim();
    try {
      setFound(await audit({
        ...(id.startsWith('H') ? { household: id } : id.startsWith('C') ? { case: id } : {}), ...(whose.trim() === '' ? {} : { party: whose.trim() }),
        ...(begin === undefined ? {} : { from: new Date(begin).toISOString() }), ...(end === undefined ? {} : { until: new Date(end + 1000).toISOString() }),
      }, MOST, stop.signal));
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title={t('nav.audit')} acts={found === undefined ? undefined : <Button onClick={() => print()}>{t('print.print')}</Button>}>
      <p class="lead">{t('audit.lead')}</p>
      <form class="section inquiry inquiry--row" noValidate onSubmit={(event) => void look(event)}>
        <TextField label={t('audit.about')} hint={t('audit.about_hint')} required={false} value={about} onValue={setAbout} error={tried && wrongAbout ? t('audit.about_wrong') : undefined} />
        <TextField label={t('audit.party')} hint={t('audit.party_hint')} required={false} value={whose} onValue={setWhose} error={tried && wrongParty ? t('audit.party_wrong') : undefined} />
        <TextField label={t('absence.from')} type="date" required={false} value={from} onValue={setFrom} />
        <TextField label={t('absence.to')} type="date" required={false} value={until} onValue={setUntil} />
        <Button kind="primary" type="submit" busy={busy}>{t('audit.look')}</Button>
      </form>
      <div aria-live="polite">
        {problem === undefined ? null : <ProblemNote problem={problem} />}
        {busy ? <Waiting /> : found === undefined ? null : found.rows.length === 0 ? <Empty title={t('audit.none')} /> : (
          <section class="section" aria-labelledby="trail">
            <h2 id="trail" class="section__title">{tn('audit.found', found.rows.length)}</h2>
            {found.more ? <p>{t('audit.more')}</p> : null}
            <AuditRows rows={found.rows} />
          </section>
        )}
      </div>
    </Page>
  );
}
