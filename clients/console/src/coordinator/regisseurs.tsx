import { useState } from 'preact/hooks';
import { domainPhrase, regisseurName } from '../net/directory';
import { useLoad } from '../net/load';
import type { Regisseur } from '../net/shapes';
import { readRegisseurs } from '../net/town';
import { Absences } from '../parts/absences';
import { Badge } from '../parts/badge';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Empty, ProblemNote, Waiting } from '../parts/note';
import { Scroll } from '../parts/scroll';
import { Page } from '../shell/page';
import { listed, t } from '../words/words';
import { Load } from './load';

export function Regisseurs() {
  const { value, problem, fresh, again } = useLoad(readRegisseurs, []);
  const [shown, setShown] = useState<Regisseur | undefined>(undefined);
  return (
    <Page title={t('nav.regisseurs')}>
      <p class="lead">{t('regisseurs.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {value === undefined ? null : value.length === 0 ? <Empty title={t('regisseurs.none')} /> : (
        <div class="section"><Scroll label={t('nav.regisseurs')}>
          <table class="utrecht-table">
            <thead class="utrecht-table__header"><tr class="utrecht-table__row">
              {(['name', 'load', 'districts', 'expertise', 'absences'] as const).map((column) => <th key={column} scope="col" class="utrecht-table__header-cell">{t(`regisseurs.${column}`)}</th>)}
            </tr></thead>
            <tbody class="utrecht-table__body">
              {value.map((regisseur) => (
                <tr key={regisseur.id} class="utrecht-table__row">
                  <th scope="row" class="utrecht-table__cell table__name">{regisseurName(regisseur.id)} {regisseur.absent ? <Badge shade="warning">{t('regisseur.absent')}</Badge> : null}</th>
                  <td class="utrecht-table__cell"><Load regisseur={regisseur} /></td>
                  <td class="utrecht-table__cell">{listed(regisseur.districts.map((code) => (code === '*' ? t('regisseurs.everywhere') : code)))}</td>
                  <td class="utrecht-table__cell">{regisseur.expertise.length === 0 ? '–' : listed(regisseur.expertise.map(domainPhrase))}</td>
                  <td class="utrecht-table__cell"><Button small label={t('regisseurs.absences_label', { name: regisseurName(regisseur.id) })} onClick={() => setShown(regisseur)}>{t('regisseurs.absences')}</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll></div>
      )}
      {shown === undefined ? null : (
        <Dialog title={t('regisseurs.absences_label', { name: regisseurName(shown.id) })} onClose={() => setShown(undefined)} wide>
          <Absences id={shown.id} onChanged={() => void again()} />
          <div class="dialog__acts"><Button kind="primary" onClick={() => setShown(undefined)}>{t('dialog.close')}</Button></div>
        </Dialog>
      )}
    </Page>
  );
}
