import { type FormEvent, lazy, type ReactNode, Suspense, useState } from 'react'
import { parsePath, printPath, toSectionKey } from '../../model/path.ts'
import type { Value } from '../../model/value.ts'
import { Button, Skeleton } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { say } from '../parts/toasts.tsx'
import { stage } from '../state/drafts.ts'
import { parse } from './editor.tsx'

const JsonEditor = lazy(() => import('../parts/json-editor.tsx'))

const TYPES = ['text', 'number', 'boolean', 'JSON'] as const
type Type = (typeof TYPES)[number]

/** A key that nobody has set yet: its path, its type, its value. */
export function AddKey({ ns, close }: { readonly ns: string; readonly close: () => void }): ReactNode {
  const [path, setPath] = useState('')
  const [type, setType] = useState<Type>('text')
  const [text, setText] = useState('')
  const parsed = readPath(path)
  const value = readValue(type, text)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typeof parsed === 'string' || value === undefined) return
    stage(ns, { ...parsed, kind: 'set', value: value.value, isSecret: false })
    say(`${parsed.path} is staged`)
    close()
  }
  return (
    <Dialog title="Add a key" isOpen close={close}>
      <form className="fields" onSubmit={submit}>
        <div className="field">
          <label className="label" htmlFor="new-path">
            Path
          </label>
          <input
            id="new-path"
            className="input mono"
            required
            autoComplete="off"
            spellCheck={false}
            placeholder="server.port"
            aria-invalid={path !== '' && typeof parsed === 'string'}
            value={path}
            onChange={(event) => setPath(event.target.value)}
          />
          {path !== '' && typeof parsed === 'string' ? (
            <span className="wrong">{parsed}</span>
          ) : (
            <span className="hint">
              Section, dot, key. A part with other characters is quoted: upstreams."api.example.com".weight
            </span>
          )}
        </div>
        <div className="field">
          <label className="label" htmlFor="new-type">
            Type
          </label>
          <select
            id="new-type"
            className="input"
            value={type}
            onChange={(event) => setType(event.target.value as Type)}
          >
            {TYPES.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </div>
        <div className="field">
          <label className="label" htmlFor="new-value">
            Value
          </label>
          {type === 'boolean' ? (
            <select
              id="new-value"
              className="input mono"
              value={text}
              onChange={(event) => setText(event.target.value)}
            >
              <option value="">choose</option>
              <option>true</option>
              <option>false</option>
            </select>
          ) : type === 'JSON' ? (
            <Suspense fallback={<Skeleton />}>
              <JsonEditor text={text} change={setText} label="Value" />
            </Suspense>
          ) : (
            <input
              id="new-value"
              className="input mono"
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </div>
        <div className="acts">
          <Button type="submit" kind="primary" disabled={typeof parsed === 'string' || value === undefined}>
            Stage it
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Where a path leads, or what is wrong with it. */
function readPath(text: string): { readonly path: string; readonly section: string; readonly key: string } | string {
  if (text.trim() === '') return 'a path is needed'
  try {
    const path = parsePath(text.trim())
    return { path: printPath(path), ...toSectionKey(path) }
  } catch (error) {
    return (error as Error).message
  }
}

function readValue(type: Type, text: string): { readonly value: Value } | undefined {
  if (type === 'text') return { value: text }
  if (type === 'number')
    return text.trim() !== '' && Number.isFinite(Number(text)) ? { value: Number(text) } : undefined
  return parse(text)
}
