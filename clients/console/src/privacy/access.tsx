// What a resident asks of themselves: what is known of their household, and who saw it. Each look is written down.
import { useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import type { Row } from '../net/control';
import { audit, lookUp, openHousehold } from '../net/privacy';
import { now } from '../net/now';
import type { Household } from '../net/shapes';
import { Button } from '../parts/button';
import { LongField, RadioField, TextField } from '../parts/field';
import { Empty, Note, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { Page } from '../shell/page';
import { t, word } from '../words/words';
import { AuditRows } from './audit';

const MOST = 2000;
const LEAST = 10;

interface Found { household: Household; rows: Row[]; more: boolean; at: number }

export function AccessReport() {
  const [of, setOf] = useState<'bsn' | 'household'>('bsn');
  const [id, setId] = useState('');
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [found, setFound] = useState<Found | null | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const wrong = of === 'bsn' ? !/^\d{9}$/.test(id.trim()) : !/^H[1-9]\d*$/.test(id.trim());
  const short = reason.trim().length < LEAST;
  const look = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (wrong || short || busy) return;
    setBusy(true);
    setProblem(undefined);
    setFound(undefined);
    try {
      const household = of === 'bsn' ? await lookUp(id.trim(), reason.trim()) : await openHousehold(id.trim(), reason.trim());
      setFound(household === null ? null : { household, ...(await audit({ household: household.id }, MOST, new AbortController().signal)), at: now.value });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Page title={t('nav.access')} acts={found === undefined || found === null ? undefined : <Button onClick={() => print()}>{t('print.print')}</Button>}>
      <p class="lead">{t('access.lead')}</p>
      <form class="section inquiry" noValidate onSubmit={(event) => void look(event)}>
        <RadioField label={t('access.of')} value={of} onValue={(value) => {
          setOf(value === 'household' ? 'household' : 'bsn');
          setId('');
        }} choices={[{ value: 'bsn', label: t('request.bsn') }, { value: 'household', label: t('request.household') }]} />
        <TextField label={of === 'bsn' ? t('request.bsn') : t('request.household')} value={id} onValue={setId} error={tried && wrong ? t(of === 'bsn' ? 'request.bsn_wrong' : 'request.household_wrong') : undefined} />
        <LongField label={t('propose.reason')} hint={t('access.reason_hint')} rows={2} value={reason} onValue={setReason} error={tried && short ? t('access.reason_short') : undefined} />
        <Button kind="primary" type="submit" busy={busy}>{t('access.look')}</Button>
      </form>
      <div aria-live="polite">
        {problem === undefined ? null : <ProblemNote problem={problem} />}
        {busy ? <Waiting /> : null}
        {found === null ? <Empty title={t('access.nobody')} /> : null}
        {found === undefined || found === null ? null : (
          <>
            <Note tone="info" title={t('access.written')} />
            <section class="section" aria-labelledby="known">
              <h2 id="known" class="section__title">{t('access.known', { household: found.household.id })}</h2>
              <p><When ms={found.at} /></p>
              <dl class="facts">
                <div><dt>{t('access.persons')}</dt><dd>{found.household.persons.length === 0 ? '–' : found.household.persons.map((person) => `${person.bsn ?? person.handle ?? '–'}${person.role === undefined ? '' : ` (${word('role', person.role).toLowerCase()})`}`).join(', ')}</dd></div>
                <div><dt>{t('access.addresses')}</dt><dd>{found.household.addresses.length === 0 ? '–' : found.household.addresses.map((address) => address.bag ?? address.handle ?? '–').join(', ')}</dd></div>
                <div><dt>{t('access.signals')}</dt><dd>{found.household.signalCount}</dd></div>
                <div><dt>{t('access.case')}</dt><dd>{found.household.openCase ?? '–'}</dd></div>
              </dl>
            </section>
            <section class="section" aria-labelledby="trail"><h2 id="trail" class="section__title">{t('access.trail')}</h2>{found.more ? <p>{t('audit.more')}</p> : null}<AuditRows rows={found.rows} /></section>
          </>
        )}
      </div>
    </Page>
  );
}
