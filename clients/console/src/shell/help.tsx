import { t } from '../words/words';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { shortcuts } from './keys';

/** The keys that work on this page, and the switch that turns them off. */
export function KeysDialog({ on, onSet, onClose }: { on: boolean; onSet: (on: boolean) => void; onClose: () => void }) {
  return (
    <Dialog title={t('keys.title')} onClose={onClose}>
      <dl class={`keys${on ? '' : ' keys--off'}`}>
        {shortcuts.value.map((shortcut) => (
          <div key={shortcut.keys} class="keys__row">
            <dt>{shortcut.keys.split(' ').map((key, i) => <>{i > 0 ? ` ${t('keys.then')} ` : null}<kbd>{key === 'Enter' ? 'Enter' : key}</kbd></>)}</dt>
            <dd>{t(shortcut.does)}</dd>
          </div>
        ))}
      </dl>
      <label class="choices__choice">
        <input type="checkbox" checked={on} onChange={(event) => onSet(event.currentTarget.checked)} />
        <span>{t('keys.switch')}</span>
      </label>
      <div class="dialog__acts"><Button kind="primary" onClick={onClose}>{t('dialog.close')}</Button></div>
    </Dialog>
  );
}
