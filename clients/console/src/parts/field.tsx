import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../words/words';

interface Base {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  required?: boolean;
  value: string;
  onValue: (value: string) => void;
}

interface Frame {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  required: boolean;
  id: string;
  children: ComponentChildren;
}

function Field({ label, hint, error, required, id, children }: Frame) {
  return (
    <div class={`utrecht-form-field field${error === undefined ? '' : ' utrecht-form-field--invalid'}`}>
      <label class="utrecht-form-label field__label" for={id}>
        {label}
        {required ? null : <span class="field__optional"> {t('field.optional')}</span>}
      </label>
      {hint === undefined ? null : <div class="field__hint" id={`${id}-hint`}>{hint}</div>}
      {error === undefined ? null : <div class="field__error" id={`${id}-error`}>{error}</div>}
      {children}
    </div>
  );
}

function described(id: string, hint: string | undefined, error: string | undefined): string | undefined {
  const ids = [hint === undefined ? '' : `${id}-hint`, error === undefined ? '' : `${id}-error`].filter((part) => part !== '');
  return ids.length === 0 ? undefined : ids.join(' ');
}

interface TextProps extends Base {
  type?: 'text' | 'password' | 'date' | 'number' | 'search';
  autocomplete?: string;
  max?: number;
  min?: string;
  focus?: boolean;
}

export function TextField({ label, hint, error, required = true, value, onValue, type = 'text', autocomplete = 'off', max, min, focus = false }: TextProps) {
  const id = useId();
  return (
    <Field label={label} hint={hint} error={error} required={required} id={id}>
      <input
        id={id} type={type as 'text'} value={value} autocomplete={autocomplete} autofocus={focus} aria-required={required}
        class="utrecht-textbox utrecht-textbox--html-input" maxLength={max} min={min}
        aria-invalid={error === undefined ? undefined : 'true'} aria-describedby={described(id, hint, error)}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Field>
  );
}

export function LongField({ label, hint, error, required = true, value, onValue, rows = 4, focus = false }: Base & { rows?: number; focus?: boolean }) {
  const id = useId();
  return (
    <Field label={label} hint={hint} error={error} required={required} id={id}>
      <textarea
        id={id} value={value} rows={rows} autofocus={focus} aria-required={required}
        class="utrecht-textarea utrecht-textarea--html-textarea" aria-invalid={error === undefined ? undefined : 'true'}
        aria-describedby={described(id, hint, error)} onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Field>
  );
}

export interface Choice { value: string; label: string; disabled?: boolean }

export function ChoiceField({ label, hint, error, required = true, value, onValue, choices, empty, focus = false }: Base & { choices: readonly Choice[]; empty?: string; focus?: boolean }) {
  const id = useId();
  return (
    <Field label={label} hint={hint} error={error} required={required} id={id}>
      <select
        id={id} value={value} autofocus={focus} aria-required={required} class="utrecht-select utrecht-select--html-select"
        aria-invalid={error === undefined ? undefined : 'true'} aria-describedby={described(id, hint, error)}
        onChange={(event) => onValue(event.currentTarget.value)}
      >
        {empty === undefined ? null : <option value="">{empty}</option>}
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} disabled={choice.disabled === true}>{choice.label}</option>
        ))}
      </select>
    </Field>
  );
}

/** A few choices that are all to be seen at once. */
export function RadioField({ label, value, onValue, choices, error }: { label: string; value: string; onValue: (value: string) => void; choices: readonly (Choice & { hint?: string })[]; error?: string | undefined }) {
  const id = useId();
  return (
    <fieldset class="choices" aria-describedby={error === undefined ? undefined : `${id}-error`}>
      <legend class="utrecht-form-label field__label">{label}</legend>
      {error === undefined ? null : <div class="field__error" id={`${id}-error`}>{error}</div>}
      {choices.map((choice, i) => (
        <label key={choice.value} class="choices__choice">
          <input type="radio" data-invalid={error !== undefined && i === 0 ? '' : undefined} name={id} value={choice.value} checked={value === choice.value} onChange={() => onValue(choice.value)} />
          <span>
            {choice.label}
            {choice.hint === undefined ? null : <span class="choices__hint">{choice.hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
