import type { Regisseur } from '../net/shapes';
import { t } from '../words/words';

/** How many cases somebody has, of how many are right, up to the wall. */
export function Load({ regisseur }: { regisseur: Regisseur }) {
  const { load, capacity, hardCapacity } = regisseur;
  const tone = load >= hardCapacity ? 'full' : load >= capacity ? 'over' : 'room';
  const width = Math.min(100, (load / Math.max(1, hardCapacity)) * 100);
  return (
    <span class="load">
      <span class="load__bar" aria-hidden="true">
        <span class={`load__fill load__fill--${tone}`} style={{ inlineSize: `${width}%` }} />
        <span class="load__mark" style={{ insetInlineStart: `${Math.min(100, (capacity / Math.max(1, hardCapacity)) * 100)}%` }} />
      </span>
      <span class="load__words">{t('regisseur.load', { load, capacity })}{tone === 'full' ? ` · ${t('regisseur.full')}` : ''}</span>
    </span>
  );
}
