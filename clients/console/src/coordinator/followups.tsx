import { agencyName, domainName, serviceName, typeName } from '../net/directory';
import { useLoad } from '../net/load';
import { readFollowUps } from '../net/town';
import type { Signal } from '../net/shapes';
import { Arrivals } from '../parts/arrivals';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { Scroll } from '../parts/scroll';
import { type Entry, useSettled } from '../parts/settle';
import { Ago, When } from '../parts/when';
import { Page } from '../shell/page';
import { instant } from '../words/dates';
import { t, tn } from '../words/words';

/** Signals that a service was to follow up, and has said nothing of: by service, the oldest first. */
export function FollowUps() {
  const { value, problem, fresh, again } = useLoad(readFollowUps, []);
  const sorted = value === undefined ? undefined : [...value].sort((a, b) => (a.service ?? '') < (b.service ?? '') ? -1 : (a.service ?? '') > (b.service ?? '') ? 1 : (instant(a.acceptedAt) ?? 0) - (instant(b.acceptedAt) ?? 0));
  const entries: Entry<Signal>[] | undefined = sorted?.map((signal) => ({ id: `${signal.source ?? ''} ${signal.id}`, section: signal.service ?? '', value: signal }));
  const { rows, waiting, show } = useSettled(entries);
  const services = [...new Set(rows.map((row) => row.section))];
  return (
    <Page title={t('nav.followups')} count={rows.filter((row) => !row.gone).length}>
      <p class="lead">{t('followups.lead')}</p>
      <Arrivals count={waiting} text={tn('followups.arrived', waiting)} onShow={show} />
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : rows.length === 0 ? <Empty title={t('followups.none')} /> : services.map((service) => {
        const mine = rows.filter((row) => row.section === service);
        return (
          <section key={service} class="section" aria-labelledby={`service-${service}`}>
            <h2 id={`service-${service}`} class="section__title">{serviceName(service)} <span class="group__count">{mine.filter((row) => !row.gone).length}</span></h2>
            <Scroll label={serviceName(service)}>
              <table class="utrecht-table">
                <thead class="utrecht-table__header"><tr class="utrecht-table__row">
                  {(['what', 'domain', 'agency', 'since', 'household'] as const).map((column) => <th key={column} scope="col" class="utrecht-table__header-cell">{t(`followups.${column}`)}</th>)}
                </tr></thead>
                <tbody class="utrecht-table__body">
                  {mine.map(({ id, value: signal, gone }) => (
                    <tr key={id} class={`utrecht-table__row${gone ? ' row--gone' : ''}`}>
                      <th scope="row" class="utrecht-table__cell table__name">{typeName(signal.type ?? signal.id)}</th>
                      <td class="utrecht-table__cell">{domainName(signal.domain ?? '')}</td>
                      <td class="utrecht-table__cell">{agencyName(signal.agency ?? '')}</td>
                      <td class="utrecht-table__cell"><When ms={instant(signal.acceptedAt)} short /> <span class="subtle">(<Ago ms={instant(signal.acceptedAt)} />)</span></td>
                      <td class="utrecht-table__cell">{gone ? t('inbox.gone') : (signal.household ?? '')}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scroll>
          </section>
        );
      })}
    </Page>
  );
}
