import { Flag, Plus, Tag, X } from 'lucide-react'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Version } from '../../model/version.ts'
import { ask } from '../api/ask.ts'
import { readAgain } from '../api/live.tsx'
import { Button, Failure } from '../parts/basics.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { say, sayRefused } from '../parts/toasts.tsx'

export function TagBadge({
  ns,
  tag,
  canWrite,
}: {
  readonly ns: string
  readonly tag: string
  readonly canWrite: boolean
}): ReactNode {
  const remove = (): void => {
    ask('untag', { in: { ns, ref: tag, tag } }).then(() => readAgain(ns), sayRefused)
  }
  return (
    <span className="badge accent tag">
      <Tag size={12} aria-hidden />
      {tag}
      {canWrite && (
        <button type="button" aria-label={`Take the tag ${tag} off`} onClick={remove}>
          <X size={12} aria-hidden />
        </button>
      )}
    </span>
  )
}

export function NewTag({ ns, id }: { readonly ns: string; readonly id: number }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [tag, setTag] = useState('')
  const [error, setError] = useState<unknown>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    ask('tag', { in: { ns, ref: String(id), tag: tag.trim() } }).then(() => {
      readAgain(ns)
      setOpen(false)
      setTag('')
    }, setError)
  }
  return (
    <>
      <Button kind="ghost" isSmall icon={Tag} label={`Tag version ${id}`} onClick={() => setOpen(true)} />
      <Dialog title={`Name version ${id}`} isOpen={isOpen} close={() => setOpen(false)}>
        <form className="fields" onSubmit={submit}>
          <div className="field">
            <label className="label" htmlFor="tag">
              Tag
            </label>
            <input
              id="tag"
              className="input mono"
              required
              value={tag}
              onChange={(event) => setTag(event.target.value)}
            />
            <span className="hint">A name like release-7; it can be used wherever a version is asked for.</span>
          </div>
          {error !== null && <Failure what="Not tagged" error={error} />}
          <div className="acts">
            <Button type="submit" kind="primary" disabled={tag.trim() === ''}>
              Tag it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

export function SetBaseline({ ns, id }: { readonly ns: string; readonly id: number }): ReactNode {
  const declare = (): void => {
    ask('setBaseline', { in: { ns }, body: { ref: String(id) } }).then(() => {
      readAgain(ns)
      say(`v${id} is the baseline now`)
    }, sayRefused)
  }
  return (
    <Button kind="ghost" isSmall icon={Flag} label={`Declare version ${id} to be what is meant`} onClick={declare} />
  )
}

/** A version that changes nothing, with a name: before something risky. */
export function NewVersion({ ns }: { readonly ns: string }): ReactNode {
  const [isOpen, setOpen] = useState(false)
  const [description, setDescription] = useState('')
  const [tag, setTag] = useState('')
  const [isBaseline, setBaseline] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    const body = {
      ...(description.trim() !== '' && { description: description.trim() }),
      ...(tag.trim() !== '' && { tags: [tag.trim()] }),
      ...(isBaseline && { baseline: true }),
    }
    ask<Version>('createVersion', { in: { ns }, body }).then(({ id }) => {
      readAgain(ns)
      say(`v${id} keeps the configuration as it is`)
      setOpen(false)
    }, setError)
  }
  return (
    <>
      <Button kind="primary" icon={Plus} onClick={() => setOpen(true)}>
        Take a snapshot…
      </Button>
      <Dialog title="Take a snapshot" isOpen={isOpen} close={() => setOpen(false)}>
        <form className="fields" onSubmit={submit}>
          <div className="field">
            <label className="label" htmlFor="description">
              What it is for
            </label>
            <input
              id="description"
              className="input"
              placeholder="before enabling X"
              value={description}
              onChange={(event) => setDescription(event.target.value)}
            />
          </div>
          <div className="field">
            <label className="label" htmlFor="new-tag">
              Tag, if it should have a name
            </label>
            <input id="new-tag" className="input mono" value={tag} onChange={(event) => setTag(event.target.value)} />
          </div>
          <label className="check">
            <input type="checkbox" checked={isBaseline} onChange={(event) => setBaseline(event.target.checked)} />
            Declare it to be what is meant (the baseline)
          </label>
          {error !== null && <Failure what="No snapshot was taken" error={error} />}
          <div className="acts">
            <Button type="submit" kind="primary">
              Take it
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
