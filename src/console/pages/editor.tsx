import { Check, X } from 'lucide-react'
import { type KeyboardEvent, lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react'
import type { KeyDescription } from '../../model/config.ts'
import type { Value } from '../../model/value.ts'
import { Button, Skeleton } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { printed, typeOf } from '../state/show.ts'

const JsonEditor = lazy(() => import('../parts/json-editor.tsx'))

export type Control = 'switch' | 'choice' | 'number' | 'text' | 'json'

export interface EditorProps {
  readonly value: Value | undefined
  readonly schema: KeyDescription | null
  readonly label: string
  readonly isSecret: boolean
  readonly done: (value: Value) => void
  readonly cancel: () => void
}

/** The control that fits what the schema says, or, without one, what the value is. */
export function controlOf(value: Value | undefined, schema: KeyDescription | null, isSecret: boolean): Control {
  if (isSecret) return 'text'
  if (schema?.allowed !== undefined) return 'choice'
  const [type] = (schema?.types ?? []).filter((one) => one !== 'null')
  const known = schema?.types?.length === 1 || type !== undefined ? type : undefined
  if (known === 'boolean') return 'switch'
  if (known === 'integer' || known === 'number') return 'number'
  if (known === 'array' || known === 'object') return 'json'
  if (known === 'string') return 'text'
  const found = typeOf(value)
  if (found === 'boolean') return 'switch'
  if (found === 'integer' || found === 'number') return 'number'
  return found === 'list' || found === 'object' ? 'json' : 'text'
}

/** Edits a value in place. Enter stages it, Esc leaves it as it was; nothing is sent. */
export function Editor(props: EditorProps): ReactNode {
  const control = controlOf(props.value, props.schema, props.isSecret)
  if (control === 'json') return <JsonDialog {...props} />
  if (control === 'switch') return <SwitchEditor {...props} />
  return control === 'choice' ? <ChoiceEditor {...props} /> : <LineEditor {...props} isNumber={control === 'number'} />
}

const keysOf =
  (take: () => void, cancel: () => void) =>
  (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault()
      take()
    } else if (event.key === 'Escape') {
      event.stopPropagation()
      cancel()
    }
  }

function Ends({ take, cancel }: { readonly take: () => void; readonly cancel: () => void }): ReactNode {
  return (
    <>
      <Button isSmall icon={Check} label="Stage it (Enter)" onClick={take} />
      <Button kind="ghost" isSmall icon={X} label="Leave it (Esc)" onClick={cancel} />
    </>
  )
}

function SwitchEditor({ value, label, done, cancel }: EditorProps): ReactNode {
  const [isOn, setOn] = useState(value === true)
  const place = useRef<HTMLButtonElement>(null)
  useEffect(() => place.current?.focus(), [])
  const take = (): void => done(isOn)
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter and Esc of the control within
    <span className="editor" onKeyDown={keysOf(take, cancel)}>
      <button
        ref={place}
        type="button"
        role="switch"
        className="switch"
        aria-checked={isOn}
        aria-label={label}
        onClick={() => setOn(!isOn)}
      />
      <span className="mono">{String(isOn)}</span>
      <Ends take={take} cancel={cancel} />
    </span>
  )
}

function ChoiceEditor({ value, schema, label, done, cancel }: EditorProps): ReactNode {
  const allowed = schema!.allowed as readonly Value[]
  const [at, setAt] = useState(() => allowed.findIndex((one) => printed(one) === printed(value)))
  const place = useRef<HTMLSelectElement>(null)
  useEffect(() => place.current?.focus(), [])
  const take = (): void => (at < 0 ? cancel() : done(allowed[at]!))
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Enter and Esc of the control within
    <span className="editor" onKeyDown={keysOf(take, cancel)}>
      <select
        ref={place}
        className="input mono"
        aria-label={label}
        value={at}
        onChange={(event) => setAt(Number(event.target.value))}
      >
        {at < 0 && <option value={-1}>{printed(value)} (not allowed)</option>}
        {allowed.map((one, i) => (
          <option key={printed(one)} value={i}>
            {printed(one)}
          </option>
        ))}
      </select>
      <Ends take={take} cancel={cancel} />
    </span>
  )
}

/** What a schema's limits say, for who types: `1 … 65535`. */
export function limitsOf({ limits = {} }: KeyDescription): string {
  const of = (name: string): string | undefined => (limits[name] === undefined ? undefined : printed(limits[name]))
  const [low, high] = [of('minimum') ?? of('exclusiveMinimum'), of('maximum') ?? of('exclusiveMaximum')]
  const range = low === undefined && high === undefined ? [] : [`${low ?? '−∞'} … ${high ?? '∞'}`]
  const others = Object.entries(limits)
    .filter(([name]) => !/^(exclusive)?(minimum|maximum)$/i.test(name))
    .map(([name, limit]) => `${name} ${printed(limit)}`)
  return [...range, ...others].join(' · ')
}

function LineEditor({
  value,
  schema,
  label,
  isSecret,
  isNumber,
  done,
  cancel,
}: EditorProps & { readonly isNumber: boolean }): ReactNode {
  const [text, setText] = useState(isSecret ? '' : printed(value))
  const place = useRef<HTMLInputElement>(null)
  useEffect(() => place.current?.select(), [])
  const wrong = isNumber ? wrongNumber(text, schema) : null
  const take = (): void => {
    if (wrong === null) done(isNumber ? Number(text) : text)
  }
  const hint = wrong ?? (schema === null ? '' : limitsOf(schema))
  return (
    <span className="editor">
      <input
        ref={place}
        className="input mono"
        type={isSecret ? 'password' : 'text'}
        autoComplete="off"
        spellCheck={false}
        inputMode={isNumber ? 'decimal' : 'text'}
        aria-label={isSecret ? `${label}: a new secret` : label}
        aria-invalid={wrong !== null}
        aria-description={hint === '' ? undefined : hint}
        placeholder={isSecret ? 'a new secret' : undefined}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={keysOf(take, cancel)}
      />
      {hint !== '' && <span className={wrong === null ? 'hint' : 'hint wrong'}>{hint}</span>}
      <Ends take={take} cancel={cancel} />
    </span>
  )
}

/** Only what cannot be a number at all, or is outside the range that the schema tells: the rest is the server's to judge. */
function wrongNumber(text: string, schema: KeyDescription | null): string | null {
  if (text.trim() === '' || !Number.isFinite(Number(text))) return 'a number'
  const { minimum, maximum } = (schema?.limits ?? {}) as { minimum?: number; maximum?: number }
  const number = Number(text)
  if (minimum !== undefined && number < minimum) return `at least ${minimum}`
  if (maximum !== undefined && number > maximum) return `at most ${maximum}`
  if (schema?.types?.includes('integer') && !schema.types.includes('number') && !Number.isInteger(number))
    return 'a whole number'
  return null
}

function JsonDialog({ value, label, done, cancel }: EditorProps): ReactNode {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value, null, 2))
  const parsed = parse(text)
  return (
    <>
      <ValuePlaceholder />
      <Dialog
        title={<span className="path">{label}</span>}
        isOpen
        close={cancel}
        footer={
          <>
            <span className="word">{parsed === undefined ? 'This is not JSON yet.' : ''}</span>
            <Button onClick={cancel}>Leave it</Button>
            <Button kind="primary" disabled={parsed === undefined} onClick={() => done(parsed!.value)}>
              Stage it
            </Button>
          </>
        }
      >
        <Suspense fallback={<Skeleton lines={4} />}>
          <JsonEditor text={text} change={setText} label={label} />
        </Suspense>
      </Dialog>
    </>
  )
}

const ValuePlaceholder = (): ReactNode => <span className="editor faint">editing…</span>

export function parse(text: string): { readonly value: Value } | undefined {
  try {
    return { value: JSON.parse(text) as Value }
  } catch {
    return undefined
  }
}
