import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
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

/** Something in front of the page, or beside it; Esc closes it and loses nothing that was typed elsewhere. */
export function Dialog({ title, isOpen, close, place = 'middle', isWide, footer, children }: DialogProps): ReactNode {
  return (
    <BaseDialog.Root open={isOpen} onOpenChange={(open) => !open && close()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="backdrop" />
        <BaseDialog.Popup className={`dialog ${place} ${isWide ? 'wide' : ''}`}>
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
