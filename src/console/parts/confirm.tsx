import { type ReactNode, useState } from 'react'
import { useAct } from '../api/act.ts'
import { Button, Failure } from './basics.tsx'
import { Dialog } from './dialog.tsx'
import { TextField } from './fields.tsx'

export interface ConfirmProps {
  readonly title: ReactNode
  /** On the button: what happens. */
  readonly word: string
  /** Above the reason where it is refused. */
  readonly failed: string
  readonly isOpen: boolean
  readonly close: () => void
  readonly act: () => Promise<void>
  /** What has to be typed first, for what cannot be undone. */
  readonly typed?: string
  readonly children: ReactNode
}

/** Asks before something ends, and says what ends with it. */
export function Confirm(props: ConfirmProps): ReactNode {
  const { title, isOpen, close } = props
  return (
    <Dialog title={title} isOpen={isOpen} close={close}>
      <Question {...props} />
    </Dialog>
  )
}

function Question({ word, failed, close, act, typed, children }: ConfirmProps): ReactNode {
  const { isBusy, error, run } = useAct()
  const [text, setText] = useState('')
  const isSure = typed === undefined || text === typed
  const done = async (): Promise<void> => {
    await act()
    close()
  }
  return (
    <form
      className="fields"
      onSubmit={(event) => {
        event.preventDefault()
        if (isSure) run(done)
      }}
    >
      {children}
      {typed !== undefined && (
        <TextField
          label={`Type ${typed} to confirm`}
          isMono
          autoComplete="off"
          spellCheck={false}
          value={text}
          set={setText}
        />
      )}
      {error !== null && <Failure what={failed} error={error} />}
      <div className="acts end">
        <Button onClick={close}>Not now</Button>
        <Button type="submit" kind="danger" disabled={!isSure || isBusy}>
          {isBusy ? 'Wait…' : word}
        </Button>
      </div>
    </form>
  )
}
