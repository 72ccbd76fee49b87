// What is brought to other systems: how each of them takes it, and the letters that none of them took.
import { useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { partyName } from '../net/directory';
import { useLoad } from '../net/load';
import { type DeadLetter, type Deliveries, type Delivery, discard, readDeliveries, resend } from '../net/operate';
import { Badge, type Shade } from '../parts/badge';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { LongField } from '../parts/field';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { type Entry, useSettled } from '../parts/settle';
import { Ago, When } from '../parts/when';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { instant } from '../words/dates';
import { count, t, tn, word } from '../words/words';
import { RowMain, Rows, Tally } from './rows';

const SHADES: Record<string, Shade> = { idle: 'positive', connecting: 'info', asking: 'info', retrying: 'warning', stopped: 'negative' };

/** "regisseur:r-anna", or "regisseur-r-anna" as its folder is named, as people say it; "zaken" is the case system. */
export function receiverName(delivery: string): string {
  if (delivery === 'zaken') return t('deliveries.zaken');
  const found = /^(agency|regisseur|service|coordinator|privacy_officer)[:-](.+)$/.exec(delivery);
  return found === null ? delivery : partyName({ kind: found[1] ?? '', id: found[2] ?? '' });
}

function Why({ why }: { why: string }) {
  return why === '' ? null : <span>{t('deliveries.why')} <span lang="en">{why}</span></span>;
}

function Receiver({ one }: { one: Delivery }) {
  return (
    <li class={`row row--tallied row--${one.state === 'stopped' ? 'urgent' : one.state === 'retrying' || one.dead > 0 ? 'high' : ''}`}>
      <RowMain title={receiverName(one.party)} sub={one.receiver} beside={<Badge shade={SHADES[one.state] ?? 'neutral'}>{word('courier', one.state)}</Badge>}>
        <Why why={one.why} />
        {one.nextAt === undefined ? null : <span>{tn('deliveries.again', one.attempts)} <Ago ms={instant(one.nextAt)} /></span>}
      </RowMain>
      <Tally figures={[
        { name: t('deliveries.delivered'), value: count(one.delivered) }, { name: t('deliveries.waiting'), value: count(one.waiting) }, { name: t('deliveries.failed'), value: count(one.failed) },
        { name: t('deliveries.dead'), value: count(one.dead), tone: one.dead > 0 ? 'bad' : undefined },
      ]} />
    </li>
  );
}

function Receivers({ told }: { told: Deliveries }) {
  const { zaken } = told;
  return (
    <section aria-labelledby="receivers">
      <h2 id="receivers" class="group__title">{t('deliveries.receivers')} <span class="group__count">{told.items.length + (zaken === undefined ? 0 : 1)}</span></h2>
      <ul class="rows">
        {told.items.map((one) => <Receiver key={one.party} one={one} />)}
        {zaken === undefined ? null : (
          <li class={`row row--tallied row--${zaken.state === 'retrying' || zaken.dead > 0 ? 'high' : ''}`}>
            <RowMain title={t('deliveries.zaken')} sub={t('deliveries.zaken_sub')} beside={<Badge shade={SHADES[zaken.state] ?? 'neutral'}>{word('courier', zaken.state)}</Badge>}><Why why={zaken.why} /></RowMain>
            <Tally figures={[
              { name: t('deliveries.lines'), value: count(zaken.lines) }, { name: t('deliveries.position'), value: count(zaken.position) }, { name: t('deliveries.failed'), value: count(zaken.failed) },
              { name: t('deliveries.dead'), value: count(zaken.dead), tone: zaken.dead > 0 ? 'bad' : undefined },
            ]} />
          </li>
        )}
      </ul>
    </section>
  );
}

function Discard({ letter, onDone, onClose }: { letter: DeadLetter; onDone: () => void; onClose: () => void }) {
  const [reason, setReason] = useState('');
  const [tried, setTried] = useState(false);
  const act = async () => {
    setTried(true);
    if (reason.trim() === '') return false;
    await discard(letter.id, reason);
    notify(t('deliveries.discarded'));
    onDone();
    return undefined;
  };
  return (
    <ActDialog title={t('deliveries.discard_title', { n: letter.seq, name: receiverName(letter.delivery) })} does={t('deliveries.discard')} danger act={act} onClose={onClose}>
      <p>{t('deliveries.discard_lead')}</p>
      <LongField label={t('propose.reason')} value={reason} onValue={setReason} error={tried && reason.trim() === '' ? t('control.reason_missing') : undefined} />
    </ActDialog>
  );
}

function ResendAll({ letters, onDone, onClose }: { letters: readonly DeadLetter[]; onDone: () => void; onClose: () => void }) {
  const act = async () => {
    for (const letter of letters) await resend(letter.id);
    notify(tn('deliveries.all_asked', letters.length));
    onDone();
  };
  return <ActDialog title={t('deliveries.all_title')} does={t('deliveries.all')} act={act} onClose={onClose}><p>{tn('deliveries.all_lead', letters.length)}</p></ActDialog>;
}

export function DeliveriesPage() {
  const { value, problem, fresh, again } = useLoad(readDeliveries, []);
  const [dialog, setDialog] = useState<'all' | DeadLetter | undefined>(undefined);
  const entries: Entry<DeadLetter>[] | undefined = value?.letters.map((letter) => ({ id: letter.id, section: 'letters', value: letter }));
  const settled = useSettled(entries);
  const shut = () => setDialog(undefined);
  const changed = async () => {
    await again();
    settled.show();
  };
  const [refused, setRefused] = useState<Problem | undefined>(undefined);
  const asked = async (letter: DeadLetter) => {
    try {
      await resend(letter.id);
      setRefused(undefined);
      notify(tn('deliveries.all_asked', 1));
    } catch (error) {
      setRefused(asProblem(error));
    }
    await changed();
  };
  const dead = value?.letters.filter((letter) => !letter.again) ?? [];
  const nobody = value !== undefined && value.items.length === 0 && value.zaken === undefined;
  return (
    <Page title={t('nav.deliveries')} count={dead.length} back={<Link to="/wachtrijen">{t('nav.queues')}</Link>}
      under={value?.at === undefined ? undefined : <span>{t('deliveries.at')} <When ms={instant(value.at)} /></span>}
      acts={dead.length > 1 ? <Button onClick={() => setDialog('all')}>{t('deliveries.all')}</Button> : undefined}>
      <p class="lead">{t('deliveries.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {refused === undefined ? null : <ProblemNote problem={refused} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : (
        <div class="stack">
          {nobody ? <Empty title={t('deliveries.nobody')}><p>{t('deliveries.nobody_why')}</p></Empty> : <Receivers told={value} />}
          {nobody && value.letters.length === 0 ? null : (
            <Rows settled={settled} sections={[{ id: 'letters', title: t('deliveries.letters') }]} none={t('deliveries.none')} level={(letter) => (letter.again ? '' : 'high')}>
              {(letter, gone) => (
                <>
                  <RowMain title={t('deliveries.letter', { n: letter.seq, name: receiverName(letter.delivery) })} beside={letter.again ? <Badge shade="info">{t('deliveries.asked')}</Badge> : undefined}>
                    <span>{word('letter', letter.kind)}</span><Why why={letter.why} />
                  </RowMain>
                  <Tally figures={[{ name: t('deliveries.of'), value: <When ms={instant(letter.at)} short /> }, { name: t('deliveries.given_up'), value: <Ago ms={instant(letter.died)} /> }, { name: t('deliveries.attempts'), value: count(letter.attempts) }]} />
                  <div class="row__acts">
                    {letter.again || gone ? null : (<>
                      <Button small label={t('deliveries.resend_title', { n: letter.seq, name: receiverName(letter.delivery) })} onClick={() => asked(letter)}>{t('deliveries.resend')}</Button>
                      <Button small kind="subtle" danger label={t('deliveries.discard_title', { n: letter.seq, name: receiverName(letter.delivery) })} onClick={() => setDialog(letter)}>{t('deliveries.discard')}</Button>
                    </>)}
                  </div>
                </>
              )}
            </Rows>
          )}
        </div>
      )}
      {dialog === undefined ? null : dialog === 'all' ? <ResendAll letters={dead} onDone={() => void changed()} onClose={shut} /> : <Discard letter={dialog} onDone={() => void changed()} onClose={shut} />}
    </Page>
  );
}
