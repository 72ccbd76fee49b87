import { useEffect } from 'preact/hooks';
import { say } from '../shell/announce';
import { t } from '../words/words';

/** What came while the reader works: told, and shown when they want it. Its place is kept, so that nothing moves. */
export function Arrivals({ count, text, onShow }: { count: number; text: string; onShow: () => void }) {
  useEffect(() => {
    if (count > 0) say(text);
  }, [count, text]);
  return (
    <div class="arrivals">
      {count === 0 ? null : (
        <button type="button" class="arrivals__button" onClick={onShow} aria-keyshortcuts="n">
          {text} <span class="arrivals__show">{t('arrivals.show')}</span>
        </button>
      )}
    </div>
  );
}
