import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { Button } from './basics.tsx'

export interface DialogProps {
  readonly title: ReactNode
  readonly isOpen: boolean
  readonly close: () => void
  readonly place?: 'middle' | 'side'
  readonly isWide?: boolean
  readonly footer?: ReactNode
  readonly children: ReactNode
}

/** What one came to type into is first in focus; a touch would bring up a keyboard over it. */
const TYPED = '.body :is(input.input, select.input, textarea.input)'

/** Something in front of the page, or beside it; Esc closes it and loses nothing that was typed elsewhere. */
export function Dialog({ title, isOpen, close, place = 'middle', isWide, footer, children }: DialogProps): ReactNode {
  const popup = useRef<HTMLDivElement>(null)
  return (
    <BaseDialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="backdrop" />
        <BaseDialog.Popup
          ref={popup}
          className={`dialog ${place} ${isWide ? 'wide' : ''}`}
          initialFocus={(by) => (by === 'touch' ? true : (popup.current?.querySelector<HTMLElement>(TYPED) ?? true))}
        >
          <header>
            <BaseDialog.Title render={<h2>{title}</h2>} />
            <BaseDialog.Close render={<Button kind="ghost" icon={X} label="Close" />} />
          </header>
          <div className="body">{children}</div>
          {footer !== undefined && <footer>{footer}</footer>}
        </BaseDialog.Popup>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}
