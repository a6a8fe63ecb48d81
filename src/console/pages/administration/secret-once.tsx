import { Eye, TriangleAlert } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button, Code } from '../../parts/basics.tsx'
import { Dialog } from '../../parts/dialog.tsx'

/** A secret that is shown this once: the dialog does not close by accident while nobody has copied it. */
export function SecretOnce({
  title,
  what,
  secret,
  close,
  children,
}: {
  readonly title: ReactNode
  /** What it is called: "the token". */
  readonly what: string
  readonly secret: string
  readonly close: () => void
  /** What to do with it now. */
  readonly children: ReactNode
}): ReactNode {
  const [isCopied, setCopied] = useState(false)
  const [isWarned, setWarned] = useState(false)
  const leave = (): void => (isCopied ? close() : setWarned(true))
  return (
    <Dialog
      title={title}
      isOpen
      close={leave}
      footer={
        <Button kind={isCopied ? 'primary' : 'danger'} onClick={close}>
          {isCopied ? 'Done' : 'I have kept it'}
        </Button>
      }
    >
      <div className="fields">
        <p className="notice amber" role={isWarned ? 'alert' : undefined}>
          {isWarned ? <TriangleAlert size={16} aria-hidden /> : <Eye size={16} aria-hidden />}
          <span>
            {isWarned
              ? `Not copied yet. When this closes, nobody can show ${what} again: only a new one can be made.`
              : `Copy ${what} now. It is shown this once and not again: the store keeps only what proves it.`}
          </span>
        </p>
        <Code text={secret} what={what} onCopy={() => setCopied(true)} />
        {children}
      </div>
    </Dialog>
  )
}
