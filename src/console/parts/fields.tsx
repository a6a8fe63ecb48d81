import { type ComponentProps, type ReactNode, useId } from 'react'

interface Described {
  readonly label: string
  readonly hint?: ReactNode
  /** What is wrong with what was typed. */
  readonly wrong?: string | undefined
}

interface Ties {
  readonly id: string
  readonly 'aria-describedby': string | undefined
  readonly 'aria-invalid': boolean | undefined
}

/** A control with its label, a hint and what is wrong, tied together for screen readers too. */
export function Field({
  label,
  hint,
  wrong,
  children,
}: Described & { readonly children: (ties: Ties) => ReactNode }): ReactNode {
  const id = useId()
  const isDescribed = hint !== undefined || wrong !== undefined
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': isDescribed ? `${id}-about` : undefined,
        'aria-invalid': wrong !== undefined || undefined,
      })}
      {isDescribed && (
        <span id={`${id}-about`} className={wrong === undefined ? 'hint' : 'wrong'}>
          {wrong ?? hint}
        </span>
      )}
    </div>
  )
}

interface Holding {
  readonly value: string
  readonly set: (value: string) => void
}

type InputRest = Omit<ComponentProps<'input'>, 'value' | 'onChange' | 'className' | 'id'>

export function TextField({
  label,
  hint,
  wrong,
  value,
  set,
  isMono = false,
  ...rest
}: Described & Holding & InputRest & { readonly isMono?: boolean }): ReactNode {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(ties) => (
        <input
          {...ties}
          {...rest}
          className={isMono ? 'input mono' : 'input'}
          value={value}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </Field>
  )
}

export type Option = readonly [value: string, word: string]

export function SelectField({
  label,
  hint,
  value,
  set,
  options,
}: Described & Holding & { readonly options: readonly Option[] }): ReactNode {
  return (
    <Field label={label} hint={hint}>
      {(ties) => (
        <select {...ties} className="input" value={value} onChange={(event) => set(event.target.value)}>
          {options.map(([one, word]) => (
            <option key={one} value={one}>
              {word}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

/** A check box with its word, and a sentence of what it means. */
export function CheckField({
  word,
  says,
  isChecked,
  set,
  isDisabled = false,
}: {
  readonly word: ReactNode
  readonly says?: string
  readonly isChecked: boolean
  readonly set: (isChecked: boolean) => void
  readonly isDisabled?: boolean
}): ReactNode {
  const id = useId()
  return (
    <div className="check">
      <input
        id={id}
        type="checkbox"
        checked={isChecked}
        disabled={isDisabled}
        aria-describedby={says === undefined ? undefined : `${id}-about`}
        onChange={(event) => set(event.target.checked)}
      />
      <div className="lines">
        <label htmlFor={id}>{word}</label>
        {says !== undefined && (
          <span id={`${id}-about`} className="faint">
            {says}
          </span>
        )}
      </div>
    </div>
  )
}

/** Controls that answer one question together. */
export const Group = ({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode => (
  <fieldset className="group">
    <legend>{name}</legend>
    {children}
  </fieldset>
)
