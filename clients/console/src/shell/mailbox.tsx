import { agencyName, partyName, regisseurName } from '../net/directory';
import { type Problem, asProblem, call, get } from '../net/api';
import { oldestOffer, readHandovers } from '../net/handovers';
import { useLoad } from '../net/load';
import { session } from '../net/session';
import { useState } from 'preact/hooks';
import type { Mailbox, Message } from '../net/shapes';
import { Button } from '../parts/button';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { instant } from '../words/dates';
import { listed, t, tn, known, word } from '../words/words';
import { notify } from './announce';
import { unread } from './mail';
import { Page } from './page';

const SHOWN = 200;

async function readMailbox(signal: AbortSignal): Promise<Mailbox> {
  const who = session.value?.party;
  if (who?.kind === 'regisseur') await readHandovers(who.id, signal);
  const first = await get<Mailbox>(`/v1/mailbox?limit=${SHOWN}`, signal);
  unread.value = Math.max(0, first.newest - first.acknowledged);
  return first;
}

function line(message: Message): string {
  const text = known('mail', message.kind) ? word('mail', message.kind) : word('mail', 'other');
  return text
    .replace('{case}', message.case ?? '')
    .replace('{household}', message.household ?? '')
    .replace('{other}', message.other ?? '')
    .replace('{name}', message.regisseur !== undefined ? regisseurName(message.regisseur) : message.by !== undefined ? partyName(message.by) : '')
    .replace('{agencies}', listed((message.agencies ?? []).map(agencyName)));
}

/** What the party was told and has not put away. Every fact is in the lists too; this is the story of them. */
export function MailboxPage() {
  const { value, problem, fresh, again } = useLoad(readMailbox, []);
  const [refused, setRefused] = useState<Problem | undefined>(undefined);
  const last = value?.items[value.items.length - 1]?.seq;
  // A hand-over that is offered is known by its message alone: it stays until it is answered.
  const offer = oldestOffer();
  const clear = async () => {
    const upTo = Math.min(last ?? 0, (offer ?? Infinity) - 1);
    if (upTo <= (value?.acknowledged ?? 0)) {
      notify(t('mail.kept'));
      return;
    }
    setRefused(undefined);
    try {
      await call('POST', '/v1/mailbox/acknowledgements', { body: { upTo } });
      await again();
      if (upTo < (last ?? 0)) notify(t('mail.kept'));
    } catch (error) {
      setRefused(asProblem(error));
    }
  };
  const items = [...(value?.items ?? [])].reverse();
  return (
    <Page title={t('nav.mailbox')} acts={items.length === 0 ? undefined : <Button onClick={clear}>{t('mail.clear')}</Button>}>
      <p class="lead">{t('mail.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {refused === undefined ? null : <ProblemNote problem={refused} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : items.length === 0 ? <Empty title={t('mail.none')} /> : (
        <ul class="mails">
          {items.map((message) => (
            <li key={message.seq} class="mail">
              <span class="mail__when"><When ms={instant(message.at)} /></span>
              <span class="mail__text">{line(message)}{message.result === undefined ? null : <span class="mail__quote">{message.result}</span>}</span>
              {message.case === undefined ? null : <span class="mail__link"><Link to={`/casussen/${message.case}`}>{t('mail.open', { case: message.case })}</Link></span>}
            </li>
          ))}
        </ul>
      )}
      {value !== undefined && value.newest > (last ?? value.newest) ? <p class="subtle">{tn('mail.more', value.newest - (last ?? 0))}</p> : null}
    </Page>
  );
}
