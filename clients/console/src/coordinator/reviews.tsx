import { useState } from 'preact/hooks';
import { useLoad } from '../net/load';
import type { Household, Review } from '../net/shapes';
import { join, readHousehold, readReviews, setAside, split } from '../net/town';
import { Arrivals } from '../parts/arrivals';
import { Button } from '../parts/button';
import { ActDialog } from '../parts/dialog';
import { Link } from '../parts/link';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { type Entry, useSettled } from '../parts/settle';
import { notify } from '../shell/announce';
import { Page } from '../shell/page';
import { t, tn, word } from '../words/words';

function personName(person: Household['persons'][number], i: number): string {
  const role = person.role === undefined ? t('household.person', { n: i + 1 }) : word('role', person.role);
  return person.bsn === undefined ? role : `${role}, ${t('household.bsn', { bsn: person.bsn })}`;
}

function addressName(address: Household['addresses'][number]): string {
  return address.bag === undefined ? t('household.hidden') : t('household.bag', { bag: address.bag });
}

function Side({ household, other }: { household: Household; other: Household }) {
  const shared = new Set(other.persons.map((person) => person.handle));
  const sharedAt = new Set(other.addresses.map((address) => address.handle));
  return (
    <div class="pair__side">
      <h3 class="pair__name">{t('household.title', { household: household.id })}</h3>
      <p class="subtle">{tn('review.signals', household.signalCount)}{household.openCase === undefined ? '' : ' · '}{household.openCase === undefined ? null : <Link to={`/casussen/${household.openCase}`}>{t('case.title', { case: household.openCase })}</Link>}</p>
      <ul class="plain">
        {household.persons.map((person, i) => <li key={person.handle ?? i} class={shared.has(person.handle) ? 'pair__shared' : ''}>{personName(person, i)}</li>)}
        {household.addresses.map((address, i) => <li key={address.handle ?? i} class={sharedAt.has(address.handle) ? 'pair__shared' : ''}>{addressName(address)}</li>)}
      </ul>
      {household.district === undefined ? null : <p class="subtle">{t('case.district', { district: household.district })}</p>}
    </div>
  );
}

type Asked = { kind: 'join' | 'aside'; review: Review } | { kind: 'split'; household: Household };

function SplitDialog({ household, onDone, onClose }: { household: Household; onDone: () => void; onClose: () => void }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [tried, setTried] = useState(false);
  const persons = household.persons.flatMap((person) => (person.handle === undefined ? [] : [person.handle]));
  const addresses = household.addresses.flatMap((address) => (address.handle === undefined ? [] : [address.handle]));
  const everybody = persons.length > 0 && persons.every((handle) => chosen.has(handle)) && addresses.every((handle) => chosen.has(handle));
  const wrong = tried && (chosen.size === 0 || everybody);
  const toggle = (handle: string) => {
    const next = new Set(chosen);
    if (!next.delete(handle)) next.add(handle);
    setChosen(next);
  };
  const choice = (handle: string | undefined, label: string) => handle === undefined ? null : (
    <label key={handle} class="choices__choice"><input type="checkbox" data-invalid={wrong ? '' : undefined} checked={chosen.has(handle)} onChange={() => toggle(handle)} /><span>{label}</span></label>
  );
  return (
    <ActDialog
      title={t('split.title', { household: household.id })} does={t('split.go')} onClose={onClose}
      act={async () => {
        setTried(true);
        if (chosen.size === 0 || everybody) return false;
        await split(household.id, persons.filter((handle) => chosen.has(handle)), addresses.filter((handle) => chosen.has(handle)));
        notify(t('split.done', { household: household.id }));
        onDone();
        return undefined;
      }}
    >
      <p>{t('split.lead')}</p>
      <fieldset class="choices">
        <legend class="utrecht-form-label field__label">{t('split.who')}</legend>
        {wrong ? <div class="field__error" role="alert">{t(everybody ? 'split.everybody' : 'split.missing')}</div> : null}
        {household.persons.map((person, i) => choice(person.handle, personName(person, i)))}
        {household.addresses.map((address) => choice(address.handle, addressName(address)))}
      </fieldset>
    </ActDialog>
  );
}

function Pair({ review, gone, onAsk }: { review: Review; gone: boolean; onAsk: (asked: Asked) => void }) {
  const { value, problem, fresh } = useLoad(
    (signal) => Promise.all([readHousehold(review.household, signal), readHousehold(review.other, signal)]), [review.household, review.other]);
  return (
    <li class={`pair${gone ? ' row--gone' : ''}`}>
      <h2 class="pair__title">{t('review.pair', { household: review.household, other: review.other })}</h2>
      {problem === undefined ? null : <ProblemNote problem={problem} />}
      {fresh ? <Waiting rows={2} /> : null}
      {value === undefined ? null : <div class="pair__sides"><Side household={value[0]} other={value[1]} /><Side household={value[1]} other={value[0]} /></div>}
      {gone ? <p class="row__went">{t('inbox.gone')}</p> : (
        <div class="acts">
          <Button kind="primary" small onClick={() => onAsk({ kind: 'join', review })} label={t('join.label', { household: review.household, other: review.other })}>{t('join.ask')}</Button>
          <Button small onClick={() => onAsk({ kind: 'aside', review })} label={t('aside.label', { household: review.household, other: review.other })}>{t('aside.ask')}</Button>
          {value?.map((household) => household.persons.length + household.addresses.length < 2 ? null : (
            <Button key={household.id} kind="subtle" small onClick={() => onAsk({ kind: 'split', household })}>{t('split.ask', { household: household.id })}</Button>
          ))}
        </div>
      )}
    </li>
  );
}

/** Households that may be one: people decide, with both before their eyes and the consequences said first. */
export function Reviews() {
  const { value, problem, fresh, again } = useLoad(readReviews, []);
  const entries: Entry<Review>[] | undefined = value?.map((review) => ({ id: `${review.household} ${review.other}`, section: 'all', value: review }));
  const { rows, waiting, show } = useSettled(entries);
  const [asked, setAsked] = useState<Asked | undefined>(undefined);
  const changed = async () => {
    await again();
    show();
  };
  const close = () => setAsked(undefined);
  return (
    <Page title={t('nav.reviews')} count={rows.filter((row) => !row.gone).length}>
      <p class="lead">{t('review.lead')}</p>
      <Arrivals count={waiting} text={tn('review.arrived', waiting)} onShow={show} />
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : rows.length === 0 ? <Empty title={t('review.none')} /> : (
        <ul class="pairs">{rows.map((row) => <Pair key={row.id} review={row.value} gone={row.gone} onAsk={setAsked} />)}</ul>
      )}
      {asked === undefined ? null : asked.kind === 'split' ? <SplitDialog household={asked.household} onDone={() => void changed()} onClose={close} /> : asked.kind === 'join' ? (
        <ActDialog
          title={t('join.title', { household: asked.review.household, other: asked.review.other })} does={t('join.go')} onClose={close}
          act={async () => {
            await join(asked.review.household, asked.review.other);
            notify(t('join.done', { household: asked.review.household, other: asked.review.other }));
            void changed();
          }}
        >
          <p>{t('join.lead', { household: asked.review.household, other: asked.review.other })}</p>
          <ul><li>{t('join.effect_signals')}</li><li>{t('join.effect_cases')}</li><li>{t('join.effect_back')}</li></ul>
        </ActDialog>
      ) : (
        <ActDialog
          title={t('aside.title', { household: asked.review.household, other: asked.review.other })} does={t('aside.go')} onClose={close}
          act={async () => {
            await setAside(asked.review.household, asked.review.other);
            notify(t('aside.done'));
            void changed();
          }}
        ><p>{t('aside.lead')}</p></ActDialog>
      )}
    </Page>
  );
}
